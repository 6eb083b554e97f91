//! Things that are asked for by name, as many at once as AWS takes.

use super::failure::Failure;
use std::future::Future;

/// Names or ARNs of one call, the most that ELBv2 takes; for Classic Load Balancers AWS names no limit.
const BATCH: usize = 20;

/// What exists of what was asked for, and what does not.
#[derive(Debug)]
pub(super) struct Batch<T> {
    /// Found.
    pub(super) found: Vec<T>,
    /// Asked for and not there, with AWS's words.
    pub(super) missing: Vec<(String, Failure)>,
}

/// Asks in batches; AWS refuses a whole batch for one unknown name, so that one is then asked for alone.
pub(super) async fn batches<T, F>(
    wanted: &[String],
    ask: impl Fn(Vec<String>) -> F,
) -> Result<Batch<T>, Failure>
where
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    let mut batch = Batch {
        found: Vec::new(),
        missing: Vec::new(),
    };
    for names in wanted.chunks(BATCH) {
        match (ask(names.to_vec()).await, names) {
            (Ok(found), _) => batch.found.extend(found),
            (Err(failure), [only]) if failure.is_not_found() => {
                batch.missing.push((only.clone(), failure));
            }
            (Err(failure), _) if failure.is_not_found() => {
                for name in names {
                    match ask(vec![name.clone()]).await {
                        Ok(found) => batch.found.extend(found),
                        Err(failure) if failure.is_not_found() => {
                            batch.missing.push((name.clone(), failure));
                        }
                        Err(failure) => return Err(failure),
                    }
                }
            }
            (Err(failure), _) => return Err(failure),
        }
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::{Failure, batches};
    use std::sync::Mutex;

    fn run(
        wanted: &[String],
        unknown: &[&str],
    ) -> (Result<super::Batch<String>, Failure>, Vec<usize>) {
        let asked = Mutex::new(Vec::new());
        let result = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(batches(wanted, |names| {
                asked.lock().unwrap().push(names.len());
                let missing = names.iter().any(|name| unknown.contains(&name.as_str()));
                async move {
                    if missing {
                        Err(Failure::new(
                            "LoadBalancerNotFound",
                            "One or more load balancers not found",
                        ))
                    } else {
                        Ok(names)
                    }
                }
            }));
        (result, asked.into_inner().unwrap())
    }

    #[test]
    fn one_unknown_name_does_not_hide_the_others() {
        let wanted: Vec<String> = (0..21).map(|i| format!("lb{i}")).collect();
        let (result, asked) = run(&wanted, &["lb20"]);
        assert_eq!(result.unwrap().found.len(), 20);
        assert_eq!(asked, [20, 1]);
        let (result, asked) = run(&wanted[..3], &["lb1"]);
        let batch = result.unwrap();
        assert_eq!(batch.found, ["lb0", "lb2"]);
        assert_eq!(batch.missing[0].0, "lb1");
        assert_eq!(asked, [3, 1, 1, 1]);
    }
}
