"""Vectors for the oracle's arithmetic, worked out by hand from the AWS rules."""

import json
import pathlib
import subprocess
import sys
import unittest

import oracle

HERE = pathlib.Path(__file__).parent


def acl(acl_id, subnet, *entries):
    return {"NetworkAclId": acl_id, "Associations": [{"SubnetId": subnet}], "Entries": list(entries)}


def entry(number, egress, action, cidr="0.0.0.0/0", protocol="-1", ports=None):
    made = {"RuleNumber": number, "Egress": egress, "RuleAction": action, "CidrBlock": cidr, "Protocol": protocol}
    return {**made, "PortRange": {"From": ports[0], "To": ports[1]}} if ports else made


def open_world(**changes):
    """Two subnets, everything allowed; `changes` replace top-level parts."""
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    world = {
        "source": {"addresses": ["10.0.0.77"], "groups": ["sg-nlb"], "subnet": "subnet-a", "vpc": "vpc-1"},
        "destination": {"addresses": ["10.0.1.10"], "groups": ["sg-node"], "subnet": "subnet-b", "vpc": "vpc-1"},
        "port": 31000,
        "security_groups": [{"GroupId": g, "IpPermissions": everything, "IpPermissionsEgress": everything}
                            for g in ("sg-nlb", "sg-node")],
        "prefix_lists": {},
        "network_acls": [acl("acl-a", "subnet-a", entry(100, True, "allow"), entry(100, False, "allow")),
                         acl("acl-b", "subnet-b", entry(100, True, "allow"), entry(100, False, "allow"))],
        "route_tables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": True}],
                          "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}]}],
    }
    return {**world, **changes}


def node_rule(**rule):
    """An open world whose node group admits only `rule`."""
    world = open_world()
    world["security_groups"][1] = {"GroupId": "sg-node", "IpPermissions": [rule]}
    return world


class Acls(unittest.TestCase):
    def fraction(self, entries, peer, low, high):
        decided = oracle.acl_decisions({"Entries": entries}, True, peer, low, high)
        return oracle.size([d[:2] for d in decided if d[2] == "allow"]) / (high - low + 1)

    def test_upper_half_of_the_ephemeral_ports(self):
        entries = [entry(100, True, "allow", "10.0.0.0/8", "6", (32768, 65535)), entry(32767, True, "deny")]
        self.assertEqual(round(self.fraction(entries, "10.0.0.77", 1024, 65535), 4), 0.5079)

    def test_an_earlier_deny_takes_its_ports_out(self):
        entries = [entry(100, True, "allow"), entry(90, True, "deny", "10.0.1.0/24", "6", (30000, 32767))]
        self.assertEqual(round(self.fraction(entries, "10.0.1.5", 1024, 65535), 4), 0.9571)

    def test_first_match_decides_and_names_its_rule(self):
        entries = [entry(200, True, "deny"), entry(100, True, "allow", protocol="6", ports=(1024, 65535))]
        decided = oracle.acl_decisions({"Entries": entries}, True, "10.0.0.1", 31000, 31000)
        self.assertEqual(decided, [(31000, 31000, "allow", 100)])

    def test_another_protocol_falls_through_to_the_star(self):
        decided = oracle.acl_decisions({"Entries": [entry(100, True, "allow", protocol="17")]}, True, "10.0.0.1", 80, 80)
        self.assertEqual(decided, [(80, 80, "deny", "*")])

    def test_replies_need_one_port_that_both_acls_admit(self):
        lower, upper = (1024, 33279), (33280, 65535)
        world = open_world(network_acls=[
            acl("acl-a", "subnet-a", entry(1, True, "allow"), entry(1, False, "allow", protocol="6", ports=lower)),
            acl("acl-b", "subnet-b", entry(1, False, "allow"), entry(1, True, "allow", protocol="6", ports=upper))])
        self.assertEqual(oracle.evaluate(world)["verdict"], "deny")
        world["network_acls"][1]["Entries"][1]["PortRange"] = {"From": 1024, "To": 33279}
        got = oracle.evaluate(world)
        self.assertEqual((got["verdict"], got["fraction"], got["blocker"]), ("partial", 0.5, "target-reply-acl"))

    def test_no_acl_inside_one_subnet(self):
        world = open_world(network_acls=[acl("acl-a", "subnet-a")])
        world["destination"]["subnet"] = "subnet-a"
        self.assertEqual(oracle.evaluate(world)["verdict"], "allow")

    def test_an_acl_that_was_not_read_is_unknown(self):
        self.assertEqual(oracle.evaluate(open_world(network_acls=[]))["verdict"], "unknown")


class SecurityGroups(unittest.TestCase):
    def verdict(self, **rule):
        return oracle.evaluate(node_rule(**rule))["verdict"]

    def test_port_ranges_end_where_they_say(self):
        cidr = {"IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        self.assertEqual(self.verdict(IpProtocol="tcp", FromPort=31000, ToPort=31000, **cidr), "allow")
        self.assertEqual(self.verdict(IpProtocol="tcp", FromPort=30000, ToPort=30999, **cidr), "deny")
        self.assertEqual(self.verdict(IpProtocol="udp", FromPort=0, ToPort=65535, **cidr), "deny")
        self.assertEqual(self.verdict(IpProtocol="6", FromPort=-1, ToPort=-1, **cidr), "allow")

    def test_every_kind_of_peer(self):
        self.assertEqual(self.verdict(IpProtocol="-1", UserIdGroupPairs=[{"GroupId": "sg-nlb"}]), "allow")
        self.assertEqual(self.verdict(IpProtocol="-1", UserIdGroupPairs=[{"GroupId": "sg-old"}]), "deny")
        peered = {"GroupId": "sg-nlb", "VpcPeeringConnectionId": "pcx-1", "PeeringStatus": "deleted"}
        self.assertEqual(self.verdict(IpProtocol="-1", UserIdGroupPairs=[peered]), "deny")
        self.assertEqual(self.verdict(IpProtocol="-1", Ipv6Ranges=[{"CidrIpv6": "::/0"}]), "deny")

    def test_prefix_lists(self):
        world = node_rule(IpProtocol="-1", PrefixListIds=[{"PrefixListId": "pl-1"}])
        for entries, expected in ((["10.0.0.0/24"], "allow"), (["10.0.9.0/24"], "deny"), (None, "unknown")):
            world["prefix_lists"] = {"pl-1": entries}
            self.assertEqual(oracle.evaluate(world)["verdict"], expected)

    def test_no_group_allows_and_an_unread_group_is_unknown(self):
        world = open_world()
        world["source"]["groups"] = []
        self.assertEqual(oracle.evaluate(world)["verdict"], "allow")
        world["source"]["groups"] = ["sg-unread"]
        self.assertEqual(oracle.evaluate(world)["verdict"], "unknown")

    def test_every_source_address_counts(self):
        world = node_rule(IpProtocol="tcp", FromPort=31000, ToPort=31000, IpRanges=[{"CidrIp": "10.0.0.77/32"}])
        self.assertEqual(oracle.evaluate(world)["verdict"], "allow")
        world["source"]["addresses"].append("10.0.0.78")
        self.assertEqual(oracle.evaluate(world)["blocker"], "target-ingress-sg")


class Routes(unittest.TestCase):
    def verdict(self, *routes):
        world = open_world()
        world["route_tables"][0]["Routes"] += routes
        return oracle.evaluate(world)["verdict"]

    def test_the_longest_prefix_decides(self):
        self.assertEqual(self.verdict({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}), "allow")
        self.assertEqual(self.verdict(
            {"DestinationCidrBlock": "10.0.1.0/24", "NetworkInterfaceId": "eni-1", "State": "blackhole"}), "deny")
        self.assertEqual(self.verdict(
            {"DestinationCidrBlock": "10.0.1.0/24", "NetworkInterfaceId": "eni-1", "State": "active"}), "allow")

    def test_a_static_route_beats_a_propagated_one_in_any_order(self):
        propagated = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "vgw-1", "State": "active",
                      "Origin": "EnableVgwRoutePropagation"}
        world = open_world()
        for position in (0, 1):
            routes = world["route_tables"][0]["Routes"][:1]
            routes.insert(position, propagated)
            self.assertEqual(oracle.evaluate({**world, "route_tables": [{**world["route_tables"][0], "Routes": routes}]})["verdict"], "allow")

    def test_a_table_of_its_own_replaces_the_main_one(self):
        world = open_world()
        world["route_tables"].append({"RouteTableId": "rtb-b", "Associations": [{"SubnetId": "subnet-b"}], "Routes": []})
        self.assertEqual(oracle.evaluate(world)["blocker"], "target-route")

    def test_a_target_outside_the_vpc_needs_a_private_next_hop(self):
        world = open_world(destination={"addresses": ["192.168.1.1"], "groups": []})
        for gateway, expected in (("igw-1", "deny"), ("vgw-1", "allow")):
            world["route_tables"][0]["Routes"][1:] = [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway, "State": "active"}]
            self.assertEqual(oracle.evaluate(world)["verdict"], expected)


class Program(unittest.TestCase):
    def test_it_answers_one_line_per_line(self):
        lines = "\n".join(json.dumps(w) for w in (open_world(), open_world(network_acls=[])))
        done = subprocess.run([sys.executable, HERE / "oracle.py"], input=lines, capture_output=True, text=True, check=True)
        self.assertEqual([json.loads(l)["verdict"] for l in done.stdout.splitlines()], ["allow", "unknown"])


if __name__ == "__main__":
    unittest.main()
