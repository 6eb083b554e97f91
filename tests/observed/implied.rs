//! The reading that the captures hold under another name.
//!
//! Nothing here looks at `observed.txt`, nor at the redirect whose way on is in question. That Envoy took its listeners
//! (`cilium_xds_events_count`) is none such: it may have died since, and the client then meets silence.

use super::cluster::{Capture, NODE};
use cilium_lb::bundle::Bundle;

/// The lab printed all routing tables behind the rules; `ip route show table 2004` leaves the table's number out.
pub(crate) fn add(capture: &Capture, bundle: &mut Bundle) {
    let Some(tables) = capture.text(&format!("cilium/{NODE}/ip-rule.txt")) else {
        return;
    };
    let table = " table 2004";
    let of_table = tables.lines().filter(|line| line.contains(table));
    let text: String = of_table
        .map(|line| line.replace(table, "") + "\n")
        .collect();
    bundle.insert(format!("cilium/{NODE}/ip-route-2004.txt"), text);
}
