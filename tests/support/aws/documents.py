"""moto's EC2 objects as the documents of the AWS API, which is what the oracle reads.

The oracle is fed from moto's models and not from moto's XML, so that a health answer costs no HTTP calls.
"""

PROTOCOL_NUMBERS = {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58", "all": "-1"}


def permission(backend, rule):
    """One SecurityGroupRule as an IpPermission."""
    document = {"IpProtocol": rule.ip_protocol, "FromPort": rule.from_port, "ToPort": rule.to_port}
    if rule.cidr_ipv4:
        document["IpRanges"] = [{"CidrIp": rule.cidr_ipv4}]
    if rule.cidr_ipv6:
        document["Ipv6Ranges"] = [{"CidrIpv6": rule.cidr_ipv6}]
    if rule.prefix_list_id:
        document["PrefixListIds"] = [{"PrefixListId": rule.prefix_list_id}]
    if rule.source_group:
        pair = dict(rule.source_group)
        peering = backend.vpc_pcxs.get(pair.get("VpcPeeringConnectionId"))
        if peering is not None:
            pair["PeeringStatus"] = peering._status.code
        document["UserIdGroupPairs"] = [pair]
    return document


def security_groups(backend, wanted):
    """The SecurityGroup documents of the ids in `wanted` that exist."""
    found = [g for g in map(backend.get_security_group_from_id, sorted(wanted)) if g]
    return [{"GroupId": g.id,
             "IpPermissions": [permission(backend, r) for r in g.ingress_rules],
             "IpPermissionsEgress": [permission(backend, r) for r in g.egress_rules]} for g in found]


def prefix_lists(backend):
    """Id -> CIDRs of the newest version of every managed prefix list."""
    return {p.id: [e["Cidr"] for e in p.entries.get(p.version) or []] for p in backend.managed_prefix_lists.values()}


def acl_entry(entry):
    """One NetworkAclEntry document; moto keeps the protocol as the caller wrote it, AWS answers its number."""
    protocol = str(entry.protocol).lower()
    document = {"RuleNumber": int(entry.rule_number), "Protocol": PROTOCOL_NUMBERS.get(protocol, protocol),
                "RuleAction": entry.rule_action, "Egress": entry.egress in (True, "true")}
    if entry.cidr_block:
        document["CidrBlock"] = entry.cidr_block
    if entry.ipv6_cidr_block:
        document["Ipv6CidrBlock"] = entry.ipv6_cidr_block
    if entry.port_range_from is not None:
        document["PortRange"] = {"From": int(entry.port_range_from), "To": int(entry.port_range_to)}
    return document


def network_acls(backend):
    """Every NetworkAcl document."""
    return [{"NetworkAclId": acl.id, "VpcId": acl.vpc_id, "Entries": [acl_entry(e) for e in acl.network_acl_entries],
             "Associations": [{"SubnetId": a.subnet_id} for a in acl.associations]}
            for acl in backend.network_acls.values()]


def route(entry):
    """One Route document, without the fields that are unset."""
    document = {
        "DestinationCidrBlock": entry.destination_cidr_block,
        "DestinationIpv6CidrBlock": entry.destination_ipv6_cidr_block,
        "DestinationPrefixListId": entry.destination_prefix_list_id,
        "GatewayId": entry.gateway_id,
        "NatGatewayId": entry.nat_gateway_id,
        "NetworkInterfaceId": entry.network_interface_id,
        "InstanceId": entry.instance_id,
        "VpcPeeringConnectionId": entry.vpc_peering_connection_id,
        "TransitGatewayId": entry.transit_gateway_id,
        "EgressOnlyInternetGatewayId": entry.egress_only_internet_gateway_id,
        "CarrierGatewayId": entry.carrier_gateway_id,
        "Origin": entry.origin,
        "State": entry.state,
    }
    return {key: value for key, value in document.items() if value is not None}


def route_tables(backend):
    """Every RouteTable document."""
    return [{"RouteTableId": t.id, "VpcId": t.vpc_id, "Associations": t.associations, "Routes": [route(r) for r in t.routes]}
            for t in backend.route_tables.values()]


def endpoint(eni, addresses):
    """One end of a probe."""
    return {"addresses": addresses, "groups": sorted(g.id for g in eni.group_set), "subnet": eni.subnet.id,
            "vpc": eni.subnet.vpc_id}
