//! What a controller means by the Warning event with which it gives up.
//!
//! Controllers say in an event why they made nothing or registered nobody. The
//! texts are those of the AWS Load Balancer Controller (pkg/service, pkg/networking,
//! pkg/targetgroupbinding, pkg/backend) and the error codes of AWS that it passes
//! on. A text that is not listed here is shown verbatim.

use super::owner::PREFIX;
use super::setting;
use crate::check::finding::{Fix, Risk};
use crate::model::kubernetes::{Event, Service};

/// A text that controllers use, in plain words, with its remedy.
#[derive(Debug)]
pub struct Refusal {
    /// Parts of the text, in lower case; all of them have to be there.
    parts: &'static [&'static str],
    /// What it means: the end of a sentence.
    pub says: &'static str,
    /// What to do.
    summary: &'static str,
    /// Commands; `{service}` and `{namespace}` are filled in, and `annotate NAME=VALUE` becomes the
    /// command that sets the annotation where it stays.
    commands: &'static [&'static str],
    /// Risk of the commands.
    risk: Risk,
}

/// In the order in which they are tried.
static KNOWN: &[Refusal] = &[
    Refusal {
        parts: &["assumerolewithwebidentity"],
        says: "the controller cannot take on its role: the role's trust policy, the cluster's OIDC provider or the annotation with the role is wrong",
        summary: "compare the annotation eks.amazonaws.com/role-arn of the controller's ServiceAccount with the trust policy of that role",
        commands: &[
            "kubectl get serviceaccounts -A -o yaml | grep eks.amazonaws.com/role-arn",
            "aws iam get-role --role-name ROLE --query Role.AssumeRolePolicyDocument",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["with an explicit deny"],
        says: "a policy denies the call explicitly, whatever the role of the controller may do; the text says which kind of policy",
        summary: "find the denying statement: a service control policy, a permissions boundary, or a policy of the role",
        commands: &["kubectl describe service {service} -n {namespace}"],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["not authorized to perform"],
        says: "the role that the text names lacks the permission that it names",
        summary: "let that role do it: with the IAM policy of the running version for the AWS Load Balancer Controller, with that of the cluster's or the control plane's role for cloud-provider-aws",
        commands: &["aws iam list-attached-role-policies --role-name ROLE"],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["unable to resolve at least one subnet"],
        says: "no subnet qualifies: its role tag is missing, it belongs to another cluster, or it has fewer than 8 free addresses",
        summary: "tag one subnet per zone for its role (kubernetes.io/role/elb for internet-facing), or name the subnets on the Service",
        commands: &[
            "aws ec2 create-tags --resources SUBNET_ID --tags Key=kubernetes.io/role/internal-elb,Value=1",
            "kubectl describe service {service} -n {namespace}",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["auto-discover subnets"],
        says: "no subnet qualifies: the role tags kubernetes.io/role/elb and internal-elb are missing",
        summary: "tag one subnet per zone for its role, or name the subnets on the Service",
        commands: &[
            "aws ec2 create-tags --resources SUBNET_ID --tags Key=kubernetes.io/role/internal-elb,Value=1",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["unallocated nodeport"],
        says: "targets of type instance need a NodePort, and the Service has none",
        summary: "let NodePorts be allocated; Cilium writes the field of its Gateway Services from the CiliumGatewayClassConfig",
        commands: &[
            "kubectl get service {service} -n {namespace} -o jsonpath='{.spec.allocateLoadBalancerNodePorts} {.spec.ports}'",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["count of", "subnets", "must match"],
        says: "the number of addresses in an annotation is not the number of subnets",
        summary: "name as many Elastic IPs or private addresses as there are subnets",
        commands: &["kubectl describe service {service} -n {namespace}"],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["unsupported ipv6 configuration"],
        says: "the Service asks for IPv6 and the load balancer is not dual-stack",
        summary: "leave IPv6 out of ipFamilies, or set aws-load-balancer-ip-address-type to dualstack",
        commands: &["kubectl describe service {service} -n {namespace}"],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["conflicting security groups configuration"],
        says: "AWS neither adds the first nor removes the last security group of a network load balancer",
        summary: "undo the change, or make the Service again, with a new load balancer and a new DNS name",
        commands: &["kubectl describe service {service} -n {namespace}"],
        risk: Risk::Destructive,
    },
    Refusal {
        parts: &["duplicateloadbalancername"],
        says: "a load balancer of that name exists with other settings: another Service or cluster asks for the same name",
        summary: "give every Service its own aws-load-balancer-name and every cluster its own --cluster-name",
        commands: &[
            "kubectl get services -A -o json | jq -r '.items[] | select(.metadata.annotations[\"service.beta.kubernetes.io/aws-load-balancer-name\"]) | [.metadata.namespace, .metadata.name, .metadata.annotations[\"service.beta.kubernetes.io/aws-load-balancer-name\"]] | @tsv'",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["exactly one securitygroup tagged with", "got: []"],
        says: "the interface of a node has no security group with the tag of the cluster's name, so the controller does not know where to write its rules and registers no instance",
        summary: "tag one security group of each node with kubernetes.io/cluster/NAME, or correct --cluster-name of the controller",
        commands: &[
            "aws ec2 create-tags --resources SECURITY_GROUP_ID --tags Key=kubernetes.io/cluster/CLUSTER_NAME,Value=owned",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["exactly one securitygroup tagged with"],
        says: "the interface of a node has several security groups with the cluster's tag, or none, so the controller does not know where to write its rules and registers no instance",
        summary: "leave the tag kubernetes.io/cluster/NAME on exactly one security group of each node",
        commands: &[
            "aws ec2 delete-tags --resources SECURITY_GROUP_ID --tags Key=kubernetes.io/cluster/CLUSTER_NAME",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["cannot resolve pod eni"],
        says: "the addresses of the pods belong to no interface of the VPC: Cilium gives them out of its own pool",
        summary: "register instances instead of addresses, or let Cilium take pod addresses from the VPC (ipam.mode eni)",
        commands: &["annotate aws-load-balancer-nlb-target-type=instance"],
        risk: Risk::Disruptive,
    },
    Refusal {
        parts: &["providerid is not specified for node"],
        says: "a node has no providerID, and the controller then registers no node at all",
        summary: "wait for the cloud controller manager, or keep the node out of load balancers",
        commands: &[
            "kubectl get nodes -o custom-columns=NAME:.metadata.name,PROVIDER:.spec.providerID",
            "kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers=true",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["providerid", "is invalid for ec2 instances"],
        says: "a node is no EC2 instance, and the controller then registers no node at all",
        summary: "keep the node out of load balancers",
        commands: &[
            "kubectl get nodes -o custom-columns=NAME:.metadata.name,PROVIDER:.spec.providerID",
            "kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers=true",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["invalidtarget", "are not supported"],
        says: "AWS refuses a target as not supported, as it does with instances of the old types C1 to T1 in groups of a Network Load \
               Balancer",
        summary: "keep nodes of the types C1, CC1, CC2, CG1, CG2, CR1, CS1, G1, G2, HI1, HS1, M1, M2, M3 and T1 out of load balancers, \
                  and out of what the autoscaler may choose",
        commands: &[
            "kubectl get nodes -L node.kubernetes.io/instance-type",
            "kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers=true",
        ],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["invalidtarget"],
        says: "AWS refuses a target: its instance does not run or is of another VPC",
        summary: "remove nodes whose instances are gone; targets of another VPC have to be addresses",
        commands: &["kubectl get nodes -o wide"],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["availability zone is required for ip address"],
        says: "AWS refuses an address outside the VPC that is registered without the zone \"all\"",
        summary: "register instances instead of addresses, or update the AWS Load Balancer Controller",
        commands: &["annotate aws-load-balancer-nlb-target-type=instance"],
        risk: Risk::Disruptive,
    },
    Refusal {
        parts: &["toomany"],
        says: "a quota of AWS is used up",
        summary: "ask AWS for a higher quota, or remove what is not needed",
        commands: &["aws service-quotas list-service-quotas --service-code elasticloadbalancing"],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["rulespersecuritygrouplimitexceeded"],
        says: "the security group has no room for another rule",
        summary: "ask AWS for a higher quota, or write one rule for the whole range of NodePorts",
        commands: &["aws service-quotas list-service-quotas --service-code vpc"],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["certificatenotfound"],
        says: "the certificate of a TLS listener does not exist in this account and region",
        summary: "correct the annotation aws-load-balancer-ssl-cert",
        commands: &["aws acm list-certificates"],
        risk: Risk::Safe,
    },
    Refusal {
        parts: &["throttl"],
        says: "AWS throttles the controller, which tries again later",
        summary: "wait; if it stays, find who else calls Elastic Load Balancing in this account and region",
        commands: &[
            "aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventSource,AttributeValue=elasticloadbalancing.amazonaws.com --max-results 50",
        ],
        risk: Risk::Safe,
    },
];

/// What the newest of these events means, as far as it is understood.
///
/// A build of the AWS Load Balancer Controller stops at its first error and writes one event for it
/// (controllers/service/service_controller.go, buildModel and deployModel), so that older events are of what was
/// mended since. Of events that share the newest time, any may be the reason.
pub fn understood<'a>(
    events: impl IntoIterator<Item = &'a Event>,
) -> Option<(&'a Event, &'static Refusal)> {
    let events: Vec<&Event> = events.into_iter().collect();
    let newest = events.iter().map(|event| &event.last_timestamp).max()?;
    let of_last = |event: &&&Event| event.last_timestamp == *newest;
    events.iter().filter(of_last).find_map(|event| {
        let text = event.message.to_ascii_lowercase();
        let known = KNOWN
            .iter()
            .find(|known| known.parts.iter().all(|part| text.contains(part)))?;
        Some((*event, known))
    })
}

impl Refusal {
    /// The remedy for a Service.
    pub fn fix(&self, service: &Service, after: impl Into<String>) -> Fix {
        let meta = &service.metadata;
        Fix {
            summary: self.summary.to_owned(),
            commands: self
                .commands
                .iter()
                .map(|command| {
                    let annotation = command.strip_prefix("annotate ");
                    match annotation.and_then(|text| text.split_once('=')) {
                        Some((key, value)) => {
                            setting::annotate(service, &format!("{}{key}", PREFIX), value)
                        }
                        None => command
                            .replace("{service}", &meta.name)
                            .replace("{namespace}", &meta.namespace),
                    }
                })
                .collect(),
            risk: self.risk,
            changes: Vec::new(),
            after: after.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, understood};
    use crate::model::kubernetes::Event;

    fn says(message: &str) -> Option<&'static str> {
        let event = Event {
            message: message.to_owned(),
            ..Event::default()
        };
        understood([&event]).map(|(_, known)| known.says)
    }

    #[test]
    fn texts_of_the_controllers() {
        for (text, part) in [
            (
                "Failed build model due to unable to resolve at least one subnet. Evaluated 3 subnets: 3 are tagged for other clusters, and 0 have insufficient available IP addresses",
                "no subnet qualifies",
            ),
            (
                "unable to support instance target type with an unallocated NodePort",
                "NodePort",
            ),
            (
                "count of EIP allocations (1) and subnets (3) must match",
                "number of addresses",
            ),
            (
                "operation error Elastic Load Balancing v2: CreateLoadBalancer, https response error StatusCode: 400, DuplicateLoadBalancerName: A load balancer with the same name 'web' exists, but with different settings",
                "other settings",
            ),
            (
                "expected exactly one securityGroup tagged with kubernetes.io/cluster/shop for eni eni-0a1, got: [sg-1 sg-2]",
                "several security groups",
            ),
            (
                "cannot resolve pod ENI for pods: [shop/web-1]",
                "no interface",
            ),
            (
                "providerID is not specified for node: node-a",
                "no providerID",
            ),
            (
                "providerID kind://x is invalid for EC2 instances",
                "no EC2 instance",
            ),
            (
                "RegisterTargets, InvalidTarget: The following targets are not in a running state and cannot be registered: 'i-0a1'",
                "refuses a target",
            ),
            (
                "InvalidTarget: Targets {i-0a1} are not supported\n\tstatus code: 400",
                "old types",
            ),
            (
                "ValidationError: The Availability Zone is required for IP address '10.244.1.2' because it is not in the VPC",
                "outside the VPC",
            ),
            (
                "expect exactly one securityGroup tagged with kubernetes.io/cluster/shop for eni eni-0a1, got: []",
                "no security group",
            ),
            (
                "Failed build model due to couldn't auto-discover subnets: UnauthorizedOperation: assumed-role/lbc/1 is not authorized to perform: ec2:DescribeAvailabilityZones",
                "role that the text names",
            ),
            (
                "WebIdentityErr: failed to retrieve credentials: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
                "cannot take on its role",
            ),
            (
                "assumed-role/lbc/1 is not authorized to perform: elasticloadbalancing:CreateLoadBalancer with an explicit deny in a service control policy",
                "denies the call explicitly",
            ),
            ("TooManyTargets: limit exceeded", "quota"),
            ("ThrottlingException: Rate exceeded", "throttles"),
        ] {
            assert!(
                says(text).is_some_and(|says| says.contains(part)),
                "{text}: {:?}",
                says(text)
            );
        }
    }

    #[test]
    fn other_texts_are_not_understood() {
        for text in ["", "Successfully reconciled", "context deadline exceeded"] {
            assert_eq!(says(text), None, "{text}");
        }
    }

    #[test]
    fn only_the_newest_events_count() {
        let event = |at: &str, message: &str| Event {
            last_timestamp: Some(at.to_owned()),
            message: message.to_owned(),
            ..Event::default()
        };
        let old = event(
            "2026-03-10T13:40:00Z",
            "unable to resolve at least one subnet",
        );
        let new = event("2026-03-10T14:30:00Z", "something else");
        assert!(understood([&old]).is_some());
        assert!(understood([&new, &old]).is_none());
        let beside = event("2026-03-10T14:30:00Z", "TooManyTargets");
        assert!(understood([&new, &beside, &old]).is_some());
    }

    #[test]
    fn parts_are_in_lower_case() {
        for part in KNOWN.iter().flat_map(|known| known.parts) {
            assert_eq!(*part, part.to_ascii_lowercase());
        }
    }
}
