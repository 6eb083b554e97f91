//! The kinds of readings the program makes, each with its command and permission.
//!
//! This is the table from which gaps name what is missing and pages name what
//! a check reads.

mod agent;
mod aws;
mod kubernetes;

/// Documents of agents that stand in for others, by name without ending, with the reading that they make.
pub const STAND_INS: [(&str, Source); 2] = [
    ("bpf-lb-maps-dump", Source::BpfLb),
    ("statedb-dump", Source::DbDevices),
];

/// What a person needs to know to make one kind of reading.
#[derive(Debug)]
pub struct SourceInfo {
    /// The variant this row describes.
    pub source: Source,
    /// How the bundle names its documents: a file name, or the service and operation.
    pub key: &'static str,
    /// What it is called in a sentence.
    pub title: &'static str,
    /// The command that prints it; `{about}` is the object, `{pod}` the agent pod of a node, `{cilium}` the namespace of the agents.
    /// For agent readings without `{pod}`, the command inside the agent's container.
    pub command: &'static str,
    /// The RBAC verbs and resource, or the IAM action, that allow it.
    pub permission: &'static str,
    /// Whether it is read from an agent, for one node.
    pub agent: bool,
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
    /// ReferenceGrant.
    ReferenceGrants,
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
    /// Pod (Cilium agents, Envoys and kube-proxy).
    Pods,
    /// Deployment cilium-operator.
    Deployments,
    /// ConfigMap cilium-config.
    ConfigMaps,
    /// CiliumEnvoyConfig.
    EnvoyConfigs,
    /// CiliumNodeConfig.
    NodeConfigs,
    /// CiliumGatewayClassConfig.
    GatewayClassConfigs,
    /// CiliumClusterwideNetworkPolicy.
    ClusterwidePolicies,
    /// CiliumNetworkPolicy.
    CiliumPolicies,
    /// NetworkPolicy.
    NetworkPolicies,
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
    /// Ids of security group rules.
    SecurityGroupRules,
    /// Network ACLs.
    NetworkAcls,
    /// Route tables.
    RouteTables,
    /// Subnets.
    Subnets,
    /// VPCs.
    Vpcs,
    /// Whether VPCs of the region may talk to the internet at all.
    BlockPublicAccess,
    /// VPCs and subnets that may although the region's may not.
    BlockPublicAccessExclusions,
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
    /// Health of the agent's modules.
    AgentModules,
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
    /// Policy of the ingress endpoint.
    IngressEndpoint,
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
    /// Listening sockets of the host.
    ListeningSockets,
    /// Health-check node port answer.
    HealthCheckNodePort,
    /// Agent log.
    AgentLog,
    /// Operator log.
    OperatorLog,
    /// Drop events.
    MonitorDrops,
    /// Envoy listeners.
    EnvoyListeners,
    /// Envoy clusters.
    EnvoyClusters,
    /// Envoy configuration.
    EnvoyConfigDump,
    /// Cilium's policies in Envoy.
    EnvoyNetworkPolicies,
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
        let index = self as usize;
        let (first, second) = (
            kubernetes::ROWS.len(),
            kubernetes::ROWS.len() + aws::ROWS.len(),
        );
        match index {
            _ if index < first => &kubernetes::ROWS[index],
            _ if index < second => &aws::ROWS[index - first],
            _ => &agent::ROWS[index - second],
        }
    }

    /// Every kind of reading, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        [kubernetes::ROWS, aws::ROWS, agent::ROWS]
            .into_iter()
            .flatten()
            .map(|row| row.source)
    }

    /// What it is called in a sentence.
    pub fn title(self) -> &'static str {
        self.info().title
    }

    /// The permission that allows the reading.
    pub fn permission(self) -> &'static str {
        self.info().permission
    }

    /// Whether the reading is made on a node's agent.
    pub fn is_agent(self) -> bool {
        self.info().agent
    }

    /// The command with the object filled in; `about` is `node NAME` for agent readings, `namespace` that of
    /// the agents.
    pub fn command(self, about: &str, namespace: &str) -> String {
        let row = self.info();
        let name = about.split_once(' ').map_or(about, |(_, name)| name);
        let pod = if name.is_empty() {
            "ds/cilium".to_owned()
        } else {
            agent_pod(namespace, name)
        };
        // What kubectl reads by itself is not run in the agent.
        if row.agent && !row.command.starts_with("kubectl ") {
            return format!(
                "kubectl exec -n {namespace} {pod} -c cilium-agent -- {}",
                row.command
            );
        }
        row.command
            .replace("{pod}", &pod)
            .replace("{about}", name)
            .replace("{cilium}", namespace)
    }
}

/// The shell words that name the agent pod of a node.
pub fn agent_pod(namespace: &str, node: &str) -> String {
    format!(
        "$(kubectl get pods -n {namespace} -l k8s-app=cilium --field-selector spec.nodeName={node} -o name)"
    )
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn the_tables_are_in_the_order_of_the_enum() {
        for (index, source) in Source::all().enumerate() {
            assert_eq!(source as usize, index, "{}", source.title());
            assert_eq!(source.info().source, source);
        }
    }

    #[test]
    fn commands_name_the_object() {
        assert_eq!(
            Source::Events.command("shop", "kube-system"),
            "kubectl get events -n shop -o yaml"
        );
        assert!(
            Source::AgentStatus
                .command("node a", "cilium")
                .contains("-n cilium -l k8s-app=cilium --field-selector spec.nodeName=a")
        );
        assert!(
            Source::AgentLog
                .command("", "kube-system")
                .starts_with("kubectl logs -n kube-system ds/cilium")
        );
        assert_eq!(
            Source::OperatorLog.command("", "cilium"),
            "kubectl logs -n cilium deployment/cilium-operator"
        );
    }
}
