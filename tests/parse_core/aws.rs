//! AWS documents as the CLI prints them.

use crate::{assert_unreadable, only_gap, snapshot};
use cilium_lb::model::aws::Region;
use cilium_lb::model::{Reason, Snapshot, Source};

const REGION: &str = "aws/111122223333/eu-west-2";

fn region(snapshot: &Snapshot) -> &Region {
    &snapshot.aws.regions[&("111122223333".to_owned(), "eu-west-2".to_owned())]
}

/// The snapshot of documents of one region.
fn aws(documents: &[(&str, &str)]) -> Snapshot {
    let named: Vec<(String, &str)> = documents
        .iter()
        .map(|(name, text)| (format!("{REGION}/{name}"), *text))
        .collect();
    let documents: Vec<(&str, &str)> = named
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    snapshot(&documents)
}

#[test]
fn every_document_of_the_format_reaches_its_field() {
    let snapshot = aws(&[
        (
            "sts-get-caller-identity.json",
            r#"{"UserId":"x","Account":"111122223333","Arn":"arn:aws:iam::111122223333:user/x"}"#,
        ),
        (
            "elbv2-describe-load-balancers.json",
            r#"{"LoadBalancers":[{"LoadBalancerName":"web","Type":"network","State":{"Code":"active"}}]}"#,
        ),
        (
            "elbv2-describe-load-balancer-attributes.web.json",
            r#"{"Attributes":[{"Key":"load_balancing.cross_zone.enabled","Value":"false"}]}"#,
        ),
        (
            "elbv2-describe-listeners.web.json",
            r#"{"Listeners":[{"Port":80,"Protocol":"TCP"}]}"#,
        ),
        ("elbv2-describe-rules.0a1b.json", r#"{"Rules":[]}"#),
        (
            "elbv2-describe-target-groups.json",
            r#"{"TargetGroups":[{"TargetGroupName":"tg","TargetType":"instance"}]}"#,
        ),
        (
            "elbv2-describe-target-group-attributes.tg.json",
            r#"{"Attributes":[]}"#,
        ),
        (
            "elbv2-describe-target-health.tg.json",
            r#"{"TargetHealthDescriptions":[{"Target":{"Id":"i-1","Port":30866},"TargetHealth":{"State":"a_new_state"}}]}"#,
        ),
        (
            "elbv2-describe-tags.json",
            r#"{"TagDescriptions":[{"ResourceArn":"arn","Tags":[{"Key":"a","Value":"b"}]}]}"#,
        ),
        (
            "resourcegroupstaggingapi-get-resources.json",
            r#"{"PaginationToken":"","ResourceTagMappingList":[{"ResourceARN":"arn2","Tags":[{"Key":"a","Value":"b"}]}]}"#,
        ),
        (
            "elb-describe-load-balancers.json",
            r#"{"LoadBalancerDescriptions":[]}"#,
        ),
        (
            "elb-describe-instance-health.x.json",
            r#"{"InstanceStates":[]}"#,
        ),
        (
            "ec2-describe-instances.json",
            r#"{"Reservations":[{"Instances":[{"InstanceId":"i-1"},{"InstanceId":"i-2"}]},{"Instances":[{"InstanceId":"i-3"}]}],"NextToken":"more"}"#,
        ),
        (
            "ec2-describe-network-interfaces.json",
            r#"{"NetworkInterfaces":[{"NetworkInterfaceId":"eni-1"}]}"#,
        ),
        (
            "ec2-describe-security-groups.json",
            r#"{"SecurityGroups":[{"GroupId":"sg-1","IpPermissions":null}]}"#,
        ),
        (
            "ec2-describe-security-group-rules.json",
            r#"{"SecurityGroupRules":[{"SecurityGroupRuleId":"sgr-1","GroupId":"sg-1","IsEgress":false,"IpProtocol":"-1","FromPort":-1,"ToPort":-1,"CidrIpv4":null,"ReferencedGroupInfo":{"GroupId":"sg-2","PeeringStatus":"deleted"},"Tags":[]}]}"#,
        ),
        (
            "ec2-describe-network-acls.json",
            r#"{"NetworkAcls":[{"NetworkAclId":"acl-1"}]}"#,
        ),
        (
            "ec2-describe-route-tables.json",
            r#"{"RouteTables":[{"RouteTableId":"rtb-1"}]}"#,
        ),
        (
            "ec2-describe-subnets.json",
            r#"{"Subnets":[{"SubnetId":"subnet-1","NewField":{}}]}"#,
        ),
        ("ec2-describe-vpcs.json", r#"{"Vpcs":[{"VpcId":"vpc-1"}]}"#),
        (
            "ec2-describe-vpc-block-public-access-options.json",
            r#"{"VpcBlockPublicAccessOptions":{"InternetGatewayBlockMode":"block-ingress","State":"update-complete","AwsAccountId":"1"}}"#,
        ),
        (
            "ec2-describe-vpc-block-public-access-exclusions.json",
            r#"{"VpcBlockPublicAccessExclusions":[{"ExclusionId":"vpcbpa-exclude-1","ResourceArn":"arn:aws:ec2:eu-west-2:1:vpc/vpc-1"}]}"#,
        ),
        (
            "ec2-get-managed-prefix-list-entries.pl-1.json",
            r#"{"Entries":[{"Cidr":"10.0.0.0/8"}]}"#,
        ),
    ]);
    assert!(
        snapshot.gaps.is_empty() && snapshot.ignored.is_empty(),
        "{:#?} {:?}",
        snapshot.gaps,
        snapshot.ignored
    );
    let region = region(&snapshot);
    let public = region.block_public_access.as_ref().unwrap();
    assert_eq!(
        public
            .vpc_block_public_access_options
            .internet_gateway_block_mode
            .as_deref(),
        Some("block-ingress")
    );
    let rules = region.security_group_rules.as_ref().unwrap();
    let referenced = rules[0].referenced_group_info.as_ref().unwrap();
    assert_eq!(rules[0].security_group_rule_id, "sgr-1");
    assert_eq!(referenced.peering_status.as_deref(), Some("deleted"));
    assert_eq!(
        region.block_public_access_exclusions.as_ref().unwrap()[0].exclusion_id,
        "vpcbpa-exclude-1"
    );
    assert_eq!(region.caller.as_ref().unwrap().account, "111122223333");
    assert_eq!(
        region.load_balancers.as_ref().unwrap()[0].load_balancer_name,
        "web"
    );
    assert_eq!(
        region.load_balancer_attributes["web"].as_ref().unwrap()[0].value,
        "false"
    );
    assert_eq!(region.listeners["web"].as_ref().unwrap()[0].port, 80);
    assert_eq!(
        region.target_groups.as_ref().unwrap()[0].target_type,
        "instance"
    );
    assert!(
        region.target_group_attributes["tg"]
            .as_ref()
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        region.target_health["tg"].as_ref().unwrap()[0]
            .target_health
            .state,
        "a_new_state"
    );
    let tags: Vec<&str> = region
        .tags
        .as_ref()
        .unwrap()
        .iter()
        .map(|tag| tag.resource_arn.as_str())
        .collect();
    assert_eq!(tags, ["arn", "arn2"]);
    let instances: Vec<&str> = region
        .instances
        .as_ref()
        .unwrap()
        .iter()
        .map(|i| i.instance_id.as_str())
        .collect();
    assert_eq!(instances, ["i-1", "i-2", "i-3"]);
    assert_eq!(
        region.network_interfaces.as_ref().unwrap()[0].network_interface_id,
        "eni-1"
    );
    assert_eq!(region.security_groups.as_ref().unwrap()[0].group_id, "sg-1");
    assert_eq!(
        region.network_acls.as_ref().unwrap()[0].network_acl_id,
        "acl-1"
    );
    assert_eq!(
        region.route_tables.as_ref().unwrap()[0].route_table_id,
        "rtb-1"
    );
    assert_eq!(region.subnets.as_ref().unwrap()[0].subnet_id, "subnet-1");
    assert_eq!(region.vpcs.as_ref().unwrap()[0].vpc_id, "vpc-1");
    assert_eq!(
        region.prefix_lists["pl-1"].as_ref().unwrap()[0].cidr,
        "10.0.0.0/8"
    );
    let origin = &region.prefix_lists["pl-1"].as_ref().unwrap().origin;
    assert_eq!(
        origin.document,
        format!("{REGION}/ec2-get-managed-prefix-list-entries.pl-1.json")
    );
    assert_eq!(origin.source, Source::PrefixLists);
}

#[test]
fn split_documents_are_merged_under_the_first() {
    let snapshot = aws(&[
        (
            "ec2-describe-vpcs.a.json",
            r#"{"Vpcs":[{"VpcId":"vpc-1"}]}"#,
        ),
        (
            "ec2-describe-vpcs.b.json",
            r#"{"Vpcs":[{"VpcId":"vpc-2"}]}"#,
        ),
        ("ec2-describe-vpcs.c.json", "{"),
        (
            "elbv2-describe-target-health.tg.json",
            r#"{"TargetHealthDescriptions":[{"Target":{"Id":"i-1"}}]}"#,
        ),
        (
            "elbv2-describe-target-health.tg.2.json",
            r#"{"TargetHealthDescriptions":[{"Target":{"Id":"i-2"}}]}"#,
        ),
    ]);
    let vpcs = region(&snapshot).vpcs.as_ref().unwrap();
    assert_eq!(vpcs.len(), 2);
    assert_eq!(
        vpcs.origin.document,
        format!("{REGION}/ec2-describe-vpcs.a.json")
    );
    assert_eq!(
        region(&snapshot).target_health["tg"]
            .as_ref()
            .unwrap()
            .len(),
        2
    );
    assert_unreadable(only_gap(&snapshot), &["ec2-describe-vpcs.c.json", "line 1"]);
}

#[test]
fn what_the_output_does_not_name_needs_a_key() {
    let snapshot = aws(&[(
        "elbv2-describe-load-balancer-attributes.json",
        r#"{"Attributes":[]}"#,
    )]);
    assert!(region(&snapshot).load_balancer_attributes.is_empty());
    assert_unreadable(
        only_gap(&snapshot),
        &["does not say what it belongs to", "NAME.json"],
    );
}

#[test]
fn errors_of_the_cli_are_told_from_broken_documents() {
    let denied = "\nAn error occurred (UnauthorizedOperation) when calling the DescribeVpcs operation: You are not authorized to perform this operation. User: arn:aws:iam::1:user/x is not authorized to perform: ec2:DescribeVpcs\n";
    let snapshot = aws(&[
        ("ec2-describe-vpcs.json", denied),
        (
            "ec2-describe-subnets.json",
            "An error occurred (Throttling) when calling the DescribeSubnets operation: Rate exceeded",
        ),
        (
            "elbv2-describe-target-health.tg.json",
            "An error occurred (AccessDenied) when calling the DescribeTargetHealth operation: no",
        ),
        ("ec2-describe-network-acls.json", "[]"),
        ("ec2-describe-route-tables.json", r#"{"Tables":[]}"#),
        (
            "ec2-describe-security-groups.json",
            "{\n\"SecurityGroups\": [{\"GroupId\": ",
        ),
    ]);
    let region = region(&snapshot);
    let vpcs = region.vpcs.as_ref().unwrap_err();
    assert_eq!(vpcs.reason, Reason::Denied(denied.trim().to_owned()));
    assert_eq!(vpcs.permission(), Some("ec2:DescribeVpcs"));
    assert!(
        matches!(&region.subnets.as_ref().unwrap_err().reason, Reason::Failed(text) if text.contains("Throttling"))
    );
    let health = region.target_health["tg"].as_ref().unwrap_err();
    assert_eq!(health.about, "tg");
    assert!(matches!(health.reason, Reason::Denied(_)));
    assert_unreadable(
        region.network_acls.as_ref().unwrap_err(),
        &["expected an object", "--query"],
    );
    assert_unreadable(
        region.route_tables.as_ref().unwrap_err(),
        &["no field RouteTables", "Tables"],
    );
    assert_unreadable(
        region.security_groups.as_ref().unwrap_err(),
        &["line 2", "EOF"],
    );
    assert_eq!(snapshot.gaps.len(), 6, "{:#?}", snapshot.gaps);
}

#[test]
fn one_item_of_the_wrong_shape_costs_only_itself() {
    let snapshot = aws(&[
        (
            "ec2-describe-subnets.json",
            "{\"Subnets\":[{\"SubnetId\":\"subnet-1\"},\n{\"SubnetId\":\"subnet-2\",\n\"AvailableIpAddressCount\":\"many\"},{\"SubnetId\":\"subnet-3\"}]}",
        ),
        (
            "ec2-describe-instances.json",
            "{\"Reservations\":[{\"Instances\":[{\"InstanceId\":\"i-1\"},\n{\"InstanceId\":7}]},{\"Instances\":[{\"InstanceId\":\"i-3\"}]}]}",
        ),
    ]);
    assert_eq!(region(&snapshot).subnets.as_ref().unwrap().len(), 2);
    assert_eq!(region(&snapshot).instances.as_ref().unwrap().len(), 2);
    assert_eq!(snapshot.gaps.len(), 2);
    assert_unreadable(
        &snapshot.gaps[0],
        &[
            "Reservations[0].Instances[1]",
            "line 2",
            "expected a string",
        ],
    );
    assert_unreadable(&snapshot.gaps[1], &["Subnets[1]", "line 3", "many"]);
}

#[test]
fn documents_of_another_account_are_named() {
    let snapshot = aws(&[
        (
            "sts-get-caller-identity.json",
            r#"{"Account":"999999999999"}"#,
        ),
        (
            "elbv2-describe-load-balancers.json",
            r#"{"LoadBalancers":[{"LoadBalancerArn":"arn:aws:elasticloadbalancing:eu-west-2:111122223333:loadbalancer/net/a/1"},{"LoadBalancerArn":"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/b/1"}]}"#,
        ),
        (
            "elbv2-describe-target-groups.json",
            r#"{"TargetGroups":[{"TargetGroupArn":"arn:aws:elasticloadbalancing:eu-west-2:111122223333:targetgroup/a/1"}]}"#,
        ),
    ]);
    assert_eq!(snapshot.gaps.len(), 2, "{:#?}", snapshot.gaps);
    assert_unreadable(&snapshot.gaps[0], &["111122223333", "us-east-1", "net/b/1"]);
    assert_unreadable(&snapshot.gaps[1], &["111122223333", "999999999999"]);
    assert_eq!(region(&snapshot).load_balancers.as_ref().unwrap().len(), 2);
}

#[test]
fn unknown_names_are_ignored_and_said() {
    let snapshot = aws(&[
        ("ec2-describe-volumes.json", "{}"),
        ("ec2-describe-vpcs.txt", "x"),
    ]);
    assert_eq!(
        snapshot.ignored,
        [
            format!("{REGION}/ec2-describe-volumes.json"),
            format!("{REGION}/ec2-describe-vpcs.txt")
        ]
    );
    assert!(region(&snapshot).vpcs.is_err());
}
