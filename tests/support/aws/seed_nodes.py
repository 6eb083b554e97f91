"""The nodes of a plan, the routes that may lead to them, and the state in which they end."""


def seed_nodes(ec2, plan, made):
    """Makes the instances one by one (each its own reservation, so that DescribeInstances has pages) and the routes."""
    made["nodes"] = {}
    for name, node in plan.get("nodes", {}).items():
        made["nodes"][name] = launch(ec2, name, node, made)
    made["routes"] = [seed_route(ec2, route, made) for route in plan.get("routes", [])]


def launch(ec2, name, node, made):
    subnet = made["subnets"][node["subnet"]]
    interface = {
        "DeviceIndex": 0,
        "SubnetId": subnet["id"],
        "Groups": [made["security_groups"][g]["id"] for g in node.get("security_groups", [])],
        "DeleteOnTermination": True,
        "PrivateIpAddress": node["address"],
    }
    tags = {"Name": name, **node.get("tags", {})}
    if "listen" in node:
        tags["x-listen"] = ",".join(map(str, node["listen"]))
    instance = ec2.run_instances(
        ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, InstanceType="m5.large", NetworkInterfaces=[interface],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": k, "Value": str(v)} for k, v in tags.items()]}],
    )["Instances"][0]
    eni = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    if node.get("secondary_addresses"):
        ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, PrivateIpAddresses=node["secondary_addresses"])
    if node.get("ipv6"):
        # moto ignores the address count of RunInstances.
        ec2.assign_ipv6_addresses(NetworkInterfaceId=eni, Ipv6AddressCount=1)
    if "source_dest_check" in node:
        ec2.modify_instance_attribute(InstanceId=instance["InstanceId"], SourceDestCheck={"Value": node["source_dest_check"]})
        ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck={"Value": node["source_dest_check"]})
    return {"id": instance["InstanceId"], "address": instance["PrivateIpAddress"], "eni": eni, "zone": subnet["zone"],
            "provider_id": f"aws:///{subnet['zone']}/{instance['InstanceId']}"}


def seed_route(ec2, route, made):
    """A table of its own for the subnets, with one route more than the local one."""
    table = ec2.create_route_table(VpcId=made["vpc"]["id"])["RouteTable"]["RouteTableId"]
    for subnet in route["subnets"]:
        ec2.associate_route_table(RouteTableId=table, SubnetId=made["subnets"][subnet]["id"])
    kind, _, name = route["target"].partition(":")
    doomed = None
    if kind == "internet-gateway":
        hop = {"GatewayId": made["internet_gateway"]["id"]}
    elif kind == "node":
        hop = {"NetworkInterfaceId": made["nodes"][name]["eni"]}
    elif kind == "blackhole":
        # As in production: a route to an interface that was deleted afterwards.
        subnet = made["subnets"][route["subnets"][0]]["id"]
        doomed = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        hop = {"NetworkInterfaceId": doomed}
    else:
        raise SystemExit(f"seed.py: route target {route['target']!r} is not blackhole, internet-gateway or node:<name>")
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=route["destination"], **hop)
    if doomed:
        ec2.delete_network_interface(NetworkInterfaceId=doomed)
    return {"id": table}


def settle_nodes(ec2, plan, made):
    """Stops and terminates the nodes that the plan wants so."""
    for name, node in plan.get("nodes", {}).items():
        instance, state = [made["nodes"][name]["id"]], node.get("state", "running")
        if state == "stopped":
            ec2.stop_instances(InstanceIds=instance)
        elif state == "terminated":
            ec2.terminate_instances(InstanceIds=instance)
        elif state != "running":
            raise SystemExit(f"seed.py: node {name} cannot be {state!r}")
