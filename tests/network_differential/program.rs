//! What the checks of the network hop say of every target of a world.

use super::Said;
use super::bundle::{HOSTNAME, bundle};
use super::oracle::Share;
use cilium_lb::check::code::Code;
use cilium_lb::check::outcome::Outcome;
use cilium_lb::check::{CHECKS, Run, View};
use cilium_lb::parse;
use cilium_lb::path::{SubjectRef, paths, resolve};
use serde_json::Value;

const ACL: u16 = 4201;
const CODES: [u16; 4] = [4101, 4102, ACL, 4301];

/// What they say of one target.
pub(crate) struct Verdict {
    /// In one word.
    pub(crate) said: Said,
    /// The share of answers, where it is partial.
    pub(crate) share: Share,
    /// Their texts.
    pub(crate) texts: Vec<String>,
}

/// In the order of the world's targets.
pub(crate) fn verdicts(world: &Value) -> Vec<Verdict> {
    let snapshot = parse::snapshot(&bundle(world));
    let wanted: SubjectRef = HOSTNAME.parse().unwrap();
    let subject = resolve(&snapshot, &wanted, "").unwrap();
    let all = paths(&snapshot, &subject);
    let view = View::new(&snapshot, &subject, &all);
    let [path] = all.as_slice() else {
        panic!("{all:?}")
    };
    let ask = |target| {
        let mut verdict = Verdict {
            said: Said::Allow,
            share: Share(1000),
            texts: Vec::new(),
        };
        for code in CODES {
            let check = CHECKS.iter().find(|check| check.code == Code(code));
            let Run::Target(run) = check.unwrap().run else {
                panic!("CLB{code} is not about targets")
            };
            let (said, text) = match run(&view, path, target) {
                Ok(Outcome::Fail(finding) | Outcome::Note(finding))
                    if code == ACL && finding.message.contains(" % of the ports") =>
                {
                    let (before, _) = finding.message.split_once(" % of the ports").unwrap();
                    verdict.share = Share::parse(before.rsplit_once(' ').unwrap().1);
                    (Said::Partial, finding.message)
                }
                Ok(Outcome::Fail(finding)) => (Said::Deny, finding.message),
                // A secondary address or an appliance: the check itself gets through.
                Ok(Outcome::Note(finding)) => (Said::Allow, finding.message),
                Ok(
                    Outcome::Pass(text) | Outcome::NotApplicable(text) | Outcome::Expected(text),
                ) => (Said::Allow, text),
                Ok(Outcome::Unread(gap)) | Err(gap) => (Said::Unknown, gap.to_string()),
            };
            verdict.said = verdict.said.min(said);
            verdict.texts.push(format!("CLB{code} {said:?}: {text}"));
        }
        verdict
    };
    path.targets.iter().map(ask).collect()
}
