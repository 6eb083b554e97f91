//! "Did you mean": the names that resemble one that was not found.

/// Up to three names close to `wanted`, best first, ties in order of name.
///
/// A name counts as close when it contains the wanted one, or differs by no more than a third.
pub fn similar<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut ranked: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let distance = strsim::damerau_levenshtein(wanted, name);
            let contained = wanted.len() > 2 && (name.contains(wanted) || wanted.contains(name));
            (contained || distance * 3 <= wanted.len().max(3)).then_some((distance, name))
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked
        .into_iter()
        .take(3)
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn close_names_come_first_and_strangers_not_at_all() {
        let names = ["shared-gateway", "share-gateway", "internal", "gateway"];
        assert_eq!(
            similar("shared-gatway", names.into_iter()),
            ["shared-gateway", "share-gateway"]
        );
        assert!(similar("zz", names.into_iter()).is_empty());
    }
}
