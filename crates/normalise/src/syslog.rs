//! Syslog lines: RFC 5424, RFC 3164, and what programs really send (no priority, a time with or without a year).
//!
//! A line is never refused for its shape: what cannot be told apart stays in `message`. RFC 3164's time has neither
//! year nor zone; it is taken as Vietnam's, in the latest year that does not put it more than a day after it was
//! received.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Utc};
use khien_base::clock::vietnam;
use khien_base::{LogSource, Record};
use serde_json::{Map, Value};

use crate::parsers::{Form, Parsed};
use crate::{ndjson, parsers, stamp, xml};

/// Most parameters of structured data that are kept.
const PARAMETERS: usize = 256;

/// Room for the fields that most lines come to, with those of their parser.
const FIELDS: usize = 28;

/// A line, taken apart.
#[derive(Debug, Default, PartialEq)]
struct Envelope<'a> {
    priority: Option<u8>,
    time: Option<DateTime<Utc>>,
    host: Option<&'a str>,
    program: Option<&'a str>,
    pid: Option<&'a str>,
    msgid: Option<&'a str>,
    data: Vec<(String, String)>,
    message: &'a str,
}

/// The record of a syslog line.
pub(crate) fn record(line: &str, received: DateTime<Utc>) -> Record {
    let envelope = open(line, received);
    if let Some(mut record) = ndjson::carried(envelope.message, line).or_else(|| xml::carried(envelope.message, line)) {
        // NXLog and others send whole events inside syslog, as JSON or as XML.
        record.time = record.time.or(envelope.time);
        record.hot.host = record.hot.host.or_else(|| envelope.host.map(str::to_owned));
        return record;
    }
    let mut fields = Map::with_capacity(FIELDS);
    let mut set = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            fields.insert(name.to_owned(), Value::from(value));
        }
    };
    set("hostname", envelope.host);
    set("program", envelope.program);
    set("pid", envelope.pid);
    set("msgid", envelope.msgid);
    set("message", Some(envelope.message));
    for (name, value) in &envelope.data {
        set(name, Some(value));
    }
    if let Some(priority) = envelope.priority {
        fields.insert("facility".into(), Value::from(priority >> 3));
        fields.insert("severity".into(), Value::from(priority & 7));
    }
    finish(envelope.time, envelope.priority, line.to_owned(), fields)
}

/// A record out of what every text log has: the fields `hostname`, `program` and `message`, read by the parser of the
/// program.
pub(crate) fn finish(
    time: Option<DateTime<Utc>>,
    priority: Option<u8>,
    raw: String,
    mut fields: Map<String, Value>,
) -> Record {
    let own = |fields: &Map<String, Value>, name| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let program = own(&fields, "program");
    let message = own(&fields, "message").unwrap_or_default();
    let parsed = parsers::parse(program.as_deref(), &message, &mut fields);
    let host = own(&fields, "hostname");
    let parsed =
        parsed.unwrap_or_else(|| Parsed { log: unknown(host.is_some() && program.is_some()), ..Parsed::default() });
    let mut record = of_parsed(parsed, raw, fields);
    let hot = &mut record.hot;
    hot.severity_id = hot.severity_id.max(priority.map_or(0, |p| severity(p & 7)));
    hot.host = host.or(hot.host.take());
    hot.channel = hot.channel.take().or(program);
    if hot.event_code.is_none() {
        hot.event_code = own(&record.fields, "msgid");
    }
    hot.message = hot.message.take().or(Some(message)).filter(|m| !m.is_empty());
    record.time = record.time.or(time);
    record
}

/// The record of a row of a table.
pub(crate) fn of_table(raw: String, mut fields: Map<String, Value>) -> Record {
    let parsed = parsers::by_form(Form::Table, &raw, &mut fields).unwrap_or_default();
    let mut record = of_parsed(parsed, raw, fields);
    if record.hot.message.is_none() {
        record.hot.message = Some(record.raw.clone());
    }
    record
}

fn of_parsed(parsed: Parsed<'_>, raw: String, mut fields: Map<String, Value>) -> Record {
    if let Some((parser, pattern)) = parsed.by {
        fields.insert("_parser".into(), Value::from(format!("{parser}/{pattern}")));
    }
    Record { time: parsed.time, log: parsed.log, hot: parsed.hot, fields: fields.into(), raw, key: None }
}

/// A program that no parser knows: still a Linux machine's syslog, when the line names a host and a program.
fn unknown(is_syslog: bool) -> LogSource {
    if !is_syslog {
        return LogSource::default();
    }
    LogSource { product: Some("linux".into()), service: Some("syslog".into()), category: None }
}

/// RFC 5424 section 6.2.1 severities as OCSF's.
fn severity(syslog: u8) -> u8 {
    match syslog {
        0 => 6,
        1 | 2 => 5,
        3 => 3,
        4 => 2,
        _ => 1,
    }
}

fn open(line: &str, received: DateTime<Utc>) -> Envelope<'_> {
    let (priority, rest) = priority(line);
    if priority.is_some()
        && let Some(rest) = rest.strip_prefix("1 ")
        && let Some(envelope) = rfc5424(priority, rest)
    {
        return envelope;
    }
    rfc3164(priority, rest, received)
}

/// `<0>` to `<191>` (RFC 5424 section 6.2.1).
fn priority(line: &str) -> (Option<u8>, &str) {
    let found = line.strip_prefix('<').and_then(|rest| rest.split_once('>')).and_then(|(number, rest)| {
        let plain = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let number = number.parse::<u8>().ok().filter(|n| plain && *n <= 191)?;
        Some((Some(number), rest))
    });
    found.unwrap_or((None, line))
}

fn rfc5424(priority: Option<u8>, rest: &str) -> Option<Envelope<'_>> {
    let mut words = rest.splitn(6, ' ');
    let mut word = || words.next().map(|w| Some(w).filter(|w| *w != "-"));
    let (time, host, program, pid, msgid) = (word()?, word()?, word()?, word()?, word()?);
    let (data, message) = structured(words.next().unwrap_or("-"));
    let time = match time {
        Some(time) => Some(DateTime::parse_from_rfc3339(time).ok()?.with_timezone(&Utc)),
        None => None,
    };
    let message = message.trim_start_matches('\u{feff}');
    Some(Envelope { priority, time, host, program, pid, msgid, data, message })
}

/// Structured data (RFC 5424 section 6.3): `[id name="value"…]…`, as fields `id.name`; then the message.
fn structured(text: &str) -> (Vec<(String, String)>, &str) {
    if let Some(rest) = text.strip_prefix('-') {
        return (Vec::new(), rest.strip_prefix(' ').unwrap_or(rest));
    }
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(inside) = rest.strip_prefix('[') {
        let Some((parameters, after)) = element(inside) else { return (found, rest) };
        found.extend(parameters.into_iter().take(PARAMETERS.saturating_sub(found.len())));
        rest = after;
    }
    (found, rest.strip_prefix(' ').unwrap_or(rest))
}

/// One element after its `[`: its parameters and what follows its `]`. `None` when it does not end.
fn element(inside: &str) -> Option<(Vec<(String, String)>, &str)> {
    let end = inside.find([' ', ']'])?;
    let (id, mut rest) = inside.split_at_checked(end)?;
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(']') {
            return Some((found, after));
        }
        let (name, value) = rest.split_once("=\"")?;
        let mut said = String::new();
        let mut chars = value.char_indices();
        let close = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => match chars.next()?.1 {
                    c @ ('"' | '\\' | ']') => said.push(c),
                    c => said.extend(['\\', c]),
                },
                (_, c) => said.push(c),
            }
        };
        found.push((format!("{id}.{name}"), said));
        rest = value.get(close + 1..)?;
    }
}

fn rfc3164(priority: Option<u8>, line: &str, received: DateTime<Utc>) -> Envelope<'_> {
    let Some((time, rest)) = leading_time(line, received) else {
        // Without a time the line may still begin with "program[pid]: ", as journald's console output does.
        let (program, pid, message) = tag(line);
        return match priority {
            Some(_) => Envelope { priority, program, pid, message, ..Envelope::default() },
            None => Envelope { message: line, ..Envelope::default() },
        };
    };
    let rest = rest.trim_start_matches([' ', '\t']);
    let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
    // Programs that write a time like syslog's into files of their own go on with a thread or a level.
    if priority.is_none() && is_own_form(word, after) {
        return Envelope { message: line, ..Envelope::default() };
    }
    // Some senders leave the host out: then the first word is already the tag.
    let is_tag = word.ends_with(':') || word.contains('[') || word.starts_with("CEF:") || word.starts_with("LEEF:");
    let (host, rest) = if is_tag { (None, rest) } else { (Some(word), after) };
    let (program, pid, message) = tag(rest.trim_start_matches(' '));
    Envelope { priority, time: Some(time), host, program, pid, message, ..Envelope::default() }
}

/// Whether what follows a time is no host: `8 [Note] …` and `77 Query` of MySQL, `INFO 1 --- […` of Java.
fn is_own_form(word: &str, after: &str) -> bool {
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "SEVERE", "FATAL"];
    let number = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    levels.contains(&word) || number && (after.starts_with('[') || after.contains('\t'))
}

/// `program[pid]: message`.
fn tag(text: &str) -> (Option<&str>, Option<&str>, &str) {
    let end = text.find(|c: char| !(c.is_alphanumeric() || "_-./@".contains(c))).unwrap_or(text.len());
    // The marks of these formats look like programs.
    if text.starts_with("CEF:") || text.starts_with("LEEF:") {
        return (None, None, text);
    }
    let Some((program, rest)) = text.split_at_checked(end).filter(|(p, _)| !p.is_empty() && p.len() <= 64) else {
        return (None, None, text);
    };
    let (pid, rest) = match rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        Some((pid, rest)) => (Some(pid), rest),
        None => (None, rest),
    };
    match rest.strip_prefix(':') {
        Some(message) => (Some(program), pid, message.strip_prefix(' ').unwrap_or(message)),
        None => (None, None, text),
    }
}

/// The time at the start of a line, and the rest.
fn leading_time(line: &str, received: DateTime<Utc>) -> Option<(DateTime<Utc>, &str)> {
    let first = line.split([' ', '\t']).next().unwrap_or_default();
    if first.contains('T')
        && let Ok(at) = DateTime::parse_from_rfc3339(first)
    {
        return Some((at.with_timezone(&Utc), line.get(first.len()..)?));
    }
    // "2026 Jun 10 08:15:02" and "Jun 10 2026 08:15:02" of switches and firewalls, then "Jun 10 08:15:02".
    let with_year = |head: &str| {
        let forms = ["%Y %b %e %H:%M:%S", "%b %e %Y %H:%M:%S"];
        forms.iter().find_map(|form| NaiveDateTime::parse_from_str(head, form).ok())
    };
    if let Some(at) = line.get(..20).and_then(with_year) {
        return Some((stamp::in_vietnam(at)?, line.get(20..)?));
    }
    let head = line.get(..15).filter(|h| h.as_bytes().first().is_some_and(u8::is_ascii_uppercase))?;
    Some((without_year(head, received)?, line.get(15..)?))
}

/// RFC 3164's time, in the latest year that puts it at most a day after `received`. A leap day looks back up to
/// eight years for its year.
fn without_year(head: &str, received: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let this = received.with_timezone(&vietnam()).year();
    let latest = received.checked_add_signed(TimeDelta::days(1)).unwrap_or(received);
    (0..=9).find_map(|back| {
        let at = NaiveDateTime::parse_from_str(&format!("{} {head}", this + 1 - back), "%Y %b %e %H:%M:%S").ok()?;
        stamp::in_vietnam(at).filter(|at| *at <= latest)
    })
}

/// The record of a journald entry in JSON (`journalctl -o json`, or what a shipper made of it), or of a line that a
/// shipper took apart: host, program and message stand in fields.
///
/// Gives `raw` back where the object is something else.
pub(crate) fn taken_apart(object: &Map<String, Value>, raw: String) -> Result<Record, String> {
    let pick = |names: &[&str]| names.iter().find_map(|n| object.get(*n)).and_then(Value::as_str);
    let names = ["SYSLOG_IDENTIFIER", "_COMM", "ident", "program", "programname", "appname", "app-name", "syslogtag"];
    let (Some(message), Some(program)) = (pick(&["MESSAGE", "message", "msg", "log"]), pick(&names)) else {
        return Err(raw);
    };
    let program = program.split(['[', ':']).next().unwrap_or(program);
    if let Some(record) = xml::carried(message, &raw) {
        return Ok(record);
    }
    let host = pick(&["_HOSTNAME", "hostname", "host"]);
    let micros = pick(&["__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP"]).and_then(stamp::of_text);
    let time =
        ["@timestamp", "timestamp", "time", "date"].iter().find_map(|n| object.get(*n)).and_then(stamp::of_value);
    let severity = object.get("PRIORITY").or_else(|| object.get("severity")).and_then(crate::taxonomy::decimal);
    let mut fields = object.clone();
    fields.insert("message".into(), Value::from(message));
    fields.insert("program".into(), Value::from(program));
    if let Some(host) = host {
        fields.insert("hostname".into(), Value::from(host));
    }
    let priority = severity.and_then(|s| u8::try_from(s).ok()).filter(|s| *s <= 7);
    Ok(finish(micros.or(time), priority, raw, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn rfc_5424_with_structured_data() {
        let line = "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 \
                    [exampleSDID@32473 iut=\"3\" eventSource=\"App\\\"l\\]ication\"][b@1 c=\"\"] \u{feff}An application event";
        let record = record(line, at("2026-01-01T00:00:00Z"));
        assert_eq!(record.time, Some(at("2003-10-11T22:14:15.003Z")));
        let fields = &record.fields;
        assert_eq!(fields["exampleSDID@32473.eventSource"], "App\"l]ication");
        assert_eq!((&fields["message"], &fields["msgid"]), (&"An application event".into(), &"ID47".into()));
        assert_eq!((&fields["facility"], &fields["severity"]), (&20.into(), &5.into()));
        assert_eq!(record.hot.host.as_deref(), Some("mymachine.example.com"));
        assert!(!fields.contains_key("pid"));
        assert_eq!(record.log.service.as_deref(), Some("syslog"));
    }

    #[test]
    fn a_time_without_a_year_never_lies_far_in_the_future() {
        let time = |line: &str, received: &str| record(line, at(received)).time.unwrap().to_rfc3339();
        assert_eq!(time("<13>Dec 31 23:59:00 a b: c", "2027-01-01T00:30:00Z"), "2026-12-31T16:59:00+00:00");
        assert_eq!(time("<13>Jan  1 06:00:00 a b: c", "2026-12-31T22:59:00Z"), "2026-12-31T23:00:00+00:00");
        assert_eq!(time("Feb 29 07:00:00 a b: c", "2026-06-01T00:00:00Z"), "2024-02-29T00:00:00+00:00");
    }

    #[test]
    fn lines_of_odd_shapes_keep_their_text() {
        let received = at("2026-06-10T00:00:00Z");
        for (line, program, message) in [
            ("<13>Jun 10 07:00:00 app[7]: hello", Some("app"), "hello"),
            ("<13>app: no time", Some("app"), "no time"),
            ("<999>what", None, "<999>what"),
            ("just words", None, "just words"),
            ("<34>1 not-a-time host app - - - x", None, "1 not-a-time host app - - - x"),
            ("<34>1 - - - - - -", None, ""),
        ] {
            let record = record(line, received);
            assert_eq!(record.fields.get("program").and_then(Value::as_str), program, "{line}");
            assert_eq!(record.fields.get("message").map_or("", |m| m.as_str().unwrap()), message, "{line}");
            assert_eq!(record.raw, line);
        }
    }

    #[test]
    fn an_event_in_json_inside_syslog_is_that_event() {
        let line = "<14>1 2026-06-10T08:00:00+07:00 dc1 nxlog 1 - - {\"EventID\":4625,\"Channel\":\"Security\",\
                    \"SourceName\":\"Microsoft-Windows-Security-Auditing\",\"IpAddress\":\"203.0.113.9\"}";
        let record = record(line, at("2026-06-10T02:00:00Z"));
        assert_eq!(record.log.service.as_deref(), Some("security"));
        assert_eq!((record.hot.host.as_deref(), record.hot.src_ip.as_deref()), (Some("dc1"), Some("203.0.113.9")));
        assert_eq!((record.time, record.raw.as_str()), (Some(at("2026-06-10T01:00:00Z")), line));
    }

    #[test]
    fn a_journal_entry_is_read_by_the_parser_of_its_program() {
        let entry = serde_json::json!({"SYSLOG_IDENTIFIER": "sshd", "_HOSTNAME": "may1", "PRIORITY": "4",
            "__REALTIME_TIMESTAMP": "1780045002500000",
            "MESSAGE": "Failed password for root from 203.0.113.5 port 22 ssh2"});
        let record = taken_apart(entry.as_object().unwrap(), entry.to_string()).unwrap();
        assert_eq!(record.log.service.as_deref(), Some("sshd"));
        assert_eq!(record.time, Some(at("2026-05-29T08:56:42.500Z")));
        assert_eq!((record.hot.host.as_deref(), record.hot.src_ip.as_deref()), (Some("may1"), Some("203.0.113.5")));
    }
}
