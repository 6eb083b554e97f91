"""Batch limits and paging of the calls that list.

AWS refuses more than 20 names or ARNs in one ELBv2 call and pages every listing; moto accepts any number and pages only
some. The program's batching and its paginators are exercised only where the double insists on them.
"""

import sys

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidParameterValue
from moto.ec2.responses import EC2Response
from moto.elbv2.exceptions import ELBClientError, LoadBalancerNotFoundError
from moto.elbv2.responses import ELBV2Response
from moto.resourcegroupstaggingapi.exceptions import ResourceGroupsTaggingAPIError
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse

BATCH = 20
# AWS pages ELBv2 at 400 by default; moto's 50 makes the second page affordable in a test.
ELB_PAGE = 50
# GetResources gives 100 at most, and takes as many values in a filter as a batch has.
TAGGED_PAGE = 100
BATCHED = {
    "describe_load_balancers": ("LoadBalancerArns", "Names"),
    "describe_tags": ("ResourceArns",),
    "describe_target_groups": ("TargetGroupArns", "Names"),
}
ELB_PAGED = {"describe_target_groups": "TargetGroups", "describe_listeners": "Listeners"}
EC2_PAGED = {
    "describe_network_acls": "NetworkAcls",
    "describe_network_interfaces": "NetworkInterfaces",
    "describe_route_tables": "RouteTables",
    "describe_security_group_rules": "SecurityGroupRules",
    "describe_security_groups": "SecurityGroups",
    "describe_subnets": "Subnets",
}


def batched(method, parameters):
    """Refuses more than 20 members of any of `parameters`."""
    def call(self):
        for name in parameters:
            values = self._get_param(name, []) or []
            if len(values) > BATCH:
                member = name[0].lower() + name[1:]
                raise ELBClientError("ValidationError", f"1 validation error detected: Value '{values}' at '{member}' "
                                     f"failed to satisfy constraint: Member must have length less than or equal to {BATCH}")
        return method(self)
    return call


def page(call, outcome, key, start, size, token_name):
    """Cuts one page out of a complete answer. The token is the offset of the next page."""
    size = min(size, getattr(call, "most_of_a_page", None) or size)
    items = list(outcome.result[key])
    result = {**outcome.result, key: items[start:start + size]}
    if start + size < len(items):
        result[token_name] = str(start + size)
    return ActionResult(result)


def elb_paged(method, key):
    def call(self):
        size = int(self._get_param("PageSize") or ELB_PAGE)
        if not 1 <= size <= 400:
            raise ELBClientError("ValidationError", f"Page size {size} must be between 1 and 400")
        return page(self, method(self), key, int(self._get_param("Marker") or 0), size, "NextMarker")
    return call


def ec2_paged(method, key):
    """EC2 pages only when MaxResults is given; the smallest page is 5."""
    most = 100 if key == "RouteTables" else 1000
    def call(self):
        outcome, size = method(self), self._get_param("MaxResults")
        if size is None:
            return outcome
        if not 5 <= int(size) <= most:
            raise InvalidParameterValue(f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value "
                                        f"between 5 and {most}.")
        return page(self, outcome, key, int(self._get_param("NextToken") or 0), int(size), "NextToken")
    return call


def all_names_exist(method):
    """moto notices a missing name or ARN only in the first place; AWS fails the whole call."""
    def call(self):
        known = self.elbv2_backend.load_balancers
        names = {lb.name for lb in known.values()}
        if any(a not in known for a in self._get_param("LoadBalancerArns", [])) or any(
                n not in names for n in self._get_param("Names", [])):
            raise LoadBalancerNotFoundError()
        return method(self)
    return call


def tagged_resources_exist(method):
    """AWS refuses to describe the tags of something that does not exist; moto answers with none."""
    def call(self):
        for arn in self._get_param("ResourceArns", []):
            self.elbv2_backend._get_resource_by_arn(arn)
        return method(self)
    return call


def get_resources(self):
    """Only by tags and types, which is how the program asks; the token after the last page is empty, as AWS has it."""
    filters = self._get_param("TagFilters", [])
    if any(len(each.get("Values", [])) > BATCH for each in filters):
        raise ResourceGroupsTaggingAPIError("InvalidParameterException", f"A filter has at most {BATCH} values")
    _, found = self.backend.get_resources(tag_filters=filters, resource_type_filters=self._get_param("ResourceTypeFilters", []),
                                          resources_per_page=sys.maxsize, tags_per_page=sys.maxsize)
    mappings = [{"ResourceARN": each.arn, "Tags": [{"Key": k, "Value": v} for k, v in each.tags.items()]} for each in found]
    whole = ActionResult({"ResourceTagMappingList": mappings, "PaginationToken": ""})
    start = int(self._get_param("PaginationToken") or 0)
    return page(self, whole, "ResourceTagMappingList", start, TAGGED_PAGE, "PaginationToken")


def wrap(cls, name, wrapper, *args):
    """Replaces the method `name` of a response class by its wrapped form."""
    setattr(cls, name, wrapper(getattr(cls, name), *args))


def install():
    """Wraps the response methods. Existence is checked behind the limits, as AWS validates before it looks."""
    wrap(ELBV2Response, "describe_load_balancers", all_names_exist)
    wrap(ELBV2Response, "describe_tags", tagged_resources_exist)
    ResourceGroupsTaggingAPIResponse.get_resources = get_resources
    for name, key in ELB_PAGED.items():
        wrap(ELBV2Response, name, elb_paged, key)
    for name, parameters in BATCHED.items():
        wrap(ELBV2Response, name, batched, parameters)
    for name, key in EC2_PAGED.items():
        wrap(EC2Response, name, ec2_paged, key)
