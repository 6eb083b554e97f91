//! Hubble flows: a witness, never a proof of absence.

/// A flow that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// RFC 3339.
    pub time: String,
    /// `FORWARDED`, `DROPPED`, …
    pub verdict: String,
    /// `POLICY_DENIED`, … for dropped flows.
    pub drop_reason: Option<String>,
    /// Source address.
    pub source: String,
    /// Destination address.
    pub destination: String,
    /// Source port.
    pub source_port: Option<u16>,
    /// Destination port.
    pub destination_port: Option<u16>,
    /// Whether it is the answer that accepts a TCP connection: SYN and ACK.
    pub accepts: bool,
}
