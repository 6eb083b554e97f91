"""The parts of EC2 that the program reads and moto leaves out.

Filters over every address of an interface, routes whose next hop is gone, the owner of a security group's rule, the IPv6
entries of a default network ACL, and VPC block public access, which moto answers with a 500.
"""

from moto.core.responses import ActionResult
from moto.ec2 import utils
from moto.ec2.exceptions import InvalidParameterValueError
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.network_acls import NetworkAclBackend
from moto.ec2.models.route_tables import Route
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses import EC2Response

_eni_filter = NetworkInterface.get_filter_value
_default_entries = NetworkAclBackend.add_default_entries

BLOCK_MODES = ("off", "block-bidirectional", "block-ingress")


def eni_filter(self, filter_name, method_name=None):
    if filter_name == "addresses.private-ip-address":
        return [a["PrivateIpAddress"] for a in self.private_ip_addresses]
    return _eni_filter(self, filter_name, method_name)


def instance_addresses(self):
    """Every private address of every interface of the instance."""
    return [a["PrivateIpAddress"] for nic in self.nics.values() for a in nic.private_ip_addresses]


def route_state(self):
    """AWS keeps a route whose next hop was deleted and calls it a blackhole."""
    backend = self.route_table.ec2_backend
    gone = (
        (self.interface is not None and self.interface.id not in backend.enis)
        or (self.instance is not None and self.instance.state in ("stopped", "terminated"))
        or (self.nat_gateway is not None and self.nat_gateway.state != "available")
        or (self.vpc_pcx is not None and self.vpc_pcx._status.code != "active")
    )
    return "blackhole" if gone else "active"


def add_default_entries(self, network_acl_id):
    """A VPC with an IPv6 block has the same pair of entries for ::/0, numbered 101 and 32768."""
    _default_entries(self, network_acl_id)
    vpc = self.get_vpc(self.get_network_acl(network_acl_id).vpc_id)
    if not vpc.get_cidr_block_association_set(ipv6=True):
        return
    for egress in (True, False):
        for number, action in ((101, "allow"), (32768, "deny")):
            self.create_network_acl_entry(
                network_acl_id=network_acl_id, rule_number=number, protocol="-1", rule_action=action, egress=egress,
                cidr_block=None, icmp_code=None, icmp_type=None, port_range_from=None, port_range_to=None,
                ipv6_cidr_block="::/0")


def block_mode(backend):
    """The account's mode in this region; `off` until modified."""
    return backend.__dict__.setdefault("x_internet_gateway_block_mode", "off")


def block_states(self):
    """What the mode, without exclusions, comes to in a subnet."""
    return {"InternetGatewayBlockMode": block_mode(self.ec2_backend)}


def block_options(self):
    backend = self.ec2_backend
    mode = block_mode(backend)
    return ActionResult({"VpcBlockPublicAccessOptions": {
        "AwsAccountId": backend.account_id, "AwsRegion": backend.region_name, "InternetGatewayBlockMode": mode,
        "State": "default-state" if mode == "off" else "update-complete", "ExclusionsAllowed": "allowed"}})


def modify_block_options(self):
    mode = self._get_param("InternetGatewayBlockMode")
    if mode not in BLOCK_MODES:
        raise InvalidParameterValueError(mode)
    self.ec2_backend.x_internet_gateway_block_mode = mode
    return block_options(self)


def block_exclusions(self):
    return ActionResult({"VpcBlockPublicAccessExclusions": []})


def install():
    """Puts the missing parts into moto."""
    NetworkInterface.get_filter_value = eni_filter
    Instance.x_addresses = property(instance_addresses)
    utils.filter_dict_attribute_mapping["network-interface.addresses.private-ip-address"] = "x_addresses"
    Route.state = property(route_state)
    SecurityGroupRule.group_owner_id = SecurityGroupRule.owner_id
    NetworkAclBackend.add_default_entries = add_default_entries
    Subnet.block_public_access_states = property(block_states)
    EC2Response.describe_vpc_block_public_access_options = block_options
    EC2Response.modify_vpc_block_public_access_options = modify_block_options
    EC2Response.describe_vpc_block_public_access_exclusions = block_exclusions
