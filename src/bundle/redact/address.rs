//! Stand-ins of addresses that keep what routes, rules and subnets decide by.
//!
//! The first bits that two addresses share are shared by their stand-ins as
//! well, and no more (the construction of Crypto-PAn, Xu et al. 2002). A subnet
//! therefore holds the stand-ins of what it held, and the longest prefix stays
//! the longest. Blocks with a meaning of their own stay blocks, so a private
//! address has a private stand-in; the ones that are the same everywhere stay.

use super::key::Key;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses with a meaning: its first address and its length.
type Block = (IpAddr, u8);

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Block {
    (IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length)
}

const fn v6(a: u16, b: u16, c: u16, last: u16, length: u8) -> Block {
    (IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, last)), length)
}

/// Addresses that are the same on every network and say nothing about one.
const SAME: &[Block] = &[
    v4(0, 0, 0, 0, 8),
    v4(127, 0, 0, 0, 8),
    // Instance metadata, the resolver and the node-local cache.
    v4(169, 254, 0, 0, 16),
    // Cilium's placeholder endpoint.
    v4(192, 192, 192, 192, 32),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
    v6(0, 0, 0, 0, 127),
    // Instance metadata and the resolver of AWS.
    v6(0xfd00, 0x0ec2, 0, 0, 32),
    v6(0xff00, 0, 0, 0, 8),
];

/// Blocks whose addresses get stand-ins out of the same block.
const BLOCKS: &[Block] = &[
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 2, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    (IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0)), 96),
    v6(0x0064, 0xff9b, 0, 0, 96),
    v6(0x2001, 0x0db8, 0, 0, 32),
    v6(0x2000, 0, 0, 0, 3),
    v6(0xfc00, 0, 0, 0, 8),
    v6(0xfd00, 0, 0, 0, 8),
    v6(0xfe80, 0, 0, 0, 10),
    v6(0xfe80, 0, 0, 0, 64),
];

/// The bits of an address, left-aligned, and how many there are.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(ip) => (u128::from(u32::from(ip)) << 96, 32),
        IpAddr::V6(ip) => (u128::from(ip), 128),
    }
}

/// The first `length` bits.
fn head(bits: u128, length: u8) -> u128 {
    match 128_u32.checked_sub(u32::from(length)) {
        Some(128) => 0,
        Some(rest) => bits >> rest << rest,
        None => bits,
    }
}

fn contains(block: Block, address: IpAddr) -> bool {
    let ((first, width), (found, of)) = (bits(block.0), bits(address));
    width == of && head(found, block.1) == first
}

/// Stand-ins of addresses under one key.
#[derive(Debug)]
pub(super) struct Addresses {
    key: Key,
    known: HashMap<IpAddr, IpAddr>,
}

impl Addresses {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            known: HashMap::new(),
        }
    }

    /// The stand-in of an address.
    pub(super) fn of(&mut self, address: IpAddr) -> IpAddr {
        if let Some(known) = self.known.get(&address) {
            return *known;
        }
        let made = self.make(address);
        self.known.insert(address, made);
        made
    }

    /// The stand-in of a subnet, whose bits behind `length` stay zero if they are.
    pub(super) fn subnet(&mut self, address: IpAddr, length: u8) -> IpAddr {
        let (given, width) = bits(address);
        if length > width || head(given, length) != given {
            return self.of(address);
        }
        from_bits(head(bits(self.of(address)).0, length), address)
    }

    fn make(&self, address: IpAddr) -> IpAddr {
        if let IpAddr::V6(ip) = address
            && let Some(inner) = ip.to_ipv4_mapped()
        {
            return match self.make(IpAddr::V4(inner)) {
                IpAddr::V4(inner) => IpAddr::V6(inner.to_ipv6_mapped()),
                other => other,
            };
        }
        if SAME.iter().any(|block| contains(*block, address)) {
            return address;
        }
        let (given, width) = bits(address);
        let mut made = given;
        let mut first = true;
        let mut flips = [0; 32];
        for depth in 0..width {
            // One hash decides for the whole tree of the next eight bits.
            if depth % 8 == 0 {
                let mut input = vec![width, depth];
                input.extend_from_slice(&head(given, depth).to_be_bytes());
                flips = self.key.bits("address", &input);
            }
            if is_fixed(given, width, depth) {
                continue;
            }
            let within = head(given, depth) << (depth / 8 * 8) >> 120;
            let node =
                (1_usize << (depth % 8)) | usize::try_from(within >> (8 - depth % 8)).unwrap_or(0);
            let random = flips.get(node / 8).copied().unwrap_or(0) >> (node % 8) & 1 == 1;
            // The first free bit always changes, so that no address is its own stand-in.
            if first || random {
                made ^= 1 << (127 - depth);
            }
            first = false;
        }
        from_bits(made, address)
    }
}

/// Whether the bit behind the first `depth` bits leads to a block that has to stay where it is.
fn is_fixed(given: u128, width: u8, depth: u8) -> bool {
    let prefix = head(given, depth);
    SAME.iter().chain(BLOCKS).any(|(first, length)| {
        let (first, of) = bits(*first);
        of == width && *length > depth && head(first, depth) == prefix
    })
}

fn from_bits(bits: u128, like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(bits >> 96).unwrap_or(0))),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(bits)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Addresses, BLOCKS, Key, SAME, bits, contains};
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    fn addresses() -> Addresses {
        Addresses::new(Key::from([3; 32]))
    }

    fn shared(a: IpAddr, b: IpAddr) -> u32 {
        (bits(a).0 ^ bits(b).0).leading_zeros()
    }

    fn any_v4() -> impl Strategy<Value = IpAddr> {
        let near = (
            prop::sample::select(vec![10_u8, 100, 172, 192, 169, 127, 203, 52]),
            any::<[u8; 3]>(),
        )
            .prop_map(|(a, [b, c, d])| IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
        prop_oneof![any::<u32>().prop_map(|n| IpAddr::V4(n.into())), near]
    }

    fn any_v6() -> impl Strategy<Value = IpAddr> {
        let near = (
            prop::sample::select(vec![0xfd00_u16, 0x2001, 0xfe80, 0x64]),
            any::<u64>(),
        )
            .prop_map(|(a, n)| IpAddr::V6(Ipv6Addr::from(u128::from(a) << 112 | u128::from(n))));
        prop_oneof![any::<u128>().prop_map(|n| IpAddr::V6(n.into())), near]
    }

    proptest! {
        #[test]
        fn shared_prefixes_stay_as_long_as_they_are(pair in prop_oneof![(any_v4(), any_v4()), (any_v6(), any_v6())]) {
            let (a, b) = pair;
            prop_assume!(!matches!(a, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some()));
            prop_assume!(!matches!(b, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some()));
            let mut all = addresses();
            let (x, y) = (all.of(a), all.of(b));
            // Addresses that stay themselves cannot be reached from outside of their block either.
            prop_assert_eq!(shared(a, b), shared(x, y), "{} {} became {} {}", a, b, x, y);
        }

        #[test]
        fn blocks_keep_their_addresses(address in prop_oneof![any_v4(), any_v6()]) {
            let made = addresses().of(address);
            for block in BLOCKS.iter().chain(SAME) {
                prop_assert_eq!(contains(*block, address), contains(*block, made), "{} became {}", address, made);
            }
            let mapped = matches!(address, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some());
            let stays = mapped || SAME.iter().any(|block| contains(*block, address));
            prop_assert!(stays || made != address, "{} is its own stand-in", address);
        }
    }

    #[test]
    fn what_is_the_same_everywhere_stays() {
        for text in [
            "0.0.0.0",
            "127.0.0.1",
            "169.254.169.254",
            "192.192.192.192",
            "255.255.255.0",
            "::",
            "::1",
            "fd00:ec2::254",
            "ff02::2",
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(addresses().of(address), address);
        }
    }

    #[test]
    fn subnets_hold_their_addresses() {
        let mut all = addresses();
        let subnet = all.subnet("10.80.1.0".parse().unwrap(), 24);
        let inside = all.of("10.80.1.24".parse().unwrap());
        assert_eq!(bits(subnet).0 << 24, 0, "{subnet}");
        assert!(contains((subnet, 24), inside) && subnet.to_string().starts_with("10."));
        assert_eq!(
            all.subnet("0.0.0.0".parse().unwrap(), 0).to_string(),
            "0.0.0.0"
        );
        // An interface's address with the length of its subnet stays an address.
        let own = all.subnet("10.80.1.24".parse().unwrap(), 24);
        assert_eq!(own, inside);
    }
}
