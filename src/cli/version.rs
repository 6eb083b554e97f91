//! `version`.

use super::args::VersionArgs;
use crate::render::Format;
use crate::report::Exit;
use serde::Serialize;
use std::env::consts;

/// The build, under the names that kubectl's own `version -o json` has for what both say.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    /// Semantic version without a `v`.
    version: &'static str,
    /// The commit, where the build was told: archives are, `cargo install` is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    git_commit: Option<&'static str>,
    /// Whether it can read a cluster and an account, or only bundles.
    live: bool,
    /// Number of checks.
    checks: usize,
    /// `linux/amd64`, as krew and kubectl say it.
    platform: String,
    /// The triple of the build, as rustc says it.
    target: String,
}

pub(super) fn run(args: &VersionArgs) -> anyhow::Result<Exit> {
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        git_commit: option_env!("CILIUM_LB_COMMIT").filter(|commit| !commit.is_empty()),
        live: cfg!(feature = "live"),
        checks: crate::check::CHECKS.len(),
        platform: platform(),
        target: target(),
    };
    let text = match args.output {
        Format::Json => serde_json::to_string_pretty(&version)? + "\n",
        Format::Yaml => serde_saphyr::to_string(&version)?,
        _ => format!("kubectl cilium-lb {}\n", version.version),
    };
    super::print(&text)?;
    Ok(Exit::Ok)
}

/// Operating system and processor in the words of Go.
fn platform() -> String {
    let system = match consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}/{processor}")
}

/// Put together from what the compiler tells; only a build script is told the triple itself.
fn target() -> String {
    let (vendor, system) = match consts::OS {
        "macos" => ("apple", "darwin"),
        "windows" => ("pc", "windows"),
        other => ("unknown", other),
    };
    let environment = if cfg!(target_env = "musl") {
        "-musl"
    } else if cfg!(target_env = "gnu") {
        "-gnu"
    } else if cfg!(target_env = "msvc") {
        "-msvc"
    } else {
        ""
    };
    format!("{}-{vendor}-{system}{environment}", consts::ARCH)
}
