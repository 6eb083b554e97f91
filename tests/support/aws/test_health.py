"""Target health end to end: a plan is seeded, and DescribeTargetHealth must answer what the network allows."""

import unittest

from double_case import FAILED, Double, base_plan


class Health(Double):
    def test_a_clean_path_is_healthy(self):
        made = self.seed(base_plan())
        self.assertEqual(self.health(made), {("node-1", 31000): ("healthy", None), ("node-2", 31000): ("healthy", None)})
        found = self.elb.describe_target_health(TargetGroupArn=made["target_groups"]["http"]["arn"])["TargetHealthDescriptions"]
        self.assertEqual({d["HealthCheckPort"] for d in found}, {"31000"})
        self.assertNotIn("AvailabilityZone", found[0]["Target"])

    def test_two_ports_of_one_node(self):
        plan = base_plan()
        plan["target_groups"]["http"]["targets"] = [{"node": "node-1", "port": 31000}, {"node": "node-1", "port": 31999}]
        made = self.seed(plan)
        self.assertEqual(self.health(made), {("node-1", 31000): ("healthy", None), ("node-1", 31999): FAILED})
        asked = [{"Id": made["nodes"]["node-1"]["id"], "Port": 1}]
        self.assertEqual(list(self.health(made, Targets=asked).values()), [("unused", "Target.NotRegistered")])
        self.elb.deregister_targets(TargetGroupArn=made["target_groups"]["http"]["arn"],
                                    Targets=[{"Id": made["nodes"]["node-1"]["id"], "Port": 31999}])
        self.assertEqual(list(self.health(made)), [("node-1", 31000)])

    def test_nothing_listens(self):
        plan = base_plan()
        del plan["nodes"]["node-1"]["listen"]
        plan["nodes"]["node-2"]["listen"] = [31001]
        self.assertEqual(set(self.health(self.seed(plan)).values()), {FAILED})

    def test_http_status_decides_an_http_check(self):
        plan = base_plan()
        plan["nodes"]["node-1"]["listen"], plan["nodes"]["node-2"]["listen"] = ["31000=503"], ["31000=302"]
        plan["target_groups"]["http"]["health_check"] = {"protocol": "HTTP", "path": "/healthz"}
        self.assertEqual(self.health(self.seed(plan)), {("node-1", 31000): FAILED, ("node-2", 31000): ("healthy", None)})

    def test_a_port_range_that_ends_just_below(self):
        for low, high, expected in ((30000, 31000, "healthy"), (30000, 30999, "unhealthy"), (31001, 32767, "unhealthy")):
            plan = base_plan()
            plan["security_groups"]["node"]["ingress"] = [{"protocol": "tcp", "from": low, "to": high, "group": "nlb"}]
            plan["load_balancers"]["lb"]["name"] = plan["target_groups"]["http"]["name"] = f"case-{low}-{high}"
            self.assertEqual(self.node_health(plan), expected, (low, high))

    def test_a_rule_that_admits_the_wrong_peer(self):
        plan = base_plan()
        plan["security_groups"]["old"] = {}
        plan["security_groups"]["node"]["ingress"] = [{"protocol": "tcp", "from": 31000, "to": 31000, "group": "old"}]
        self.assertEqual(self.node_health(plan), "unhealthy")

    def test_egress_of_the_balancer(self):
        plan = base_plan()
        plan["security_groups"]["nlb"]["egress"] = [{"protocol": "tcp", "from": 31000, "to": 31000, "cidr": "10.0.2.0/24"}]
        self.assertEqual(self.health(self.seed(plan)), {("node-1", 31000): FAILED, ("node-2", 31000): ("healthy", None)})

    def test_a_prefix_list(self):
        plan = base_plan()
        plan["prefix_lists"] = {"zones": ["10.0.3.0/24"]}
        plan["security_groups"]["node"]["ingress"] = [{"protocol": "-1", "prefix_list": "zones"}]
        self.assertEqual(self.health(self.seed(plan)), {("node-1", 31000): ("healthy", None), ("node-2", 31000): FAILED})

    def test_an_acl_that_admits_half_of_the_replies(self):
        for low, expected in ((1024, "healthy"), (32768, "unhealthy")):
            plan = base_plan()
            any_ip = {"protocol": "tcp", "cidr": "0.0.0.0/0", "action": "allow", "rule": 100}
            plan["network_acls"] = {"tight": {"subnets": ["a"], "entries": [
                any_ip | {"egress": False, "from": 31000, "to": 31000}, any_ip | {"egress": True, "from": low, "to": 65535}]}}
            plan["load_balancers"]["lb"]["name"] = plan["target_groups"]["http"]["name"] = f"case-{low}"
            self.assertEqual(self.node_health(plan), expected, low)

    def test_a_blackhole_and_an_appliance(self):
        plan = base_plan()
        plan["routes"] = [{"subnets": ["lb"], "destination": "10.0.1.0/24", "target": "blackhole"},
                          {"subnets": ["b"], "destination": "10.0.1.0/24", "target": "node:node-2"}]
        made = self.seed(plan)
        self.assertEqual(self.health(made)[("node-1", 31000)], FAILED)
        table = self.ec2.describe_route_tables(RouteTableIds=[made["routes"][0]["id"]])["RouteTables"][0]
        self.assertEqual([r["State"] for r in table["Routes"]], ["active", "blackhole"])

    def test_cross_zone_makes_every_node_count(self):
        plan = base_plan()
        plan["security_groups"]["node"]["ingress"] = [{"protocol": "-1", "cidr": "10.0.3.0/24"}]
        made = self.seed(plan)
        self.assertEqual(self.health(made)[("node-1", 31000)], ("healthy", None))
        self.elb.modify_load_balancer_attributes(LoadBalancerArn=made["load_balancers"]["lb"]["arn"], Attributes=[
            {"Key": "load_balancing.cross_zone.enabled", "Value": "true"}])
        self.assertEqual(self.health(made)[("node-1", 31000)], FAILED)

    def test_decided_without_a_probe(self):
        plan = base_plan()
        plan["load_balancers"]["lb"]["subnets"] = ["lb"]
        plan["nodes"]["node-1"]["state"] = "stopped"
        plan["target_groups"]["lonely"] = {"name": "lonely", "protocol": "TCP", "port": 31000, "targets": [{"node": "node-2"}]}
        made = self.seed(plan)
        self.assertEqual(self.health(made), {("node-1", 31000): ("unused", "Target.InvalidState"),
                                             ("node-2", 31000): ("unused", "Target.NotInUse")})
        described = {}
        for group in ("http", "lonely"):
            found = self.elb.describe_target_health(TargetGroupArn=made["target_groups"][group]["arn"])
            described[group] = found["TargetHealthDescriptions"][-1]["TargetHealth"]["Description"]
        self.assertIn("not enabled", described["http"])
        self.assertIn("not configured to receive traffic", described["lonely"])

    def test_ip_targets(self):
        plan = base_plan()
        plan["nodes"]["node-1"] |= {"secondary_addresses": ["10.0.1.50"], "listen": ["10.0.1.50:8080"]}
        plan["security_groups"]["node"]["ingress"] = [{"protocol": "-1", "cidr": "10.0.0.0/16"}]
        plan["target_groups"]["http"] |= {"type": "ip", "port": 8080, "targets": [
            {"address": "10.0.1.50"}, {"node": "node-1"}, {"address": "192.168.1.1", "zone": "all"}, {"address": "10.0.3.77"}]}
        made = self.seed(plan)
        self.assertEqual(self.health(made), {
            ("10.0.1.50", 8080): ("healthy", None), ("10.0.1.10", 8080): FAILED, ("192.168.1.1", 8080): FAILED,
            ("10.0.3.77", 8080): ("unused", "Target.IpUnusable")})
        group = made["target_groups"]["http"]["arn"]
        found = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        self.assertEqual([d["Target"]["AvailabilityZone"] for d in found], ["eu-central-1a", "eu-central-1a", "all", "eu-central-1a"])
        self.assert_code("ValidationError", self.elb.register_targets, TargetGroupArn=group, Targets=[{"Id": "192.168.1.2"}])

    def test_steering(self):
        made = self.seed(base_plan())
        group, node = made["target_groups"]["http"]["arn"], made["nodes"]["node-1"]["id"]
        self.elb.add_tags(ResourceArns=[group], Tags=[
            {"Key": "x-health/all", "Value": "initial|Elb.RegistrationInProgress|Target registration is in progress"},
            {"Key": f"x-health/{node}:31000", "Value": "unavailable|Elb.InternalError|broken"},
            {"Key": f"x-override/{node}", "Value": "zonal_shift_active|AdministrativeOverride.ZonalShiftActive|shifted"}])
        self.assertEqual(self.health(made), {("node-1", 31000): ("unavailable", "Elb.InternalError"),
                                             ("node-2", 31000): ("initial", "Elb.RegistrationInProgress")})
        found = self.elb.describe_target_health(TargetGroupArn=group, Include=["All"])["TargetHealthDescriptions"]
        self.assertEqual([d.get("AdministrativeOverride", {}).get("State") for d in found], ["zonal_shift_active", None])

    def test_unknown_instances_cannot_be_registered(self):
        made = self.seed(base_plan())
        self.assert_code("InvalidTarget", self.elb.register_targets, TargetGroupArn=made["target_groups"]["http"]["arn"],
                         Targets=[{"Id": "i-0123456789abcdef0"}])

    def test_ipv6_targets(self):
        plan = base_plan()
        plan["vpc"]["ipv6"] = True
        plan["nodes"]["node-1"]["ipv6"] = plan["nodes"]["node-2"]["ipv6"] = True
        plan["load_balancers"]["lb"]["ip_address_type"] = "dualstack"
        plan["target_groups"]["http"]["ip_address_type"] = "ipv6"
        plan["security_groups"]["node"]["ingress"] = [{"protocol": "tcp", "from": 31000, "to": 31000, "cidr": "::/0"}]
        made = self.seed(plan)
        self.assertEqual(set(self.health(made).values()), {("healthy", None)})
        node, rule = made["security_groups"]["node"]["id"], {"IpProtocol": "tcp", "FromPort": 31000, "ToPort": 31000}
        self.ec2.revoke_security_group_ingress(GroupId=node, IpPermissions=[rule | {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}])
        self.ec2.authorize_security_group_ingress(GroupId=node, IpPermissions=[rule | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        self.assertEqual(set(self.health(made).values()), {FAILED})


if __name__ == "__main__":
    unittest.main()
