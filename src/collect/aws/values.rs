//! Values of the SDK's answers as the model keeps them, for the answers of every service.

use crate::model::aws::load_balancer::Tag;

/// A text that AWS always gives; empty where an answer lacks it all the same.
pub(super) fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// A text that AWS may leave out.
pub(super) fn owned(value: Option<&str>) -> Option<String> {
    value.map(str::to_owned)
}

/// A number of the range that the model gives it; none outside of that.
pub(super) fn small<T: TryFrom<i32>>(value: Option<i32>) -> Option<T> {
    value.and_then(|value| T::try_from(value).ok())
}

/// A tag.
pub(super) fn tag(key: Option<&str>, value: Option<&str>) -> Tag {
    Tag {
        key: text(key),
        value: text(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{small, tag, text};

    #[test]
    fn what_does_not_fit_is_absent_rather_than_wrong() {
        assert_eq!(small::<u16>(Some(31080)), Some(31080));
        assert_eq!(small::<u16>(Some(-1)), None);
        assert_eq!(small::<u16>(Some(70000)), None);
        assert_eq!(text(None), "");
        assert_eq!(tag(Some("Name"), None).key, "Name");
    }
}
