//! `ip route show table 2004`: the route that delivers redirected packets to the local proxy.

use crate::parse::{ParseError, text};

/// Reads routes, one per line. A table that does not exist has none, and `ip` says so in words.
pub(super) fn routes(text: &str) -> Result<Vec<String>, ParseError> {
    let text = text::filled(text)?;
    if text.contains("FIB table does not exist") {
        return Ok(Vec::new());
    }
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    let is_route = |line: &String| line.split(' ').any(|word| word == "dev" || word == "via");
    if lines.iter().all(is_route) {
        Ok(lines)
    } else {
        Err(ParseError::first_line(
            text,
            "no route: not the output of `ip route`",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::routes;

    #[test]
    fn a_missing_table_is_an_empty_one() {
        let text = "Error: ipv4: FIB table does not exist.\nDump terminated\n";
        assert!(routes(text).unwrap().is_empty());
        let text = "local default dev lo proto kernel scope host \n";
        assert_eq!(
            routes(text).unwrap(),
            ["local default dev lo proto kernel scope host"]
        );
    }

    #[test]
    fn an_error_message_is_no_route() {
        assert!(routes("Error: something else\n").is_err());
        assert!(routes("").is_err());
    }
}
