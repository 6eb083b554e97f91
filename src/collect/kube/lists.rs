//! Lists in pages, stored as the API server gave them.

use super::client::Kube;
use super::documents;
use super::failure::{Failure, Kind as FailureKind};
use super::kinds::Kind;
use serde_json::Value;

/// Objects of one page; kubectl's own default.
const PAGE: usize = 500;
/// Largest page in bytes.
const PAGE_BYTES: usize = 64 << 20;
/// Most pages of one list: 100,000 objects.
const PAGES: usize = 200;

/// What is listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::collect) enum Filter {
    /// Everything.
    All,
    /// By label, as far as the kind is read at all: the result counts as the complete list.
    Whole(&'static str),
    /// A part, which has a name of its own in the bundle.
    Part {
        /// Its name in the bundle.
        name: String,
        /// `labelSelector` or `fieldSelector`.
        parameter: &'static str,
        /// The selector.
        selector: String,
    },
}

/// One list to be read.
#[derive(Debug, Clone)]
pub(in crate::collect) struct List {
    /// Kind.
    pub(in crate::collect) kind: &'static Kind,
    /// Namespace; everywhere when absent.
    pub(in crate::collect) namespace: Option<String>,
    /// Which objects.
    pub(in crate::collect) filter: Filter,
}

/// A page with the document it is kept in.
pub(in crate::collect) struct Page {
    /// Path in the bundle.
    pub(in crate::collect) document: String,
    /// The objects, pruned.
    pub(in crate::collect) items: Vec<Value>,
}

/// How a list ended.
pub(super) struct Listed {
    pages: Vec<Value>,
    failure: Option<Failure>,
}

impl List {
    /// Everything of a kind.
    pub(in crate::collect) fn all(kind: &'static Kind, namespace: Option<&str>) -> Self {
        Self {
            kind,
            namespace: namespace.map(str::to_owned),
            filter: Filter::All,
        }
    }

    /// What tells two lists apart, and what progress calls this one.
    pub(in crate::collect) fn name(&self) -> String {
        let namespace = self.namespace.as_deref();
        let path = match &self.filter {
            Filter::Part { name, .. } => documents::part(self.kind, namespace, name),
            Filter::All | Filter::Whole(_) => documents::page(self.kind, namespace, 1),
        };
        path.trim_end_matches(".json").to_owned()
    }

    fn target(&self, version: &str, next: Option<&str>) -> String {
        let mut target = self.kind.path(version, self.namespace.as_deref());
        target.push_str(&format!("?limit={PAGE}"));
        match &self.filter {
            Filter::All => {}
            Filter::Whole(labels) => {
                target.push_str(&format!("&labelSelector={}", encode(labels)));
            }
            Filter::Part {
                parameter,
                selector,
                ..
            } => target.push_str(&format!("&{parameter}={}", encode(selector))),
        }
        if let Some(next) = next {
            target.push_str(&format!("&continue={}", encode(next)));
        }
        target
    }
}

impl Kube<'_> {
    /// Reads a list into the notebook and returns its pages for whoever plans what comes next.
    pub(in crate::collect) async fn list(&self, list: &List) -> Vec<Page> {
        let name = list.name();
        self.notebook.expect(&name, list.kind.source());
        let listed = self.pages(list).await;
        if let Some(failure) = &listed.failure {
            let reason = match listed.pages.len() {
                0 => failure.reason.clone(),
                read => format!("{} (after {read} pages of {PAGE})", failure.reason),
            };
            self.notebook.gap(list.kind.source(), reason);
        }
        let mut pages = Vec::new();
        for (index, mut value) in listed.pages.into_iter().enumerate() {
            let document = match &list.filter {
                Filter::Part { .. } => format!("{name}.json"),
                _ => documents::page(list.kind, list.namespace.as_deref(), index + 1),
            };
            if !matches!(list.filter, Filter::Part { .. }) {
                // A list that broke off announces a page that is not there, so it proves nothing.
                self.notebook.document(&document, documents::bytes(&value));
            }
            let items = match value.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            };
            pages.push(Page { document, items });
        }
        if let Filter::Part { .. } = list.filter {
            self.stream(list, &format!("{name}.json"), &pages);
        }
        self.notebook.settle(&name);
        pages
    }

    /// Keeps a part of a list as single objects, which nobody can take for the whole list.
    fn stream(&self, list: &List, document: &str, pages: &[Page]) {
        let version = list.kind.versions.first().copied().unwrap_or("v1");
        let mut bytes = Vec::new();
        for item in pages.iter().flat_map(|page| &page.items) {
            let object = documents::whole(list.kind, version, item);
            bytes.extend(documents::bytes(&object));
        }
        if !bytes.is_empty() {
            self.notebook.document(document, bytes);
        }
    }

    async fn pages(&self, list: &List) -> Listed {
        let listed = self.versions(list).await;
        match &listed.failure {
            // The snapshot behind the pages was compacted away: once more from the beginning.
            Some(failure) if failure.kind == FailureKind::Gone => self.versions(list).await,
            _ => listed,
        }
    }

    async fn versions(&self, list: &List) -> Listed {
        for version in list.kind.versions {
            let listed = self.one_version(list, version).await;
            let unknown = listed.pages.is_empty()
                && listed
                    .failure
                    .as_ref()
                    .is_some_and(|f| f.kind == FailureKind::NotFound);
            if !unknown {
                return listed;
            }
        }
        // No version is served, so there is no such kind. (Without rights the answer is 403.)
        Listed {
            pages: vec![documents::empty_list(list.kind)],
            failure: None,
        }
    }

    async fn one_version(&self, list: &List, version: &str) -> Listed {
        let call = format!("list {}", list.kind.plural);
        let mut pages = Vec::new();
        let mut next: Option<String> = None;
        let failure = loop {
            if pages.len() == PAGES {
                let most = PAGES * PAGE;
                break Some(Failure::other(format!(
                    "TooLarge: more than {most} objects"
                )));
            }
            let target = list.target(version, next.as_deref());
            let page = match self.get(&target, &call, PAGE_BYTES).await {
                Ok(bytes) => parse(&bytes),
                Err(failure) => Err(failure),
            };
            let page = match page {
                Ok(page) => page,
                Err(failure) => break Some(failure),
            };
            let token = page.pointer("/metadata/continue").and_then(Value::as_str);
            next = token.filter(|token| !token.is_empty()).map(str::to_owned);
            pages.push(page);
            if next.is_none() {
                break None;
            }
        };
        Listed { pages, failure }
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Failure> {
    let mut page: Value = serde_json::from_slice(bytes)
        .map_err(|error| Failure::other(format!("Unreadable: the answer is no JSON: {error}")))?;
    let Some(Value::Array(items)) = page.get_mut("items") else {
        return match page.get("items") {
            // An empty list of older servers.
            Some(Value::Null) => Ok(page),
            _ => Err(Failure::other("Unreadable: the answer is no list")),
        };
    };
    items.iter_mut().for_each(documents::prune);
    Ok(page)
}

/// Percent-encodes everything that a query value cannot hold as it is (RFC 3986, unreserved).
pub(super) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Filter, List, encode, parse};
    use crate::collect::kube::kinds::{EVENTS, PODS, SERVICES};

    #[test]
    fn targets_and_documents() {
        let services = List::all(&SERVICES, Some("web"));
        assert_eq!(
            services.target("v1", None),
            "/api/v1/namespaces/web/services?limit=500"
        );
        assert_eq!(
            services.target("v1", Some("a=")),
            "/api/v1/namespaces/web/services?limit=500&continue=a%3D"
        );
        assert_eq!(services.name(), "kubernetes/web/services");
        let pods = List {
            filter: Filter::Whole("k8s-app in (cilium,cilium-envoy)"),
            ..List::all(&PODS, Some("kube-system"))
        };
        assert!(
            pods.target("v1", None)
                .ends_with("&labelSelector=k8s-app%20in%20%28cilium%2Ccilium-envoy%29")
        );
        let events = List {
            filter: Filter::Part {
                name: "services".to_owned(),
                parameter: "fieldSelector",
                selector: "involvedObject.kind=Service".to_owned(),
            },
            ..List::all(&EVENTS, Some("web"))
        };
        assert_eq!(events.name(), "kubernetes/web/events/services");
        assert!(
            events
                .target("v1", None)
                .ends_with("&fieldSelector=involvedObject.kind%3DService")
        );
    }

    #[test]
    fn what_is_no_list_is_unreadable() {
        assert!(parse(br#"{"items":null}"#).is_ok());
        assert!(parse(br#"{"kind":"Service"}"#).is_err());
        let error = parse(br#"{"items":[{"#).unwrap_err().reason;
        assert!(
            error.starts_with("Unreadable: the answer is no JSON: EOF"),
            "{error}"
        );
        assert_eq!(encode("é "), "%C3%A9%20");
    }
}
