"""The Classic Load Balancers of a plan with their listeners, their one health check and their instances."""

from seed_balancers import pairs


def seed_one(elb, planned, made):
    parameters = {"Scheme": planned["scheme"]} if "scheme" in planned else {}
    if planned.get("tags"):
        parameters["Tags"] = pairs(planned["tags"])
    listeners = [{"Protocol": each["protocol"], "LoadBalancerPort": each["port"], "InstancePort": each["instance_port"],
                  "InstanceProtocol": each["protocol"]} for each in planned["listeners"]]
    elb.create_load_balancer(
        LoadBalancerName=planned["name"], Listeners=listeners,
        Subnets=[made["subnets"][subnet]["id"] for subnet in planned["subnets"]],
        SecurityGroups=[made["security_groups"][group]["id"] for group in planned["security_groups"]], **parameters)
    check = planned["health_check"]
    elb.configure_health_check(LoadBalancerName=planned["name"], HealthCheck={
        "Target": check["target"], "Interval": check.get("interval", 10), "Timeout": check.get("timeout", 5),
        "HealthyThreshold": check.get("healthy", 2), "UnhealthyThreshold": check.get("unhealthy", 6)})
    instances = [{"InstanceId": made["nodes"][node]["id"]} for node in planned.get("instances", [])]
    if instances:
        elb.register_instances_with_load_balancer(LoadBalancerName=planned["name"], Instances=instances)
    found = elb.describe_load_balancers(LoadBalancerNames=[planned["name"]])["LoadBalancerDescriptions"][0]
    return {"name": planned["name"], "dns_name": found["DNSName"]}


def seed_classic(elb, plan, made):
    """Makes them; `made` gets their names and DNS names."""
    planned = plan.get("classic_load_balancers", {})
    made["classic_load_balancers"] = {name: seed_one(elb, each, made) for name, each in planned.items()}
