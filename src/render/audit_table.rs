//! An audit on a terminal: one line per subject, then its problems; or the trees of what is not healthy.

use super::Look;
use super::digest::{self, Tally, several_clusters};
use super::grid::grid;
use super::problems;
use super::sanitize::clean;
use super::tree;
use super::words::some;
use crate::report::v1::{Diagnosis, DiagnosisList};

/// Codes shown per subject.
const CODES: usize = 3;

/// One line per subject, then one block per problem.
pub(super) fn table(list: &DiagnosisList, look: &Look, wide: bool) -> String {
    let below = problems::problems(list, look);
    if list.items.is_empty() {
        return below;
    }
    let several = several_clusters(list);
    let mut header = vec!["NAMESPACE", "KIND/NAME", "VERDICT", "TARGETS", "CODES"];
    if several {
        header.insert(0, "CLUSTER");
    }
    if wide {
        header.extend(["LOAD-BALANCER", "ACCOUNT", "REGION", "GAPS"]);
    }
    let rows = list.items.iter().map(|item| row(item, several, wide));
    let rows = grid(
        header.into_iter().map(str::to_owned).collect(),
        rows.collect(),
    );
    format!("{rows}\n{below}")
}

fn row(item: &Diagnosis, several: bool, wide: bool) -> Vec<String> {
    let text = |value: &str| match value {
        "" => "-".to_owned(),
        value => clean(value).into_owned(),
    };
    let tally = Tally::of(item);
    let codes = digest::codes(item);
    let mut row = vec![
        text(&item.subject.namespace),
        digest::kind_and_name(&item.subject.kind, &item.subject.name),
        text(&item.verdict),
        targets(&tally),
        text(&some(&codes, CODES)),
    ];
    if several {
        row.insert(0, text(digest::cluster(item)));
    }
    if wide {
        let balancer = item.subject.load_balancer.as_ref();
        row.push(text(balancer.map_or("", |found| &found.name)));
        row.push(text(balancer.map_or("", |found| &found.account)));
        row.push(text(balancer.map_or("", |found| &found.region)));
        row.push(digest::missing(item).to_string());
    }
    row
}

/// Healthy of all, with what makes the number read otherwise than it seems.
fn targets(tally: &Tally) -> String {
    let mut text = format!("{}/{}", tally.healthy, tally.of);
    if tally.by_design > 0 {
        text += &format!(" ({} by design)", tally.by_design);
    }
    if tally.of > 0 && !tally.reported {
        text += " (predicted)";
    }
    text
}

/// The tree of every subject that is not healthy, then the totals.
pub(super) fn trees(list: &DiagnosisList, look: &Look) -> String {
    let sick = list.items.iter().filter(|item| item.verdict != "healthy");
    let mut parts: Vec<String> = sick.map(|item| tree::tree(item, look)).collect();
    parts.push(problems::closing(list, look));
    parts.join("\n")
}
