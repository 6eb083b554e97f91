//! Whether a block of addresses, as AWS writes it, contains an address.

use ipnet::IpNet;
use std::net::IpAddr;

/// A text that is not a block of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a CIDR block such as 10.0.0.0/16")]
pub struct InvalidCidr(pub String);

/// A block of addresses.
///
/// # Errors
/// [`InvalidCidr`] when the text is none.
pub fn parse(cidr: &str) -> Result<IpNet, InvalidCidr> {
    cidr.parse().map_err(|_| InvalidCidr(cidr.to_owned()))
}

/// Whether `cidr` contains `address`; a block of the other address family never does.
///
/// # Errors
/// [`InvalidCidr`] when the text is none.
pub fn contains(cidr: &str, address: IpAddr) -> Result<bool, InvalidCidr> {
    Ok(parse(cidr)?.contains(&address))
}

/// Whether `cidr` stands for every address of its family.
pub fn is_everything(cidr: &str) -> bool {
    parse(cidr).is_ok_and(|block| block.prefix_len() == 0)
}

/// An address as a block of its own: `10.0.0.7/32`.
pub fn host(address: IpAddr) -> String {
    IpNet::from(address).to_string()
}

#[cfg(test)]
mod tests {
    use super::{contains, host, is_everything};

    #[test]
    fn blocks_contain_their_own_family_only() {
        let v4 = "10.80.101.189".parse().unwrap();
        let v6 = "2a05:d01c::5".parse().unwrap();
        let cases = [
            ("10.80.101.0/24", v4, true),
            ("10.80.102.0/24", v4, false),
            ("10.80.101.189/32", v4, true),
            ("0.0.0.0/0", v4, true),
            ("::/0", v4, false),
            ("0.0.0.0/0", v6, false),
            ("2a05:d01c::/56", v6, true),
            ("10.80.101.7/24", v4, true),
        ];
        for (cidr, address, expected) in cases {
            assert_eq!(contains(cidr, address), Ok(expected), "{cidr} {address}");
        }
    }

    #[test]
    fn other_texts_are_errors_and_not_absences() {
        for text in ["", "10.80.0.0", "10.80.0.0/33", "sg-0a1", "10.80/16"] {
            assert!(
                contains(text, "10.80.0.1".parse().unwrap()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn hosts_and_everything() {
        assert_eq!(host("10.0.0.7".parse().unwrap()), "10.0.0.7/32");
        assert!(is_everything("0.0.0.0/0") && is_everything("::/0"));
        assert!(!is_everything("0.0.0.0/1"));
    }
}
