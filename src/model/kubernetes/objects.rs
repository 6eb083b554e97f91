//! All captured objects of one kind, and whether absence from them proves anything.

use super::meta::Object;
use crate::model::{Fact, Gap, Reason, Source};
use std::collections::{BTreeMap, BTreeSet};

/// The namespaces in which a kind was listed completely.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Listed {
    /// Only single objects were captured.
    #[default]
    Nothing,
    /// These namespaces were listed.
    Namespaces(BTreeSet<String>),
    /// The whole cluster was listed.
    Everywhere,
}

/// All captured objects of a kind by namespace and name.
#[derive(Debug, Clone)]
pub struct Objects<T> {
    source: Source,
    items: BTreeMap<(String, String), Fact<T>>,
    listed: Listed,
    gap: Option<Gap>,
    partial: BTreeMap<(String, String), Gap>,
}

impl<T> Objects<T> {
    /// No object read so far.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            items: BTreeMap::new(),
            listed: Listed::Nothing,
            gap: None,
            partial: BTreeMap::new(),
        }
    }

    /// The kind of reading.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Remembers that a complete list was read, of one namespace or of all.
    pub fn mark_listed(&mut self, namespace: Option<&str>) {
        match (namespace, &mut self.listed) {
            (None, listed) => *listed = Listed::Everywhere,
            (Some(_), Listed::Everywhere) => {}
            (Some(name), Listed::Namespaces(names)) => {
                names.insert(name.to_owned());
            }
            (Some(name), listed) => {
                *listed = Listed::Namespaces(BTreeSet::from([name.to_owned()]));
            }
        }
    }

    /// Remembers why the kind could not be listed.
    pub fn mark_gap(&mut self, gap: Gap) {
        self.gap.get_or_insert(gap);
    }

    /// Remembers that only a part of one object was captured.
    pub fn mark_partial(&mut self, namespace: &str, name: &str, gap: Gap) {
        self.partial
            .insert((namespace.to_owned(), name.to_owned()), gap);
    }

    /// The gap of an object of which only a part was captured.
    pub fn partial(&self, namespace: &str, name: &str) -> Option<&Gap> {
        self.partial.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// What was captured, in order of namespace and name; absence proves nothing.
    pub fn known(&self) -> impl Iterator<Item = &Fact<T>> {
        self.items.values()
    }

    /// That `namespace` (all namespaces if empty) was listed completely.
    ///
    /// # Errors
    /// A gap when it was not.
    pub fn complete(&self, namespace: &str) -> Result<(), Gap> {
        if self.covers(namespace) {
            Ok(())
        } else {
            Err(self.missing(""))
        }
    }

    /// Everything in `namespace` (all namespaces if empty).
    ///
    /// # Errors
    /// A gap when the namespace was not listed completely.
    pub fn all(&self, namespace: &str) -> Result<Vec<&Fact<T>>, Gap> {
        self.complete(namespace)?;
        Ok(self
            .items
            .iter()
            .filter(|((ns, _), _)| namespace.is_empty() || ns == namespace)
            .map(|(_, fact)| fact)
            .collect())
    }

    /// The object, or `None` when a complete list proves that it does not exist.
    ///
    /// # Errors
    /// A gap when it was not captured and nothing proves its absence.
    pub fn find(&self, namespace: &str, name: &str) -> Result<Option<&Fact<T>>, Gap> {
        match self.items.get(&(namespace.to_owned(), name.to_owned())) {
            Some(fact) => Ok(Some(fact)),
            None if self.covers(namespace) => Ok(None),
            None => Err(self.missing(name)),
        }
    }

    fn covers(&self, namespace: &str) -> bool {
        match &self.listed {
            Listed::Everywhere => true,
            Listed::Namespaces(names) => names.contains(namespace),
            Listed::Nothing => false,
        }
    }

    fn missing(&self, name: &str) -> Gap {
        self.gap
            .clone()
            .unwrap_or_else(|| Gap::new(self.source, name, Reason::NotCollected))
    }
}

impl<T: Object> Objects<T> {
    /// Adds an object under its namespace and name; a later one of the same name wins.
    pub fn insert(&mut self, fact: Fact<T>) {
        let key = (fact.meta().namespace.clone(), fact.key());
        self.items.insert(key, fact);
    }
}
