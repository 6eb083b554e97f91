//! What a test can make go wrong: answers to requests, and the ways an exec ends badly.

use std::time::Duration;

/// The faults in force. They are tried in the order they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    requests: Vec<RequestFault>,
    execs: Vec<ExecFault>,
}

impl Faults {
    /// A cluster that works.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Adds a fault of requests.
    #[must_use]
    pub(crate) fn request(mut self, fault: RequestFault) -> Self {
        self.requests.push(fault);
        self
    }

    /// Adds a fault of execs.
    #[must_use]
    pub(crate) fn exec(mut self, fault: ExecFault) -> Self {
        self.execs.push(fault);
        self
    }

    /// What to do with a request, in order: every delay that applies, then the first other action.
    pub(super) fn take_request(&mut self, path: &str, continued: bool) -> Vec<RequestAction> {
        let mut actions = Vec::new();
        for fault in &mut self.requests {
            if fault.applies(path, continued) && take(&mut fault.times) {
                actions.push(fault.action.clone());
                if !matches!(fault.action, RequestAction::Delay(_)) {
                    break;
                }
            }
        }
        actions
    }

    /// Every action that applies to an exec in this pod.
    pub(super) fn take_exec(&mut self, pod: &str) -> Vec<ExecAction> {
        let mut actions = Vec::new();
        for fault in &mut self.execs {
            if fault.pod.as_deref().is_none_or(|name| name == pod) && take(&mut fault.times) {
                actions.push(fault.action.clone());
            }
        }
        actions
    }

    /// Whether a request of this path would be refused with 403, so that access reviews tell the
    /// same as the requests they ask about.
    pub(super) fn forbids_path(&self, path: &str) -> bool {
        let refuses = |fault: &RequestFault| {
            let forbidden = matches!(fault.action, RequestAction::Answer { code: 403, .. });
            forbidden && fault.applies(path, false)
        };
        self.requests.iter().any(refuses)
    }

    /// Whether execs are refused in every pod.
    pub(super) fn forbids_exec(&self) -> bool {
        let refuses =
            |fault: &ExecFault| fault.pod.is_none() && matches!(fault.action, ExecAction::Refuse);
        self.execs.iter().any(refuses)
    }
}

/// A fault of the requests whose path begins with a prefix.
#[derive(Clone, Debug)]
pub(crate) struct RequestFault {
    prefix: String,
    continued_only: bool,
    times: Option<usize>,
    action: RequestAction,
}

impl RequestFault {
    /// Applies to every path below `prefix`, such as `/api/v1/services` or `/apis/cilium.io/v2`.
    /// The same kind has cluster-wide and namespaced paths.
    pub(crate) fn at(prefix: &str, action: RequestAction) -> Self {
        Self {
            prefix: prefix.to_owned(),
            continued_only: false,
            times: None,
            action,
        }
    }

    /// Only requests for a further page: those with `continue`.
    #[must_use]
    pub(crate) fn when_continued(mut self) -> Self {
        self.continued_only = true;
        self
    }

    /// Only the first `count` requests; a retry after them succeeds.
    #[must_use]
    pub(crate) fn times(mut self, count: usize) -> Self {
        self.times = Some(count);
        self
    }

    fn applies(&self, path: &str, continued: bool) -> bool {
        let below = path
            .strip_prefix(&self.prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let below = below || self.prefix.ends_with('/') && path.starts_with(&self.prefix);
        below && (continued || !self.continued_only)
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum RequestAction {
    /// A `Status` with the reason and message the API server gives for this code: 401, 403, 404,
    /// 410 (Expired), 429, 500, 503, 504; `retry_after` in seconds becomes `Retry-After`.
    Answer { code: u16, retry_after: Option<u32> },
    /// An answer that is not a `Status`: a proxy's page, JSON cut short, what a test needs.
    Raw {
        code: u16,
        content_type: &'static str,
        body: Vec<u8>,
    },
    /// Waits, then goes on.
    Delay(Duration),
    /// Never answers; the connection stays open.
    Hang,
}

impl RequestAction {
    /// A `Status` with this code and no `Retry-After`.
    pub(crate) fn answer(code: u16) -> Self {
        Self::Answer {
            code,
            retry_after: None,
        }
    }
}

/// A fault of the execs in one pod, or in all.
#[derive(Clone, Debug)]
pub(crate) struct ExecFault {
    pod: Option<String>,
    times: Option<usize>,
    action: ExecAction,
}

impl ExecFault {
    /// Every exec in every pod.
    pub(crate) fn everywhere(action: ExecAction) -> Self {
        Self {
            pod: None,
            times: None,
            action,
        }
    }

    /// Every exec in the pod of this name.
    pub(crate) fn in_pod(pod: &str, action: ExecAction) -> Self {
        Self {
            pod: Some(pod.to_owned()),
            ..Self::everywhere(action)
        }
    }

    /// Only the first `count` execs.
    #[must_use]
    pub(crate) fn times(mut self, count: usize) -> Self {
        self.times = Some(count);
        self
    }
}

/// What becomes of an exec. Several can apply to the same one.
#[derive(Clone, Debug)]
pub(crate) enum ExecAction {
    /// 403 before the upgrade: no right to create `pods/exec`.
    Refuse,
    /// Only the older `v4.channel.k8s.io` is spoken.
    OldProtocol,
    /// Waits after the upgrade, before the command runs.
    Delay(Duration),
    /// Upgrades and then says nothing.
    Hang,
    /// Drops the connection, without closing it, after this many bytes of stdout.
    Cut { after: usize },
    /// Closes in good order after this many bytes of stdout and without a status.
    Truncate { after: usize },
    /// Runs the command and reports this exit code instead of its own.
    Exit(i32),
    /// Writes this many bytes to stderr before the command's output.
    FloodStderr { bytes: usize },
}

/// Uses one of the counted times; `false` when none is left.
fn take(times: &mut Option<usize>) -> bool {
    match times {
        None => true,
        Some(0) => false,
        Some(left) => {
            *left -= 1;
            true
        }
    }
}
