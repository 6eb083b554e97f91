//! What the connections of one double share: the cluster's content, the faults and the logs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;
use tempfile::TempDir;

use super::agents;
use super::faults::Faults;
use super::kinds::Catalogue;
use super::objects::{self, Objects};

/// The bearer token of the kubeconfig; every other one answers 401.
pub(super) const TOKEN: &str = "cluster-double-token";

/// One request as it arrived.
pub(super) struct Recorded {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) metadata_only: bool,
    pub(super) identity: Vec<(String, String)>,
}

/// The content of the double and what it has seen.
pub(super) struct State {
    pub(super) bundle: PathBuf,
    pub(super) context: String,
    pub(super) objects: Objects,
    pub(super) kinds: Catalogue,
    pub(super) faults: Mutex<Faults>,
    pub(super) absent_crds: Mutex<BTreeSet<String>>,
    pub(super) requests: Mutex<Vec<Recorded>>,
    pub(super) execs: Mutex<Vec<(String, Vec<String>)>>,
    /// Execs under way, and the most there were at once.
    pub(super) under_way: Mutex<(usize, usize)>,
    /// Where the tools of each node are, made at the first exec; the key of pods without an agent
    /// is the empty name.
    pub(super) shims: Mutex<BTreeMap<String, PathBuf>>,
    /// Holds everything the double writes; removed with it.
    pub(super) scratch: TempDir,
}

impl State {
    /// Reads the bundle; panics with the file's name when an object in it cannot be read.
    pub(super) fn load(bundle: &Path) -> Self {
        let bundle = bundle
            .canonicalize()
            .unwrap_or_else(|error| panic!("bundle directory {}: {error}", bundle.display()));
        let mut objects = objects::load(&bundle.join("kubernetes"));
        agents::add_missing_pods(&mut objects, &bundle);
        let kinds = Catalogue::of(&objects);
        let manifest = bundle.join("bundle.yaml");
        let context = if manifest.is_file() {
            objects::read_documents(&manifest)
                .first()
                .and_then(|m| m.get("context"))
                .and_then(Value::as_str)
                .map(str::to_owned)
        } else {
            None
        };
        Self {
            bundle,
            context: context.unwrap_or_else(|| "cluster-double".to_owned()),
            objects,
            kinds,
            faults: Mutex::new(Faults::none()),
            absent_crds: Mutex::new(BTreeSet::new()),
            requests: Mutex::new(Vec::new()),
            execs: Mutex::new(Vec::new()),
            under_way: Mutex::new((0, 0)),
            shims: Mutex::new(BTreeMap::new()),
            scratch: TempDir::new().expect("a temporary directory for the cluster double"),
        }
    }
}

/// Counts an exec for as long as it lives.
pub(super) struct UnderWay<'a>(&'a State);

impl<'a> UnderWay<'a> {
    pub(super) fn begin(state: &'a State) -> Self {
        let mut counts = state.under_way.lock().expect("the counts of execs");
        counts.0 += 1;
        counts.1 = counts.1.max(counts.0);
        drop(counts);
        Self(state)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.lock().expect("the counts of execs").0 -= 1;
    }
}
