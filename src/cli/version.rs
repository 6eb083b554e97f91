//! `version`.

use super::args::VersionArgs;
use crate::render::Format;
use crate::report::Exit;

pub(super) fn run(args: &VersionArgs) -> anyhow::Result<Exit> {
    let version = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "live": cfg!(feature = "live"),
        "checks": crate::check::CHECKS.len(),
    });
    let text = match args.output {
        Format::Json => serde_json::to_string_pretty(&version)? + "\n",
        Format::Yaml => serde_saphyr::to_string(&version)?,
        _ => format!("kubectl cilium-lb {}\n", env!("CARGO_PKG_VERSION")),
    };
    super::print(&text)?;
    Ok(Exit::Ok)
}
