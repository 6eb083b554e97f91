"""Builds the AWS world of one JSON plan on the double and prints what was created.

Usage: seed.py PORT < plan.json

The plan, every part optional unless another part names it:

    region            "eu-central-1"
    account           "222222222222"; the world is made there through an assumed role (default: the double's own account)
    vpc               {"cidr", "ipv6": bool (a /64 for every subnet), "internet_gateway": bool,
                      "block_public_access": mode of the account in the region,
                      "subnets": {name: {"cidr", "zone"}}}
    prefix_lists      {name: [cidr…]}
    security_groups   {name: {"ingress": [rule…], "egress": [rule…], "tags": {}}}; egress absent: everything, as AWS makes it
                      rule: {"protocol": "tcp"|"-1"|…, "from", "to", one of "cidr" | "group" | "prefix_list"}
    network_acls      {name: {"subnets": [name…], "entries": [{"rule", "egress": bool, "protocol", "action", "cidr", "from", "to"}]}}
    nodes             {name: {"subnet", "address", "secondary_addresses": [], "ipv6": bool, "security_groups": [],
                      "listen": [31000, "31443=503"], "state": "running"|"stopped"|"terminated",
                      "source_dest_check": bool, "tags": {}}}
    routes            [{"subnets": [name…], "destination", "target": "blackhole"|"internet-gateway"|"node:<name>"}]; the
                      subnets share a table of their own
    target_groups     {name: {"name", "protocol", "port", "type": "instance"|"ip", "ip_address_type", "attributes": {},
                      "tags": {}, "health_check": {"protocol", "port", "path", "interval", "timeout", "healthy",
                      "unhealthy", "codes"}, "targets": [{"node" | "address", "port", "zone"}]}}
    load_balancers    {name: {"name", "type", "scheme", "ip_address_type", "subnets": [], "addresses": {subnet: ip},
                      "security_groups": [], "attributes": {}, "tags": {},
                      "listeners": [{"port", "protocol", "target_group"}]}}
    classic_load_balancers {name: {"name", "scheme", "subnets": [], "security_groups": [], "instances": [node…], "tags": {},
                      "listeners": [{"port", "protocol", "instance_port"}],
                      "health_check": {"target", "interval", "timeout", "healthy", "unhealthy"}}}

The answer has the same sections and names, each with "id" or "arn" and what a test has to know of it. Seeding does not
show in the call counters.
"""

import json
import sys
import urllib.request

import boto3
from botocore.config import Config
from seed_balancers import seed_balancers
from seed_classic import seed_classic
from seed_network import seed_network
from seed_nodes import seed_nodes, settle_nodes

DEFAULT_ACCOUNT = "123456789012"
SECTIONS = {"region", "account", "vpc", "prefix_lists", "security_groups", "network_acls", "nodes", "routes", "target_groups",
            "load_balancers", "classic_load_balancers"}


def session(endpoint, region, account):
    """A factory of clients in `account`, entered through a role as a real cross-account caller does."""
    options = {"endpoint_url": endpoint, "region_name": region, "config": Config(proxies={})}
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    if account != DEFAULT_ACCOUNT:
        role = boto3.client("sts", **options, **keys).assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/seed", RoleSessionName="seed")["Credentials"]
        keys = {"aws_access_key_id": role["AccessKeyId"], "aws_secret_access_key": role["SecretAccessKey"],
                "aws_session_token": role["SessionToken"]}
    return lambda service: boto3.client(service, **options, **keys)


def seed(endpoint, plan):
    """Makes the whole plan and returns the created names."""
    if unknown := set(plan) - SECTIONS:
        raise SystemExit(f"seed.py: the plan has unknown sections {sorted(unknown)}")
    account, region = plan.get("account", DEFAULT_ACCOUNT), plan.get("region", "eu-central-1")
    client = session(endpoint, region, account)
    made = {"account": account, "region": region}
    seed_network(client("ec2"), plan, made)
    seed_nodes(client("ec2"), plan, made)
    seed_balancers(client("elbv2"), client("ec2"), plan, made)
    seed_classic(client("elb"), plan, made)
    # Only a running instance can be registered, so nodes reach their final state last.
    settle_nodes(client("ec2"), plan, made)
    return made


def main():
    endpoint = f"http://127.0.0.1:{int(sys.argv[1])}"
    made = seed(endpoint, json.load(sys.stdin))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(urllib.request.Request(f"{endpoint}/moto-api/x-calls", method="POST"), timeout=30).read()
    json.dump(made, sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
