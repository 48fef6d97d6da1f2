//! Rows whose columns a header named: W3C extended logs (`#Fields: date time …`; IIS, Exchange with commas) and Zeek's
//! (`#fields<tab>ts<tab>uid…`, with types).
//!
//! Sources: W3C working draft WD-logfile-960323; Microsoft, "IIS log file formats"; Zeek, "Zeek Log Formats".

use khien_base::Record;
use serde_json::{Map, Number, Value};

use crate::{ndjson, syslog};

/// Most columns.
const COLUMNS: usize = 512;
/// Most members of a set.
const MEMBERS: usize = 1024;

/// What the lines before said of the lines after.
#[derive(Debug, Default)]
pub(crate) struct Header {
    zeek: bool,
    separator: char,
    columns: Vec<String>,
    /// Zeek's types, as many as columns.
    types: Vec<String>,
    path: Option<String>,
    software: Option<String>,
    unset: Option<String>,
    empty: Option<String>,
    members: Option<char>,
}

impl Header {
    /// Takes a line that may be part of a header; whether it is one.
    pub(crate) fn take(&mut self, line: &str) -> bool {
        let Some(rest) = line.strip_prefix('#') else { return false };
        // The firewall of Windows says `#Time Format: Local`.
        let rest = rest.strip_prefix("Time Format").map_or(rest, |_| "Time:");
        let end = rest.find([' ', '\t', ':', ',']).unwrap_or(rest.len());
        let (name, said) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let w3c = said.strip_prefix(':').map(str::trim);
        match (name, w3c) {
            ("Fields", Some(said)) => self.fields(said),
            ("Software", Some(said)) => self.software = Some(said.to_owned()),
            ("Version" | "Date" | "Start-Date" | "End-Date" | "Remark" | "Log-type" | "Log-Type" | "Time", Some(_)) => {
            }
            (_, Some(_)) => return false,
            (_, None) => return self.zeek(name, said.get(1..).unwrap_or_default()),
        }
        true
    }

    fn fields(&mut self, said: &str) {
        let comma = said.contains(',');
        let names = said.split(if comma { ',' } else { ' ' }).map(str::trim).filter(|name| !name.is_empty());
        let columns = names.take(COLUMNS).map(w3c_name).collect();
        *self = Self {
            separator: if comma { ',' } else { ' ' },
            columns,
            software: self.software.take(),
            ..Self::default()
        };
    }

    fn zeek(&mut self, name: &str, said: &str) -> bool {
        match name {
            "separator" => {
                let byte = said.strip_prefix("\\x").and_then(|hex| u8::from_str_radix(hex, 16).ok());
                let separator = byte.map(char::from).or_else(|| said.chars().next()).unwrap_or('\t');
                *self = Self { zeek: true, separator, ..Self::default() };
            }
            "set_separator" => self.members = said.chars().next(),
            "empty_field" => self.empty = Some(said.to_owned()),
            "unset_field" => self.unset = Some(said.to_owned()),
            "path" => self.path = Some(said.to_owned()),
            "open" | "close" => {}
            "fields" => self.columns = said.split(self.separator).take(COLUMNS).map(str::to_owned).collect(),
            "types" => self.types = said.split(self.separator).take(COLUMNS).map(str::to_owned).collect(),
            _ => return false,
        }
        true
    }

    /// The record of a row; `None` for a line that has not as many values as there are columns.
    pub(crate) fn row(&self, line: &str) -> Option<Record> {
        if self.columns.is_empty() {
            return None;
        }
        if self.zeek { self.zeek_row(line) } else { self.w3c_row(line) }
    }

    fn w3c_row(&self, line: &str) -> Option<Record> {
        let values = if self.separator == ',' { quoted(line) } else { line.split(' ').map(str::to_owned).collect() };
        if values.len() != self.columns.len() {
            return None;
        }
        let mut fields = Map::new();
        for (name, value) in self.columns.iter().zip(values) {
            if !value.is_empty() && value != "-" {
                fields.insert(name.clone(), Value::from(value));
            }
        }
        fields.insert("_table".into(), Value::from("w3c"));
        if let Some(software) = &self.software {
            fields.insert("_software".into(), Value::from(software.as_str()));
        }
        Some(syslog::of_table(line.to_owned(), fields))
    }

    fn zeek_row(&self, line: &str) -> Option<Record> {
        let values: Vec<&str> = line.split(self.separator).collect();
        if values.len() != self.columns.len() {
            return None;
        }
        let mut fields = Map::new();
        for (at, (name, value)) in self.columns.iter().zip(values).enumerate() {
            if value == self.unset.as_deref().unwrap_or("-") {
                continue;
            }
            let kind = self.types.get(at).map_or("string", String::as_str);
            fields.insert(name.clone(), self.value(kind, value));
        }
        if let Some(path) = &self.path {
            fields.insert("_path".into(), Value::from(path.as_str()));
        }
        Some(ndjson::of_object(fields, line.to_owned()))
    }

    fn value(&self, kind: &str, said: &str) -> Value {
        let empty = said == self.empty.as_deref().unwrap_or("(empty)");
        if let Some(inner) = ["set[", "vector["].iter().find_map(|list| kind.strip_prefix(list)) {
            let inner = inner.trim_end_matches(']');
            let members = said.split(self.members.unwrap_or(',')).take(MEMBERS);
            return Value::Array(if empty { Vec::new() } else { members.map(|one| self.value(inner, one)).collect() });
        }
        match kind {
            "bool" => Value::Bool(said == "T"),
            "count" | "int" | "port" => said.parse::<i64>().map_or_else(|_| Value::from(said), Value::from),
            "time" | "double" | "interval" => {
                said.parse().ok().and_then(Number::from_f64).map_or_else(|| Value::from(said), Value::Number)
            }
            _ if empty => Value::from(""),
            _ => Value::from(said),
        }
    }
}

/// `cs(User-Agent)` is `cs-user-agent`, as Sigma names it.
fn w3c_name(name: &str) -> String {
    match name.split_once('(') {
        Some((side, header)) => format!("{side}-{}", header.trim_end_matches(')')).to_lowercase(),
        None => name.to_lowercase(),
    }
}

/// Values parted by commas, of which some stand in quotes (RFC 4180).
fn quoted(line: &str) -> Vec<String> {
    let (mut values, mut value) = (Vec::new(), String::new());
    let (mut inside, mut chars) = (false, line.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                value.push('"');
            }
            '"' => inside = !inside,
            ',' if !inside && values.len() <= COLUMNS => values.push(std::mem::take(&mut value)),
            c => value.push(c),
        }
    }
    values.push(value);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn header(lines: &[&str]) -> Header {
        let mut header = Header::default();
        for line in lines {
            assert!(header.take(line), "{line}");
        }
        header
    }

    #[test]
    fn iis_in_an_order_of_its_own() {
        let header = header(&[
            "#Software: Microsoft Internet Information Services 10.0",
            "#Version: 1.0",
            "#Date: 2026-06-10 00:00:00",
            "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)",
        ]);
        let record = header.row("2026-06-10 01:00:00 198.51.100.9 POST /x.aspx cmd=whoami 200 curl/8").unwrap();
        assert_eq!(record.fields["cs-user-agent"], "curl/8");
        assert_eq!(
            (record.fields["sc-status"].as_u64(), record.hot.src_ip.as_deref()),
            (Some(200), Some("198.51.100.9"))
        );
        assert_eq!(record.log.category.as_deref(), Some("webserver"));
        assert_eq!(record.time.unwrap().to_rfc3339(), "2026-06-10T01:00:00+00:00");
        assert!(header.row("2026-06-10 01:00:00 too short").is_none());
    }

    #[test]
    fn zeek_with_types_sets_and_what_is_unset() {
        let header = header(&[
            "#separator \\x09",
            "#set_separator\t,",
            "#empty_field\t(empty)",
            "#unset_field\t-",
            "#path\tdns",
            "#open\t2026-06-10",
            "#fields\tts\tuid\tid.orig_h\tid.orig_p\tquery\tqtype_name\tanswers\trejected\trtt",
            "#types\ttime\tstring\taddr\tport\tstring\tstring\tvector[string]\tbool\tinterval",
        ]);
        let record =
            header.row("1781053200.5\tC1\t10.0.0.9\t53211\tx.example.net\tA\t192.0.2.1,192.0.2.2\tF\t-").unwrap();
        assert_eq!((record.log.product.as_deref(), record.log.category.as_deref()), (Some("zeek"), Some("dns")));
        assert_eq!(
            (&record.fields["answers"], &record.fields["id.orig_p"]),
            (&json!(["192.0.2.1", "192.0.2.2"]), &json!(53211))
        );
        assert!(!record.fields.contains_key("rtt"));
        assert_eq!(record.hot.domain.as_deref(), Some("x.example.net"));
        assert_eq!(record.time.unwrap().timestamp_millis(), 1_781_053_200_500);
    }

    #[test]
    fn commas_part_what_exchange_writes_and_quotes_hold_them() {
        assert_eq!(quoted("a,\"b, \"\"c\"\"\",,d"), ["a", "b, \"c\"", "", "d"]);
        assert!(!Header::default().take("# Time: 2026-06-10T01:00:00Z"));
        assert!(!Header::default().take("#!/bin/sh"));
    }

    proptest! {
        #[test]
        fn no_lines_stop_it(lines in prop::collection::vec("(#Fields: |#fields\t|#types\t|#separator |#path\t)?[a,\"(\t x09#-]{0,30}", 0..12)) {
            let mut header = Header::default();
            for line in lines {
                if !header.take(&line) {
                    header.row(&line);
                }
            }
        }
    }
}
