//! `bpf lb list -o json` of a cluster with very many Services.

use std::fmt::Write as _;

/// A list of at least `bytes` bytes: Services with a ClusterIP and a NodePort, ten backends each.
///
/// The last NodePort entry is `10.0.0.1:30866/TCP`, redirected to proxy port 10285.
pub(crate) fn json(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 4096);
    text.push('{');
    let mut number = 0_u32;
    while text.len() < bytes {
        number += 1;
        let [_, a, b, c] = number.to_be_bytes();
        for (key, flags) in [
            (format!("172.{a}.{b}.{c}:80/TCP"), "ClusterIP, non-routable"),
            (
                format!("10.{a}.{b}.{c}:30080/TCP"),
                "NodePort, Local, two-scopes",
            ),
        ] {
            let _ = write!(
                text,
                "\n  \"{key} (0)\": [\n    \"0.0.0.0:0 ({number}) (0) [{flags}] \"\n  ],"
            );
            for slot in 1..=10 {
                let _ = write!(
                    text,
                    "\n  \"{key} ({slot})\": [\n    \"10.244.{b}.{slot}:8080/TCP ({number}) ({slot})\"\n  ],"
                );
            }
        }
    }
    text.push_str(
        "\n  \"10.0.0.1:30866/TCP (0)\": [\n    \"0.0.0.0:0 (7) (0) [NodePort, l7-load-balancer] (L7LB Proxy Port: 10285)\"\n  ]\n}\n",
    );
    text
}
