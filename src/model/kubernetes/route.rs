//! gateway.networking.k8s.io: what stands behind a listener, and who may refer across namespaces.

use super::meta::{Condition, Meta, Object, null_as_default, object};
use serde::Deserialize;

/// An HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Route {
    /// Which of the route kinds.
    pub kind: String,
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: RouteSpec,
    /// Status.
    pub status: RouteStatus,
}

impl Object for Route {
    const KIND: &'static str = "Route";

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    /// Routes of several kinds share a collection, so the kind is part of the key.
    fn key(&self) -> String {
        format!("{}/{}", self.kind, self.metadata.name)
    }

    fn id(&self) -> String {
        format!(
            "{}/{}/{}",
            self.kind, self.metadata.namespace, self.metadata.name
        )
    }
}

/// The spec of a route.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteSpec {
    /// Gateways the route wants to attach to.
    #[serde(deserialize_with = "null_as_default")]
    pub parent_refs: Vec<ParentRef>,
    /// Host names.
    #[serde(deserialize_with = "null_as_default")]
    pub hostnames: Vec<String>,
    /// Rules; only what they lead to is read.
    #[serde(deserialize_with = "null_as_default")]
    pub rules: Vec<RouteRule>,
}

/// A rule of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteRule {
    /// What stands behind it.
    #[serde(deserialize_with = "null_as_default")]
    pub backend_refs: Vec<BackendRef>,
}

/// A backend of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BackendRef {
    /// API group; the core group when absent or empty.
    pub group: Option<String>,
    /// `Service` when absent.
    pub kind: Option<String>,
    /// Namespace; the route's own when absent.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// Port; Services need one.
    pub port: Option<u16>,
    /// Share of the requests; 1 when absent, none when 0.
    pub weight: Option<u32>,
}

impl BackendRef {
    /// Whether it names a Service that is to get requests.
    pub fn is_used_service(&self) -> bool {
        self.group.as_deref().unwrap_or_default().is_empty()
            && self.kind.as_deref().unwrap_or("Service") == "Service"
            && self.weight != Some(0)
    }
}

/// A parent of a route.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentRef {
    /// `Gateway` when absent.
    pub kind: Option<String>,
    /// Namespace; the route's own when absent.
    pub namespace: Option<String>,
    /// Name of the Gateway.
    pub name: String,
    /// Listener name; all listeners when absent.
    pub section_name: Option<String>,
    /// Listener port; all ports when absent.
    pub port: Option<u16>,
}

/// The status of a route.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RouteStatus {
    /// One entry per parent and controller.
    #[serde(deserialize_with = "null_as_default")]
    pub parents: Vec<RouteParentStatus>,
}

/// What one controller says of a route at one parent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteParentStatus {
    /// The parent.
    pub parent_ref: ParentRef,
    /// Who says it.
    pub controller_name: String,
    /// `Accepted`, `ResolvedRefs`.
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<Condition>,
}

impl Route {
    /// Whether a reference of this route means the Gateway.
    pub fn means(&self, parent: &ParentRef, namespace: &str, gateway: &str) -> bool {
        parent.kind.as_deref().unwrap_or("Gateway") == "Gateway"
            && parent.name == gateway
            && parent
                .namespace
                .as_deref()
                .unwrap_or(&self.metadata.namespace)
                == namespace
    }

    /// Whether the route asks for the Gateway.
    pub fn wants(&self, namespace: &str, gateway: &str) -> bool {
        let mut parents = self.spec.parent_refs.iter();
        parents.any(|parent| self.means(parent, namespace, gateway))
    }
}

/// A ReferenceGrant: lets objects of other namespaces refer to objects of its own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReferenceGrant {
    /// Metadata; its namespace is the one that is opened.
    pub metadata: Meta,
    /// Spec.
    pub spec: ReferenceGrantSpec,
}
object!(ReferenceGrant, "ReferenceGrant");

/// The spec of a ReferenceGrant.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReferenceGrantSpec {
    /// Who may refer.
    #[serde(deserialize_with = "null_as_default")]
    pub from: Vec<GrantFrom>,
    /// To what.
    #[serde(deserialize_with = "null_as_default")]
    pub to: Vec<GrantTo>,
}

/// A kind of object in one namespace that may refer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GrantFrom {
    /// API group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
}

/// A kind of object, or one object, that may be referred to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GrantTo {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Name; every object of the kind when absent.
    pub name: Option<String>,
}

impl ReferenceGrant {
    /// Whether Gateways of `namespace` may name the Secret `name` of the grant's own namespace.
    pub fn lets_gateways_use(&self, namespace: &str, name: &str) -> bool {
        let from = self.spec.from.iter().any(|from| {
            from.group == "gateway.networking.k8s.io"
                && from.kind == "Gateway"
                && from.namespace == namespace
        });
        let to = self.spec.to.iter().any(|to| {
            to.group.is_empty()
                && to.kind == "Secret"
                && to.name.as_deref().is_none_or(|granted| granted == name)
        });
        from && to
    }
}

#[cfg(test)]
mod tests {
    use super::{GrantFrom, GrantTo, ParentRef, ReferenceGrant, Route};

    #[test]
    fn grants_name_the_kind_the_namespace_and_perhaps_the_object() {
        let mut grant = ReferenceGrant::default();
        grant.spec.from = vec![GrantFrom {
            group: "gateway.networking.k8s.io".to_owned(),
            kind: "Gateway".to_owned(),
            namespace: "gateway".to_owned(),
        }];
        grant.spec.to = vec![GrantTo {
            kind: "Secret".to_owned(),
            ..GrantTo::default()
        }];
        assert!(grant.lets_gateways_use("gateway", "a"));
        assert!(!grant.lets_gateways_use("other", "a"));
        grant.spec.to[0].name = Some("b".to_owned());
        assert!(!grant.lets_gateways_use("gateway", "a"));
        assert!(grant.lets_gateways_use("gateway", "b"));
    }

    #[test]
    fn a_parent_without_namespace_is_in_the_routes_own() {
        let mut route = Route::default();
        route.metadata.namespace = "shop".to_owned();
        route.spec.parent_refs = vec![ParentRef {
            name: "g".to_owned(),
            ..ParentRef::default()
        }];
        assert!(route.wants("shop", "g"));
        assert!(!route.wants("gateway", "g"));
        route.spec.parent_refs[0].kind = Some("Service".to_owned());
        assert!(!route.wants("shop", "g"));
    }
}
