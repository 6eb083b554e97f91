"""The AWS double: moto with the shapes, the health and the limits of real Network and Classic Load Balancers.

`install()` patches moto in this process; serve.py calls it before it starts the server. What is replaced is private to
moto, so the names are asserted first: an upgrade that renames one fails at once and says which, instead of leaving a
double that quietly answers like plain moto.
"""

import classic
import moto
import doors
import ec2_shapes
import health
import limits
import load_balancers
import signatures
import target_groups
from moto.core.responses import BaseResponse
from moto.ec2 import utils as ec2_utils
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.network_acls import NetworkAclBackend
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.elb.models import ELBBackend
from moto.elb.models import LoadBalancer as ClassicLoadBalancer
from moto.elb.responses import ELBResponse
from moto.elbv2 import models
from moto.elbv2.responses import ELBV2Response
from moto.iam.access_control import IAMRequestBase
from moto.moto_api._internal import urls
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse

VERSION = "5.2.5"
PRIVATE = {
    ClassicLoadBalancer: "get_default_attributes instance_ids",
    ELBBackend: "create_load_balancer delete_load_balancer describe_load_balancers get_load_balancer iter_tagged_resources",
    ELBResponse: "describe_instance_health describe_load_balancers",
    BaseResponse: "call_action _get_action _get_param",
    ELBV2Response: " ".join(limits.BATCHED) + " " + " ".join(limits.ELB_PAGED),
    IAMRequestBase: "check_signature",
    Instance: "get_tags subnet_id vpc_id state",
    NetworkAclBackend: "add_default_entries create_network_acl_entry",
    NetworkInterface: "get_filter_value group_set get_tags",
    ResourceGroupsTaggingAPIBackend: "get_resources",
    ResourceGroupsTaggingAPIResponse: "backend get_resources",
    Route: "state gateway_id nat_gateway_id",
    RouteTable: "routes associations",
    SecurityGroup: "get_filter_value",
    SecurityGroupRule: "owner_id",
    models: "FakeHealthStatus AvailabilityZone RESTError DuplicateLoadBalancerName InvalidTargetError TargetNotRunning "
            "TargetGroupNotFoundError TooManyTagsError ValidationError elbv2_backends",
    models.ELBv2Backend: "create_load_balancer delete_load_balancer set_security_groups set_subnets create_target_group "
                         "describe_target_health add_tags _get_resource_by_arn ec2_backend",
    models.FakeAction: "__init__",
    models.FakeListener: "__init__ rules",
    models.FakeLoadBalancer: "availability_zones load_balancer_state",
    models.FakeTargetGroup: "register deregister ec2_backend",
    ec2_utils: "filter_dict_attribute_mapping",
    urls: "url_paths",
}


def check():
    """Asserts moto's version and every private name that the overlay relies on."""
    assert moto.__version__ == VERSION, f"the overlay is written for moto {VERSION}, not {moto.__version__}"
    missing = [f"{owner.__name__}.{name}" for owner, names in PRIVATE.items() for name in names.split()
               if not hasattr(owner, name)]
    assert not missing, f"moto no longer has {', '.join(missing)}; the overlay must be adapted"


def install():
    """Checks moto, then patches it. Call once per process, before the server is built."""
    check()
    for part in (load_balancers, classic, target_groups, ec2_shapes, health, limits, signatures, doors):
        part.install()
