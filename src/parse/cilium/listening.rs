//! `/proc/net/tcp` and `/proc/net/tcp6`: on which addresses and ports processes of the host listen.
//!
//! Lines such as `0: 0100007F:1F90 00000000:0000 0A …`: addresses are words in the byte order of the
//! machine, which is little endian on every EC2 instance type, and state `0A` is LISTEN
//! (kernel Documentation/networking/proc_net_tcp.rst).

use crate::parse::{ParseError, text};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// LISTEN.
const LISTEN: &str = "0A";

/// Reads the listening sockets, sorted, each once. Connections in other states are passed over.
pub(super) fn sockets(text: &str) -> Result<Vec<SocketAddr>, ParseError> {
    let text = text::filled(text)?;
    if !text.lines().any(|line| line.contains("local_address")) {
        return Err(ParseError::first_line(
            text,
            "no line `sl local_address …`: not /proc/net/tcp",
        ));
    }
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        let Some(slot) = words.next() else { continue };
        if !slot.ends_with(':') {
            continue;
        }
        let (local, state) = (words.next().unwrap_or_default(), words.nth(1));
        if state != Some(LISTEN) {
            continue;
        }
        let socket = socket(local)
            .ok_or_else(|| ParseError::at(index + 1, line, "a socket without an address"))?;
        found.push(socket);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// `0100007F:1F90`.
fn socket(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let words: Vec<[u8; 4]> = (0..address.len())
        .step_by(8)
        .map(|at| {
            let word = u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?;
            Some(word.to_le_bytes())
        })
        .collect::<Option<_>>()?;
    let ip = match words.as_slice() {
        [word] => IpAddr::from(Ipv4Addr::from(*word)),
        [_, _, _, _] => {
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            IpAddr::from(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::sockets;

    const HEADER: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    #[test]
    fn listening_sockets_of_both_families() {
        let text = format!(
            "{HEADER}   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24 1\n\
             \x20  1: 0A01140A:7968 0A01140A:0050 01 00000000:00000000 00:00000000 00000000     0        0 25 1\n\
             {HEADER}   0: 00000000000000000000000000000000:7968 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 26 1\n\
             \x20  1: 0000000000000000FFFF00000100007F:0016 00000000000000000000000000000000:0000 0A 0 0 0 0 0 27\n"
        );
        let found: Vec<String> = sockets(&text)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            ["127.0.0.1:8080", "[::]:31080", "[::ffff:127.0.0.1]:22"]
        );
    }

    #[test]
    fn what_is_no_table() {
        assert!(sockets("").is_err());
        assert!(sockets("cat: /proc/net/tcp: Permission denied").is_err());
        assert!(sockets(HEADER).unwrap().is_empty());
        assert_eq!(
            sockets(&format!("{HEADER}   0: 01:1F90 0:0 0A\n"))
                .unwrap_err()
                .line,
            Some(2)
        );
    }
}
