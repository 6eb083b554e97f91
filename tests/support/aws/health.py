"""Target health, computed instead of asserted.

For every target: overrides first, then what AWS decides without a probe (not attached, wrong state, zone not enabled,
address of a balancer), then the probe itself, from every balancer node that has to reach the target, over moto's own
security groups, network ACLs and route tables, to a port on which something listens.

Steering happens by ordinary tags, so that a test needs nothing but the AWS API:

* `x-listen` on an instance or interface: `31000,31443=503,10.0.1.50:8080`. A port accepts TCP; `=503` is the status it
  answers over HTTP (200 without); an address limits it to that address. Absent: nothing listens.
* `x-health/<id>:<port>`, `x-health/<id>`, `x-health/all` on a target group: `state|reason|description`, no probe.
* `x-override/<id>:<port>`, `x-override/<id>`, `x-override/all` on a target group: the same for AdministrativeOverride.

A reply path that is open for a part of the ephemeral ports makes a real target flap; the double calls it unhealthy, so
that the answer does not depend on the moment.
"""

import documents
import oracle
import target_groups
from moto.elbv2 import models

NOT_ATTACHED = "Target group is not configured to receive traffic from the load balancer"
NOT_IN_ZONE = "Target is in an Availability Zone that is not enabled for the load balancer"
FAILED = ("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
HEALTHY = ("healthy", None, None)


def listens(tags, address, port):
    """The HTTP status that `address:port` answers according to `x-listen`, or None when nothing accepts."""
    for entry in filter(None, (e.strip() for e in tags.get("x-listen", "").split(","))):
        where, _, status = entry.partition("=")
        host, _, number = where.rpartition(":")
        if int(number) == port and host.strip("[]") in ("", address):
            return int(status or 200)
    return None


def tags_of(resource):
    """The tags of an EC2 resource as a plain dictionary."""
    return {t["key"]: t["value"] for t in resource.get_tags()} if resource else {}


def status_matches(matcher, status):
    """Whether an HTTP status is in a matcher such as `200`, `200-399` or `200,302`."""
    for part in matcher.split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def check_passes(group, tags, address, port):
    """Whether the listener at `address:port` satisfies the group's health check."""
    status = listens(tags, address, port)
    if status is None or group.health_check_protocol == "TCP":
        return status is not None
    return status_matches(group.matcher["HttpCode"], status)


def locate(group, target):
    """(interface or None, address) of a target: an instance's primary address, or whoever owns an IP."""
    ec2 = group.ec2_backend
    if group.target_type == "instance":
        nic = ec2.get_instance_by_id(target["Id"]).nics[0]
        return nic, nic.ipv6_addresses[0] if group.ip_address_type == "ipv6" else nic.private_ip_address
    for eni in ec2.enis.values():
        owned = [a["PrivateIpAddress"] for a in eni.private_ip_addresses] + list(eni.ipv6_addresses)
        if eni.subnet.vpc_id == group.vpc_id and target["Id"] in owned:
            return eni, target["Id"]
    return None, target["Id"]


def node_addresses(eni, family_of):
    """The addresses from which a balancer node probes: all of the family of the target."""
    if ":" in family_of:
        return list(eni.ipv6_addresses)
    return [a["PrivateIpAddress"] for a in eni.private_ip_addresses]


def must_reach(lb, group, zone):
    """The nodes whose probes count: those in the target's zone, and all when traffic crosses zones."""
    cross = group.attributes.get("load_balancing.cross_zone.enabled")
    if cross == "use_load_balancer_configuration":
        cross = lb.attrs["load_balancing.cross_zone.enabled"]
    everywhere = cross == "true" or zone == "all"
    return [e for e in lb.x_nodes.values() if everywhere or e.subnet.availability_zone == zone]


def world_of(ec2, node, eni, address, port):
    """The oracle's input for one node and one target."""
    destination = documents.endpoint(eni, [address]) if eni else {"addresses": [address], "groups": []}
    source = documents.endpoint(node, node_addresses(node, address))
    return {
        "source": source, "destination": destination, "port": port,
        "security_groups": documents.security_groups(ec2, {*source["groups"], *destination["groups"]}),
        "prefix_lists": documents.prefix_lists(ec2),
        "network_acls": documents.network_acls(ec2),
        "route_tables": documents.route_tables(ec2),
    }


def without_probe(backend, group, target, balancers):
    """What AWS decides before any probe, as (state, reason, description), or None; and the target's zone."""
    if not balancers:
        return ("unused", "Target.NotInUse", NOT_ATTACHED), None
    zone = target["Zone"]
    if group.target_type == "instance":
        instance = backend.ec2_backend.get_instance_by_id(target["Id"])
        if instance is None or instance.state != "running":
            state = instance.state if instance else "terminated"
            return ("unused", "Target.InvalidState", f"Target is in the {state} state"), None
        zone = backend.ec2_backend.get_subnet(instance.subnet_id).availability_zone
    elif any(target["Id"] in node_addresses(e, target["Id"]) for lb in backend.load_balancers.values() for e in lb.x_nodes.values()):
        return ("unused", "Target.IpUnusable",
                "The IP address cannot be used as a target, as it is in use by a load balancer"), zone
    if zone != "all" and zone not in {s.availability_zone for lb in balancers for s in lb.subnets}:
        return ("unused", "Target.NotInUse", NOT_IN_ZONE), zone
    return None, zone


def compute(backend, group, target, port):
    """(state, reason, description) of a registered target whose health check goes to `port`."""
    weights = [(lb, weight) for lb, arn, weight in target_groups.forwards(backend) if arn == group.arn]
    balancers = list({lb.arn: lb for lb, weight in weights if weight > 0}.values())
    decided, zone = without_probe(backend, group, target, balancers)
    if decided:
        return decided
    eni, address = locate(group, target)
    tags = {**tags_of(eni and eni.instance), **tags_of(eni)}
    if not check_passes(group, tags, address, port):
        return FAILED
    for lb in balancers:
        for node in must_reach(lb, group, zone):
            if oracle.evaluate(world_of(backend.ec2_backend, node, eni, address, port))["verdict"] != "allow":
                return FAILED
    return HEALTHY


def steered(tags, prefix, target):
    """The value of the most precise `<prefix>/…` tag for the target as three parts, or None."""
    for key in (f"{target['Id']}:{target['Port']}", target["Id"], "all"):
        if value := tags.get(f"{prefix}/{key}"):
            parts = (value.split("|", 2) + [None, None])[:3]
            return tuple(part or None for part in parts)
    return None


def describe(backend, group, target, registered):
    """One TargetHealthDescription. HealthCheckPort is the resolved number, as AWS answers it."""
    port = target["Port"] if group.health_check_port in (None, "traffic-port") else int(group.health_check_port)
    tags = backend.tagging_service.get_tag_dict_for_resource(group.arn)
    if registered:
        result = steered(tags, "x-health", target) or compute(backend, group, target, port)
    else:
        result = ("unused", "Target.NotRegistered", "Target is not registered to the target group")
    answer = models.FakeHealthStatus(target["Id"], target["Port"], str(port), *result)
    answer.x_zone = target.get("Zone")
    shifting = any(lb.attrs.get("zonal_shift.config.enabled") == "true"
                   for lb in backend.load_balancers.values() if lb.arn in group.load_balancer_arns)
    override = steered(tags, "x-override", target)
    if shifting and not override:
        override = ("no_override", "AdministrativeOverride.NoOverride", "No override is currently active on target")
    if override:
        answer.administrative_override = dict(zip(("State", "Reason", "Description"), override))
    return answer


def target_of(self):
    """Target{Id,Port,AvailabilityZone}; instance targets carry no zone."""
    zone = {"AvailabilityZone": self.x_zone} if self.x_zone else {}
    return {"Id": self.instance_id, "Port": self.port, **zone}


def describe_target_health(self, target_group_arn, targets):
    group = self.target_groups.get(target_group_arn)
    if group is None:
        raise models.TargetGroupNotFoundError()
    if not targets:
        return [describe(self, group, t, True) for t in group.targets.values()]
    answers = []
    for asked in targets:
        ports = [int(asked["Port"])] if asked.get("Port") else [p for i, p in group.targets if i == asked["Id"]]
        for port in ports or [int(group.port)]:
            known = group.targets.get((asked["Id"], port))
            answers.append(describe(self, group, known or {"Id": asked["Id"], "Port": port}, known is not None))
    return answers


def install():
    """Replaces moto's constant health."""
    models.FakeHealthStatus.target = property(target_of)
    models.ELBv2Backend.describe_target_health = describe_target_health
