//! Whether the API server is reached through a proxy.
//!
//! kube 5.0 compares NO_PROXY with the proxy's own host, so this program decides itself: a proxy of the
//! kubeconfig always counts, one of the environment unless NO_PROXY names the API server.
//! Grammar of NO_PROXY as in Go (golang.org/x/net/http/httpproxy), which kubectl uses.

use http::Uri;
use ipnet::IpNet;
use std::net::IpAddr;

/// The proxy for `server`, by the kubeconfig's `proxy-url` and the environment.
pub(super) fn choose(
    configured: Option<&str>,
    server: &Uri,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let filled = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    if let Some(proxy) = configured.map(str::to_owned).and_then(filled) {
        return Some(proxy);
    }
    let read = |name: &str| {
        let lower = name.to_ascii_lowercase();
        environment(name)
            .and_then(filled)
            .or_else(|| environment(&lower).and_then(filled))
    };
    let secure = server.scheme_str() != Some("http");
    let proxy = read(if secure { "HTTPS_PROXY" } else { "HTTP_PROXY" })?;
    let host = server.host()?.trim_matches(['[', ']']).to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let exempt = excludes(&read("NO_PROXY").unwrap_or_default(), &host, port);
    (!exempt).then_some(proxy)
}

fn excludes(list: &str, host: &str, port: u16) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    // Go never sends these through a proxy.
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    list.split([',', ' '])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            if entry == "*" {
                return true;
            }
            let (name, wanted) = with_port(entry);
            if wanted.is_some_and(|wanted| wanted != port) {
                return false;
            }
            let name = name.trim_matches(['[', ']']).to_ascii_lowercase();
            match address {
                Some(address) => {
                    name.parse::<IpAddr>().is_ok_and(|entry| entry == address)
                        || name
                            .parse::<IpNet>()
                            .is_ok_and(|net| net.contains(&address))
                }
                None => {
                    let name = name.trim_start_matches('*');
                    match name.strip_prefix('.') {
                        Some(suffix) => host
                            .strip_suffix(suffix)
                            .is_some_and(|rest| rest.ends_with('.')),
                        None => {
                            host == name
                                || host
                                    .strip_suffix(name)
                                    .is_some_and(|rest| rest.ends_with('.'))
                        }
                    }
                }
            }
        })
}

fn with_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::choose;

    fn chosen(configured: Option<&str>, no_proxy: &str, server: &str) -> bool {
        let no_proxy = no_proxy.to_owned();
        let environment = move |name: &str| match name {
            "https_proxy" => Some("http://127.0.0.1:3128".to_owned()),
            "NO_PROXY" => Some(no_proxy.clone()),
            _ => None,
        };
        choose(configured, &server.parse().unwrap(), &environment).is_some()
    }

    #[test]
    fn no_proxy_is_compared_with_the_cluster() {
        let eks = "https://ABC.gr7.eu-west-2.eks.amazonaws.com";
        assert!(chosen(None, "", eks));
        assert!(!chosen(None, ".eks.amazonaws.com", eks));
        assert!(!chosen(None, "localhost, eks.amazonaws.com,", eks));
        assert!(!chosen(None, "*", eks));
        assert!(!chosen(
            None,
            "abc.gr7.eu-west-2.eks.amazonaws.com:443",
            eks
        ));
        assert!(chosen(None, "eks.amazonaws.com:8443", eks));
        assert!(chosen(None, "s.amazonaws.com,amazon.com", eks));
        assert!(!chosen(None, "10.0.0.0/8", "https://10.1.2.3:6443"));
        assert!(!chosen(None, "10.1.2.3:6443", "https://10.1.2.3:6443"));
        assert!(chosen(None, "10.1.2.3:443", "https://10.1.2.3:6443"));
        assert!(!chosen(None, "fd00::/8", "https://[fd00::1]:6443"));
        assert!(!chosen(None, "", "https://127.0.0.1:6443"));
    }

    #[test]
    fn the_kubeconfig_wins_over_no_proxy() {
        assert!(chosen(Some("http://proxy:1"), "*", "https://cluster"));
        assert!(!chosen(Some(" "), "*", "https://cluster"));
    }

    #[test]
    fn plain_http_has_its_own_variable() {
        assert!(!chosen(None, "", "http://cluster:8080"));
    }
}
