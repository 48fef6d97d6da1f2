//! Pairs of the Linux audit system.

use serde_json::{Map, Value};

use crate::pairs::{from_hex, pairs};
use crate::taxonomy;

/// Most arguments of a command line that are put together.
const ARGUMENTS: usize = 256;

/// Adds the pairs of a record. Hexadecimal is read back only where the system writes text: anywhere else `a1=10` is a
/// number. The arguments of EXECVE are put together as `CommandLine`, as rules on processes name it.
pub(super) fn pairs_of(text: &str, fields: &mut Map<String, Value>) {
    const TEXTS: [&str; 10] = ["proctitle", "cmd", "name", "exe", "comm", "cwd", "acct", "data", "path", "key"];
    let execve = fields.get("type").is_some_and(|t| t == "EXECVE");
    for pair in pairs(text) {
        if pair.key == "msg" && pair.quoted {
            pairs_of(pair.value, fields);
            continue;
        }
        let is_text = TEXTS.contains(&pair.key) || execve && is_argument(pair.key);
        let value = if is_text && !pair.quoted { from_hex(pair.value) } else { None };
        let value = value.unwrap_or_else(|| pair.value.to_owned());
        if !value.is_empty() && value != "?" && value != "(null)" {
            fields.insert(pair.key.to_owned(), Value::from(value));
        }
    }
    if execve {
        let arguments: Vec<String> =
            (0..ARGUMENTS).map_while(|n| fields.get(&format!("a{n}")).map(taxonomy::text)).collect();
        if let Some(image) = arguments.first().filter(|a| a.starts_with('/')) {
            fields.insert("Image".into(), Value::from(image.as_str()));
        }
        if !arguments.is_empty() {
            fields.insert("CommandLine".into(), Value::from(arguments.join(" ")));
        }
    }
}

fn is_argument(key: &str) -> bool {
    key.strip_prefix('a').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}
