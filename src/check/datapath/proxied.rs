//! What every check of a Gateway's or Ingress's redirect begins with: the entry that decides, and its redirect.

use super::probe::{Entry, Probe, entry, row_key};
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::outcome::{Checked, Outcome, fail};
use crate::model::cilium::Frontend;
use crate::model::kubernetes::Service;
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::{Path, Target};

/// What is looked for; or why the question does not arise, for [`Outcome::NotApplicable`].
pub type Asked<T> = Result<T, &'static str>;

/// The Service of the subject, if Envoy serves it.
///
/// # Errors
/// A gap when the Service was not captured.
pub fn service<'a>(view: &View<'a>) -> Result<Asked<&'a Fact<Service>>, Gap> {
    let Some(service) = view.service()? else {
        return Ok(Err("no Service stands behind this listener"));
    };
    Ok(if service.is_proxied() {
        Ok(service)
    } else {
        Err("the Service is served by its own backends, not by Envoy")
    })
}

/// A Service that Envoy serves, and the NodePort that decides a target's check.
pub struct Proxied<'a> {
    /// The Service.
    pub service: &'a Fact<Service>,
    /// What the health check asks of the node.
    pub probe: Probe,
}

impl<'a> Proxied<'a> {
    /// The proxied Service behind a target.
    ///
    /// # Errors
    /// A gap when the Service was not captured.
    pub fn of(view: &View<'a>, path: &Path, target: &Target) -> Result<Asked<Self>, Gap> {
        let asked = service(view)?;
        Ok(asked.and_then(|service| {
            Probe::of(service, path, target).map(|probe| Self { service, probe })
        }))
    }

    /// `namespace/name` of the Service.
    pub fn id(&self) -> String {
        let meta = &self.service.metadata;
        format!("{}/{}", meta.namespace, meta.name)
    }

    /// The BPF entry that an external packet meets.
    ///
    /// # Errors
    /// A gap when the node, its address or its map is not known.
    pub fn entry<'t>(&self, view: &View<'a>, target: &'t Target) -> Result<Entry<'a, 't>, Gap> {
        entry(view, target, self.probe)
    }
}

/// A NodePort entry that hands packets to Envoy.
pub struct Redirect<'a, 't> {
    /// The Service.
    pub of: Proxied<'a>,
    /// The node with its map.
    pub entry: Entry<'a, 't>,
    /// The entry.
    pub frontend: &'a Frontend,
    /// The proxy port it names.
    pub port: u16,
}

impl<'a, 't> Redirect<'a, 't> {
    /// The redirect that a target's check takes.
    ///
    /// # Errors
    /// A gap when the Service or the map was not captured, or the version does not print the proxy port
    /// (before 1.14.9 and 1.15.3).
    pub fn of(view: &View<'a>, path: &Path, target: &'t Target) -> Result<Asked<Self>, Gap> {
        let of = match Proxied::of(view, path, target)? {
            Ok(of) => of,
            Err(why) => return Ok(Err(why)),
        };
        let entry = of.entry(view, target)?;
        let Some(frontend) = entry.frontend.filter(|frontend| frontend.redirects()) else {
            return Ok(Err("there is no redirect to Envoy"));
        };
        let port = frontend.proxy_port.ok_or_else(|| {
            Gap::new(
                Source::BpfLb,
                format!("node {}", entry.node),
                Reason::Partial("this version does not print the proxy port".to_owned()),
            )
        })?;
        Ok(Ok(Self {
            of,
            entry,
            frontend,
            port,
        }))
    }

    /// The entry, as it was printed.
    pub fn evidence(&self) -> Evidence {
        of_frontend(&self.entry, self.of.probe, self.frontend)
    }

    /// A failure behind the redirect. Where the agent answers the check it goes on doing so without Envoy,
    /// and only clients notice.
    ///
    /// # Errors
    /// Never; it is the outcome of a check.
    pub fn broken(&self, mut finding: Finding) -> Checked {
        if self.of.probe.of_agent {
            finding.message.push_str(
                ": the agent goes on answering the health check, and clients that reach the node fail",
            );
            return Ok(Outcome::Note(finding));
        }
        fail(finding)
    }
}

/// A NodePort entry, as it was printed.
pub fn of_frontend(entry: &Entry<'_, '_>, probe: Probe, frontend: &Frontend) -> Evidence {
    Evidence::new(
        Layer::Programmed,
        &entry.bpf.origin,
        format!("Node/{}", entry.node),
        row_key(entry.address, probe.node_port),
        frontend.raw.as_str(),
    )
}
