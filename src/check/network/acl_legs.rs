//! The four crossings of network ACLs that a check and its answer make between two subnets.

use super::network_acl::{REPLY_PORTS, Ruling, Slice, evaluate};
use super::ports::Ports;
use crate::check::view::{Located, RegionView};
use crate::model::Gap;
use crate::model::aws::NetworkAcl;
use std::net::IpAddr;

/// A crossing, in the order in which packets make them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leg {
    /// The check leaves the balancer's subnet.
    CheckOut,
    /// The check enters the target's subnet.
    CheckIn,
    /// The answer leaves the target's subnet.
    ReplyOut,
    /// The answer enters the balancer's subnet.
    ReplyIn,
}

/// All crossings.
pub const LEGS: [Leg; 4] = [Leg::CheckOut, Leg::CheckIn, Leg::ReplyOut, Leg::ReplyIn];

impl Leg {
    /// Whether it is decided by outbound entries.
    pub fn egress(self) -> bool {
        matches!(self, Self::CheckOut | Self::ReplyOut)
    }

    /// Whether the ACL is that of the balancer's subnet.
    pub fn at_balancer(self) -> bool {
        matches!(self, Self::CheckOut | Self::ReplyIn)
    }

    /// Whether the answer crosses, whose ports are those the check came from.
    pub fn is_reply(self) -> bool {
        matches!(self, Self::ReplyOut | Self::ReplyIn)
    }

    /// Its ports, for a check that goes to `port`.
    pub fn ports(self, port: u16) -> (u16, u16) {
        if self.is_reply() {
            REPLY_PORTS
        } else {
            (port, port)
        }
    }

    /// `inbound` or `outbound`.
    pub fn adjective(self) -> &'static str {
        if self.egress() { "outbound" } else { "inbound" }
    }

    /// The other end, as the end of a sentence about the ACL.
    pub fn peer(self) -> &'static str {
        match self {
            Self::CheckOut => "to the targets",
            Self::CheckIn => "from the load balancer",
            Self::ReplyOut => "to the load balancer",
            Self::ReplyIn => "from the targets",
        }
    }
}

/// The two ends as network ACLs see them.
#[derive(Debug, Clone, Copy)]
pub struct Between<'a> {
    /// Subnet of the balancer's node.
    pub balancer_subnet: &'a str,
    /// Address of the balancer's node.
    pub balancer: IpAddr,
    /// Subnet of the target.
    pub target_subnet: &'a str,
    /// Address of the target.
    pub target: IpAddr,
}

/// A crossing where something is denied.
#[derive(Debug, Clone)]
pub struct Closed<'a> {
    /// The crossing.
    pub leg: Leg,
    /// The ACL.
    pub acl: Located<'a, NetworkAcl>,
    /// The two ends.
    pub between: Between<'a>,
    /// What it says to every port.
    pub ruling: Ruling,
    /// The rule that denies.
    pub by: Slice,
    /// The ports that pass this crossing and the others of its kind; none when nothing gets through.
    pub passing: Ports,
}

impl<'a> Between<'a> {
    /// What the ACL of a crossing says.
    ///
    /// # Errors
    /// A gap when it was not read.
    pub fn ruling(
        &self,
        region: &RegionView<'_, 'a>,
        leg: Leg,
        port: u16,
    ) -> Result<(Located<'a, NetworkAcl>, Ruling), Gap> {
        let (subnet, peer) = if leg.at_balancer() {
            (self.balancer_subnet, self.target)
        } else {
            (self.target_subnet, self.balancer)
        };
        let acl = region.network_acl(subnet)?;
        let ruling = evaluate(acl.value, leg.egress(), peer, leg.ports(port))?;
        Ok((acl, ruling))
    }

    /// The first crossing that stops every check; else the one that stops most answers, if any
    /// stops some. Both ends are in different subnets: inside one, no ACL applies.
    ///
    /// An answer goes to one port on both of its crossings, so only ports that pass both count.
    ///
    /// # Errors
    /// A gap when none is proven closed and the ACL of one was not read.
    pub fn closed(
        &self,
        region: &RegionView<'_, 'a>,
        port: u16,
    ) -> Result<Option<Closed<'a>>, Gap> {
        let mut passing = Ports::range(REPLY_PORTS.0, REPLY_PORTS.1);
        let mut narrowest: Option<Closed<'a>> = None;
        let mut gap = None;
        for leg in LEGS {
            let (acl, ruling) = match self.ruling(region, leg, port) {
                Ok(found) => found,
                Err(missing) => {
                    gap.get_or_insert(missing);
                    continue;
                }
            };
            let Some(by) = ruling.denying().cloned() else {
                continue;
            };
            let allowed = ruling.allowed();
            let closed = Closed {
                leg,
                between: *self,
                acl,
                passing: allowed.clone(),
                ruling,
                by,
            };
            if allowed.is_empty() {
                return Ok(Some(closed));
            }
            passing = passing.common(&allowed);
            let narrower = |other: &Closed<'_>| allowed.count() < other.ruling.allowed_count();
            if narrowest.as_ref().is_none_or(narrower) {
                narrowest = Some(closed);
            }
        }
        match gap {
            Some(gap) => Err(gap),
            None => Ok(narrowest.map(|closed| Closed { passing, ..closed })),
        }
    }
}
