//! Numbers of rules and records: whole ones compared exactly, others as floating point.

use std::cmp::Ordering;

use serde_json::Value;

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Integer(i128),
    Float(f64),
}

impl From<i64> for Number {
    fn from(n: i64) -> Self {
        Self::Integer(n.into())
    }
}

impl Number {
    /// The number of a JSON value: a number, or text that is one in decimal or with `0x`, as Windows writes
    /// status codes and masks.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(n) => n
                .as_i64()
                .map(|n| Self::Integer(n.into()))
                .or_else(|| n.as_u64().map(|n| Self::Integer(n.into())))
                .or_else(|| n.as_f64().map(Self::Float)),
            Value::String(text) => Self::of_text(text.trim()),
            _ => None,
        }
    }

    /// The number that a text is.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            return u64::from_str_radix(hex, 16).ok().map(|n| Self::Integer(n.into()));
        }
        if !text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
            return None;
        }
        text.parse()
            .map(Self::Integer)
            .ok()
            .or_else(|| text.parse().ok().filter(|f: &f64| f.is_finite()).map(Self::Float))
    }

    #[expect(clippy::cast_precision_loss, reason = "a fraction is compared as floating point in any case")]
    fn float(self) -> f64 {
        match self {
            Self::Integer(n) => n as f64,
            Self::Float(f) => f,
        }
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(&b)),
            (a, b) => a.float().partial_cmp(&b.float()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_numbers_however_they_are_written() {
        let of = |v: Value| Number::of(&v);
        assert_eq!(of(json!(4688)), of(json!("4688")));
        assert_eq!(of(json!("0x17")), Some(Number::Integer(23)));
        assert_eq!(of(json!("C000006A")), None);
        assert_eq!(of(json!("")), None);
        assert_eq!(of(json!("inf")), None);
        assert_eq!(of(json!(u64::MAX)).unwrap().compare(Number::from(i64::MAX)), Some(Ordering::Greater));
        assert_eq!(Number::Float(3.0).compare(Number::Integer(3)), Some(Ordering::Equal));
    }
}
