//! How long a target counts as unhealthy when only a share of its checks succeeds.
//!
//! A target turns unhealthy after `UnhealthyThresholdCount` failed checks in a row and healthy after
//! `HealthyThresholdCount` successful ones in a row. Each check leaves from another port, so each
//! succeeds with the same chance, whatever the ones before it did.

use crate::model::aws::TargetGroup;

/// What `create-target-group` sets for a Network Load Balancer when nothing is said: healthy, unhealthy.
const DEFAULT_THRESHOLDS: (u32, u32) = (5, 2);

/// From this share of time on a target counts as flapping: below, an outage is rarer than the
/// restarts of nodes and nobody meets it.
pub const FLAPS: f64 = 0.01;

/// The mean number of checks until `count` in a row come out in a way that has this `chance`.
fn until_row(chance: f64, count: u32) -> f64 {
    let exponent = i32::try_from(count).unwrap_or(i32::MAX);
    let row = chance.powi(exponent);
    (1.0 - row) / ((1.0 - chance) * row)
}

/// The share of time, 0 to 1, that a target of `group` counts as unhealthy when a check succeeds with
/// the chance `passing`.
pub fn time_unhealthy(passing: f64, group: &TargetGroup) -> f64 {
    if passing <= 0.0 {
        return 1.0;
    }
    if passing >= 1.0 {
        return 0.0;
    }
    let healthy = group
        .healthy_threshold_count
        .unwrap_or(DEFAULT_THRESHOLDS.0);
    let unhealthy = group
        .unhealthy_threshold_count
        .unwrap_or(DEFAULT_THRESHOLDS.1);
    let down = until_row(passing, healthy);
    let up = until_row(1.0 - passing, unhealthy);
    match (down.is_finite(), up.is_finite()) {
        (_, false) => 0.0,
        (false, _) => 1.0,
        _ => down / (down + up),
    }
}

#[cfg(test)]
mod tests {
    use super::{FLAPS, time_unhealthy};
    use crate::model::aws::TargetGroup;

    fn group(healthy: u32, unhealthy: u32) -> TargetGroup {
        TargetGroup {
            healthy_threshold_count: Some(healthy),
            unhealthy_threshold_count: Some(unhealthy),
            ..TargetGroup::default()
        }
    }

    /// The same by simulation, with a small generator of its own.
    fn simulated(passing: f64, healthy: u32, unhealthy: u32) -> f64 {
        let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
        let (mut up, mut row, mut down_for) = (true, 0, 0_u32);
        let checks = 400_000;
        for _ in 0..checks {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            #[allow(clippy::cast_precision_loss, reason = "53 bits are kept")]
            let chance = (state >> 11) as f64 / (1_u64 << 53) as f64;
            let against = (chance < passing) != up;
            row = if against { row + 1 } else { 0 };
            down_for += u32::from(!up);
            if row == if up { unhealthy } else { healthy } {
                (up, row) = (!up, 0);
            }
        }
        f64::from(down_for) / f64::from(checks)
    }

    #[test]
    fn the_formula_is_what_a_simulation_shows() {
        for (passing, healthy, unhealthy) in
            [(0.5079, 3, 3), (0.9571, 2, 2), (0.2, 2, 2), (0.75, 5, 2)]
        {
            let exact = time_unhealthy(passing, &group(healthy, unhealthy));
            let shown = simulated(passing, healthy, unhealthy);
            assert!((exact - shown).abs() < 0.01, "{passing}: {exact} {shown}");
        }
    }

    #[test]
    fn half_of_the_ports_flap_and_a_few_closed_ones_do_not() {
        let three = group(3, 3);
        assert!((time_unhealthy(0.5, &three) - 0.5).abs() < 1e-9);
        assert!(time_unhealthy(0.5079, &three) > FLAPS);
        assert!(time_unhealthy(0.9571, &three) < FLAPS);
        assert!(time_unhealthy(64511.0 / 64512.0, &three) < 1e-9);
        assert!((time_unhealthy(0.0, &three) - 1.0).abs() < f64::EPSILON);
        assert!(time_unhealthy(1.0, &three).abs() < f64::EPSILON);
        assert!(time_unhealthy(1.0 / 64512.0, &three) > 0.999_999);
    }

    #[test]
    fn without_thresholds_those_of_aws_count() {
        let unsaid = time_unhealthy(0.5, &TargetGroup::default());
        assert!((unsaid - time_unhealthy(0.5, &group(5, 2))).abs() < f64::EPSILON);
    }
}
