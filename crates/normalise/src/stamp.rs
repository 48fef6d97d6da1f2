//! Times as logs write them.

use chrono::{DateTime, NaiveDateTime, Utc};
use khien_base::clock::vietnam;
use serde_json::{Number, Value};

/// A time in a JSON value: RFC 3339, `2026-05-29 08:56:42.741` (without a zone it is Vietnam's, as machines here
/// write their own time), or seconds, milliseconds, microseconds or nanoseconds since 1970.
pub(crate) fn of_value(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::String(s) => of_text(s),
        Value::Number(n) => of_number(n),
        _ => None,
    }
}

/// A time since 1970.
pub(crate) fn of_number(number: &Number) -> Option<DateTime<Utc>> {
    number.as_f64().and_then(since_1970)
}

/// A time in text.
pub(crate) fn of_text(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    // Suricata and others write the offset without a colon.
    let forms =
        ["%Y-%m-%dT%H:%M:%S%.f%#z", "%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%d %H:%M:%S%.f %#z", "%b %d %Y %H:%M:%S%.f GMT%#z"];
    for form in forms {
        if let Ok(at) = DateTime::parse_from_str(text, form) {
            return Some(at.with_timezone(&Utc));
        }
    }
    if let Some(at) = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT")).and_then(without_zone) {
        return Some(at.and_utc());
    }
    // ICT is Indochina Time, UTC+7.
    match without_zone(text.strip_suffix(" ICT").unwrap_or(text)) {
        Some(at) => in_vietnam(at),
        None => text.parse::<f64>().ok().and_then(since_1970),
    }
}

/// A time that is UTC by its meaning, though it does not say so: Sysmon's `UtcTime`.
pub(crate) fn of_utc(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str().map_or_else(|| of_value(value), of_utc_text)
}

/// The same in text.
pub(crate) fn of_utc_text(text: &str) -> Option<DateTime<Utc>> {
    without_zone(text).map(|at| at.and_utc()).or_else(|| of_text(text))
}

fn without_zone(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%b %d %Y %H:%M:%S%.f", "%Y/%m/%d %H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

/// A time of a clock in Vietnam.
pub(crate) fn in_vietnam(at: NaiveDateTime) -> Option<DateTime<Utc>> {
    at.and_local_timezone(vietnam()).single().map(|at| at.with_timezone(&Utc))
}

/// The unit is told by the size: 1e11 seconds is the year 5138, 1e11 milliseconds is 1973.
#[expect(clippy::cast_possible_truncation, reason = "checked to lie within the range just before")]
fn since_1970(n: f64) -> Option<DateTime<Utc>> {
    let micros = match n.abs() {
        a if a < 1e11 => n * 1e6,
        a if a < 1e14 => n * 1e3,
        a if a < 1e17 => n,
        a if a < 1e20 => n / 1e3,
        _ => return None,
    };
    DateTime::from_timestamp_micros(micros as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_moment_in_each_way_of_writing_it() {
        for value in [
            json!("2026-05-29T08:56:42.500Z"),
            json!("2026-05-29T15:56:42.500+07:00"),
            json!("2026-05-29T15:56:42.500+0700"),
            json!("2026-05-29 08:56:42.500 UTC"),
            json!("2026-05-29 15:56:42.500"),
            json!("2026-05-29 15:56:42.500 +07"),
            json!("2026-05-29 15:56:42.500 ICT"),
            json!("2026/05/29 15:56:42.500"),
            json!("May 29 2026 08:56:42.500 GMT+00:00"),
            json!("May 29 2026 15:56:42.500"),
            json!(1_780_045_002.5),
            json!(1_780_045_002_500_u64),
            json!("1780045002.500"),
        ] {
            assert_eq!(of_value(&value).unwrap().timestamp_millis(), 1_780_045_002_500, "{value}");
        }
        assert_eq!(of_utc(&json!("2026-05-29 08:56:42.500")), of_value(&json!("2026-05-29 15:56:42.500")));
        for value in [json!("yesterday"), json!(null), json!(1e300), json!({})] {
            assert_eq!(of_value(&value), None, "{value}");
        }
    }
}
