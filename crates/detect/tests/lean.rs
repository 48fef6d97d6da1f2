//! The lean reading of Windows events against the plain one, and the engine on both.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at what it did not expect")]

use std::collections::BTreeMap;
use std::sync::Arc;

use khien_base::Record;
use khien_base::event::{GiveFields, Scalar, TakeFields, shape, unescape};
use khien_detect::{Engine, Ruleset, Scratch};
use khien_normalise::{Format, Lean, decode_line, evtx};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

#[path = "../../normalise/tests/public/mod.rs"]
mod public;

/// Every value of every field, as text.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen(BTreeMap<String, Vec<String>>, String);

impl TakeFields for Seen {
    fn field(&mut self, name: &str) -> bool {
        self.1 = name.to_owned();
        let twice = self.0.insert(name.to_owned(), Vec::new());
        assert!(twice.is_none(), "{name} twice");
        true
    }

    fn value(&mut self, value: Scalar<'_>) {
        let text = match value {
            Scalar::Text(text) => json!(text).to_string(),
            Scalar::Escaped(written) => {
                let mut text = String::new();
                unescape(written, &mut text);
                json!(text).to_string()
            }
            Scalar::Number(number) => number.parse::<serde_json::Number>().unwrap().to_string(),
            Scalar::Bool(flag) => flag.to_string(),
            Scalar::Null => "null".to_owned(),
        };
        self.0.get_mut(&self.1).unwrap().push(text);
    }

    fn deep(&mut self, value: Scalar<'_>) {
        let name = std::mem::take(&mut self.1);
        self.0.entry(format!("{name} (deep)")).or_default();
        self.1 = format!("{name} (deep)");
        self.value(value);
        self.1 = name;
    }
}

fn plain(record: &Record) -> BTreeMap<String, Vec<String>> {
    let mut seen = Seen::default();
    for (name, value) in &record.fields {
        seen.field(name);
        leaves(value, false, &mut seen);
    }
    seen.0
}

fn leaves(value: &Value, deep: bool, seen: &mut Seen) {
    let number;
    let scalar = match value {
        Value::Array(items) => return items.iter().for_each(|item| leaves(item, deep, seen)),
        Value::Object(map) => return map.values().for_each(|value| leaves(value, true, seen)),
        Value::String(text) => Scalar::Text(text),
        Value::Number(n) => {
            number = n.to_string();
            Scalar::Number(&number)
        }
        Value::Bool(flag) => Scalar::Bool(*flag),
        Value::Null => Scalar::Null,
    };
    if deep { seen.deep(scalar) } else { seen.value(scalar) }
}

/// Whether the lean reading took the line; what it read must be what the plain one reads.
fn same(line: &str, lean: &mut Lean) -> bool {
    let Some(event) = lean.read(line) else { return false };
    let record = decode_line(line.as_bytes(), Format::Ndjson, chrono::DateTime::UNIX_EPOCH, 1).unwrap();
    assert_eq!(event.log(), &record.log, "{line}");
    let mut seen = Seen::default();
    event.give(&mut seen);
    assert_eq!(seen.0, plain(&record), "{line}");
    let made = event.record().unwrap();
    assert!(made.fields.is_lean());
    assert_eq!(made, record, "{line}");
    let shape = made.fields.shape().unwrap();
    assert_eq!(shape::full(shape, &made.raw).as_deref(), Some(&*made.fields.text()), "{line}");
    true
}

/// The same event with all fields at the top, as NXLog and public data sets write it.
fn flat(record: &Record) -> String {
    let mut fields: Map<String, Value> = record.fields.clone().into_map();
    fields.insert("UtcTime".into(), json!("2026-05-29 08:56:42.000"));
    Value::Object(fields).to_string()
}

/// The same event as Winlogbeat sends it.
fn winlogbeat(record: &Record) -> String {
    let mut data: Map<String, Value> = record.fields.clone().into_map();
    let mut said = |name: &str| data.remove(name).unwrap_or(Value::Null);
    let mut log = json!({
        "channel": said("Channel"), "provider_name": said("Provider_Name"), "provider_guid": said("Provider_Guid"),
        "event_id": said("EventID").to_string(), "record_id": said("RecordID"), "computer_name": said("Computer"),
        "opcode": "Info", "keywords": ["Audit Success"], "process": {"pid": said("ProcessId"), "thread": {"id": 7}},
        "api": "wineventlog", "task": null,
    });
    log.as_object_mut().unwrap().insert("event_data".to_owned(), Value::Object(data));
    json!({
        "@timestamp": "2026-05-29T08:56:42.741Z", "@metadata": {"beat": "winlogbeat", "version": "8.19.2"}, "winlog": log,
        "message": "A new process.\n\nCreator:\tđội", "event": {"code": "1", "kind": "event"}, "ecs": {"version": "8.0.0"},
        "log": {"level": "information"}, "host": {"name": "m1", "ip": ["10.0.0.1", "fe80::1"]}, "agent": {"type": "winlogbeat"},
    })
    .to_string()
}

#[test]
fn public_logs_are_read_alike_in_each_shape() {
    let Some(folder) = public::corpus("evtx/attack-samples") else { return };
    let mut lean = Lean::default();
    let (mut all, mut nested, mut level, mut beats) = (0, 0, 0, 0);
    for log in public::files(&folder, "evtx") {
        for record in evtx(std::fs::read(&log).unwrap()).filter_map(Result::ok) {
            all += 1;
            nested += usize::from(same(&record.raw, &mut lean));
            level += usize::from(same(&flat(&record), &mut lean));
            beats += usize::from(same(&winlogbeat(&record), &mut lean));
        }
    }
    // What is left to the plain reading is to stay rare.
    let often = |read: usize, percent: usize| assert!(read * 100 > all * percent, "{read} of {all}");
    often(nested, 97);
    often(level, 90);
    often(beats, 90);
}

#[test]
fn odd_lines_are_read_alike_or_left_to_the_plain_reading() {
    let mut lean = Lean::default();
    let lines = [
        (
            r##"{"EventID":4688,"Channel":"Security","NewProcessName":"C:\\a.exe","ProcessId":"0x1f","SubjectDomainName":"SO","SubjectUserName":"lan"}"##,
            true,
        ),
        (
            r##"{"Channel":"Security","EventID":"4624","Hostname":"m1","Computer":"m2","host":"m3","Provider":null}"##,
            true,
        ),
        (
            r##"{"EventID":1,"Channel":"microsoft-windows-sysmon/operational","Image":"x","image":"y","a":{"b":[1,{"c":2}]}}"##,
            true,
        ),
        (r##"{"EventID":1.0,"SourceName":"x","Level":true}"##, true),
        (r##"{"EventID":6,"Provider_Name":"Microsoft-Windows-RPC","Endpoint":"eventlog"}"##, true),
        (r##"{"EventID":1,"Channel":"Application","EventID":2}"##, false),
        (r##"{"EventID":1,"Channel":"Application","StringInserts":["a"]}"##, false),
        (r##"{"winlog":{"channel":"Security"},"EventID":1,"Channel":"Security"}"##, true),
        (r##"{"winlog":"x","EventID":1,"Channel":"Security"}"##, false),
        (r##"{"winlog":{"channel":"Security","event_id":{"a":1},"event_data":"x"},"event":{"code":4624}}"##, false),
        (
            r##"{"winlog":{"channel":"Windows PowerShell","event_id":400,"event_data":{"param1":"a","param2":["b"],"x y":1}},"x":null,"EventID":7,"log":{"level":"warning"},"message":null}"##,
            true,
        ),
        (
            r##"{"winlog":{"channel":"Security","user_data":{"a":{"b":1}},"process":{"pid":4},"level":[1]},"event":{"code":"0x1"},"b":2}"##,
            true,
        ),
        (
            r##"{"Event":{"System":{"EventID":1,"Channel":"Application"},"EventData":{"Data":[{"@Name":"A b","#text":"1"},"x",null,{"@Name":"A b","#text":"2"}]}}}"##,
            true,
        ),
        (
            r##"{"Event":{"System":{"EventID":{"#text":7045,"#attributes":{"Qualifiers":16384}},"Channel":"System"},"UserData":{"X":{"Channel":"Security","EventID":9}}}}"##,
            true,
        ),
        (r##"{"Event":{"System":{"EventID":1},"EventData":"text"}}"##, false),
        (r##"{"System":{"EventID":1,"Channel":"System"},"EventData":{"Binary":null,"param1":"x"}}"##, true),
        ("{\"EventID\":1", false),
        ("[]", false),
        // Of a name that comes twice the last one counts, wherever it is.
        (r#"{"Event":{"System":{"EventID":1,"Channel":"Security"},"EventData":{"a":1,"a":2}}}"#, false),
        (r#"{"EventID":1,"Channel":"Security","x":{"y":[{"a":1,"a":2}]}}"#, false),
        (r#"{"EventID":1,"Channel":"Security","x":{"y":[{"a":1},{"a":2}]}}"#, true),
        (r#"{"EventID":4688,"Channel":"Security","SubjectUserName":["a",null,{"b":1}]}"#, false),
        // The longer name of what stands twice is taken.
        (r#"{"Event":{"System":{"EventID":1,"Channel":"a"},"EventData":{"Channel":"b","System_Channel":"c"}}}"#, false),
        // A text is made of a number as the plain reading shows it.
        (
            r#"{"EventID":4657,"Channel":"Security","ObjectName":"\\REGISTRY\\MACHINE\\SOFTWARE","ObjectValueName":50e3}"#,
            false,
        ),
        (
            r#"{"EventID":4657,"Channel":"Security","ObjectName":"\\REGISTRY\\MACHINE\\SOFTWARE","ObjectValueName":50}"#,
            true,
        ),
        // The plain reading refuses a number that no float holds.
        (r#"{"EventID":1,"Channel":"Security","n":1.5e346}"#, false),
        (r#"{"EventID":1,"Channel":"Security","n":1.5e3}"#, true),
        (
            r#"{"EventID":"0x1a","Channel":"Security","UtcTime":"2026-05-29 08:56:42.5","TimeCreated":1780045002.5}"#,
            true,
        ),
        (r#"{"EventID":"abc","Channel":"Security","TimeCreated":"never","timestamp":1780045002500,"Level":"3"}"#, true),
        (
            r#"{"EventID":4624,"Channel":"Security","a":"C:\\x","b":"\u0110\/\n\"","c":"","d":"\"\"","IpPort":"0x1f","IpAddress":"::ffff:10.0.0.1","Level":[1]}"#,
            true,
        ),
        (
            r#"{"EventID":1e0,"Channel":"Security","o":{},"l":[],"m":[[],{"x":[null,true,1.50,"\u00e9"]}],"TimeCreated":{"x":1}}"#,
            true,
        ),
        (
            r##"{"Event":{"System":{"EventID":1,"Channel":"System","TimeCreated":{"#attributes":{"SystemTime":"2026-05-29T08:56:42Z"}}},"RenderingInfo":{"Message":"kho bạc"}}}"##,
            true,
        ),
    ];
    for (line, read) in lines {
        assert_eq!(same(line, &mut lean), read, "{line}");
    }
}

/// Rules that ask for words anywhere, in values and not at all, and for values of fields.
const RULES: &str = r"
title: Words
id: words
logsource: {product: windows}
detection:
  keywords: [mimikatz, 'sekurlsa::logon', '\\evil-host\admin$', 'kho bạc nhà nước', 'a*tok.zz*q']
  condition: keywords
---
title: Not the words
id: not-words
logsource: {product: windows}
detection:
  keywords: [mimikatz]
  selection: {Image|endswith: '\cmd.exe'}
  condition: selection and not keywords
---
title: Fields
id: fields
logsource: {product: windows}
detection:
  one: {CommandLine|contains: ['kho bạc', ' -e ', 'k']}
  two: {commandline|re: 'Mimi.*z$'}
  three: {LogonType: 3}
  condition: 1 of them
";

/// JSON of a text with some characters written as escapes that nobody needs.
fn written(text: &str, escaped: &[bool]) -> String {
    let mut json = String::from("\"");
    for (c, escaped) in text.chars().zip(escaped.iter().cycle()) {
        match c {
            _ if *escaped => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| json.push_str(&format!("\\u{unit:04x}")))
            }
            '"' | '\\' => json.extend(['\\', c]),
            '\n' => json.push_str("\\n"),
            c => json.push(c),
        }
    }
    json + "\""
}

fn text() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "mimi",
        "katz",
        "MIMIKATZ",
        "\u{212a}",
        "sekurlsa::",
        "logon",
        "\\evil-host\\",
        "admin$",
        "C:\\x\\cmd.exe",
        " -e ",
        "kho bạc ",
        "NHÀ NƯỚC",
        "nhà nước",
        "a",
        "tok.zz",
        "q",
        "\"",
        "\n",
        "đ",
        "🔑",
        "3",
    ]);
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn the_engine_finds_the_same_in_lines_as_in_records(
        values in prop::collection::vec((prop::sample::select(vec!["Image", "CommandLine", "commandLine", "Other", "LogonType"]), text()), 0..6),
        escaped in prop::collection::vec(prop::bool::weighted(0.1), 1..9),
        nested in any::<bool>(),
    ) {
        let (set, faults) = Ruleset::load([("rules".to_owned(), RULES.to_owned())].into_iter());
        prop_assert!(faults.is_empty(), "{:?}", faults);
        let engine = Engine::new(Arc::new(set));
        let (mut lean, mut scratch) = (Lean::default(), Scratch::default());
        let members: Vec<String> =
            values.iter().map(|(name, value)| format!("\"{name}\":{}", written(value, &escaped))).collect();
        let members = members.join(",");
        let comma = if members.is_empty() { "" } else { "," };
        let line = if nested {
            format!(r#"{{"Event":{{"System":{{"EventID":1,"Channel":"Security"}},"EventData":{{{members}}}}}}}"#)
        } else {
            format!(r#"{{"EventID":1,"Channel":"Security"{comma}{members}}}"#)
        };
        let record = decode_line(line.as_bytes(), Format::Ndjson, chrono::DateTime::UNIX_EPOCH, 1).unwrap();
        let plain: Vec<String> = engine.ruleset().matches(&record).iter().map(|m| m.rule.id.clone()).collect();
        let told = |fired: &[u32]| -> Vec<String> {
            fired.iter().map(|at| engine.ruleset().rules()[*at as usize].id.clone()).collect()
        };
        prop_assert_eq!(&told(engine.fired(&record, &mut scratch)), &plain, "{}", line);
        // The second time the shape, the layout and the values are known.
        for _ in 0..2 {
            let Some(event) = lean.read(&line) else { return Ok(()) };
            let fired = engine.fired_on(event.log(), &event, &mut scratch).unwrap();
            prop_assert_eq!(&told(fired), &plain, "{}", line);
            let made = event.record();
            prop_assert_eq!(made.as_ref(), Some(&record), "{}", line);
        }
    }
}
