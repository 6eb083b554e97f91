"""The load balancing half of a plan: target groups with their targets, load balancers with their listeners."""

# Names of the plan -> parameters of CreateTargetGroup.
HEALTH_CHECK = {"protocol": "HealthCheckProtocol", "port": "HealthCheckPort", "path": "HealthCheckPath",
                "interval": "HealthCheckIntervalSeconds", "timeout": "HealthCheckTimeoutSeconds",
                "healthy": "HealthyThresholdCount", "unhealthy": "UnhealthyThresholdCount"}


def pairs(values):
    """A plain dictionary as the Key/Value list of AWS."""
    return [{"Key": k, "Value": str(v)} for k, v in values.items()]


def seed_target_group(elbv2, group, made):
    check = group.get("health_check", {})
    parameters = {HEALTH_CHECK[k]: v for k, v in check.items() if k != "codes"}
    if "HealthCheckPort" in parameters:
        parameters["HealthCheckPort"] = str(parameters["HealthCheckPort"])
    if "codes" in check:
        parameters["Matcher"] = {"HttpCode": check["codes"]}
    arn = elbv2.create_target_group(
        Name=group["name"], Protocol=group["protocol"], Port=group["port"], VpcId=made["vpc"]["id"],
        TargetType=group.get("type", "instance"), IpAddressType=group.get("ip_address_type", "ipv4"), **parameters)["TargetGroups"][0]["TargetGroupArn"]
    if group.get("attributes"):
        elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=pairs(group["attributes"]))
    if group.get("tags"):
        elbv2.add_tags(ResourceArns=[arn], Tags=pairs(group["tags"]))
    targets = [target(t, group, made) for t in group.get("targets", [])]
    if targets:
        elbv2.register_targets(TargetGroupArn=arn, Targets=targets)
    return {"arn": arn, "name": group["name"], "targets": targets}


def target(planned, group, made):
    """A node registers with its instance id or, in an `ip` group, with its address."""
    if "node" in planned:
        node = made["nodes"][planned["node"]]
        identity = node["id"] if group.get("type", "instance") == "instance" else node["address"]
    else:
        identity = planned["address"]
    registered = {"Id": identity, "Port": planned.get("port", group["port"])}
    if "zone" in planned:
        registered["AvailabilityZone"] = planned["zone"]
    return registered


def seed_load_balancer(elbv2, ec2, planned, made):
    subnets = {name: made["subnets"][name]["id"] for name in planned["subnets"]}
    parameters = {"Name": planned["name"], "Type": planned.get("type", "network"),
                  "IpAddressType": planned.get("ip_address_type", "ipv4")}
    if addresses := planned.get("addresses"):
        parameters["SubnetMappings"] = [
            {"SubnetId": i, **({"PrivateIPv4Address": addresses[n]} if n in addresses else {})} for n, i in subnets.items()]
    else:
        parameters["Subnets"] = list(subnets.values())
    if planned.get("security_groups"):
        parameters["SecurityGroups"] = [made["security_groups"][g]["id"] for g in planned["security_groups"]]
    if "scheme" in planned:
        parameters["Scheme"] = planned["scheme"]
    if planned.get("tags"):
        parameters["Tags"] = pairs(planned["tags"])
    lb = elbv2.create_load_balancer(**parameters)["LoadBalancers"][0]
    arn = lb["LoadBalancerArn"]
    if planned.get("attributes"):
        elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs(planned["attributes"]))
    listeners = {}
    for listener in planned.get("listeners", []):
        group = made["target_groups"][listener["target_group"]]["arn"]
        created = elbv2.create_listener(
            LoadBalancerArn=arn, Protocol=listener["protocol"], Port=listener["port"],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])["Listeners"][0]
        listeners[str(listener["port"])] = created["ListenerArn"]
    kind = arn.split(":loadbalancer/", 1)[1]
    found = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": [f"ELB {kind}"]}])
    nodes = {e["AvailabilityZone"]: {"eni": e["NetworkInterfaceId"], "address": e["PrivateIpAddress"]}
             for e in found["NetworkInterfaces"]}
    return {"arn": arn, "name": planned["name"], "dns_name": lb["DNSName"], "listeners": listeners, "nodes": nodes}


def seed_balancers(elbv2, ec2, plan, made):
    """Target groups before balancers, because listeners name them."""
    made["target_groups"] = {n: seed_target_group(elbv2, g, made) for n, g in plan.get("target_groups", {}).items()}
    made["load_balancers"] = {n: seed_load_balancer(elbv2, ec2, b, made) for n, b in plan.get("load_balancers", {}).items()}
