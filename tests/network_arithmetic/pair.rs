//! Which pairs of a target and a balancer node decide.

use cilium_lb::check::network::pair::{CrossZone, Judgement, Reach, Zone, judge, must_work};
use cilium_lb::model::{Gap, Source};
use proptest::prelude::*;

fn gap(about: &str) -> Gap {
    Gap::not_collected(Source::NetworkInterfaces, about)
}

fn attribute() -> Gap {
    Gap::not_collected(Source::TargetGroupAttributes, "tg")
}

fn unplaced() -> Gap {
    Gap::not_collected(Source::Instances, "i-1")
}

/// `+` works, `-` is broken, `?` was not read; the zones are a, b and c.
fn pairs(text: &str) -> Vec<(&'static str, Reach<&'static str>)> {
    ["a", "b", "c"]
        .into_iter()
        .zip(text.chars())
        .map(|(zone, letter)| {
            let reach = match letter {
                '+' => Reach::Works,
                '-' => Reach::Broken(zone),
                _ => Reach::Unknown(gap(zone)),
            };
            (zone, reach)
        })
        .collect()
}

fn judged(zone: &Zone<'_>, text: &str, cross: CrossZone) -> String {
    match judge(zone, pairs(text), || cross) {
        Judgement::Works => "works".to_owned(),
        Judgement::Broken { first, every: true } => format!("{first} and all"),
        Judgement::Broken { first, .. } => first.to_owned(),
        Judgement::Unknown(missing) => format!("? {:?} {}", missing.source, missing.about),
    }
}

#[test]
fn the_own_zone_decides_and_others_only_across_zones() {
    use CrossZone::{Off, On};
    let a = Zone::Known("a");
    let unread = || CrossZone::Unknown(attribute());
    let cases = [
        (&a, "+++", unread(), "works"),
        (&a, "---", unread(), "a and all"),
        (&a, "-++", Off, "a and all"),
        (&a, "-++", unread(), "a and all"),
        (&a, "+--", Off, "works"),
        (&a, "+-+", On, "b"),
        (&a, "+-+", unread(), "? TargetGroupAttributes tg"),
        (&a, "?--", On, "b"),
        (&a, "?--", Off, "? NetworkInterfaces a"),
        (&a, "?--", unread(), "? NetworkInterfaces a"),
        (&a, "?++", On, "? NetworkInterfaces a"),
        (&a, "+?+", Off, "works"),
        (&a, "+?+", On, "? NetworkInterfaces b"),
        (&a, "+?+", unread(), "? NetworkInterfaces b"),
        (&a, "+?-", On, "c"),
        (&a, "-??", unread(), "a and all"),
    ];
    for (zone, text, cross, expected) in cases {
        assert_eq!(
            judged(zone, text, cross.clone()),
            expected,
            "{text} {cross:?}"
        );
    }
}

#[test]
fn a_target_without_a_zone_is_judged_only_where_the_zone_decides_nothing() {
    use CrossZone::{Off, On};
    let nowhere = Zone::Unknown(unplaced());
    let every = Zone::Every;
    let cases = [
        (&nowhere, "+++", Off, "works"),
        (&nowhere, "---", Off, "a and all"),
        (&nowhere, "+-+", Off, "? Instances i-1"),
        (&nowhere, "+-+", On, "b"),
        (&nowhere, "+?+", Off, "? NetworkInterfaces b"),
        (&every, "+-+", Off, "b"),
        (&every, "+?+", Off, "? NetworkInterfaces b"),
        (&every, "+++", Off, "works"),
    ];
    for (zone, text, cross, expected) in cases {
        assert_eq!(
            judged(zone, text, cross.clone()),
            expected,
            "{text} {cross:?}"
        );
    }
}

#[test]
fn remarks_are_made_of_pairs_that_must_work() {
    let ask = |zone: &Zone<'_>, of: &str, cross: CrossZone| must_work(zone, of, || cross);
    assert!(ask(&Zone::Known("a"), "a", CrossZone::Off));
    assert!(!ask(&Zone::Known("a"), "b", CrossZone::Off));
    assert!(!ask(
        &Zone::Known("a"),
        "b",
        CrossZone::Unknown(attribute())
    ));
    assert!(ask(&Zone::Known("a"), "b", CrossZone::On));
    assert!(ask(&Zone::Every, "b", CrossZone::Off));
    assert!(!ask(&Zone::Unknown(unplaced()), "b", CrossZone::Off));
}

proptest! {
    /// Not reading something never turns working into broken nor broken into working.
    #[test]
    fn less_evidence_is_never_the_opposite(
        text in prop::collection::vec(prop::sample::select(vec!['+', '-', '?']), 3),
        hidden in 0..3_usize,
        zone in prop::sample::select(vec![Some("a"), Some("b"), None]),
        cross in prop::sample::select(vec![CrossZone::On, CrossZone::Off, CrossZone::Unknown(attribute())]),
        hide_cross in any::<bool>(),
    ) {
        let zone = zone.map_or_else(|| Zone::Unknown(unplaced()), Zone::Known);
        let before = judged(&zone, &text.iter().collect::<String>(), cross.clone());
        let mut less = text;
        less[hidden] = '?';
        let cross = if hide_cross { CrossZone::Unknown(attribute()) } else { cross };
        let after = judged(&zone, &less.iter().collect::<String>(), cross);
        let word = |text: &str| match text {
            "works" => 1,
            text if text.starts_with('?') => 0,
            _ => -1,
        };
        prop_assert!(word(&before) * word(&after) >= 0, "{before} became {after}");
    }
}
