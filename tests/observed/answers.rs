//! Reads `observed.txt`: what a client in the balancer's place met on each NodePort and health-check node port.
//!
//! ```text
//! apps/noeps eTP=Cluster port=80 nodePort=30086: 10.0.1.10:30086 connect ECONNREFUSED Connection refused [0ms]
//!    LB 10.0.1.212:80 connect TIMEOUT [3003ms]
//!    healthCheckNodePort 31081 HTTP/1.1 200 OK|Content-Type: …|Content-Length: 70||{"service":…,"localEndpoints":1}
//! ```

/// One port and what happened there.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Namespace and name of the Service.
    pub(crate) service: (String, String),
    /// The NodePort, or the health-check node port.
    pub(crate) port: u16,
    /// The Service port of a NodePort; 0 for a health-check node port.
    pub(crate) service_port: u16,
    /// What the client met.
    pub(crate) met: Met,
}

/// What a client meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Met {
    /// The TCP connection was accepted.
    Accepted,
    /// It was refused.
    Refused,
    /// Nothing came back.
    TimedOut,
    /// A health-check node port answered: the lines of the answer.
    Answered(Vec<String>),
    /// A datagram: a health check is TCP, so this is no answer to one.
    Datagram,
}

impl Met {
    /// Whether a health check of an NLB would pass: TCP by connecting, HTTP by a status of 200 to 399.
    pub(crate) fn passes(&self) -> Option<bool> {
        match self {
            Self::Accepted => Some(true),
            Self::Refused | Self::TimedOut => Some(false),
            Self::Answered(lines) => Some(lines[0].starts_with("HTTP/1.1 200")),
            Self::Datagram => None,
        }
    }

    /// One word for the table.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Accepted => "accepted".to_owned(),
            Self::Refused => "refused".to_owned(),
            Self::TimedOut => "timed out".to_owned(),
            Self::Answered(lines) => lines[0].clone(),
            Self::Datagram => "datagram".to_owned(),
        }
    }
}

/// All answers of a capture, in the order of the file. A line of an unknown form is a defect of the test.
pub(crate) fn read(text: &str) -> Vec<Answer> {
    let mut all: Vec<Answer> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("   healthCheckNodePort ") {
            let (port, said) = rest.split_once(' ').unwrap_or((rest, ""));
            let service = all.last().unwrap().service.clone();
            all.push(Answer {
                service,
                port: port.parse().unwrap(),
                service_port: 0,
                // The probe that met a closed port printed nothing.
                met: if said.is_empty() {
                    Met::Refused
                } else {
                    Met::Answered(said.split('|').map(str::to_owned).collect())
                },
            });
        } else if !line.starts_with("   LB ") {
            all.extend(node_port(line));
        }
    }
    all
}

/// A NodePort; none where the Service has no NodePort.
fn node_port(line: &str) -> Option<Answer> {
    let mut words = line.split(' ');
    let (namespace, name) = words.next().unwrap().split_once('/').unwrap();
    let number = |key: &str| -> u16 {
        let value = line.split_once(key).unwrap().1;
        let end = value.find([' ', ':']).unwrap();
        value[..end].parse().unwrap()
    };
    let port = number("nodePort=");
    if port == 0 {
        return None;
    }
    let met = [
        (" ACCEPTED ", Met::Accepted),
        (" ECONNREFUSED ", Met::Refused),
        (" TIMEOUT ", Met::TimedOut),
        (" UDP REPLY ", Met::Datagram),
    ]
    .into_iter()
    .find(|(word, _)| line.contains(word))
    .unwrap_or_else(|| panic!("{line}"))
    .1;
    Some(Answer {
        service: (namespace.to_owned(), name.to_owned()),
        port,
        service_port: number(" port="),
        met,
    })
}
