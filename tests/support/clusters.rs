//! Many clusters made from one scenario: each has many Gateways, and some of them are sick.
//!
//! The healthy Gateway is copied by renaming what is unique about it wherever a document names it: list items, rows of
//! maps, lines of logs and rules, and documents of its load balancer and target groups.

use super::fleet;
use cilium_lb::bundle::{self, Bundle};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Gateways of a cluster, each a Service with three ports and three target groups.
const GATEWAYS: usize = 40;
/// Words that only documents about the Gateway have.
const MARKS: [&str; 12] = [
    "shared",
    "64535184d1",
    "612420dd71d07700",
    "ab026b9331",
    "a82b6fccb1",
    "ab026b9332",
    "30866",
    "31163",
    "30868",
    "15371",
    "2876",
    "0xb3c0200",
];
/// Lists in documents of one object each.
const LISTS: [&str; 7] = [
    "items",
    "LoadBalancers",
    "TargetGroups",
    "TagDescriptions",
    "NetworkInterfaces",
    "cluster_statuses",
    "listener_statuses",
];
/// Documents that are the same for all Gateways although they name one.
const SHARED: [&str; 4] = [
    "cilium-config.yaml",
    "gatewayclasses.yaml",
    "ec2-describe-security-groups.json",
    "ec2-describe-instances.json",
];

/// Writes `count` clusters of 40 Gateways with three target groups each into `folder`, half of them as archives.
///
/// Two of three clusters have 8 nodes, the others 9, and every node is a target of every group: 20 clusters have 800
/// Services, 2,400 target groups and 20,040 targets. Clusters take turns in four accounts.
pub(crate) fn write(folder: &Path, count: usize) -> Vec<PathBuf> {
    let templates = [8, 9].map(fleet::gateway_of_three);
    (0..count)
        .map(|number| {
            let template = &templates[usize::from(number % 3 == 0)];
            let mut cluster = cluster(template, number);
            sicken(&mut cluster, number);
            let ending = if number % 2 == 0 { "" } else { ".tar.gz" };
            let path = folder.join(format!("cluster-{number:02}{ending}"));
            bundle::write(&cluster, &path, false).unwrap();
            path
        })
        .collect()
}

fn cluster(template: &Bundle, number: usize) -> Bundle {
    let words: Vec<BTreeMap<&str, String>> = (0..GATEWAYS).map(words).collect();
    let account = format!("11112222333{}", number % 4);
    let mut made = Bundle::default();
    made.manifest = template.manifest.clone();
    made.manifest.context = Some(format!("cluster-{number:02}"));
    for (path, bytes) in template.iter() {
        let path = path.replace("111122223333", &account);
        let text = std::str::from_utf8(bytes).unwrap();
        let text = text.replace("111122223333", &account);
        if SHARED.iter().any(|name| path.ends_with(name)) {
            // The managed rule of the nodes admits the whole range once there are many Gateways.
            let text = text
                .replace("\"FromPort\":30866", "\"FromPort\":30000")
                .replace("\"ToPort\":31163", "\"ToPort\":32767")
                // And the listener that the template does not have admits everybody, as the others do.
                .replace(
                    "\"FromPort\":443,\"ToPort\":443",
                    "\"FromPort\":443,\"ToPort\":8080",
                );
            made.insert(path, text);
        } else if names_gateway(&path) {
            for words in &words {
                made.insert(rename(&path, words), rename(&text, words));
            }
        } else {
            made.insert(path, expand(&text, &words));
        }
    }
    made
}

/// What a Gateway is called, by what the template's is called.
fn words(index: usize) -> BTreeMap<&'static str, String> {
    let port = |offset: usize| (30000 + 3 * index + offset).to_string();
    let proxy = u16::try_from(15371 + index).unwrap();
    let network = proxy.swap_bytes();
    let mut words = BTreeMap::from([
        ("shared", format!("g{index:03}")),
        ("64535184d1", format!("64535{index:05x}")),
        ("612420dd71d07700", format!("612420dd71d0{index:04x}")),
        ("ab026b9331", format!("ab026{index:05x}")),
        ("a82b6fccb1", format!("a82b6{index:05x}")),
        ("ab026b9332", format!("ab027{index:05x}")),
        ("1f5f0d3fdfd5f333", format!("1f5f0d3fdfd5{index:04x}")),
        ("e517d72ccfe7ebd3", format!("e517d72ccfe7{index:04x}")),
        ("30866", port(0)),
        ("31163", port(1)),
        ("30868", port(2)),
        // The cluster IP is 10.43.148.127; the proxy port stands in marks and unions in network byte order.
        ("148", (150 + index).to_string()),
        ("15371", proxy.to_string()),
        ("2876", network.to_string()),
        ("0xb3c0200", format!("0x{network:x}0200")),
    ]);
    for (number, id) in (1118..).zip(["118", "119", "120", "121", "122", "123"]) {
        words.insert(id, (number + 6 * index).to_string());
    }
    // The first part of the identifiers of its objects.
    for uid in [
        "f26a5db3", "e57726fb", "47a8a78d", "aacd706a", "bdc0214d", "1e3699d6", "e8ead5ed",
        "ad0022d6",
    ] {
        words.insert(uid, format!("{}{index:04x}", &uid[..4]));
    }
    words
}

/// Whether the path is that of a document about the Gateway's load balancer or one of its groups.
fn names_gateway(path: &str) -> bool {
    MARKS[1..6].iter().any(|mark| path.contains(mark))
}

/// Replaces whole words.
fn rename(text: &str, words: &BTreeMap<&str, String>) -> String {
    let mut renamed = String::with_capacity(text.len());
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        match words.get(word) {
            Some(to) => {
                renamed.push_str(to);
                renamed.push_str(&part[word.len()..]);
            }
            None => renamed.push_str(part),
        }
    }
    renamed
}

fn is_marked(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| MARKS.contains(&word))
}

/// Repeats what names the Gateway for all of them.
fn expand(text: &str, words: &[BTreeMap<&str, String>]) -> String {
    if !is_marked(text) {
        return text.to_owned();
    }
    let parts: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect();
    let Ok(parts) = parts else {
        let lines = text.split_inclusive('\n');
        return repeated(lines.map(str::to_owned), words).collect();
    };
    match &parts[..] {
        [Value::Array(items)] => Value::Array(values(items, words)).to_string(),
        [Value::Object(map)] if map.keys().all(|key| key.contains(':')) => {
            let rows = map.iter().map(|row| serde_json::to_string(&row).unwrap());
            let rows = repeated(rows, words)
                .map(|row| serde_json::from_str::<(String, Value)>(&row).unwrap());
            Value::Object(rows.collect()).to_string()
        }
        [Value::Object(map)] if list_of(map).is_some() => {
            let (name, items) = list_of(map).unwrap();
            let mut map = map.clone();
            map[name] = Value::Array(values(items, words));
            Value::Object(map).to_string()
        }
        // Tables of StateDB: one document after the other.
        parts => {
            let parts = parts.iter().map(|part| format!("{part}\n"));
            repeated(parts, words).collect()
        }
    }
}

fn list_of(map: &Map<String, Value>) -> Option<(&'static str, &Vec<Value>)> {
    LISTS
        .into_iter()
        .find_map(|name| Some((name, map.get(name)?.as_array()?)))
}

fn values(items: &[Value], words: &[BTreeMap<&str, String>]) -> Vec<Value> {
    let mut made = Vec::new();
    for item in items {
        if !is_marked(&item.to_string()) {
            made.push(item.clone());
            continue;
        }
        for (index, words) in words.iter().enumerate() {
            let text = rename(&item.to_string(), words);
            let mut item: Value = serde_json::from_str(&text).unwrap();
            own(&mut item, index);
            made.push(item);
        }
    }
    made
}

/// What no word tells apart: the interfaces of load balancers, and the routes.
fn own(item: &mut Value, index: usize) {
    if item["kind"] == "HTTPRoute" {
        let name = item["metadata"]["name"].as_str().unwrap().to_owned();
        item["metadata"]["name"] = format!("{name}-{index}").into();
    }
    let Some(id) = item["NetworkInterfaceId"].as_str() else {
        return;
    };
    let own = format!("{}{index:04x}", &id[..id.len() - 4]);
    let address = item["PrivateIpAddress"].as_str().unwrap().to_owned();
    let (network, _) = address.rsplit_once('.').unwrap();
    let text = item
        .to_string()
        .replace(id, &own)
        .replace(&address, &format!("{network}.{}", 10 + index));
    *item = serde_json::from_str(&text).unwrap();
}

fn repeated(
    parts: impl Iterator<Item = String>,
    words: &[BTreeMap<&str, String>],
) -> impl Iterator<Item = String> {
    parts.flat_map(move |part| {
        if is_marked(&part) {
            words.iter().map(|words| rename(&part, words)).collect()
        } else {
            vec![part]
        }
    })
}

/// Three different causes: a frontend that one agent does not have, a health check of the wrong port, and a closed
/// security group.
fn sicken(cluster: &mut Bundle, number: usize) {
    let frontendless = words(number % GATEWAYS);
    forget_frontends(cluster, &frontendless);
    report(
        cluster,
        &frontendless["ab026b9331"],
        Some("i-00000000000000002"),
    );
    let wrong_port = words((number + 7) % GATEWAYS);
    check_wrong_port(cluster, &wrong_port["a82b6fccb1"]);
    report(cluster, &wrong_port["a82b6fccb1"], None);
    if number == 4 {
        change(cluster, "ec2-describe-security-groups.json", |text| {
            text.replace("\"ToPort\":32767", "\"ToPort\":30059")
        });
        for index in 20..GATEWAYS {
            for group in ["ab026b9331", "a82b6fccb1", "ab026b9332"] {
                report(cluster, &words(index)[group], None);
            }
        }
    }
}

/// Rewrites every document whose path contains `part`.
fn change(cluster: &mut Bundle, part: &str, mut change: impl FnMut(&str) -> String) {
    let paths: Vec<String> = cluster.iter().map(|(path, _)| path.to_owned()).collect();
    for path in paths.iter().filter(|path| path.contains(part)) {
        let text = change(std::str::from_utf8(cluster.get(path).unwrap()).unwrap());
        cluster.insert(path.clone(), text);
    }
}

/// Takes a Gateway's first NodePort from the datapath of one node.
fn forget_frontends(cluster: &mut Bundle, words: &BTreeMap<&str, String>) {
    let port = format!(":{}/", words["30866"]);
    change(cluster, "node-0002/bpf-lb-list", |text| {
        let mut rows: Value = serde_json::from_str(text).unwrap();
        rows.as_object_mut()
            .unwrap()
            .retain(|key, _| !key.contains(&port));
        rows.to_string()
    });
}

fn check_wrong_port(cluster: &mut Bundle, group: &str) {
    change(cluster, "describe-target-groups", |text| {
        let mut value: Value = serde_json::from_str(text).unwrap();
        for item in value["TargetGroups"].as_array_mut().unwrap() {
            if item["TargetGroupName"].as_str().unwrap().ends_with(group) {
                item["HealthCheckPort"] = "9999".into();
            }
        }
        value.to_string()
    });
    change(cluster, &format!("{group}.json"), |text| {
        let mut value: Value = serde_json::from_str(text).unwrap();
        for item in value["TargetHealthDescriptions"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            item["HealthCheckPort"] = "9999".into();
        }
        value.to_string()
    });
}

/// Lets AWS report targets of a group as failing: one, or all.
fn report(cluster: &mut Bundle, group: &str, only: Option<&str>) {
    change(cluster, &format!("{group}.json"), |text| {
        let mut value: Value = serde_json::from_str(text).unwrap();
        for item in value["TargetHealthDescriptions"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            if only.is_none_or(|id| item["Target"]["Id"] == id) {
                item["TargetHealth"] = serde_json::json!({
                    "State": "unhealthy", "Reason": "Target.FailedHealthChecks", "Description": "Health checks failed"
                });
            }
        }
        value.to_string()
    });
}
