//! Makes a world smaller as long as it shows the same.

use serde_json::Value;

/// Takes items of lists away, longest lists of the document first, until none can go.
pub(crate) fn shrink(mut world: Value, mut shows: impl FnMut(&Value) -> bool) -> Value {
    loop {
        let mut smaller = false;
        let mut places = Vec::new();
        lists(&world, "", &mut places);
        for (place, len) in places {
            for index in (0..len).rev() {
                let mut candidate = world.clone();
                let Some(Value::Array(items)) = candidate.pointer_mut(&place) else {
                    break;
                };
                if index >= items.len() {
                    continue;
                }
                items.remove(index);
                if is_a_world(&candidate) && shows(&candidate) {
                    world = candidate;
                    smaller = true;
                }
            }
        }
        if !smaller {
            return world;
        }
    }
}

fn lists(value: &Value, place: &str, found: &mut Vec<(String, usize)>) {
    match value {
        Value::Array(items) => {
            found.push((place.to_owned(), items.len()));
            for (index, item) in items.iter().enumerate() {
                lists(item, &format!("{place}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                lists(item, &format!("{place}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// There is a target, each has a group, and a node serves its zone.
fn is_a_world(world: &Value) -> bool {
    let targets = world["targets"].as_array().unwrap();
    let nodes = world["nodes"].as_array().unwrap();
    !targets.is_empty()
        && targets.iter().all(|target| {
            !target["groups"].as_array().unwrap().is_empty()
                && nodes.iter().any(|node| node["zone"] == target["zone"])
        })
}
