//! When a list proves that what is not in it does not exist.

use super::kind::{Kind, collection};
use crate::model::kubernetes::Kubernetes;
use crate::model::{Gap, Reason};
use crate::parse::document::without_ending;
use std::collections::{BTreeMap, BTreeSet};

/// What the path says of a list: `kubernetes/[<namespace>/]<plural>[.<page>].json`.
#[derive(Clone, Copy)]
pub(super) struct ListPath<'a> {
    /// The kind that the file is called after.
    pub(super) kind: &'static Kind,
    /// The namespace that was listed; the whole cluster if `None`.
    pub(super) namespace: Option<&'a str>,
    /// From 1.
    page: u32,
}

impl<'a> ListPath<'a> {
    /// Reads the path below `kubernetes/`, with or without the ending of its format.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let (namespace, file) = match path.rsplit_once('/') {
            Some((folder, _)) if folder.contains('/') => return None,
            Some((folder, file)) => (Some(folder), file),
            None => (None, path),
        };
        let stem = without_ending(file);
        let (plural, page) = match stem.rsplit_once('.') {
            Some((plural, number)) if number.bytes().all(|b| b.is_ascii_digit()) => {
                (plural, number.parse().ok()?)
            }
            _ => (stem, 1),
        };
        let kind = Kind::of_plural(plural)?;
        let namespace = namespace.filter(|_| !kind.is_cluster_scoped);
        Some(Self {
            kind,
            namespace,
            page,
        })
    }
}

/// Where a list is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Extent {
    /// It proves nothing.
    Nowhere,
    /// In these namespaces.
    Namespaces(BTreeSet<String>),
    /// In the whole cluster.
    Everywhere,
}

/// One page of a list, as far as it holds one kind.
pub(super) struct Page {
    /// Kind of the items.
    pub(super) kind: &'static Kind,
    /// The document that holds it.
    pub(super) document: String,
    /// Where the list is complete if all its pages are there.
    pub(super) extent: Extent,
    /// Whether the server announced a further page.
    pub(super) goes_on: bool,
    /// Whether an item or the page itself could not be read.
    pub(super) is_broken: bool,
}

/// Marks what the lists prove; the gaps say which lists are not complete.
pub(super) fn settle(pages: Vec<Page>, objects: &mut Kubernetes) -> Vec<(String, Gap)> {
    let mut series: BTreeMap<(String, &'static str), Vec<(u32, Page)>> = BTreeMap::new();
    for page in pages {
        let below = page
            .document
            .strip_prefix("kubernetes/")
            .unwrap_or(&page.document);
        let (name, number) = match ListPath::of(below) {
            Some(path) => (
                format!(
                    "{}/{}",
                    path.namespace.unwrap_or_default(),
                    path.kind.plural
                ),
                path.page,
            ),
            None => (page.document.clone(), 1),
        };
        series
            .entry((name, page.kind.name))
            .or_default()
            .push((number, page));
    }
    let mut gaps = Vec::new();
    for pages in series.into_values() {
        let numbers: BTreeSet<u32> = pages.iter().map(|(number, _)| *number).collect();
        let missing = pages
            .iter()
            .find(|(number, page)| page.goes_on && !numbers.contains(&number.saturating_add(1)));
        let is_complete = missing.is_none()
            && numbers.first() == Some(&1)
            && pages.iter().all(|(_, page)| !page.is_broken);
        if let Some((_, page)) = missing {
            let why = format!(
                "{}: the list goes on, and its next page is not there",
                page.document
            );
            let gap = Gap::new(page.kind.source, "", Reason::Partial(why));
            gaps.push((page.document.clone(), gap));
        }
        let Some(collection) = pages
            .first()
            .and_then(|(_, page)| collection(objects, page.kind.source))
        else {
            continue;
        };
        if let Some((_, gap)) = gaps.last().filter(|_| missing.is_some()) {
            collection.mark_gap(gap.clone());
        }
        for (_, page) in pages
            .iter()
            .filter(|(_, page)| is_complete && page.kind.is_whole_collection)
        {
            match &page.extent {
                Extent::Nowhere => {}
                Extent::Namespaces(names) => names
                    .iter()
                    .for_each(|name| collection.mark_listed(Some(name))),
                Extent::Everywhere => collection.mark_listed(None),
            }
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::ListPath;

    #[test]
    fn paths_say_what_was_listed() {
        for (path, expected) in [
            ("services.json", Some(("Service", None, 1))),
            (
                "gateway/services.3.json",
                Some(("Service", Some("gateway"), 3)),
            ),
            (
                "gateways.gateway.networking.k8s.io.yaml",
                Some(("Gateway", None, 1)),
            ),
            ("services.serving.knative.dev.yaml", None),
            ("x/nodes.json", Some(("Node", None, 1))),
            ("a/b/services.json", None),
            ("k8s-objects.yaml", None),
            ("service.yaml", None),
        ] {
            let found = ListPath::of(path).map(|p| (p.kind.name, p.namespace, p.page));
            assert_eq!(found, expected, "{path}");
        }
    }
}
