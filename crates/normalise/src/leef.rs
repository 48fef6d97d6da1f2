//! Log Event Extended Format: `LEEF:1.0|vendor|product|version|event|key=value<tab>key=value…`; version 2.0 says its
//! delimiter after the event, as a character or as `x09` / `0x09`.
//!
//! Source: IBM, "QRadar LEEF" (Log Event Extended Format, version 2).

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::{Map, Value};

use crate::cef::header;

/// Most pairs of one event.
const MOST: usize = 512;

/// What a message begins with.
static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("LEEF:"));

/// Reads a message; `false`, and nothing added, when it is none.
pub(crate) fn read(message: &str, fields: &mut Map<String, Value>) -> bool {
    let names = ["LEEFVersion", "DeviceVendor", "DeviceProduct", "DeviceVersion", "EventID"];
    let Some(mut rest) = header(message, &MARK, &names, fields) else { return false };
    let mut delimiter = '\t';
    let version = fields.get("LEEFVersion").and_then(Value::as_str);
    if version.is_some_and(|version| version.starts_with('2'))
        && let Some((said, after)) = rest.split_once('|')
        && !said.contains('=')
        && said.chars().count() <= 6
    {
        (delimiter, rest) = (character(said), after);
    }
    let mut count = 0;
    for pair in rest.split(delimiter) {
        let Some((key, value)) = pair.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || key.len() > 128 || value.is_empty() {
            continue;
        }
        count += 1;
        if count > MOST {
            break;
        }
        fields.insert(key.to_owned(), Value::from(value));
    }
    true
}

/// The delimiter that a header says; a tab where it says none.
fn character(said: &str) -> char {
    let hex = said.strip_prefix("0x").or_else(|| said.strip_prefix('x')).filter(|hex| !hex.is_empty());
    let by_number = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
    by_number.or_else(|| said.chars().next()).unwrap_or('\t')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn fields(message: &str) -> Map<String, Value> {
        let mut fields = Map::new();
        assert!(read(message, &mut fields), "{message}");
        fields
    }

    #[test]
    fn each_way_of_saying_the_delimiter() {
        let one = fields("LEEF:1.0|Hãng|Sản phẩm|1.0|deny|src=10.0.0.1\tdst=10.0.0.2\tmsg=a = b");
        assert_eq!((&one["EventID"], &one["msg"], &one["dst"]), (&json!("deny"), &json!("a = b"), &json!("10.0.0.2")));
        for mark in ["^", "x5E", "0x5e"] {
            let two = fields(&format!("LEEF:2.0|v|p|1|deny|{mark}|src=10.0.0.1^usrName=lan anh^x"));
            assert_eq!((&two["src"], &two["usrName"]), (&json!("10.0.0.1"), &json!("lan anh")), "{mark}");
        }
        for none in ["LEEF:2.0|v|p|1|deny||src=1\tdst=2", "LEEF:2.0|v|p|1|deny|src=1\tdst=2"] {
            assert_eq!((&fields(none)["src"], &fields(none)["dst"]), (&json!("1"), &json!("2")), "{none}");
        }
        assert!(!read("LEEF:1.0|v|p|1", &mut Map::new()));
    }

    proptest! {
        #[test]
        fn no_text_stops_it(text in "(LEEF:[12].0)?[|\\\\= \t^x0a\u{1ea1}-]{0,60}") {
            read(&text, &mut Map::new());
        }
    }
}
