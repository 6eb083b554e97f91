"""Drives the served double over HTTP with boto3, as the program does, and holds it against what AWS answers."""

import time
import unittest
import urllib.error

from double_case import FAILED, REGION, Double, base_plan


class Shapes(Double):
    def test_load_balancer(self):
        made = self.seed(base_plan())
        lb = self.elb.describe_load_balancers(Names=["k8s-lb"])["LoadBalancers"][0]
        lb_id = lb["LoadBalancerArn"].rsplit("/", 1)[1]
        self.assertEqual(lb["LoadBalancerArn"], f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/net/k8s-lb/{lb_id}")
        self.assertEqual(lb["DNSName"], f"k8s-lb-{lb_id}.elb.{REGION}.amazonaws.com")
        self.assertEqual((lb["Scheme"], lb["Type"], lb["State"]["Code"]), ("internet-facing", "network", "active"))
        self.assertEqual(lb["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"], "on")
        zones = {z["ZoneName"]: z["LoadBalancerAddresses"] for z in lb["AvailabilityZones"]}
        self.assertEqual(zones, {"eu-central-1a": [{"PrivateIPv4Address": "10.0.3.77"}], "eu-central-1b": []})
        enis = self.ec2.describe_network_interfaces(
            Filters=[{"Name": "description", "Values": [f"ELB net/k8s-lb/{lb_id}"]}])["NetworkInterfaces"]
        self.assertEqual({(e["InterfaceType"], e["RequesterId"], e["RequesterManaged"], e["Status"]) for e in enis},
                         {("network_load_balancer", "amazon-elb", True, "in-use")})
        self.assertEqual(sorted(e["PrivateIpAddress"] for e in enis), ["10.0.2.254", "10.0.3.77"])
        self.assertEqual(enis[0]["Groups"][0]["GroupId"], made["security_groups"]["nlb"]["id"])
        tags = self.elb.describe_tags(ResourceArns=[lb["LoadBalancerArn"]])["TagDescriptions"][0]["Tags"]
        self.assertEqual(tags, [{"Key": "kubernetes.io/cluster/x", "Value": "owned"}])
        self.elb.add_tags(ResourceArns=[lb["LoadBalancerArn"]], Tags=[{"Key": "x-state", "Value": "failed|address taken"}])
        state = self.elb.describe_load_balancers(Names=["k8s-lb"])["LoadBalancers"][0]["State"]
        self.assertEqual(state, {"Code": "failed", "Reason": "address taken"})
        self.elb.delete_load_balancer(LoadBalancerArn=lb["LoadBalancerArn"])
        self.assertEqual([e["RequesterId"] for e in self.ec2.describe_network_interfaces()["NetworkInterfaces"]
                          if e["RequesterManaged"]], [])

    def test_groups_of_a_balancer(self):
        plan = base_plan()
        plan["security_groups"]["other"] = {}
        made = self.seed(plan)
        other = made["security_groups"]["other"]["id"]
        self.elb.set_security_groups(LoadBalancerArn=made["load_balancers"]["lb"]["arn"], SecurityGroups=[other])
        eni = made["load_balancers"]["lb"]["nodes"]["eu-central-1a"]["eni"]
        groups = self.ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]["Groups"]
        self.assertEqual([g["GroupId"] for g in groups], [other])
        self.assertEqual(set(self.health(made).values()), {FAILED})

    def test_rules_of_groups(self):
        plan = base_plan() | {"prefix_lists": {"offices": ["10.9.0.0/16"]}}
        plan["security_groups"]["node"]["ingress"] += [
            {"protocol": "tcp", "from": 1, "to": 2, "prefix_list": "offices"}, {"protocol": "udp", "from": 1, "to": 2, "cidr": "2001:db8::/64"}]
        made = self.seed(plan)
        node = made["security_groups"]["node"]["id"]
        rules = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [node]}], MaxResults=5)["SecurityGroupRules"]
        ids = {rule.pop("SecurityGroupRuleId") for rule in rules}
        self.assertTrue(len(ids) == 4 and all(rule.startswith("sgr-") for rule in ids), ids)

        def rule(protocol, first, last, egress=False, **peer):
            return {"GroupId": node, "GroupOwnerId": "123456789012", "IsEgress": egress, "IpProtocol": protocol,
                    "FromPort": first, "ToPort": last, "Tags": [], **peer}
        nlb = {"GroupId": made["security_groups"]["nlb"]["id"], "UserId": "123456789012"}
        for expected in (rule("-1", -1, -1, True, CidrIpv4="0.0.0.0/0"), rule("tcp", 31000, 31000, ReferencedGroupInfo=nlb),
                         rule("tcp", 1, 2, PrefixListId=made["prefix_lists"]["offices"]["id"]),
                         rule("udp", 1, 2, CidrIpv6="2001:db8::/64")):
            self.assertIn(expected, rules)
        self.assertEqual(len(rules), 4)

    def test_partitions(self):
        for region, suffix in (("cn-north-1", "amazonaws.com.cn"), ("us-gov-west-1", "amazonaws.com")):
            plan = base_plan() | {"region": region, "nodes": {}, "target_groups": {}}
            for subnet, zone in (("a", "a"), ("b", "b"), ("lb", "a")):
                plan["vpc"]["subnets"][subnet]["zone"] = region + zone
            plan["load_balancers"]["lb"]["listeners"] = []
            name = self.seed(plan)["load_balancers"]["lb"]["dns_name"]
            self.assertTrue(name.endswith(f".elb.{region}.{suffix}"), name)

    def test_listener_and_target_group(self):
        plan = base_plan()
        plan["load_balancers"]["lb"]["listeners"].append({"port": 81, "protocol": "TCP", "target_group": "http"})
        plan["target_groups"]["http"]["health_check"] = {"protocol": "HTTP"}
        made = self.seed(plan)
        lb, group = made["load_balancers"]["lb"]["arn"], made["target_groups"]["http"]["arn"]
        listener = self.elb.describe_listeners(LoadBalancerArn=lb)["Listeners"][0]
        self.assertTrue(listener["ListenerArn"].startswith(lb.replace(":loadbalancer/", ":listener/")))
        self.assertNotIn("SslPolicy", listener)
        action = listener["DefaultActions"][0]
        self.assertEqual(action["TargetGroupArn"], group)
        self.assertEqual(action["ForwardConfig"]["TargetGroups"], [{"TargetGroupArn": group, "Weight": 1}])
        described = self.elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
        self.assertEqual(described["LoadBalancerArns"], [lb])
        self.assertEqual((described["HealthCheckPath"], described["HealthCheckTimeoutSeconds"], described["Matcher"]),
                         ("/", 6, {"HttpCode": "200-399"}))
        attributes = self.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
        values = {a["Key"]: a["Value"] for a in attributes}
        self.assertEqual(values["preserve_client_ip.enabled"], "true")
        self.assertEqual(values["target_group_health.dns_failover.minimum_healthy_targets.count"], "1")
        self.assertNotIn("load_balancing.algorithm.type", values)
        for port in ("80", "81"):
            self.elb.delete_listener(ListenerArn=made["load_balancers"]["lb"]["listeners"][port])
        described = self.elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
        self.assertEqual(described.get("LoadBalancerArns", []), [])

    def test_addresses_of_instances_and_block_public_access(self):
        plan = base_plan()
        plan["nodes"]["node-1"]["secondary_addresses"] = ["10.0.1.50"]
        made = self.seed(plan)
        by = [{"Name": "network-interface.addresses.private-ip-address", "Values": ["10.0.1.50"]}]
        found = self.ec2.describe_instances(Filters=by)["Reservations"]
        self.assertEqual([r["Instances"][0]["InstanceId"] for r in found], [made["nodes"]["node-1"]["id"]])
        by = [{"Name": "addresses.private-ip-address", "Values": ["10.0.1.50"]}]
        self.assertEqual(len(self.ec2.describe_network_interfaces(Filters=by)["NetworkInterfaces"]), 1)
        self.ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-ingress")
        options = self.ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
        self.assertEqual(options["InternetGatewayBlockMode"], "block-ingress")
        subnets = self.ec2.describe_subnets(SubnetIds=[made["subnets"]["a"]["id"]])["Subnets"]
        self.assertEqual(subnets[0]["BlockPublicAccessStates"], {"InternetGatewayBlockMode": "block-ingress"})

    def test_accounts_are_isolated(self):
        made = self.seed(base_plan() | {"account": "222222222222"})
        self.assertIn(":222222222222:", made["load_balancers"]["lb"]["arn"])
        self.assertEqual(self.elb.describe_load_balancers()["LoadBalancers"], [])
        self.assert_code("LoadBalancerNotFound", self.elb.describe_load_balancers, LoadBalancerArns=[made["load_balancers"]["lb"]["arn"]])
        role = self.client("sts").assume_role(RoleArn="arn:aws:iam::222222222222:role/audit", RoleSessionName="test")["Credentials"]
        other = self.client("elbv2", aws_access_key_id=role["AccessKeyId"], aws_secret_access_key=role["SecretAccessKey"],
                            aws_session_token=role["SessionToken"])
        self.assertEqual(len(other.describe_load_balancers()["LoadBalancers"]), 1)

    def test_default_acl_of_an_ipv6_vpc(self):
        plan = base_plan()
        plan["vpc"]["ipv6"] = True
        made = self.seed(plan)
        acls = self.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [made["vpc"]["id"]]}])["NetworkAcls"]
        numbers = sorted(e["RuleNumber"] for e in acls[0]["Entries"] if e["Egress"])
        self.assertEqual(numbers, [100, 101, 32767, 32768])


class Doors(Double):
    def test_counters(self):
        self.seed(base_plan())
        self.assertEqual(self.door("x-calls"), {})
        self.elb.describe_load_balancers()
        self.ec2.describe_subnets()
        self.ec2.describe_subnets()
        self.assertEqual(self.door("x-calls"), {"ec2:DescribeSubnets": 2, "elbv2:DescribeLoadBalancers": 1})
        self.assertEqual(self.door("x-calls", method="DELETE"), {})

    def test_a_throttle_is_retried_and_counted(self):
        self.door("x-faults", {"elbv2:DescribeLoadBalancers": {"code": "Throttling", "message": "Rate exceeded", "count": 1}})
        self.assert_code("Throttling", self.elb.describe_load_balancers)
        self.elb.describe_load_balancers()
        self.assertEqual(self.door("x-calls"), {"elbv2:DescribeLoadBalancers": 2})
        self.door("x-faults", {"DescribeLoadBalancers": {"code": "ThrottlingException", "count": 1}})
        self.client("elbv2", attempts=3).describe_load_balancers()

    def test_every_protocol_carries_the_code(self):
        self.door("x-faults", {"*": {"code": "AccessDenied", "status": 403}})
        tagging, sts = self.client("resourcegroupstaggingapi"), self.client("sts")
        for call in (self.elb.describe_load_balancers, self.ec2.describe_subnets, tagging.get_resources, sts.get_caller_identity):
            self.assert_code("AccessDenied", call)
        self.door("x-faults", {})
        sts.get_caller_identity()

    def test_the_most_precise_fault_wins_and_a_delay_alone_only_delays(self):
        self.door("x-faults", {"*": {"code": "AccessDenied"}, "ec2:DescribeSubnets": {"delay_ms": 300}})
        start = time.monotonic()
        self.ec2.describe_subnets()
        self.assertGreaterEqual(time.monotonic() - start, 0.3)

    def test_a_mistyped_fault_is_refused(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.door("x-faults", {"ec2:DescribeSubnets": {"kode": "X"}})
        self.assertEqual(caught.exception.code, 400)
        caught.exception.close()


class Limits(Double):
    def group(self, vpc, number):
        return self.elb.create_target_group(Name=f"g{number}", Protocol="TCP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]

    def test_batches_of_twenty(self):
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        arns = [self.group(vpc, n) for n in range(21)]
        self.assertEqual(len(self.elb.describe_tags(ResourceArns=arns[:20])["TagDescriptions"]), 20)
        self.assert_code("ValidationError", self.elb.describe_tags, ResourceArns=arns)
        self.assert_code("ValidationError", self.elb.describe_target_groups, TargetGroupArns=arns)
        self.assert_code("ValidationError", self.elb.describe_load_balancers, Names=[f"n{n}" for n in range(21)])
        self.elb.delete_target_group(TargetGroupArn=arns[0])
        self.assert_code("TargetGroupNotFound", self.elb.describe_tags, ResourceArns=arns[:2])

    def test_tagged_resources_have_pages_and_filters_a_limit(self):
        plan = base_plan()
        plan["load_balancers"]["other"] = {**plan["load_balancers"]["lb"], "name": "k8s-other", "addresses": {}, "listeners": []}
        made = self.seed(plan)
        tagging = self.client("resourcegroupstaggingapi")
        self.door("x-faults", {"resourcegroupstaggingapi:GetResources": {"page": 1}})
        asked = {"ResourceTypeFilters": ["elasticloadbalancing:loadbalancer"],
                 "TagFilters": [{"Key": "kubernetes.io/cluster/x", "Values": ["owned"]}]}
        pages = list(tagging.get_paginator("get_resources").paginate(**asked))
        found = [each["ResourceARN"] for answer in pages for each in answer["ResourceTagMappingList"]]
        self.assertEqual(sorted(found), sorted(lb["arn"] for lb in made["load_balancers"].values()))
        self.assertEqual((len(pages), pages[-1]["PaginationToken"]), (2, ""))
        asked["TagFilters"][0]["Values"] = [f"v{n}" for n in range(21)]
        self.assert_code("InvalidParameterException", tagging.get_resources, **asked)

    def test_every_missing_name_is_noticed(self):
        self.seed(base_plan())
        self.assert_code("LoadBalancerNotFound", self.elb.describe_load_balancers, Names=["k8s-lb", "missing"])

    def test_pages(self):
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for n in range(51):
            self.group(vpc, n)
        for n in range(7):
            self.ec2.create_security_group(GroupName=f"g{n}", Description="-", VpcId=vpc)
        self.door("x-calls", method="POST")
        pages = self.elb.get_paginator("describe_target_groups").paginate()
        self.assertEqual([len(p["TargetGroups"]) for p in pages], [50, 1])
        by = [{"Name": "vpc-id", "Values": [vpc]}]
        pages = self.ec2.get_paginator("describe_security_groups").paginate(Filters=by, PaginationConfig={"PageSize": 5})
        self.assertEqual([len(p["SecurityGroups"]) for p in pages], [5, 3])
        self.assertEqual(self.door("x-calls"), {"ec2:DescribeSecurityGroups": 2, "elbv2:DescribeTargetGroups": 2})
        self.assert_code("InvalidParameterValue", self.ec2.describe_security_groups, MaxResults=4)


if __name__ == "__main__":
    unittest.main()
