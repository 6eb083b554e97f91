//! Booleans in labels and annotations, as the controllers of Kubernetes and AWS read them.
//!
//! Both are written in Go and use strconv.ParseBool, which knows more words than `true` and `false`.

/// The boolean that a text means to Go's strconv.ParseBool; `None` where that is an error.
pub fn parse(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}
