"""Independent oracle: can a TCP probe go from a load balancer node to a target and can its reply come back?

The double computes target health with it, and a differential test holds the Rust evaluator against it. It therefore
shares nothing with the Rust code: it is written from the AWS documents (stateful, allow-only security groups; ordered,
stateless network ACLs; longest prefix match over route tables) and takes the documents in the shape in which the AWS
API returns them (`aws ec2 describe-*` JSON). Nothing here knows moto; every function is pure.

As a program it reads one world with a probe per line of JSON and answers one verdict per line:

    {"source": {"addresses": [ip…], "groups": [sg…], "subnet": id}, "destination": {…same…}, "port": 31000,
     "security_groups": [SecurityGroup…], "prefix_lists": {pl: [cidr…] | null}, "network_acls": [NetworkAcl…],
     "route_tables": [RouteTable…]}
    -> {"verdict": "allow|partial|deny|unknown", "fraction": 0.5, "blocker": "target-ingress-sg" | null, "steps": […]}

`fraction` is the share of the ephemeral ports on which a reply survives; `partial` means that it is between 0 and 1.
A destination without a `subnet` lies outside the VPC: its own groups, ACL and routes are not evaluated.
"""

import ipaddress
import json
import sys

# The load balancer picks its source port from this range, so replies go to it (VPC guide: ephemeral ports).
EPHEMERAL = (1024, 65535)
TCP = {"tcp", "6"}
ALL = {"-1", "all"}


def contains(cidr, address):
    """Whether `cidr` contains `address`; a CIDR of the other family never does."""
    network, address = ipaddress.ip_network(cidr, strict=False), ipaddress.ip_address(address)
    return network.version == address.version and address in network


def step(hop, verdict, by, fraction=None):
    """One evaluated hop: where, the verdict, and the rule or fact that decided."""
    return {"hop": hop, "verdict": verdict, "by": by, "fraction": fraction}


# ---- security groups ---------------------------------------------------------------------------------------------


def permission_covers(permission, port):
    """Whether an IpPermission admits TCP on `port`; protocol -1 ignores ports, and -1 to -1 stands for all of them."""
    protocol = str(permission.get("IpProtocol", "")).lower()
    if protocol in ALL:
        return True
    if protocol not in TCP:
        return False
    low, high = permission.get("FromPort"), permission.get("ToPort")
    if low in (None, -1) and high in (None, -1):
        return True
    return low is not None and high is not None and low <= port <= high


def sg_allows(hop, groups, egress, peer_address, peer_groups, port, documents, prefix_lists):
    """Union over all rules of all `groups`: the first match allows. Allow beats unknown, unknown beats deny."""
    if not groups:
        return step(hop, "allow", "no security group on this interface")
    missing = None
    by_id = {g["GroupId"]: g for g in documents}
    for group in groups:
        if group not in by_id:
            missing = f"security group {group} was not read"
            continue
        for permission in by_id[group].get("IpPermissionsEgress" if egress else "IpPermissions", []):
            if not permission_covers(permission, port):
                continue
            ranges = [r["CidrIp"] for r in permission.get("IpRanges", [])]
            ranges += [r["CidrIpv6"] for r in permission.get("Ipv6Ranges", [])]
            for cidr in ranges:
                if contains(cidr, peer_address):
                    return step(hop, "allow", f"{group} {cidr}")
            for reference in permission.get("PrefixListIds", []):
                entries = prefix_lists.get(reference["PrefixListId"])
                if entries is None:
                    missing = f"prefix list {reference['PrefixListId']} was not read"
                elif any(contains(cidr, peer_address) for cidr in entries):
                    return step(hop, "allow", f"{group} {reference['PrefixListId']}")
            for pair in permission.get("UserIdGroupPairs", []):
                # Over a peering connection the reference only works while the peering is active.
                live = not pair.get("VpcPeeringConnectionId") or pair.get("PeeringStatus") == "active"
                if live and pair.get("GroupId") in peer_groups:
                    return step(hop, "allow", f"{group} {pair['GroupId']}")
    if missing:
        return step(hop, "unknown", missing)
    return step(hop, "deny", f"no rule of {', '.join(groups)} matches")


# ---- network ACLs ------------------------------------------------------------------------------------------------


def intersect(intervals, low, high):
    """The parts of the closed `intervals` that lie in [low, high]."""
    return [(max(a, low), min(b, high)) for a, b in intervals if max(a, low) <= min(b, high)]


def subtract(intervals, low, high):
    """The parts of the closed `intervals` that lie outside [low, high]."""
    left = [(a, min(b, low - 1)) for a, b in intervals if a <= min(b, low - 1)]
    right = [(max(a, high + 1), b) for a, b in intervals if max(a, high + 1) <= b]
    return sorted(left + right)


def size(intervals):
    """How many ports the closed, disjoint `intervals` hold."""
    return sum(b - a + 1 for a, b in intervals)


def acl_decisions(acl, egress, peer_address, low, high):
    """Splits the ports [low, high] by the entry that decides: [(low, high, 'allow'|'deny', rule number or '*')…].

    Entries apply in the order of their numbers and the first that matches a port decides it; the API returns them in
    any order. What no entry matches is denied by the rule that the console shows as `*`."""
    left, decided = [(low, high)], []
    entries = [e for e in acl.get("Entries", []) if bool(e["Egress"]) == egress]
    for entry in sorted(entries, key=lambda e: e["RuleNumber"]):
        protocol = str(entry["Protocol"]).lower()
        if protocol not in TCP | ALL:
            continue
        cidr = entry.get("CidrBlock") or entry.get("Ipv6CidrBlock")
        if not cidr or not contains(cidr, peer_address):
            continue
        ports = entry.get("PortRange") if protocol in TCP else None
        first, last = (ports["From"], ports["To"]) if ports else (0, 65535)
        hit = intersect(left, first, last)
        decided += [(a, b, entry["RuleAction"], entry["RuleNumber"]) for a, b in hit]
        left = subtract(left, first, last)
    return sorted(decided + [(a, b, "deny", "*") for a, b in left], key=lambda d: d[0])


def acl_of(subnet, network_acls):
    """The ACL associated with `subnet`, or None when it was not read."""
    for acl in network_acls:
        if any(a.get("SubnetId") == subnet for a in acl.get("Associations", [])):
            return acl
    return None


def acl_step(hop, subnet, egress, peer_address, ports, network_acls):
    """Evaluates one direction of one subnet's ACL. Returns the step and the allowed intervals."""
    acl = acl_of(subnet, network_acls)
    if acl is None:
        return step(hop, "unknown", f"network ACL of {subnet} was not read"), []
    decided = acl_decisions(acl, egress, peer_address, *ports)
    allowed = [(a, b) for a, b, action, _ in decided if action == "allow"]
    fraction = size(allowed) / (ports[1] - ports[0] + 1)
    verdict = "allow" if fraction == 1 else "partial" if fraction else "deny"
    wanted = "allow" if verdict == "allow" else "deny"
    rules = sorted({str(number) for _, _, action, number in decided if action == wanted})
    return step(hop, verdict, f"{acl['NetworkAclId']} rule {', '.join(rules)}", fraction), allowed


# ---- routes ------------------------------------------------------------------------------------------------------


def route_table_of(subnet, vpc, route_tables):
    """The explicitly associated table, else the main table of the VPC, else None."""
    main = None
    for table in route_tables:
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet:
                return table
            if association.get("Main") and vpc in (None, table.get("VpcId")):
                main = table
    return main


def longest_prefix(table, address, prefix_lists):
    """The route that carries `address`: the longest prefix; among equals a static route beats a propagated one.
    The local route beats every propagated route, however specific (Site-to-Site VPN guide: route priority)."""
    best = None
    local = any(r.get("GatewayId") == "local" and contains(cidr, address) for r in table.get("Routes", [])
                for cidr in (r.get("DestinationCidrBlock"), r.get("DestinationIpv6CidrBlock")) if cidr)
    for route in table.get("Routes", []):
        if local and route.get("Origin") == "EnableVgwRoutePropagation":
            continue
        cidrs = [route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock")]
        cidrs += prefix_lists.get(route.get("DestinationPrefixListId")) or []
        for cidr in filter(None, cidrs):
            if contains(cidr, address):
                static = route.get("Origin") != "EnableVgwRoutePropagation"
                rank = (ipaddress.ip_network(cidr, strict=False).prefixlen, static)
                if best is None or rank > best[0]:
                    best = (rank, route)
    return best[1] if best else None


def next_hop(route):
    """The identifier of a route's next hop, whichever field names it ('' when none does)."""
    fields = ("GatewayId", "NatGatewayId", "NetworkInterfaceId", "InstanceId", "VpcPeeringConnectionId",
              "TransitGatewayId", "LocalGatewayId", "CarrierGatewayId", "EgressOnlyInternetGatewayId", "CoreNetworkArn")
    return next((route[f] for f in fields if route.get(f)), "")


def route_step(hop, subnet, vpc, address, inside, route_tables, prefix_lists):
    """`local` carries the packet inside the VPC; an appliance (eni-, i-, vpce-) does too. Outside the VPC a private
    next hop is needed. An internet or NAT gateway never leads to a private target."""
    table = route_table_of(subnet, vpc, route_tables)
    if table is None:
        return step(hop, "unknown", f"route table of {subnet} was not read")
    unread = [r["DestinationPrefixListId"] for r in table.get("Routes", [])
              if r.get("DestinationPrefixListId") and prefix_lists.get(r["DestinationPrefixListId"]) is None]
    if unread:
        return step(hop, "unknown", f"prefix list {unread[0]} was not read")
    route = longest_prefix(table, address, prefix_lists)
    if route is None:
        return step(hop, "deny", f"{table['RouteTableId']} has no route to {address}")
    hop_id = next_hop(route)
    if route.get("State") == "blackhole":
        return step(hop, "deny", f"{table['RouteTableId']} blackhole {hop_id}")
    if hop_id == "local" or hop_id.startswith(("eni-", "i-", "vpce-")):
        return step(hop, "allow", f"{table['RouteTableId']} {hop_id}")
    if not inside and hop_id.startswith(("pcx-", "tgw-", "vgw-", "lgw-", "arn:")):
        return step(hop, "allow", f"{table['RouteTableId']} {hop_id}")
    return step(hop, "deny", f"{table['RouteTableId']} sends {address} to {hop_id or 'nowhere'}")


# ---- the whole probe ---------------------------------------------------------------------------------------------


def probe(world, source_address, target_address):
    """Evaluates one probe from one source address to one target address, hop by hop in the packet's order.

    A reply must pass the target subnet's ACL outwards and the balancer subnet's ACL inwards on the *same* port, so the
    fraction is that of the ports both admit (two ACLs that each admit half may together admit half, or nothing)."""
    source, target, port = world["source"], world["destination"], world["port"]
    groups, lists = world.get("security_groups", []), world.get("prefix_lists", {})
    acls, tables = world.get("network_acls", []), world.get("route_tables", [])
    inside, here, there = bool(target.get("subnet")), source["subnet"], target.get("subnet")
    same = here == there
    steps = [sg_allows("nlb-egress-sg", source.get("groups", []), True, target_address, target.get("groups", []),
                       port, groups, lists)]
    replies = [EPHEMERAL]
    # Inside one subnet neither route tables nor network ACLs apply.
    if not same:
        steps.append(route_step("nlb-route", here, source.get("vpc"), target_address, inside, tables, lists))
        steps.append(acl_step("nlb-egress-acl", here, True, target_address, (port, port), acls)[0])
        if inside:
            steps.append(acl_step("target-ingress-acl", there, False, source_address, (port, port), acls)[0])
    if inside:
        steps.append(sg_allows("target-ingress-sg", target.get("groups", []), False, source_address,
                               source.get("groups", []), port, groups, lists))
        if not same:
            steps.append(route_step("target-route", there, target.get("vpc"), source_address, True, tables, lists))
    if not same:
        directions = [("nlb-reply-acl", here, False, target_address)]
        if inside:
            directions.insert(0, ("target-reply-acl", there, True, source_address))
        for hop, subnet, egress, peer in directions:
            result, allowed = acl_step(hop, subnet, egress, peer, EPHEMERAL, acls)
            steps.append(result)
            if result["verdict"] != "unknown":
                replies = [part for a, b in replies for part in intersect(allowed, a, b)]
    return verdict_of(steps, size(replies) / size([EPHEMERAL]))


def verdict_of(steps, fraction):
    """Deny from any hop beats unknown; no common reply port is a deny of its own."""
    for wanted in ("deny", "unknown"):
        blocker = next((s["hop"] for s in steps if s["verdict"] == wanted), None)
        if blocker:
            return {"verdict": wanted, "fraction": 0.0 if wanted == "deny" else fraction, "blocker": blocker, "steps": steps}
    partial = next((s["hop"] for s in steps if s["verdict"] == "partial"), None)
    if fraction == 1:
        return {"verdict": "allow", "fraction": 1.0, "blocker": None, "steps": steps}
    return {"verdict": "partial" if fraction else "deny", "fraction": fraction, "blocker": partial, "steps": steps}


def evaluate(world):
    """The worst probe over every pair of source and destination address: all of them must pass for a healthy target."""
    order = {"deny": 0, "unknown": 1, "partial": 2, "allow": 3}
    results = [probe(world, s, t) for s in world["source"]["addresses"] for t in world["destination"]["addresses"]]
    nothing = {"verdict": "unknown", "fraction": 0.0, "blocker": "addresses", "steps": []}
    return min(results, key=lambda r: (order[r["verdict"]], r["fraction"]), default=nothing)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(evaluate(json.loads(line))), flush=True)
