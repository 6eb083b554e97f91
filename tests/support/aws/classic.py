"""Classic Load Balancers as AWS shows them.

moto gives them a hostname of one region, no network interfaces, the zones of whoever asks, and instances that are in
service as long as they run. Here their nodes have interfaces as those of ELBv2 do, and the state of an instance is
computed like target health: zone, instance, then the one check from every node over moto's security groups, network ACLs
and routes. Tags `x-health/<instance>` and `x-health/all` on the load balancer, `state|reason|description`, decide instead.
"""

import health
import load_balancers
import oracle
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.elb import models, responses

IN_SERVICE = ("InService", "N/A", "N/A")
FAILED = ("OutOfService", "Instance",
          "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.")
NOT_IN_ZONE = ("OutOfService", "ELB",
               "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.")
# AWS gives a number; any that lasts as long as the load balancer will do.
HOST_ID = 1234567890
# The page of a plain call, as moto has it.
PAGE = 50

_create = models.ELBBackend.create_load_balancer
_delete = models.ELBBackend.delete_load_balancer


def create_load_balancer(self, name, zones, ports, scheme="internet-facing", subnets=None, security_groups=None):
    lb = _create(self, name, zones, ports, scheme, subnets, security_groups)
    ec2 = models.ec2_backends[self.account_id][self.region_name]
    own = [ec2.get_subnet(subnet) for subnet in lb.subnets]
    lb.availability_zones = sorted(subnet.availability_zone for subnet in own)
    internal = "internal-" if lb.scheme == "internal" else ""
    lb.dns_name = f"{internal}{name}-{HOST_ID}.{self.region_name}.elb.{load_balancers.suffix(self.region_name)}"
    lb.x_nodes = [create_node(ec2, lb, subnet) for subnet in own]
    return lb


def create_node(ec2, lb, subnet):
    """The requester-managed interface of one node; its description ends with the name."""
    eni = ec2.create_network_interface(subnet, load_balancers.free_address(ec2, subnet), group_ids=list(lb.security_groups),
                                       description=f"ELB {lb.name}")
    eni.requester_managed, eni.requester_id, eni.status = True, "amazon-elb", "in-use"
    return eni


def delete_load_balancer(self, load_balancer_name):
    lb = self.load_balancers.get(load_balancer_name)
    _delete(self, load_balancer_name)
    ec2 = models.ec2_backends[self.account_id][self.region_name]
    for eni in lb.x_nodes if lb else ():
        ec2.delete_network_interface(eni.id)


def passes(check, tags, address):
    """Whether what listens at `address` satisfies the check, `TCP:31080` or `HTTP:32100/healthz`: only 200 is well."""
    protocol, _, rest = check.target.partition(":")
    status = health.listens(tags, address, int(rest.split("/", 1)[0]))
    return status == 200 if protocol in ("HTTP", "HTTPS") else status is not None


def compute(ec2, lb, instance_id):
    """(state, reason, description) of a registered instance."""
    instance = ec2.get_instance_by_id(instance_id)
    if instance is None or instance.state != "running":
        return "OutOfService", "Instance", f"Instance is in {instance.state if instance else 'terminated'} state."
    if ec2.get_subnet(instance.subnet_id).availability_zone not in lb.availability_zones:
        return NOT_IN_ZONE
    eni = instance.nics[0]
    address, port = eni.private_ip_address, int(lb.health_check.target.partition(":")[2].split("/", 1)[0])
    if not passes(lb.health_check, {**health.tags_of(instance), **health.tags_of(eni)}, address):
        return FAILED
    for node in lb.x_nodes:
        if oracle.evaluate(health.world_of(ec2, node, eni, address, port))["verdict"] != "allow":
            return FAILED
    return IN_SERVICE


def steered(lb, instance_id):
    """The state that a tag gives, as three parts, or None."""
    told = lb.tags.get(f"x-health/{instance_id}") or lb.tags.get("x-health/all")
    return told and tuple((told.split("|", 2) + ["N/A", "N/A"])[:3])


def describe_instance_health(self):
    """DescribeInstanceHealth without a list of instances: that of all that are registered."""
    name = self._get_param("LoadBalancerName")
    lb = self.elb_backend.get_load_balancer(name)
    if lb is None:
        raise models.NoActiveLoadBalancerFoundError(name=name)
    ec2 = models.ec2_backends[self.current_account][self.region]
    states = [(instance, steered(lb, instance) or compute(ec2, lb, instance)) for instance in lb.instance_ids]
    return ActionResult({"InstanceStates": [
        {"InstanceId": instance, "State": state, "ReasonCode": reason, "Description": words}
        for instance, (state, reason, words) in states]})


def describe_load_balancers(self):
    """In pages whose marker is an offset, as small as a fault asks for."""
    found = self.elb_backend.describe_load_balancers(self._get_param("LoadBalancerNames", []))
    start, size = int(self._get_param("Marker") or 0), self._get_int_param("PageSize", PAGE)
    size = min(size, getattr(self, "most_of_a_page", None) or size)
    after = start + size
    token = {"NextMarker": str(after)} if after < len(found) else {}
    return ActionResult({"LoadBalancerDescriptions": found[start:after], **token})


def iter_tagged_resources(self):
    """The tagging API names them as it does those of ELBv2."""
    for lb in self.load_balancers.values():
        arn = f"arn:{self.partition}:elasticloadbalancing:{self.region_name}:{self.account_id}:loadbalancer/{lb.name}"
        yield TaggedResource(arn=arn, tags=dict(lb.tags), resource_type="elasticloadbalancing:loadbalancer")


def install():
    """Puts the shapes and the states into moto."""
    models.ELBBackend.create_load_balancer = create_load_balancer
    models.ELBBackend.delete_load_balancer = delete_load_balancer
    models.ELBBackend.iter_tagged_resources = iter_tagged_resources
    responses.ELBResponse.describe_instance_health = describe_instance_health
    responses.ELBResponse.describe_load_balancers = describe_load_balancers
