"""Target groups as AWS keeps them: one registration per id *and* port, NLB defaults, true load balancer lists.

moto keys targets by id alone, so a node registered on two ports loses one, and it appends to LoadBalancerArns for every
listener without ever removing. Here the list is computed from the listeners that forward to the group.
"""

import ipaddress

from moto.elbv2 import models

NLB_PROTOCOLS = ("TCP", "TLS", "UDP", "TCP_UDP")
UDP_PROTOCOLS = ("UDP", "TCP_UDP")
ALB_ATTRIBUTES = ("load_balancing.algorithm.type", "slow_start.duration_seconds", "waf.fail_open.enabled")

_create = models.ELBv2Backend.create_target_group


def nlb_attributes(protocol, target_type):
    """The attributes that only NLB target groups have, with their defaults (ELBv2 API, TargetGroupAttribute)."""
    udp = protocol in UDP_PROTOCOLS
    return {
        "deregistration_delay.timeout_seconds": "300",
        "deregistration_delay.connection_termination.enabled": str(udp).lower(),
        "preserve_client_ip.enabled": str(udp or target_type != "ip").lower(),
        "proxy_protocol_v2.enabled": "false",
        "stickiness.type": "source_ip",
        "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
        "target_health_state.unhealthy.connection_termination.enabled": str(not udp).lower(),
        "target_health_state.unhealthy.draining_interval_seconds": "0",
    }


def create_target_group(self, name, **kwargs):
    """An NLB's HTTP health check: path `/`, codes 200-399, timeout 6 s (HTTPS and TCP 10 s)."""
    if kwargs.get("protocol") in NLB_PROTOCOLS:
        check = kwargs.get("healthcheck_protocol") or "TCP"
        if check != "TCP":
            kwargs["healthcheck_path"] = kwargs.get("healthcheck_path") or "/"
            kwargs["matcher"] = kwargs.get("matcher") or {"HttpCode": "200-399"}
        default = 6 if check == "HTTP" else 10
        kwargs["healthcheck_timeout_seconds"] = kwargs.get("healthcheck_timeout_seconds") or default
    group = _create(self, name, **kwargs)
    if group.protocol in NLB_PROTOCOLS:
        for key in ALB_ATTRIBUTES:
            group.attributes.pop(key, None)
        group.attributes.update(nlb_attributes(group.protocol, group.target_type))
    return group


def forwards(backend):
    """(load balancer, target group ARN, weight) of every forward of every listener and rule."""
    for lb in backend.load_balancers.values():
        for listener in lb.listeners.values():
            for rule in listener.rules.values():
                for action in rule.actions:
                    for target in (action.data.get("ForwardConfig") or {}).get("TargetGroups", []):
                        yield lb, target["TargetGroupArn"], int(target["Weight"])


def load_balancer_arns(self):
    backend = models.elbv2_backends[self.account_id][self.region_name]
    return list(dict.fromkeys(lb.arn for lb, arn, _ in forwards(backend) if arn == self.arn))


def subnet_of(ec2, vpc_id, address):
    """The subnet of the VPC that contains `address`, or None."""
    wanted = ipaddress.ip_address(address)
    for subnet in ec2.describe_subnets(filters={"vpc-id": [vpc_id]}):
        blocks = [subnet.cidr_block]
        blocks += [a["ipv6CidrBlock"] for a in subnet.ipv6_cidr_block_associations.values()]
        if any(wanted in ipaddress.ip_network(b) for b in blocks):
            return subnet
    return None


def zone_of(group, target):
    """An `ip` target carries its zone: detected inside the VPC, given outside it. An `instance` target has none."""
    if group.target_type != "ip":
        return None
    subnet = subnet_of(group.ec2_backend, group.vpc_id, target["Id"])
    if subnet is None and not target.get("AvailabilityZone"):
        raise models.ValidationError(f"The Availability Zone is required for IP address '{target['Id']}' "
                                     "because it is not in the VPC")
    return target.get("AvailabilityZone") or subnet.availability_zone


def register(self, targets):
    for target in targets:
        if self.target_type == "instance":
            instance = self.ec2_backend.get_instance_by_id(target["Id"])
            if instance is None or instance.vpc_id != self.vpc_id:
                raise models.InvalidTargetError()
            if instance.state != "running":
                raise models.TargetNotRunning(instance_id=target["Id"])
            if self.ip_address_type == "ipv6" and not instance.nics[0].ipv6_addresses:
                raise models.InvalidTargetError()
        port = int(target.get("Port") or self.port)
        self.targets[(target["Id"], port)] = {"Id": target["Id"], "Port": port, "Zone": zone_of(self, target)}


def deregister(self, targets):
    for target in targets:
        port = target.get("Port")
        keys = [k for k in self.targets if k[0] == target["Id"] and port in (None, k[1], str(k[1]))]
        if not keys:
            raise models.InvalidTargetError()
        for key in keys:
            del self.targets[key]


def add_tags(self, resource_arns, tags):
    """As moto's, with the real limit of 50 tags: steering tags would not fit into moto's 10."""
    new = self.tagging_service.flatten_tag_list(tags)
    for arn in resource_arns:
        self._get_resource_by_arn(arn)
        if len({*self.tagging_service.get_tag_dict_for_resource(arn), *new}) > 50:
            raise models.TooManyTagsError()
        self.tagging_service.tag_resource(arn, tags)


def install():
    """Puts the registration and the defaults into moto."""
    models.ELBv2Backend.create_target_group = create_target_group
    models.ELBv2Backend.add_tags = add_tags
    # moto assigns and appends to its own list; the setter lets it, and the computed list is what counts.
    models.FakeTargetGroup.load_balancer_arns = property(load_balancer_arns, lambda self, value: None)
    models.FakeTargetGroup.register = register
    models.FakeTargetGroup.deregister = deregister
