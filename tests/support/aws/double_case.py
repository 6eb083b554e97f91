"""What every test of the served double shares: the process, the clients, the base plan and the readings."""

import json
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = pathlib.Path(__file__).parent
REGION = "eu-central-1"
FAILED = ("unhealthy", "Target.FailedHealthChecks")


def base_plan():
    """A healthy NLB: two zones, one node in each, an HTTP check on the traffic port."""
    anywhere = {"protocol": "-1", "cidr": "0.0.0.0/0"}
    return {
        "region": REGION,
        "vpc": {"cidr": "10.0.0.0/16", "internet_gateway": True,
                "subnets": {"a": {"cidr": "10.0.1.0/24", "zone": "eu-central-1a"},
                            "b": {"cidr": "10.0.2.0/24", "zone": "eu-central-1b"},
                            "lb": {"cidr": "10.0.3.0/24", "zone": "eu-central-1a"}}},
        "security_groups": {
            "nlb": {"ingress": [anywhere]},
            "node": {"ingress": [{"protocol": "tcp", "from": 31000, "to": 31000, "group": "nlb"}]}},
        "nodes": {"node-1": {"subnet": "a", "address": "10.0.1.10", "security_groups": ["node"], "listen": [31000]},
                  "node-2": {"subnet": "b", "address": "10.0.2.10", "security_groups": ["node"], "listen": [31000]}},
        "target_groups": {"http": {"name": "k8s-http", "protocol": "TCP", "port": 31000, "tags": {"team": "edge"},
                                   "targets": [{"node": "node-1"}, {"node": "node-2"}]}},
        "load_balancers": {"lb": {"name": "k8s-lb", "subnets": ["lb", "b"], "security_groups": ["nlb"],
                                  "addresses": {"lb": "10.0.3.77"}, "tags": {"kubernetes.io/cluster/x": "owned"},
                                  "listeners": [{"port": 80, "protocol": "TCP", "target_group": "http"}]}},
    }


class Double(unittest.TestCase):
    """One served double for each class, emptied before each test."""

    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen([sys.executable, HERE / "serve.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        word, cls.port = cls.process.stdout.readline().split()
        assert word == "READY", word
        cls.url = f"http://127.0.0.1:{cls.port}"

    @classmethod
    def stop(cls):
        """Closing its input is all it takes to end the double."""
        cls.process.stdin.close()
        assert cls.process.wait(timeout=30) == 0
        cls.process.stdout.close()

    def setUp(self):
        self.door("reset", method="POST")
        self.door("x-calls", method="POST")
        self.door("x-faults", {}, method="POST")
        self.elb, self.ec2 = self.client("elbv2"), self.client("ec2")

    def client(self, service, region=REGION, attempts=1, **keys):
        keys = keys or {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        config = Config(proxies={}, parameter_validation=False, retries={"mode": "standard", "total_max_attempts": attempts})
        return boto3.client(service, region_name=region, endpoint_url=self.url, config=config, **keys)

    def seed(self, plan):
        done = subprocess.run([sys.executable, HERE / "seed.py", self.port], input=json.dumps(plan), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def door(self, path, body=None, method=None):
        request = urllib.request.Request(f"{self.url}/moto-api/{path}", data=None if body is None else json.dumps(body).encode(), method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return json.loads(opener.open(request, timeout=30).read())

    def health(self, made, group="http", **kwargs):
        """Health by (node name or target id, port)."""
        names = {n["id"]: name for name, n in made["nodes"].items()}
        found = self.elb.describe_target_health(TargetGroupArn=made["target_groups"][group]["arn"], **kwargs)
        return {(names.get(d["Target"]["Id"], d["Target"]["Id"]), d["Target"]["Port"]):
                (d["TargetHealth"]["State"], d["TargetHealth"].get("Reason")) for d in found["TargetHealthDescriptions"]}

    def node_health(self, plan):
        """The state of the base plan's first node under a changed plan."""
        return self.health(self.seed(plan))[("node-1", 31000)][0]

    def assert_code(self, code, call, **kwargs):
        with self.assertRaises(ClientError) as caught:
            call(**kwargs)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
