//! Rule sets and records that chance makes: the engine fires the rules that the plain matcher fires, in their order,
//! also on the second and third record that one scratch serves.
#![no_main]

use std::fmt::Write as _;
use std::sync::Arc;

use khien_base::{LogSource, Record, event::Hot};
use khien_detect::{Engine, Ruleset, Scratch};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const NAMES: [&str; 12] =
    ["Image", "image", "IMAGE", "CommandLine", "EventID", "a", "b", "a.b", "A.B.C", "a.b.c", "ớ", "time"];
/// Pieces that stand in one another, letters whose cases differ in length, marks of patterns and of numbers.
const PIECES: [&str; 40] = [
    "a",
    "b",
    "ab",
    "A",
    "*",
    "?",
    "\\",
    "\\*",
    "\\?",
    "\\\\",
    "powershell",
    "shell",
    ".exe",
    "\\cmd.exe",
    "C:\\",
    " -enc ",
    " /c ",
    "-",
    "–",
    "Đ",
    "đường",
    "K",
    "\u{212a}",
    "ſ",
    "İ",
    "ß",
    "ẞ",
    "\u{130}",
    "4688",
    "1",
    ".5",
    "0x10",
    "e3",
    "10.0.0.7",
    "fe80::1",
    "true",
    "2026-11-22",
    "T23:45:06",
    " ",
    "\n",
];
const CHAINS: [&str; 44] = [
    "",
    "|contains",
    "|startswith",
    "|endswith",
    "|contains|all",
    "|all",
    "|cased",
    "|contains|cased",
    "|startswith|cased",
    "|endswith|cased",
    "|windash|contains",
    "|windash",
    "|startswith|windash",
    "|base64",
    "|base64offset|contains",
    "|wide|base64offset|contains",
    "|utf16|base64|contains",
    "|utf16be",
    "|re",
    "|re|i",
    "|re|m",
    "|re|s",
    "|re|i|m|s",
    "|re|startswith",
    "|re|endswith",
    "|cidr",
    "|exists",
    "|fieldref",
    "|fieldref|contains",
    "|fieldref|startswith",
    "|fieldref|endswith|cased",
    "|gt",
    "|gte",
    "|lt",
    "|lte",
    "|neq",
    "|contains|neq",
    "|contains|all|neq",
    "|re|neq",
    "|exists|neq",
    "|minute",
    "|hour|gte",
    "|week",
    "|year|lt",
];
const REGEXES: [&str; 16] = [
    "a+b",
    "^a",
    "b$",
    "(ab|cd)e?",
    "[^a]b",
    "\\\\cmd",
    "a.b",
    "(?i)shell",
    "\\d{4}",
    "^$",
    ".*",
    "po(w|W)er.*ell",
    "\\bexe\\b",
    "x?",
    "(a|b)*c",
    "Đ",
];
const NETWORKS: [&str; 6] = ["10.0.0.0/8", "10.0.0.7", "fe80::/10", "::/0", "0.0.0.0/0", "::ffff:10.0.0.0/104"];
const CONDITIONS: [&str; 22] = [
    "s0",
    "not s0",
    "s0 and s1",
    "s0 or s1",
    "s0 and not s1",
    "not s0 and not s1",
    "s0 or s1 and s2",
    "(s0 or s1) and s2",
    "s0 or not s1 and s2",
    "not (s0 and s1)",
    "not (s0 or s1) and s2",
    "1 of s*",
    "all of s*",
    "2 of s*",
    "not 1 of s*",
    "not all of s*",
    "1 of them",
    "all of them",
    "s0 and 1 of s*",
    "s0 and not 1 of s1*",
    "[s0, s1 and s2]",
    "not not s0",
];
const SOURCES: [&str; 5] =
    ["product: test", "category: process", "{product: test, category: process}", "service: odd", "product: other"];

fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let mut made = String::new();
    for _ in 0..u.int_in_range(0..=4)? {
        made.push_str(u.choose(&PIECES)?);
    }
    Ok(made)
}

/// A value as YAML writes it.
fn written(u: &mut Unstructured<'_>, chain: &str) -> Result<String> {
    let quoted = |text: &str| serde_json::to_string(text).expect("text is JSON");
    Ok(match chain {
        _ if chain.starts_with("|re") => quoted(u.choose(&REGEXES)?),
        "|cidr" => quoted(u.choose(&NETWORKS)?),
        _ if chain.starts_with("|exists") => u.arbitrary::<bool>()?.to_string(),
        _ if chain.starts_with("|fieldref") => quoted(u.choose(&NAMES)?),
        "|gt" | "|gte" | "|lt" | "|lte" => (*u.choose(&["0", "1", "16", "4688", "1.5", "-1", "1e3"])?).to_owned(),
        "|minute" | "|hour|gte" | "|week" | "|year|lt" => u.int_in_range(0..=60)?.to_string(),
        _ if u.ratio(1, 5)? => {
            (*u.choose(&["4688", "1", "1.5", "16", "1000", "true", "false", "null", "''", "-1"])?).to_owned()
        }
        _ => quoted(&text(u)?),
    })
}

fn map(u: &mut Unstructured<'_>) -> Result<String> {
    let mut items = Vec::new();
    for _ in 0..u.int_in_range(1..=3)? {
        let (name, chain) = (u.choose(&NAMES)?, u.choose(&CHAINS)?);
        let mut values = Vec::new();
        for _ in 0..u.int_in_range(1..=3)? {
            values.push(written(u, chain)?);
        }
        let key = format!("\"{name}{chain}\"");
        if !items.iter().any(|item: &String| item.starts_with(&key)) {
            items.push(format!("{key}: [{}]", values.join(", ")));
        }
    }
    Ok(format!("{{{}}}", items.join(", ")))
}

fn selection(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=7)? {
        0 => format!("[{}, {}]", map(u)?, map(u)?),
        1 => format!("[{}, {}]", written(u, "")?, written(u, "")?),
        2 => {
            let chain = u.choose(&["|all", "|contains", "|re", "|cased", "|re|i"])?;
            format!("{{\"{chain}\": [{}, {}]}}", written(u, chain)?, written(u, chain)?)
        }
        _ => map(u)?,
    })
}

fn rule(u: &mut Unstructured<'_>, number: usize) -> Result<String> {
    let source = u.choose(&SOURCES)?;
    let mut made = format!("title: R\nid: r{number}\nlogsource:\n    {source}\ndetection:\n");
    for place in 0..3 {
        writeln!(made, "    s{place}: {}", selection(u)?).expect("a String");
    }
    writeln!(made, "    condition: {}", u.choose(&CONDITIONS)?).expect("a String");
    Ok(made)
}

fn value(u: &mut Unstructured<'_>, depth: usize) -> Result<Value> {
    Ok(match u.int_in_range(0..=11)? {
        0 => Value::Null,
        1 => Value::Bool(u.arbitrary()?),
        2 => Value::from(u.int_in_range(-20..=5000)?),
        3 => serde_json::from_str(u.choose(&["1.5", "4688.0", "1e3", "16", "18446744073709551615", "1e20"])?)
            .expect("a number"),
        4 if depth > 0 => {
            Value::Array((0..u.int_in_range(0..=3)?).map(|_| value(u, depth - 1)).collect::<Result<_>>()?)
        }
        5 if depth > 0 => Value::Object(fields(u, depth - 1)?),
        _ => Value::from(text(u)?),
    })
}

fn fields(u: &mut Unstructured<'_>, depth: usize) -> Result<Map<String, Value>> {
    (0..u.int_in_range(0..=5)?).map(|_| Ok(((*u.choose(&NAMES)?).to_owned(), value(u, depth)?))).collect()
}

fn record(u: &mut Unstructured<'_>) -> Result<Record> {
    let some = |u: &mut Unstructured<'_>, of: &[Option<&str>]| Ok(u.choose(of)?.map(str::to_owned));
    let log = LogSource {
        product: some(u, &[Some("test"), Some("TEST"), Some("other"), None])?,
        service: some(u, &[None, Some("odd")])?,
        category: some(u, &[Some("process"), None])?,
    };
    let raw = if u.arbitrary()? { text(u)? } else { "{}".to_owned() };
    Ok(Record { time: None, log, hot: Hot::default(), fields: fields(u, 2)?.into(), raw, key: None })
}

fn hold(u: &mut Unstructured<'_>) -> Result<()> {
    let texts = (0..u.int_in_range(1..=4)?).map(|number| rule(u, number)).collect::<Result<Vec<_>>>()?;
    let named = texts.iter().enumerate().map(|(at, text)| (format!("{at}.yml"), text.clone()));
    let (set, faults) = Ruleset::load(named);
    for fault in &faults {
        assert_ne!(fault.code, "detect.yaml", "{fault}\n{}", texts.join("---\n"));
    }
    let set = Arc::new(set);
    let (engine, mut scratch) = (Engine::new(Arc::clone(&set)), Scratch::default());
    let records = [record(u)?, record(u)?, record(u)?];
    for record in records.iter().chain(&records) {
        let plain: Vec<&str> = set.matches(record).iter().map(|found| found.rule.id.as_str()).collect();
        let fired = engine.fired(record, &mut scratch).iter();
        let fast: Vec<&str> = fired.map(|at| set.rules()[*at as usize].id.as_str()).collect();
        assert_eq!(plain, fast, "{record:#?}\n{}", texts.join("---\n"));
    }
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    // Where the bytes end, what comes is made of the first choices; nothing that is too short is refused.
    let _ = hold(&mut Unstructured::new(data));
});
