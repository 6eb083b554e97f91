//! The structural rules of krew's `validate-krew-manifest` (krew, `internal/index/validation` and
//! `cmd/validate-krew-manifest`), without what needs a network.

use serde_json::Value;

/// Platforms that krew knows.
const PLATFORMS: [(&str, &str); 11] = [
    ("windows", "386"),
    ("windows", "amd64"),
    ("windows", "arm64"),
    ("linux", "386"),
    ("linux", "amd64"),
    ("linux", "arm"),
    ("linux", "arm64"),
    ("linux", "ppc64le"),
    ("darwin", "386"),
    ("darwin", "amd64"),
    ("darwin", "arm64"),
];
/// Names that Windows keeps for devices; `com` and `lpt` are followed by a digit from 1 to 9.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

fn is_device(name: &str) -> bool {
    let name = name.to_lowercase();
    let port = ["com", "lpt"]
        .iter()
        .find_map(|kind| name.strip_prefix(kind));
    DEVICES.contains(&name.as_str())
        || port.is_some_and(|digit| digit.len() == 1 && ("1"..="9").contains(&digit))
}

/// What is wrong with the manifest in a file of this name.
pub(crate) fn problems(manifest: &Value, file: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            found.push(what.to_owned());
        }
    };
    must(
        manifest["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2",
        "apiVersion",
    );
    must(manifest["kind"] == "Plugin", "kind");
    let name = manifest["metadata"]["name"].as_str().unwrap_or_default();
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    must(!name.is_empty() && name.chars().all(word), "name");
    must(!is_device(name), "name of a device");
    must(file == format!("{name}.yaml"), "name of the file");
    let spec = &manifest["spec"];
    must(
        version(spec["version"].as_str().unwrap_or_default()),
        "version",
    );
    let short = spec["shortDescription"].as_str().unwrap_or_default();
    must(
        !short.is_empty() && !short.contains(['\n', '\r']),
        "shortDescription",
    );
    let platforms = spec["platforms"].as_array().cloned().unwrap_or_default();
    must(!platforms.is_empty(), "platforms");
    for (os, arch) in PLATFORMS {
        let matching = platforms.iter().filter(|p| selects(p, os, arch)).count();
        must(matching <= 1, &format!("overlap on {os}/{arch}"));
    }
    for platform in &platforms {
        found.extend(platform_problems(platform));
    }
    found
}

fn platform_problems(platform: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            found.push(what.to_owned());
        }
    };
    let text = |key: &str| platform[key].as_str().unwrap_or_default();
    must(!text("uri").is_empty(), "uri");
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let sum = text("sha256");
    must(sum.len() == 64 && sum.chars().all(digit), "sha256");
    must(!text("bin").is_empty(), "bin");
    let files = &platform["files"];
    let filled = |file: &Value, key: &str| file[key].as_str().is_some_and(|text| !text.is_empty());
    let whole = files.as_array().is_some_and(|files| {
        !files.is_empty()
            && files
                .iter()
                .all(|file| filled(file, "from") && filled(file, "to"))
    });
    must(files.is_null() || whole, "files");
    let labels = platform["selector"]["matchLabels"].as_object();
    must(labels.is_some_and(|labels| !labels.is_empty()), "selector");
    let keys = labels.into_iter().flatten().map(|(key, _)| key.as_str());
    must(
        keys.clone().all(|key| matches!(key, "os" | "arch")),
        "key of a selector",
    );
    must(
        PLATFORMS
            .iter()
            .any(|(os, arch)| selects(platform, os, arch)),
        "platform",
    );
    let windows = platform["selector"]["matchLabels"]["os"] == "windows";
    must(!windows || text("bin").ends_with(".exe"), "bin on windows");
    found
}

/// Whether a platform is chosen on a machine.
pub(crate) fn selects(platform: &Value, os: &str, arch: &str) -> bool {
    let labels = &platform["selector"]["matchLabels"];
    let is = |key: &str, value: &str| labels[key].is_null() || labels[key] == value;
    is("os", os) && is("arch", arch)
}

/// `v` and a semantic version.
fn version(text: &str) -> bool {
    text.strip_prefix('v')
        .is_some_and(|version| semver::Version::parse(version).is_ok())
}
