//! The table of `cilium-dbg service list`, which is what people paste.
//!
//! ```text
//! ID    Frontend                   Service Type   Backend
//! 1     10.96.231.126:80/TCP       ClusterIP      1 => 10.244.1.192:8080/TCP (active)
//!                                                 2 => 10.244.1.246:8080/TCP (active)
//! 118   0.0.0.0:30866/TCP          NodePort
//! ```

use super::address::{backend, frontend_key};
use crate::model::cilium::statedb::{ServiceBackend, ServiceRow};
use crate::parse::text::number;
use crate::parse::{ParseError, text};

/// Reads the table, with or without its header.
pub(super) fn table(text: &str) -> Result<Vec<ServiceRow>, ParseError> {
    text::filled(text)?;
    let mut rows: Vec<ServiceRow> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() || text::says_nothing(line) || words.starts_with(&["ID", "Frontend"]) {
            continue;
        }
        let read = match words.as_slice() {
            [id, frontend, kind, rest @ ..] if !line.starts_with(' ') => row(id, frontend, kind)
                .and_then(|mut row| {
                    if !rest.is_empty() {
                        row.backends.push(slot(rest)?);
                    }
                    rows.push(row);
                    Some(())
                }),
            rest => slot(rest).and_then(|backend| {
                rows.last_mut()?.backends.push(backend);
                Some(())
            }),
        };
        read.ok_or_else(|| ParseError::at(index + 1, line, "no row of `service list`"))?;
    }
    Ok(rows)
}

fn row(id: &str, frontend: &str, kind: &str) -> Option<ServiceRow> {
    Some(ServiceRow {
        id: number(id)?,
        frontend: frontend_key(frontend)?,
        kind: kind.to_owned(),
        service: None,
        external_policy: None,
        health_check_node_port: None,
        backends: Vec::new(),
    })
}

/// `1 => 10.244.1.192:8080/TCP (active)`; the state is absent in very old versions.
fn slot(words: &[&str]) -> Option<ServiceBackend> {
    let (address, state) = match words {
        [slot, "=>", address, state @ ..] => {
            number::<u32>(slot)?;
            (*address, state)
        }
        _ => return None,
    };
    let (address, port) = backend(address)?;
    Some(ServiceBackend {
        address,
        port,
        state: match state {
            [] => String::new(),
            [state, ..] => state.strip_prefix('(')?.trim_end_matches(')').to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn rows_without_backends_and_without_header() {
        let rows = table(
            "118   0.0.0.0:30866/TCP        NodePort\n120   0.0.0.0:31163/TCP        NodePort\n",
        )
        .unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].id, rows[0].frontend.port), (118, 30866));
        assert!(rows.iter().all(|row| row.backends.is_empty()));
    }

    #[test]
    fn continuation_lines_belong_to_the_row_above() {
        let rows = table(
            "ID    Frontend            Service Type   Backend\n\
             1     10.96.0.1:80        ClusterIP      1 => 10.1.1.1:8080 (active)\n\
             \x20                                        2 => [fd00::1]:8080/TCP (terminating)\n\
             2     0.0.0.0:30081/TCP/i NodePort       1 => 10.1.1.2:80 (active) (preferred)\n",
        )
        .unwrap();
        assert_eq!(rows[0].backends.len(), 2);
        assert_eq!(rows[0].backends[1].state, "terminating");
        assert_eq!(rows[1].backends.len(), 1);
    }

    #[test]
    fn a_line_that_is_no_row_is_named() {
        let error = table("1 10.96.0.1:80 ClusterIP\nError: cannot connect\n").unwrap_err();
        assert_eq!(error.line, Some(2));
        assert!(table("").is_err());
        assert!(table("   2 => 10.1.1.1:80 (active)").is_err());
    }
}
