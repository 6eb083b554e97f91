//! The kinds of reading the program makes, each with its command and permission.
//!
//! This is the table from which gaps name what is missing, from which the
//! collectors know what to read, and from which permissions are printed.

/// What a person needs to know to make one kind of reading.
#[derive(Debug)]
pub struct SourceInfo {
    /// The variant this row describes.
    pub source: Source,
    /// How the bundle names its documents: a file name, or the service and operation.
    pub key: &'static str,
    /// What it is called in a sentence.
    pub title: &'static str,
    /// The command that prints it; `{about}` is the object, `{pod}` the agent pod of a node.
    pub command: &'static str,
    /// The RBAC verbs and resource, or the IAM action, that allow it.
    pub permission: &'static str,
}

/// A kind of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Source {
    /// Gateway.
    Gateways,
    /// GatewayClass.
    GatewayClasses,
    /// HTTPRoute.
    Routes,
    /// Service.
    Services,
    /// Ingress.
    Ingresses,
    /// TargetGroupBinding.
    TargetGroupBindings,
    /// EndpointSlice.
    EndpointSlices,
    /// Node.
    Nodes,
    /// Pod (Cilium agents and Envoys).
    Pods,
    /// ConfigMap cilium-config.
    ConfigMaps,
    /// CiliumEnvoyConfig.
    EnvoyConfigs,
    /// CiliumNodeConfig.
    NodeConfigs,
    /// CiliumGatewayClassConfig.
    GatewayClassConfigs,
    /// Event.
    Events,
    /// Caller identity.
    CallerIdentity,
    /// Load balancer.
    LoadBalancers,
    /// Load balancer attributes.
    LoadBalancerAttributes,
    /// Listeners.
    Listeners,
    /// Target groups.
    TargetGroups,
    /// Target group attributes.
    TargetGroupAttributes,
    /// Target health.
    TargetHealth,
    /// Load balancer tags.
    Tags,
    /// Instances.
    Instances,
    /// Network interfaces.
    NetworkInterfaces,
    /// Security groups.
    SecurityGroups,
    /// Network ACLs.
    NetworkAcls,
    /// Route tables.
    RouteTables,
    /// Subnets.
    Subnets,
    /// VPCs.
    Vpcs,
    /// Prefix list entries.
    PrefixLists,
    /// Tagged resources.
    TaggedResources,
    /// Classic load balancers.
    ClassicLoadBalancers,
    /// Classic instance health.
    InstanceHealth,
    /// Agent version.
    AgentVersion,
    /// Agent status.
    AgentStatus,
    /// Running agent configuration.
    AgentConfig,
    /// Configuration the agent started with.
    AgentStartConfig,
    /// BPF load balancer entries.
    BpfLb,
    /// BPF frontend counts.
    BpfLbFrontends,
    /// Agent service list.
    ServiceList,
    /// StateDB frontends.
    DbFrontends,
    /// StateDB services.
    DbServices,
    /// StateDB backends.
    DbBackends,
    /// StateDB ciliumenvoyconfigs.
    DbEnvoyConfigs,
    /// StateDB envoy-resources.
    DbEnvoyResources,
    /// StateDB devices.
    DbDevices,
    /// StateDB node-addresses.
    DbNodeAddresses,
    /// StateDB cilium-configs.
    DbConfigs,
    /// BPF drop counters.
    BpfMetrics,
    /// Agent metrics.
    AgentMetrics,
    /// Agent endpoints.
    EndpointList,
    /// Agent node list.
    NodeList,
    /// Iptables rules.
    Iptables,
    /// Policy routing rules.
    IpRules,
    /// Routes of table 2004.
    IpRoutes2004,
    /// Kernel settings.
    Sysctl,
    /// Health-check node port answer.
    HealthCheckNodePort,
    /// Agent log.
    AgentLog,
    /// Drop events.
    MonitorDrops,
    /// Envoy listeners.
    EnvoyListeners,
    /// Envoy clusters.
    EnvoyClusters,
    /// Envoy configuration.
    EnvoyConfigDump,
    /// Envoy server info.
    EnvoyServerInfo,
    /// Envoy stats.
    EnvoyStats,
    /// Hubble flows.
    HubbleFlows,
}

impl Source {
    /// The row of the table.
    pub fn info(self) -> &'static SourceInfo {
        &SOURCES[self as usize]
    }

    /// What it is called in a sentence.
    pub fn title(self) -> &'static str {
        self.info().title
    }

    /// The permission that allows the reading.
    pub fn permission(self) -> &'static str {
        self.info().permission
    }

    /// Whether the reading is made inside an agent pod.
    pub fn is_agent(self) -> bool {
        self.info().command.contains("{pod}")
    }

    /// The command with the object filled in; `about` is `node NAME` for agent readings.
    pub fn command(self, about: &str) -> String {
        let name = about.split_once(' ').map_or(about, |(_, name)| name);
        let pod = if name.is_empty() {
            "ds/cilium".to_owned()
        } else {
            agent_pod(name)
        };
        self.info()
            .command
            .replace("{pod}", &pod)
            .replace("{about}", name)
    }
}

/// The shell words that name the agent pod of a node.
pub fn agent_pod(node: &str) -> String {
    format!(
        "$(kubectl get pods -n kube-system -l k8s-app=cilium --field-selector spec.nodeName={node} -o name)"
    )
}

/// Every kind of reading, in the order of [`Source`].
pub static SOURCES: &[SourceInfo] = &[
    row(
        Source::Gateways,
        "kubernetes/gateways",
        "Gateway",
        "kubectl get gateways.gateway.networking.k8s.io -A -o yaml",
        "get,list gateways.gateway.networking.k8s.io",
    ),
    row(
        Source::GatewayClasses,
        "kubernetes/gatewayclasses",
        "GatewayClass",
        "kubectl get gatewayclasses.gateway.networking.k8s.io -o yaml",
        "get,list gatewayclasses.gateway.networking.k8s.io",
    ),
    row(
        Source::Routes,
        "kubernetes/httproutes",
        "HTTPRoute",
        "kubectl get httproutes.gateway.networking.k8s.io -A -o yaml",
        "get,list httproutes.gateway.networking.k8s.io",
    ),
    row(
        Source::Services,
        "kubernetes/services",
        "Service",
        "kubectl get services -A -o yaml",
        "get,list services",
    ),
    row(
        Source::Ingresses,
        "kubernetes/ingresses",
        "Ingress",
        "kubectl get ingresses -A -o yaml",
        "get,list ingresses.networking.k8s.io",
    ),
    row(
        Source::TargetGroupBindings,
        "kubernetes/targetgroupbindings",
        "TargetGroupBinding",
        "kubectl get targetgroupbindings.elbv2.k8s.aws -A -o yaml",
        "get,list targetgroupbindings.elbv2.k8s.aws",
    ),
    row(
        Source::EndpointSlices,
        "kubernetes/endpointslices",
        "EndpointSlice",
        "kubectl get endpointslices -A -o yaml",
        "get,list endpointslices.discovery.k8s.io",
    ),
    row(
        Source::Nodes,
        "kubernetes/nodes",
        "Node",
        "kubectl get nodes -o yaml",
        "get,list nodes",
    ),
    row(
        Source::Pods,
        "kubernetes/pods",
        "Pod (Cilium agents and Envoys)",
        "kubectl get pods -n kube-system -l 'k8s-app in (cilium,cilium-envoy)' -o yaml",
        "get,list pods in kube-system",
    ),
    row(
        Source::ConfigMaps,
        "kubernetes/configmaps",
        "ConfigMap cilium-config",
        "kubectl get configmap cilium-config -n kube-system -o yaml --show-managed-fields",
        "get configmaps in kube-system",
    ),
    row(
        Source::EnvoyConfigs,
        "kubernetes/ciliumenvoyconfigs",
        "CiliumEnvoyConfig",
        "kubectl get ciliumenvoyconfigs -A -o yaml",
        "get,list ciliumenvoyconfigs.cilium.io",
    ),
    row(
        Source::NodeConfigs,
        "kubernetes/ciliumnodeconfigs",
        "CiliumNodeConfig",
        "kubectl get ciliumnodeconfigs -n kube-system -o yaml",
        "get,list ciliumnodeconfigs.cilium.io",
    ),
    row(
        Source::GatewayClassConfigs,
        "kubernetes/ciliumgatewayclassconfigs",
        "CiliumGatewayClassConfig",
        "kubectl get ciliumgatewayclassconfigs -A -o yaml",
        "get,list ciliumgatewayclassconfigs.cilium.io",
    ),
    row(
        Source::Events,
        "kubernetes/events",
        "Event",
        "kubectl get events -n {about} -o yaml",
        "get,list events",
    ),
    row(
        Source::CallerIdentity,
        "sts-get-caller-identity",
        "caller identity",
        "aws sts get-caller-identity",
        "sts:GetCallerIdentity",
    ),
    row(
        Source::LoadBalancers,
        "elbv2-describe-load-balancers",
        "load balancer",
        "aws elbv2 describe-load-balancers --names {about}",
        "elasticloadbalancing:DescribeLoadBalancers",
    ),
    row(
        Source::LoadBalancerAttributes,
        "elbv2-describe-load-balancer-attributes",
        "load balancer attributes",
        "aws elbv2 describe-load-balancer-attributes --load-balancer-arn $(aws elbv2 describe-load-balancers --names {about} --query LoadBalancers[0].LoadBalancerArn --output text)",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
    ),
    row(
        Source::Listeners,
        "elbv2-describe-listeners",
        "listeners",
        "aws elbv2 describe-listeners --load-balancer-arn $(aws elbv2 describe-load-balancers --names {about} --query LoadBalancers[0].LoadBalancerArn --output text)",
        "elasticloadbalancing:DescribeListeners",
    ),
    row(
        Source::TargetGroups,
        "elbv2-describe-target-groups",
        "target groups",
        "aws elbv2 describe-target-groups",
        "elasticloadbalancing:DescribeTargetGroups",
    ),
    row(
        Source::TargetGroupAttributes,
        "elbv2-describe-target-group-attributes",
        "target group attributes",
        "aws elbv2 describe-target-group-attributes --target-group-arn $(aws elbv2 describe-target-groups --names {about} --query TargetGroups[0].TargetGroupArn --output text)",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
    ),
    row(
        Source::TargetHealth,
        "elbv2-describe-target-health",
        "target health",
        "aws elbv2 describe-target-health --target-group-arn $(aws elbv2 describe-target-groups --names {about} --query TargetGroups[0].TargetGroupArn --output text)",
        "elasticloadbalancing:DescribeTargetHealth",
    ),
    row(
        Source::Tags,
        "elbv2-describe-tags",
        "load balancer tags",
        "aws elbv2 describe-tags --resource-arns {about}",
        "elasticloadbalancing:DescribeTags",
    ),
    row(
        Source::Instances,
        "ec2-describe-instances",
        "instances",
        "aws ec2 describe-instances",
        "ec2:DescribeInstances",
    ),
    row(
        Source::NetworkInterfaces,
        "ec2-describe-network-interfaces",
        "network interfaces",
        "aws ec2 describe-network-interfaces",
        "ec2:DescribeNetworkInterfaces",
    ),
    row(
        Source::SecurityGroups,
        "ec2-describe-security-groups",
        "security groups",
        "aws ec2 describe-security-groups",
        "ec2:DescribeSecurityGroups",
    ),
    row(
        Source::NetworkAcls,
        "ec2-describe-network-acls",
        "network ACLs",
        "aws ec2 describe-network-acls",
        "ec2:DescribeNetworkAcls",
    ),
    row(
        Source::RouteTables,
        "ec2-describe-route-tables",
        "route tables",
        "aws ec2 describe-route-tables",
        "ec2:DescribeRouteTables",
    ),
    row(
        Source::Subnets,
        "ec2-describe-subnets",
        "subnets",
        "aws ec2 describe-subnets",
        "ec2:DescribeSubnets",
    ),
    row(
        Source::Vpcs,
        "ec2-describe-vpcs",
        "VPCs",
        "aws ec2 describe-vpcs",
        "ec2:DescribeVpcs",
    ),
    row(
        Source::PrefixLists,
        "ec2-get-managed-prefix-list-entries",
        "prefix list entries",
        "aws ec2 get-managed-prefix-list-entries --prefix-list-id {about}",
        "ec2:GetManagedPrefixListEntries",
    ),
    row(
        Source::TaggedResources,
        "resourcegroupstaggingapi-get-resources",
        "tagged resources",
        "aws resourcegroupstaggingapi get-resources",
        "tag:GetResources",
    ),
    row(
        Source::ClassicLoadBalancers,
        "elb-describe-load-balancers",
        "classic load balancers",
        "aws elb describe-load-balancers --load-balancer-names {about}",
        "elasticloadbalancing:DescribeLoadBalancers",
    ),
    row(
        Source::InstanceHealth,
        "elb-describe-instance-health",
        "classic instance health",
        "aws elb describe-instance-health --load-balancer-name {about}",
        "elasticloadbalancing:DescribeInstanceHealth",
    ),
    row(
        Source::AgentVersion,
        "version.json",
        "agent version",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg version -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::AgentStatus,
        "status.json",
        "agent status",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg status -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::AgentConfig,
        "config.json",
        "running agent configuration",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg config --all -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::AgentStartConfig,
        "config-map",
        "configuration the agent started with",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- sh -c 'cd /tmp/cilium/config-map && grep -H . *'",
        "create pods/exec in kube-system",
    ),
    row(
        Source::BpfLb,
        "bpf-lb-list.json",
        "BPF load balancer entries",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg bpf lb list -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::BpfLbFrontends,
        "bpf-lb-list-frontends.json",
        "BPF frontend counts",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg bpf lb list --frontends -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::ServiceList,
        "service-list.json",
        "agent service list",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg service list -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::DbFrontends,
        "db-frontends.json",
        "StateDB frontends",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg shell -- db/show -f json frontends",
        "create pods/exec in kube-system",
    ),
    row(
        Source::DbServices,
        "db-services.json",
        "StateDB services",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg shell -- db/show -f json services",
        "create pods/exec in kube-system",
    ),
    row(
        Source::DbBackends,
        "db-backends.json",
        "StateDB backends",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg shell -- db/show -f json backends",
        "create pods/exec in kube-system",
    ),
    row(
        Source::DbEnvoyConfigs,
        "db-ciliumenvoyconfigs.json",
        "StateDB ciliumenvoyconfigs",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg shell -- db/show -f json ciliumenvoyconfigs",
        "create pods/exec in kube-system",
    ),
    row(
        Source::DbEnvoyResources,
        "db-envoy-resources.json",
        "StateDB envoy-resources",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg shell -- db/show -f json envoy-resources",
        "create pods/exec in kube-system",
    ),
    row(
        Source::DbDevices,
        "db-devices.json",
        "StateDB devices",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg shell -- db/show -f json devices",
        "create pods/exec in kube-system",
    ),
    row(
        Source::DbNodeAddresses,
        "db-node-addresses.json",
        "StateDB node-addresses",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg shell -- db/show -f json node-addresses",
        "create pods/exec in kube-system",
    ),
    row(
        Source::DbConfigs,
        "db-cilium-configs.json",
        "StateDB cilium-configs",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg shell -- db/show -f json cilium-configs",
        "create pods/exec in kube-system",
    ),
    row(
        Source::BpfMetrics,
        "bpf-metrics-list.json",
        "BPF drop counters",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg bpf metrics list -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::AgentMetrics,
        "metrics.txt",
        "agent metrics",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg metrics list",
        "create pods/exec in kube-system",
    ),
    row(
        Source::EndpointList,
        "endpoint-list.json",
        "agent endpoints",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg endpoint list -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::NodeList,
        "node-list.json",
        "agent node list",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg node list -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::Iptables,
        "iptables-save.txt",
        "iptables rules",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- iptables-save",
        "create pods/exec in kube-system",
    ),
    row(
        Source::IpRules,
        "ip-rule.txt",
        "policy routing rules",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- ip rule",
        "create pods/exec in kube-system",
    ),
    row(
        Source::IpRoutes2004,
        "ip-route-2004.txt",
        "routes of table 2004",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- ip route show table 2004",
        "create pods/exec in kube-system",
    ),
    row(
        Source::Sysctl,
        "sysctl.txt",
        "kernel settings",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- sysctl net.ipv4.conf",
        "create pods/exec in kube-system",
    ),
    row(
        Source::HealthCheckNodePort,
        "health-check-node-port",
        "health-check node port answer",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- curl -si http://127.0.0.1:PORT/healthz",
        "create pods/exec in kube-system",
    ),
    row(
        Source::AgentLog,
        "agent.log",
        "agent log",
        "kubectl logs -n kube-system {pod} -c cilium-agent --tail=2000",
        "get pods/log in kube-system",
    ),
    row(
        Source::MonitorDrops,
        "monitor-drop.json",
        "drop events",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg monitor -t drop -j",
        "create pods/exec in kube-system",
    ),
    row(
        Source::EnvoyListeners,
        "listeners.json",
        "Envoy listeners",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg envoy admin listeners -o json",
        "create pods/exec in kube-system",
    ),
    row(
        Source::EnvoyClusters,
        "clusters.json",
        "Envoy clusters",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg envoy admin clusters",
        "create pods/exec in kube-system",
    ),
    row(
        Source::EnvoyConfigDump,
        "config_dump.json",
        "Envoy configuration",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg envoy admin config all",
        "create pods/exec in kube-system",
    ),
    row(
        Source::EnvoyServerInfo,
        "server_info.json",
        "Envoy server info",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg envoy admin serverinfo",
        "create pods/exec in kube-system",
    ),
    row(
        Source::EnvoyStats,
        "stats.txt",
        "Envoy stats",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- cilium-dbg envoy admin metrics",
        "create pods/exec in kube-system",
    ),
    row(
        Source::HubbleFlows,
        "flows.json",
        "Hubble flows",
        "kubectl exec -n kube-system {pod} -c cilium-agent -- hubble observe -o jsonpb --last 1000",
        "create pods/exec in kube-system",
    ),
];

const fn row(
    source: Source,
    key: &'static str,
    title: &'static str,
    command: &'static str,
    permission: &'static str,
) -> SourceInfo {
    SourceInfo {
        source,
        key,
        title,
        command,
        permission,
    }
}

#[cfg(test)]
mod tests {
    use super::SOURCES;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, row) in SOURCES.iter().enumerate() {
            assert_eq!(row.source as usize, index, "{}", row.title);
        }
    }
}
