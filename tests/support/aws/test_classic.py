"""Classic Load Balancers of the double: their shapes, and states that the network decides."""

import unittest

from double_case import Double, base_plan

IN_SERVICE = ("InService", "N/A")
FAILED = ("OutOfService", "Instance")


def classic_plan(**more):
    """The base plan with a Classic Load Balancer in the place of its other one."""
    plan = {**base_plan(), "target_groups": {}, "load_balancers": {}}
    plan["classic_load_balancers"] = {"classic": {
        "name": "a1", "subnets": ["lb", "b"], "security_groups": ["nlb"], "instances": ["node-1", "node-2"],
        "listeners": [{"port": 80, "protocol": "TCP", "instance_port": 31000}], "health_check": {"target": "TCP:31000"}, **more}}
    return plan


class Classic(Double):
    def setUp(self):
        super().setUp()
        self.classic = self.client("elb")

    def states(self, plan):
        """State and reason by node."""
        names = {node["id"]: name for name, node in self.seed(plan)["nodes"].items()}
        found = self.classic.describe_instance_health(LoadBalancerName="a1")["InstanceStates"]
        return {names[each["InstanceId"]]: (each["State"], each["ReasonCode"]) for each in found}

    def test_shape(self):
        made = self.seed(classic_plan())
        (found,) = self.classic.describe_load_balancers(LoadBalancerNames=["a1"])["LoadBalancerDescriptions"]
        self.assertEqual(found["DNSName"], "a1-1234567890.eu-central-1.elb.amazonaws.com")
        self.assertEqual(found["DNSName"], made["classic_load_balancers"]["classic"]["dns_name"])
        self.assertEqual(found["AvailabilityZones"], ["eu-central-1a", "eu-central-1b"])
        self.assertEqual(found["VPCId"], made["vpc"]["id"])
        self.assertEqual(found["SecurityGroups"], [made["security_groups"]["nlb"]["id"]])
        self.assertEqual(found["HealthCheck"], {"Target": "TCP:31000", "Interval": 10, "Timeout": 5,
                                                "UnhealthyThreshold": 6, "HealthyThreshold": 2})
        self.assertEqual(len(found["Instances"]), 2)
        nodes = self.ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["ELB a1"]}])["NetworkInterfaces"]
        self.assertEqual({n["RequesterId"] for n in nodes}, {"amazon-elb"})
        self.assertEqual(len(nodes), 2)
        self.door("reset", method="POST")
        internal = self.seed(classic_plan(name="a2", scheme="internal"))["classic_load_balancers"]["classic"]["dns_name"]
        self.assertTrue(internal.startswith("internal-a2-"), internal)

    def test_a_name_that_none_has(self):
        self.seed(classic_plan())
        self.assert_code("LoadBalancerNotFound", self.classic.describe_load_balancers, LoadBalancerNames=["a1", "a3"])
        self.assert_code("LoadBalancerNotFound", self.classic.describe_instance_health, LoadBalancerName="a3")

    def test_pages(self):
        plan = classic_plan()
        plan["classic_load_balancers"]["other"] = {**plan["classic_load_balancers"]["classic"], "name": "a2"}
        self.seed(plan)
        self.door("x-faults", {"elb:DescribeLoadBalancers": {"page": 1}})
        pages = [page["LoadBalancerDescriptions"] for page in self.classic.get_paginator("describe_load_balancers").paginate()]
        self.assertEqual([[each["LoadBalancerName"] for each in page] for page in pages], [["a1"], ["a2"]])

    def test_a_clean_path_is_in_service(self):
        self.assertEqual(self.states(classic_plan()), {"node-1": IN_SERVICE, "node-2": IN_SERVICE})

    def test_nothing_listens_or_another_status(self):
        plan = classic_plan(health_check={"target": "HTTP:31000/healthz"})
        plan["nodes"]["node-1"]["listen"] = ["31000=301"]
        self.assertEqual(self.states(plan), {"node-1": FAILED, "node-2": IN_SERVICE})
        del plan["nodes"]["node-2"]["listen"]
        self.door("reset", method="POST")
        self.assertEqual(set(self.states(plan).values()), {FAILED})

    def test_a_rule_that_admits_the_wrong_peer(self):
        plan = classic_plan()
        plan["security_groups"]["other"] = {}
        plan["security_groups"]["node"]["ingress"][0]["group"] = "other"
        self.assertEqual(set(self.states(plan).values()), {FAILED})

    def test_a_zone_that_is_not_enabled(self):
        self.assertEqual(self.states(classic_plan(subnets=["lb"])), {"node-1": IN_SERVICE, "node-2": ("OutOfService", "ELB")})

    def test_a_stopped_instance(self):
        plan = classic_plan()
        plan["nodes"]["node-2"]["state"] = "stopped"
        self.assertEqual(self.states(plan), {"node-1": IN_SERVICE, "node-2": FAILED})

    def test_tags_decide(self):
        plan = classic_plan(tags={"x-health/all": "Unknown|N/A|A transient error occurred. Please try again later."})
        self.assertEqual(set(self.states(plan).values()), {("Unknown", "N/A")})

    def test_the_tagging_api_names_them(self):
        made = self.seed(classic_plan(tags={"kubernetes.io/service-name": "shop/web"}))
        found = self.client("resourcegroupstaggingapi").get_resources(
            ResourceTypeFilters=["elasticloadbalancing:loadbalancer"],
            TagFilters=[{"Key": "kubernetes.io/service-name", "Values": ["shop/web"]}])["ResourceTagMappingList"]
        arn = f"arn:aws:elasticloadbalancing:eu-central-1:{made['account']}:loadbalancer/a1"
        self.assertEqual([each["ResourceARN"] for each in found], [arn])


if __name__ == "__main__":
    unittest.main()
