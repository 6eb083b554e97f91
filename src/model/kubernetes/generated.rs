//! The names that Cilium's operator gives to what it makes.

use sha2::{Digest, Sha256};

/// The Service of all Ingresses in shared mode, which the chart creates in Cilium's namespace.
pub const SHARED_INGRESS: &str = "cilium-ingress";
/// Longest name of a Service.
const MAX: usize = 63;
/// How much of a longer one is kept.
const KEPT: usize = 52;

/// A name as the operator shortens it: 52 characters, a dash and ten characters of a hash where it has more than 63.
///
/// The hash is the start of the SHA-256 in hexadecimal, with the digits replaced that could spell words
/// (pkg/shortener, and operator/pkg/model/translation/gateway-api/translator.go before). Up to 1.19 only the
/// Service's name is shortened, the CiliumEnvoyConfig keeps the long one.
pub fn shortened(name: &str) -> String {
    if name.len() <= MAX {
        return name.to_owned();
    }
    let hash: String = Sha256::digest(name.as_bytes())
        .iter()
        .take(5)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let encoded: String = hash
        .chars()
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect();
    let kept: String = name.chars().take(KEPT).collect();
    format!("{kept}-{encoded}")
}

/// The Service of a Gateway or of an Ingress in dedicated mode; `kind` is `Gateway` or `Ingress`.
pub fn service_name(kind: &str, name: &str) -> String {
    shortened(&format!("cilium-{}-{name}", kind.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{service_name, shortened};

    #[test]
    fn only_long_names_are_shortened() {
        assert_eq!(service_name("Gateway", "g"), "cilium-gateway-g");
        let longest = "a".repeat(48);
        assert_eq!(
            service_name("Gateway", &longest),
            format!("cilium-gateway-{longest}")
        );
        // The vector of operator/pkg/gateway-api/testdata and of translator_test.go.
        let long = format!("test{}-name", "-long".repeat(12));
        assert_eq!(
            service_name("Gateway", &long),
            "cilium-gateway-test-long-long-long-long-long-long-lo-8tfth549c6"
        );
        assert_eq!(
            shortened(&long),
            "test-long-long-long-long-long-long-long-long-long-lo-4bftbgh5ht"
        );
    }
}
