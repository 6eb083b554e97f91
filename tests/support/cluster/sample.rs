//! A small bundle that has one of everything the double serves, for the double's own tests.

use std::path::Path;

use tempfile::TempDir;

/// The Services, a Gateway, and Pods of two nodes; `node-c` has an agent half and no Pod.
const OBJECTS: &str = r#"apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: gateway}}
- {apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
  spec: {type: LoadBalancer, ports: [{name: http, port: 80, nodePort: 31163}]}
- apiVersion: v1
  kind: Service
  metadata: {name: api, namespace: shop, labels: {app: api, tier: back}, annotations: {note: "1.0"}}
  spec: {type: NodePort, ports: [{port: 8080, nodePort: 30866}]}
---
apiVersion: v1
kind: Service
metadata: {name: dns, namespace: kube-system, labels: {app: dns}}
spec: {type: ClusterIP, ports: [{port: 53}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cilium-x7k2p, namespace: kube-system, labels: {k8s-app: cilium}}
spec:
  nodeName: node-a
  containers: [{name: cilium-agent, image: "quay.io/cilium/cilium:v1.18.3"}]
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: cilium-old, namespace: kube-system, labels: {k8s-app: cilium}}
spec:
  nodeName: node-b
  containers: [{name: cilium-agent, image: "quay.io/cilium/cilium:v1.14.10"}]
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web}}
spec: {nodeName: node-a, containers: [{name: web, image: web}]}
status:
  phase: Running
  containerStatuses: [{name: web, state: {waiting: {reason: CrashLoopBackOff}}}]
"#;

const GATEWAY: &str = r#"{
  "apiVersion": "gateway.networking.k8s.io/v1",
  "kind": "Gateway",
  "metadata": {"name": "shared-gateway", "namespace": "gateway"},
  "spec": {"gatewayClassName": "cilium", "listeners": []}
}"#;

/// As `cilium-dbg bpf lb list -o json` prints it, with its trailing spaces.
pub(crate) const BPF_LB_LIST: &str = "{\n  \"10.0.1.10:31163/TCP (0)\": [\n    \"0.0.0.0:0 (7) (0) [NodePort, l7-load-balancer] (L7LB Proxy Port: 10285) \"\n  ]\n}\n";

/// The answer of a health-check node port.
pub(crate) const HEALTH_CHECK: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n\r\n{\"service\":{\"name\":\"web\"},\"localEndpoints\":0}";

/// Large enough for many messages, with characters that a cut in the wrong place would break and
/// without a newline at its end.
pub(crate) fn service_list() -> String {
    (0..20_000)
        .map(|number| format!("{{\"id\":{number},\"note\":\"größer → {number}\"}},"))
        .collect()
}

/// Writes the bundle into a temporary directory.
pub(crate) fn bundle() -> TempDir {
    let directory = TempDir::new().expect("a temporary directory");
    let root = directory.path();
    write(
        root,
        "bundle.yaml",
        "apiVersion: cilium-lb.dev/v1\nkind: Bundle\ncontext: obs-test\n",
    );
    write(root, "kubernetes/objects.yaml", OBJECTS);
    write(root, "kubernetes/gateway/gateways.json", GATEWAY);
    write(root, "cilium/node-a/bpf-lb-list.json", BPF_LB_LIST);
    write(root, "cilium/node-a/service-list.json", &service_list());
    write(
        root,
        "cilium/node-a/db-frontends.json",
        "{\"Address\":\"10.0.1.10:31163/TCP\"}\n",
    );
    write(root, "cilium/node-a/bpf-metrics-list.json", "[1]\n");
    write(root, "cilium/node-a/bpf-metrics-list.2.json", "[2]\n");
    write(root, "cilium/node-a/config-map/enable-envoy-config", "true");
    write(
        root,
        "cilium/node-a/health-check-node-port.30999.txt",
        HEALTH_CHECK,
    );
    write(
        root,
        "cilium/node-a/ip-rule.txt",
        "9:\tfrom all fwmark 0x200/0xf00 lookup 2004\n",
    );
    write(root, "cilium/node-a/agent.log", "first\nsecond\nthird\n");
    write(
        root,
        "cilium/node-b/status.json",
        "{\"cilium\":{\"state\":\"Ok\"}}\n",
    );
    write(
        root,
        "cilium/node-c/status.json",
        "{\"cilium\":{\"state\":\"Failure\"}}\n",
    );
    write(
        root,
        "envoy/node-a/listeners.json",
        "{\"listener_statuses\":[]}\n",
    );
    write(root, "envoy/node-a/config_dump.json", "{\"configs\":[]}\n");
    write(
        root,
        "hubble/node-a/flows.json",
        "{\"flow\":{\"verdict\":\"DROPPED\"}}\n",
    );
    directory
}

fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    let folder = path.parent().expect("a file in a folder");
    std::fs::create_dir_all(folder).expect("a folder of the bundle");
    std::fs::write(path, content).expect("a file of the bundle");
}
