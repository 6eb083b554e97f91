//! What every state and reason of AWS means, in plain words.
//!
//! Sources: ELBv2 API reference (TargetHealth) and the NLB guide, page
//! target-group-health-checks. Both sets are open: what is not listed here is
//! shown verbatim.

use crate::model::aws::TargetHealthDescription;

/// What a report means for the question whether the target is in transition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// AWS judges the target as usual.
    Settled(&'static str),
    /// Another check of this hop judges it.
    Elsewhere(&'static str),
    /// The state is on purpose and passes by itself.
    ByDesign(String),
    /// Worth knowing; whether the target works is decided elsewhere.
    Worth(String),
    /// AWS sends the target nothing, and no other check says why.
    Unused(String),
}

/// Reads a report.
pub(super) fn meaning(reported: &TargetHealthDescription) -> Meaning {
    let health = &reported.target_health;
    let reason = health.reason.as_deref().unwrap_or_default();
    match (health.state.as_str(), reason) {
        ("healthy", _) => shift(reported).unwrap_or(Meaning::Settled("AWS reports it healthy")),
        ("unhealthy", _) => shift(reported).unwrap_or(Meaning::Settled("AWS checks it, and the checks fail")),
        ("initial", "Elb.RegistrationInProgress") => Meaning::Worth(
            "AWS is still registering the target, which takes an NLB one to three minutes".to_owned(),
        ),
        ("initial", "Elb.InitialHealthChecking") => Meaning::Worth(
            "AWS makes its first checks of the target: the first success makes it healthy, repeated failures make it unhealthy".to_owned(),
        ),
        ("initial", _) => Meaning::Worth(format!("AWS has not judged the target yet ({})", quoted(reported))),
        ("unhealthy.draining", _) => Meaning::Worth(
            "the target failed its checks, and AWS lets its open connections end before it closes them".to_owned(),
        ),
        ("draining", "Target.DeregistrationInProgress" | "") => Meaning::ByDesign(
            "the target is being deregistered: it gets no new connections and leaves after the deregistration delay (300 s by default)".to_owned(),
        ),
        ("draining", _) => Meaning::ByDesign(format!("the target is being deregistered ({})", quoted(reported))),
        ("unused", "Target.InvalidState") => Meaning::Elsewhere("the state of its instance is judged by CLB3106"),
        ("unused", "Target.NotInUse") => not_in_use(reported),
        ("unused", "Target.IpUnusable") => Meaning::Unused(
            "the address belongs to a load balancer's own interface, so AWS does not use it as a target".to_owned(),
        ),
        ("unused", "Target.NotRegistered") => Meaning::Unused(
            "the target is not registered in the target group".to_owned(),
        ),
        ("unused", _) => Meaning::Unused(format!("AWS does not use the target ({})", quoted(reported))),
        ("unavailable", "Elb.InternalError") => Meaning::Worth(
            "AWS cannot tell the target's health because of an error on its own side".to_owned(),
        ),
        ("unavailable", "Target.HealthCheckDisabled") => Meaning::Worth(
            "health checks are disabled for the target group".to_owned(),
        ),
        ("unavailable", _) => Meaning::Worth(format!("AWS cannot tell the target's health ({})", quoted(reported))),
        _ => Meaning::Worth(format!(
            "AWS reports a state that this program does not know ({})",
            quoted(reported)
        )),
    }
}

/// One reason, two causes: only the description tells them apart.
fn not_in_use(reported: &TargetHealthDescription) -> Meaning {
    let text = reported
        .target_health
        .description
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if text.contains("availability zone that is not enabled") {
        Meaning::Elsewhere("its zone is judged by CLB3105")
    } else if text.contains("not configured to receive traffic") {
        Meaning::Elsewhere("the attachment of its group is judged by CLB3101")
    } else {
        Meaning::Unused(format!(
            "AWS does not use the target ({})",
            quoted(reported)
        ))
    }
}

/// A target that is checked, and whose zone somebody shifted away.
///
/// `zonal_shift_delegated_to_dns` takes the zone out of DNS alone: what arrives there is still forwarded (ELBv2 API
/// reference, AdministrativeOverride).
fn shift(reported: &TargetHealthDescription) -> Option<Meaning> {
    let found = reported.administrative_override.as_ref()?;
    match found.state.as_str() {
        "" | "no_override" | "unknown" => None,
        "zonal_shift_active" => Some(Meaning::Worth(
            "AdministrativeOverride is zonal_shift_active: while the shift lasts, the target gets no new traffic whatever its health"
                .to_owned(),
        )),
        "zonal_shift_delegated_to_dns" => Some(Meaning::Worth(
            "AdministrativeOverride is zonal_shift_delegated_to_dns: DNS leads clients away from the target's zone, and the target takes what still arrives"
                .to_owned(),
        )),
        state => Some(Meaning::Worth(format!(
            "AdministrativeOverride is {state}, which this program does not know"
        ))),
    }
}

/// State, reason and description as AWS gives them, for a bracket.
fn quoted(reported: &TargetHealthDescription) -> String {
    super::facts::verbatim(reported)
}

#[cfg(test)]
mod tests {
    use super::{Meaning, meaning};
    use crate::model::aws::TargetHealthDescription;
    use crate::model::aws::target_group::AdministrativeOverride;

    fn report(state: &str, reason: &str, description: &str) -> TargetHealthDescription {
        let mut report = TargetHealthDescription::default();
        report.target_health.state = state.to_owned();
        report.target_health.reason = (!reason.is_empty()).then(|| reason.to_owned());
        report.target_health.description =
            (!description.is_empty()).then(|| description.to_owned());
        report
    }

    const STATES: [&str; 7] = [
        "initial",
        "healthy",
        "unhealthy",
        "unhealthy.draining",
        "unused",
        "draining",
        "unavailable",
    ];
    const REASONS: [&str; 12] = [
        "Elb.RegistrationInProgress",
        "Elb.InitialHealthChecking",
        "Target.ResponseCodeMismatch",
        "Target.Timeout",
        "Target.FailedHealthChecks",
        "Target.NotRegistered",
        "Target.NotInUse",
        "Target.DeregistrationInProgress",
        "Target.InvalidState",
        "Target.IpUnusable",
        "Target.HealthCheckDisabled",
        "Elb.InternalError",
    ];

    #[test]
    fn a_pair_without_words_of_its_own_is_quoted() {
        for state in STATES {
            for reason in REASONS {
                let (Meaning::ByDesign(text) | Meaning::Worth(text) | Meaning::Unused(text)) =
                    meaning(&report(state, reason, "said so"))
                else {
                    continue;
                };
                assert_eq!(
                    text.contains('('),
                    text.contains(&format!("({state} {reason}: said so)"))
                        || text.contains("(300 s by default)"),
                    "{state} {reason}: {text}"
                );
            }
        }
    }

    #[test]
    fn unknown_states_and_reasons_are_shown_verbatim() {
        assert_eq!(
            meaning(&report("resting", "Target.Tired", "Zzz")),
            Meaning::Worth(
                "AWS reports a state that this program does not know (resting Target.Tired: Zzz)"
                    .to_owned()
            )
        );
        assert!(matches!(
            meaning(&report("unused", "Target.New", "")),
            Meaning::Unused(text) if text.contains("unused Target.New")
        ));
    }

    #[test]
    fn not_in_use_is_told_apart_by_its_description() {
        let zone = "Target is in an Availability Zone that is not enabled for the load balancer";
        let group = "Target group is not configured to receive traffic from the load balancer";
        let by = |text| meaning(&report("unused", "Target.NotInUse", text));
        assert!(matches!(by(zone), Meaning::Elsewhere(text) if text.contains("CLB3105")));
        assert!(matches!(by(group), Meaning::Elsewhere(text) if text.contains("CLB3101")));
        assert!(matches!(by(""), Meaning::Unused(_)));
    }

    #[test]
    fn a_zonal_shift_is_worth_saying_whatever_the_health() {
        for state in ["healthy", "unhealthy"] {
            let mut report = report(state, "", "");
            assert!(matches!(meaning(&report), Meaning::Settled(_)));
            for (shift, says) in [
                ("zonal_shift_active", "no new traffic"),
                ("zonal_shift_delegated_to_dns", "takes what still arrives"),
                ("zonal_shift_of_tomorrow", "does not know"),
            ] {
                report.administrative_override = Some(AdministrativeOverride {
                    state: shift.to_owned(),
                    ..AdministrativeOverride::default()
                });
                assert!(
                    matches!(meaning(&report), Meaning::Worth(text) if text.contains(shift) && text.contains(says))
                );
            }
        }
    }
}
