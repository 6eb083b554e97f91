//! A request, and what the API server reads out of its path.

use super::state::Recorded;

/// One request with its body.
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query as sent.
    pub(super) target: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A request whose body is yet to be read.
    pub(super) fn new(method: &str, target: &str, headers: Vec<(String, String)>) -> Self {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers,
            query: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            body: Vec::new(),
        }
    }

    /// The target without its query.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first header of this lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// The first query parameter of this name.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// All query parameters of this name, as `command` repeats.
    pub(super) fn parameters(&self, name: &str) -> Vec<String> {
        let values = self.query.iter().filter(|(key, _)| key == name);
        values.map(|(_, value)| value.clone()).collect()
    }

    /// Whether the first thing the client accepts is a list of metadata (Kubernetes API concepts, "metadata-only
    /// fetches").
    pub(super) fn wants_metadata_only(&self) -> bool {
        let first = self.header("accept").and_then(|all| all.split(',').next());
        let parts: Vec<&str> = first
            .unwrap_or_default()
            .split(';')
            .map(str::trim)
            .collect();
        ["as=PartialObjectMetadataList", "g=meta.k8s.io", "v=v1"]
            .iter()
            .all(|part| parts.contains(part))
    }

    /// Who asks: the impersonated user, else the one the token belongs to.
    pub(super) fn user(&self) -> &str {
        self.header("impersonate-user").unwrap_or("cluster-double")
    }

    /// What the log keeps.
    pub(super) fn record(&self) -> Recorded {
        let says_who = |name: &str| {
            name == "authorization" || name == "user-agent" || name.starts_with("impersonate-")
        };
        let identity = self.headers.iter().filter(|(name, _)| says_who(name));
        Recorded {
            method: self.method.clone(),
            target: self.target.clone(),
            metadata_only: self.wants_metadata_only(),
            identity: identity.cloned().collect(),
        }
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

/// A path below `/api/v1/` or `/apis/<group>/<version>/` in its parts; absent ones are empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct ResourcePath {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) namespace: String,
    pub(super) resource: String,
    pub(super) name: String,
    pub(super) subresource: String,
}

impl ResourcePath {
    /// Takes a path apart; `None` when it is not below a group and version, or has too many parts.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let mut parts = path.trim_matches('/').split('/').peekable();
        let group = match parts.next()? {
            "api" => "",
            "apis" => parts.next()?,
            _ => return None,
        };
        let version = parts.next()?;
        let mut rest: Vec<&str> = parts.collect();
        let namespace = if rest.len() > 2 && rest[0] == "namespaces" {
            let namespace = rest[1];
            rest.drain(..2);
            namespace
        } else {
            ""
        };
        if rest.len() > 3 {
            return None;
        }
        let part = |index: usize| rest.get(index).copied().unwrap_or_default().to_owned();
        Some(Self {
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: namespace.to_owned(),
            resource: part(0),
            name: part(1),
            subresource: part(2),
        })
    }

    /// `gateways.gateway.networking.k8s.io`, or `services` of the core group.
    pub(super) fn qualified_resource(&self) -> String {
        if self.group.is_empty() {
            self.resource.clone()
        } else {
            format!("{}.{}", self.resource, self.group)
        }
    }
}
