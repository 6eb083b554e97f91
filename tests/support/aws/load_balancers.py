"""Network Load Balancers as AWS shows them.

moto gives every load balancer the ARN and hostname of an Application Load Balancer and no network interfaces. The
program finds a balancer by its hostname, its nodes by their interfaces' description and the sources of health checks by
their addresses, so all three have to be true. A tag `x-state` = `code|reason` on a balancer overrides its state.
"""

import ipaddress

from moto.ec2.exceptions import InvalidNetworkInterfaceIdError
from moto.elbv2 import models

# Hostname suffix per partition, from botocore's partitions.json.
SUFFIXES = {"cn-": "amazonaws.com.cn", "eusc-": "amazonaws.eu", "us-iso-": "c2s.ic.gov", "us-isob-": "sc2s.sgov.gov",
            "eu-isoe-": "cloud.adc-e.uk", "us-isof-": "csp.hci.ic.gov"}
KINDS = {"network": "net", "gateway": "gwy", "application": "app"}
NLB_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "dns_record.client_routing_policy": "any_availability_zone",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "false",
    "secondary_ips.auto_assigned.per_subnet": "0",
    "zonal_shift.config.enabled": "false",
}
TLS_PROTOCOLS = ("TLS", "HTTPS")

_create = models.ELBv2Backend.create_load_balancer
_delete = models.ELBv2Backend.delete_load_balancer
_set_groups = models.ELBv2Backend.set_security_groups
_set_subnets = models.ELBv2Backend.set_subnets
_listener_init = models.FakeListener.__init__
_action_init = models.FakeAction.__init__


def suffix(region):
    """Domain under which the balancers of `region` live."""
    return next((s for prefix, s in SUFFIXES.items() if region.startswith(prefix)), "amazonaws.com")


def hostname(lb, region):
    """NLB: `<name>-<id>.elb.<region>.<suffix>`, no `internal-`. ALB: decimal id, region and `elb` the other way round."""
    lb_id = lb.arn.rsplit("/", 1)[1]
    if lb.type == "network":
        return f"{lb.name}-{lb_id}.elb.{region}.{suffix(region)}"
    internal = "internal-" if lb.scheme == "internal" else ""
    return f"{internal}{lb.name}-{int(lb_id[:8], 16)}.{region}.elb.{suffix(region)}"


def free_address(ec2, subnet):
    """The highest unused address of the subnet; AWS keeps the first four and the last one for itself."""
    used = {a["PrivateIpAddress"] for e in ec2.enis.values() if e.subnet.id == subnet.id for a in e.private_ip_addresses}
    network = ipaddress.ip_network(subnet.cidr_block)
    for offset in range(network.num_addresses - 2, 3, -1):
        if str(network[offset]) not in used:
            return str(network[offset])
    raise models.RESTError("InvalidSubnet", f"Not enough IP space available in {subnet.id}")


def create_node(backend, lb, subnet, mapping):
    """The requester-managed interface of one balancer node."""
    kind, lb_id = KINDS[lb.type], lb.arn.rsplit("/", 1)[1]
    eni = backend.ec2_backend.create_network_interface(
        subnet,
        mapping.get("PrivateIPv4Address") or free_address(backend.ec2_backend, subnet),
        group_ids=list(lb.security_groups) or None,
        description=f"ELB {kind}/{lb.name}/{lb_id}",
        ipv6_address_count=1 if lb.ip_address_type == "dualstack" else 0,
    )
    eni.interface_type = "network_load_balancer" if lb.type == "network" else "interface"
    eni.requester_managed, eni.requester_id, eni.status = True, "amazon-elb", "in-use"
    if not lb.security_groups:
        eni._group_set = []
    return eni


def sync_nodes(backend, lb, mappings=()):
    """Makes one node per subnet, drops those of subnets that left, and gives all the balancer's security groups."""
    by_subnet = {m["SubnetId"]: m for m in mappings}
    nodes = lb.__dict__.setdefault("x_nodes", {})
    for gone in set(nodes) - {s.id for s in lb.subnets}:
        delete_node(backend, nodes.pop(gone))
    zones = lb.__dict__.setdefault("x_zones", {})
    for subnet in lb.subnets:
        if subnet.id not in nodes:
            mapping = by_subnet.get(subnet.id, {})
            nodes[subnet.id] = create_node(backend, lb, subnet, mapping)
            zones[subnet.id] = zone_of(lb, subnet, mapping)
    groups = [backend.ec2_backend.get_security_group_from_id(g) for g in lb.security_groups]
    for eni in nodes.values():
        eni._group_set = groups


def delete_node(backend, eni):
    """Removes a node's interface; a reset of moto may have removed it already."""
    try:
        backend.ec2_backend.delete_network_interface(eni.id)
    except InvalidNetworkInterfaceIdError:
        pass


def zone_of(lb, subnet, mapping):
    """LoadBalancerAddresses are filled only where the user chose the address."""
    zone = models.AvailabilityZone(subnet)
    chosen = {k: mapping[k] for k in ("PrivateIPv4Address", "AllocationId") if mapping.get(k)}
    if lb.type == "network":
        zone.load_balancer_addresses = [chosen] if chosen else []
    return zone


def create_load_balancer(self, name, security_groups, subnet_ids, subnet_mappings=None, scheme=None,
                         loadbalancer_type=None, ip_address_type="ipv4", tags=None):
    if any(lb.name == name for lb in self.load_balancers.values()):
        raise models.DuplicateLoadBalancerName()
    lb = _create(self, name, security_groups, subnet_ids, subnet_mappings, scheme or "internet-facing",
                 loadbalancer_type, ip_address_type)
    del self.load_balancers[lb.arn]
    lb.arn = lb.arn.replace(":loadbalancer/app/", f":loadbalancer/{KINDS[lb.type]}/")
    self.load_balancers[lb.arn] = lb
    self.tagging_service.tag_resource(lb.arn, tags)
    lb.dns_name, lb.x_backend = hostname(lb, self.region_name), self
    if lb.type == "network":
        lb.attrs = dict(NLB_ATTRIBUTES)
        if lb.security_groups:
            lb.enforce_security_group_inbound_rules_on_private_link_traffic = "on"
    sync_nodes(self, lb, subnet_mappings or ())
    return lb


def delete_load_balancer(self, arn):
    lb = self.load_balancers.get(arn)
    _delete(self, arn)
    for eni in lb.x_nodes.values() if lb else ():
        delete_node(self, eni)


def set_security_groups(self, arn, sec_groups):
    lb = self.load_balancers.get(arn)
    if lb is not None and lb.type == "network" and not lb.security_groups:
        raise models.RESTError("InvalidConfigurationRequest",
                               "You cannot set security groups on a Network Load Balancer created without any")
    _set_groups(self, arn, sec_groups)
    sync_nodes(self, lb)


def set_subnets(self, arn, subnets, subnet_mappings):
    _set_subnets(self, arn, subnets, subnet_mappings)
    lb = self.load_balancers[arn]
    sync_nodes(self, lb, subnet_mappings)
    return lb.availability_zones


def load_balancer_state(self):
    override = self.x_backend.tagging_service.get_tag_dict_for_resource(self.arn).get("x-state")
    code, _, reason = (override or self.state).partition("|")
    return {"Code": code, **({"Reason": reason} if reason else {})}


def action_init(self, data):
    """A forward action names its target group twice: TargetGroupArn (when it is the only one) and ForwardConfig."""
    if data.get("Type") == "forward":
        if data.get("TargetGroupArn"):
            data.setdefault("ForwardConfig", {"TargetGroups": [{"TargetGroupArn": data["TargetGroupArn"]}]})
        else:
            groups = data.get("ForwardConfig", {}).get("TargetGroups", [])
            if len(groups) == 1:
                data["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    _action_init(self, data)


def listener_init(self, *args, **kwargs):
    """Only a TLS listener has a policy and ALPN."""
    _listener_init(self, *args, **kwargs)
    if self.protocol not in TLS_PROTOCOLS:
        self.ssl_policy = self.alpn_policy = None


def install():
    """Puts the shapes into moto."""
    models.ELBv2Backend.create_load_balancer = create_load_balancer
    models.ELBv2Backend.delete_load_balancer = delete_load_balancer
    models.ELBv2Backend.set_security_groups = set_security_groups
    models.ELBv2Backend.set_subnets = set_subnets
    models.FakeLoadBalancer.availability_zones = property(lambda lb: [lb.x_zones[s.id] for s in lb.subnets])
    models.FakeLoadBalancer.load_balancer_state = property(load_balancer_state)
    models.FakeAction.__init__ = action_init
    models.FakeListener.__init__ = listener_init
