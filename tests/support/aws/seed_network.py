"""The network half of a plan: VPC, subnets, prefix lists, security groups and network ACLs."""

import ipaddress


def permission(rule, made):
    """One rule of the plan as an IpPermission."""
    document = {"IpProtocol": str(rule["protocol"])}
    if "from" in rule:
        document |= {"FromPort": rule["from"], "ToPort": rule["to"]}
    if "cidr" in rule:
        key, field = ("Ipv6Ranges", "CidrIpv6") if ":" in rule["cidr"] else ("IpRanges", "CidrIp")
        document[key] = [{field: rule["cidr"]}]
    if "group" in rule:
        document["UserIdGroupPairs"] = [{"GroupId": made["security_groups"][rule["group"]]["id"]}]
    if "prefix_list" in rule:
        document["PrefixListIds"] = [{"PrefixListId": made["prefix_lists"][rule["prefix_list"]]["id"]}]
    return document


def seed_vpc(ec2, plan, made):
    vpc = plan["vpc"]
    created = ec2.create_vpc(CidrBlock=vpc["cidr"], AmazonProvidedIpv6CidrBlock=vpc.get("ipv6", False))["Vpc"]
    made["vpc"] = {"id": created["VpcId"]}
    made["subnets"] = {}
    if vpc.get("internet_gateway"):
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=created["VpcId"])
        made["internet_gateway"] = {"id": gateway}
    if mode := vpc.get("block_public_access"):
        ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode=mode)
    for name, subnet in vpc.get("subnets", {}).items():
        got = ec2.create_subnet(VpcId=created["VpcId"], CidrBlock=subnet["cidr"], AvailabilityZone=subnet["zone"])["Subnet"]
        if vpc.get("ipv6"):
            whole = ipaddress.ip_network(created["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])
            block = list(whole.subnets(new_prefix=64))[len(made["subnets"])]
            ec2.associate_subnet_cidr_block(SubnetId=got["SubnetId"], Ipv6CidrBlock=str(block))
        made["subnets"][name] = {"id": got["SubnetId"], "zone": got["AvailabilityZone"], "cidr": got["CidrBlock"]}


def seed_prefix_lists(ec2, plan, made):
    made["prefix_lists"] = {}
    for name, cidrs in plan.get("prefix_lists", {}).items():
        family = "IPv6" if any(":" in c for c in cidrs) else "IPv4"
        got = ec2.create_managed_prefix_list(PrefixListName=name, AddressFamily=family, MaxEntries=max(1, len(cidrs)),
                                             Entries=[{"Cidr": c} for c in cidrs])["PrefixList"]
        made["prefix_lists"][name] = {"id": got["PrefixListId"]}


def seed_security_groups(ec2, plan, made):
    """All groups first, then the rules, because rules refer to groups."""
    groups = plan.get("security_groups", {})
    made["security_groups"] = {}
    for name in groups:
        got = ec2.create_security_group(GroupName=name, Description=name, VpcId=made["vpc"]["id"])
        made["security_groups"][name] = {"id": got["GroupId"]}
    for name, group in groups.items():
        group_id = made["security_groups"][name]["id"]
        for rule in group.get("ingress", []):
            ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[permission(rule, made)])
        if "egress" in group:
            # AWS starts every group with "everything out".
            default = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]["IpPermissionsEgress"]
            ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=default)
            for rule in group["egress"]:
                ec2.authorize_security_group_egress(GroupId=group_id, IpPermissions=[permission(rule, made)])
        tag(ec2, group_id, group.get("tags", {}))


def seed_network_acls(ec2, plan, made):
    made["network_acls"] = {}
    for name, acl in plan.get("network_acls", {}).items():
        acl_id = ec2.create_network_acl(VpcId=made["vpc"]["id"])["NetworkAcl"]["NetworkAclId"]
        made["network_acls"][name] = {"id": acl_id}
        for entry in acl["entries"]:
            block = "Ipv6CidrBlock" if ":" in entry["cidr"] else "CidrBlock"
            ports = {"PortRange": {"From": entry["from"], "To": entry["to"]}} if "from" in entry else {}
            ec2.create_network_acl_entry(
                NetworkAclId=acl_id, RuleNumber=entry["rule"], Egress=entry["egress"], RuleAction=entry["action"],
                Protocol={"tcp": "6", "udp": "17"}.get(str(entry["protocol"]), str(entry["protocol"])),
                **{block: entry["cidr"]}, **ports)
        for subnet in acl["subnets"]:
            subnet_id = made["subnets"][subnet]["id"]
            found = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet_id]}])
            association = next(a for a in found["NetworkAcls"][0]["Associations"] if a["SubnetId"] == subnet_id)
            ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl_id)


def tag(ec2, resource, tags):
    """Tags one EC2 resource."""
    if tags:
        ec2.create_tags(Resources=[resource], Tags=[{"Key": k, "Value": str(v)} for k, v in tags.items()])


def seed_network(ec2, plan, made):
    """Makes the network of the plan; `made` gets its names."""
    if "vpc" in plan:
        seed_vpc(ec2, plan, made)
    seed_prefix_lists(ec2, plan, made)
    seed_security_groups(ec2, plan, made)
    seed_network_acls(ec2, plan, made)
