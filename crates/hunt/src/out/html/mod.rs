//! A page that needs nothing else: opened from a stick it shows the same. It has no script, takes nothing from anywhere,
//! and says so in its content security policy; whatever an event says stands in it as text.

mod chart;

use std::io::Write;

use base64::Engine as _;
use khien_base::{Fault, Result};
use minijinja::value::Serde;
use minijinja::{Environment, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Report, local, notes};
use crate::found::{COLUMNS, Found};
use crate::limits;
use crate::sources;
use crate::tally::{self, ByLevel};
use crate::timeline::Sorted;

/// Rules, hosts and techniques that are listed.
const LISTED: usize = 200;

/// A match in the table.
#[derive(Debug, Serialize)]
struct Row {
    time: String,
    level: &'static str,
    title: String,
    rule: String,
    host: String,
    event: String,
    techniques: Vec<String>,
    matched: Vec<(String, String)>,
    columns: Vec<(&'static str, String)>,
    file: String,
    record: u64,
}

/// A rule, host or technique with its matches.
#[derive(Debug, Serialize)]
struct Count {
    level: &'static str,
    name: String,
    detail: String,
    count: String,
    /// Share of the most frequent one, in percent.
    share: u64,
}

/// What the template shows.
#[derive(Debug, Serialize)]
struct Page<'p> {
    lang: &'static str,
    t: &'static std::collections::BTreeMap<String, String>,
    style: &'static str,
    policy: String,
    inputs: Vec<String>,
    matches: String,
    events: String,
    files: String,
    rules: String,
    fired: String,
    first: String,
    last: String,
    levels: Vec<(&'static str, String)>,
    chart: Option<chart::Chart>,
    by_rule: Vec<Count>,
    by_host: Vec<Count>,
    by_technique: Vec<Count>,
    rows: Vec<Row>,
    /// The sentence that says that not all matches are in the table.
    cut: Option<String>,
    faults: Vec<(&'p str, String)>,
    fault_count: u64,
}

pub(super) fn write(report: &Report<'_>, rows: Sorted<Found>, to: &mut dyn Write) -> Result<std::io::Result<()>> {
    let page = page(report, rows)?;
    let mut environment = Environment::new();
    // The name's ending makes every value text and never markup.
    environment.add_template("timeline.html", include_str!("../../pages/timeline.html")).map_err(Fault::internal)?;
    let template = environment.get_template("timeline.html").map_err(Fault::internal)?;
    let text = template.render(Value::from(Serde(page))).map_err(|error| Fault::internal(format!("{error:#}")))?;
    Ok(to.write_all(text.as_bytes()))
}

fn page<'p>(report: &Report<'p>, rows: Sorted<Found>) -> Result<Page<'p>> {
    let (rows, shown) = chosen(report, rows)?;
    let (lang, tally) = (report.order.lang, report.tally);
    let style = include_str!("../../pages/timeline.css");
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style.as_bytes()));
    let (first, last) = tally.span.map_or((None, None), |(first, last)| (Some(first), Some(last)));
    let moment = |micros: Option<i64>| local(micros.and_then(chrono::DateTime::from_timestamp_micros));
    let numbers = tally::LEVELS.iter().zip(tally.levels);
    let (of, all) = (lang.number(shown), lang.number(tally.matches));
    Ok(Page {
        lang: lang.code(),
        t: lang.words(),
        style,
        policy: format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"),
        inputs: report.order.inputs.iter().map(|path| sources::shown(path)).collect(),
        events: lang.number(tally.events),
        files: lang.number((report.sources.len() as u64).saturating_sub(report.others)),
        rules: lang.number(report.rules.counted() as u64),
        fired: lang.number(tally.rules.len() as u64),
        first: moment(first),
        last: moment(last),
        levels: numbers.map(|(level, count)| (tally::name(*level), lang.number(count))).collect(),
        chart: chart::draw(tally, lang),
        by_rule: by_rule(report),
        by_host: by_host(report),
        by_technique: by_technique(report),
        rows,
        cut: (shown < tally.matches).then(|| lang.say("html.cut", &[("shown", &of), ("all", &all)])),
        faults: report.troubles.faults.iter().map(|(file, fault)| (file.as_str(), fault.to_string())).collect(),
        fault_count: report.troubles.all,
        matches: all,
    })
}

/// The matches that the table has room for, the worst levels first and of the last of these the earliest, in the order
/// of time.
fn chosen(report: &Report<'_>, mut sorted: Sorted<Found>) -> Result<(Vec<Row>, u64)> {
    let mut room: ByLevel = [0; 5];
    let mut left = limits::HTML_ROWS;
    for (room, count) in room.iter_mut().zip(report.tally.levels) {
        *room = count.min(left);
        left -= *room;
    }
    let mut rows = Vec::new();
    while let Some(found) = sorted.next()? {
        let Some(rule) = report.rules.rule(found.rule) else { continue };
        if let Some(room) = room.get_mut(tally::rank(rule.level)).filter(|room| **room > 0) {
            *room -= 1;
            rows.push(row(report, &found, rule));
        }
    }
    let shown = rows.len() as u64;
    Ok((rows, shown))
}

fn row(report: &Report<'_>, found: &Found, rule: &khien_detect::Rule) -> Row {
    let told = |name: &&'static str| {
        let value = found.column(name);
        (!value.is_empty() && !matches!(*name, "host" | "event_id")).then(|| (*name, value.to_owned()))
    };
    Row {
        time: local(found.moment()),
        level: tally::name(rule.level),
        title: report.rules.title(found.rule, report.order.lang).to_owned(),
        rule: rule.id.clone(),
        host: found.column("host").to_owned(),
        event: found.column("event_id").to_owned(),
        techniques: rule.tags.techniques.clone(),
        matched: found.marks.iter().map(|mark| (named(report, found, &mark.field), mark.value.to_string())).collect(),
        columns: COLUMNS.iter().filter_map(told).collect(),
        file: report.file(found.file).to_owned(),
        record: found.record,
    }
}

/// The name of a field; what correlations count is no field and has a word.
fn named(report: &Report<'_>, found: &Found, field: &str) -> String {
    let key = format!("mark.{field}");
    let words = report.order.lang.words();
    let word = words.get(&key).filter(|_| report.rules.is_correlation(found.rule));
    word.map_or(field, String::as_str).to_owned()
}

fn by_rule(report: &Report<'_>) -> Vec<Count> {
    let lang = report.order.lang;
    let fired = report.tally.worst_rules(report.rules);
    let most = fired.iter().map(|(.., count)| *count).max().unwrap_or(1).max(1);
    let one = |(at, rule, count): &(u32, &khien_detect::Rule, u64)| Count {
        level: tally::name(rule.level),
        name: report.rules.title(*at, lang).to_owned(),
        detail: rule.id.clone(),
        count: lang.number(*count),
        share: count * 100 / most,
    };
    fired.iter().take(LISTED).map(one).collect()
}

fn by_host(report: &Report<'_>) -> Vec<Count> {
    let lang = report.order.lang;
    let hosts = report.tally.worst_hosts();
    let most = hosts.iter().map(|(_, counts)| counts.iter().sum::<u64>()).max().unwrap_or(1).max(1);
    let one = |(host, counts): &(&str, ByLevel)| {
        let worst = tally::LEVELS.iter().zip(counts).find(|(_, count)| **count > 0);
        let count: u64 = counts.iter().sum();
        Count {
            level: worst.map_or("", |(level, _)| tally::name(*level)),
            name: if host.is_empty() { lang.say("summary.no-host", &[]) } else { (*host).to_owned() },
            detail: notes::by_level(counts, lang),
            count: lang.number(count),
            share: count * 100 / most,
        }
    };
    hosts.iter().take(LISTED).map(one).collect()
}

fn by_technique(report: &Report<'_>) -> Vec<Count> {
    let lang = report.order.lang;
    let counts = report.tally.techniques(report.rules);
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let one = |(id, count): &(String, u64)| Count {
        level: "",
        name: id.clone(),
        detail: String::new(),
        count: lang.number(*count),
        share: count * 100 / most,
    };
    counts.iter().take(LISTED).map(one).collect()
}
