//! Whether a process of the host listens where a NodePort should be.

use super::probe::{Entry, Probe};
use crate::check::View;
use std::net::{IpAddr, SocketAddr};

/// The socket that takes connections to `address:port`: bound to it, or to every address.
pub fn socket(listeners: &[SocketAddr], address: IpAddr, port: u16) -> Option<SocketAddr> {
    listeners
        .iter()
        .filter(|socket| socket.port() == port)
        .find(|socket| match (socket.ip(), address) {
            // Linux serves IPv4 on a socket of [::] as well, unless it is told not to.
            (IpAddr::V6(ip), _) if ip.is_unspecified() => true,
            (IpAddr::V6(ip), IpAddr::V4(address)) => ip.to_ipv4_mapped() == Some(address),
            (ip, address) => {
                ip == address || (ip.is_unspecified() && ip.is_ipv4() == address.is_ipv4())
            }
        })
        .copied()
}

/// Whether a process listens on the probe's port of the target's address; false where the sockets were not read,
/// as NodePorts are normally free.
pub fn listens(view: &View<'_>, found: &Entry<'_, '_>, probe: Probe) -> bool {
    view.agent(found.node)
        .listeners()
        .is_ok_and(|sockets| socket(sockets, found.address, probe.node_port).is_some())
}

#[cfg(test)]
mod tests {
    use super::socket;

    #[test]
    fn bound_to_the_address_or_to_all() {
        let address = "10.0.0.1".parse().unwrap();
        let cases = [
            ("0.0.0.0:31080", true),
            ("[::]:31080", true),
            ("10.0.0.1:31080", true),
            ("[::ffff:10.0.0.1]:31080", true),
            ("127.0.0.1:31080", false),
            ("10.0.0.2:31080", false),
            ("0.0.0.0:31081", false),
        ];
        for (text, wanted) in cases {
            let listeners = [text.parse().unwrap()];
            assert_eq!(
                socket(&listeners, address, 31080).is_some(),
                wanted,
                "{text}"
            );
        }
    }
}
