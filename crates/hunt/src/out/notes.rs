//! What is told beside the timeline: counts, amounts and times, and what could not be read.

use std::io::Write;

use khien_base::{Fault, Result};

use super::{Report, local};
use crate::order::Order;
use crate::run::Times;
use crate::sources::clean;
use crate::tally::{self, ByLevel};
use crate::words::Lang;

/// Lines of each part of the summary.
const LINES: usize = 20;

/// Writes what the order asks for, and faults always.
pub(crate) fn notes(report: &Report<'_>, times: &Times, to: &mut dyn Write) -> Result<()> {
    let mut lines = Vec::new();
    let Order { quiet, summary, stats, output, .. } = report.order;
    if *summary || output.is_some() && !quiet {
        counts(report, &mut lines);
    }
    faults(report, &mut lines);
    if *stats {
        amounts(report, times, &mut lines);
    }
    if !quiet {
        closing(report, times, &mut lines);
    }
    for line in lines {
        writeln!(to, "{}", line.trim_end()).map_err(Fault::internal)?;
    }
    Ok(())
}

fn heading(lang: Lang, key: &str, lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push(lang.say(key, &[]));
}

fn counts(report: &Report<'_>, lines: &mut Vec<String>) {
    let (lang, tally) = (report.order.lang, report.tally);
    if tally.matches == 0 {
        return;
    }
    heading(lang, "summary.levels", lines);
    for (level, count) in tally::LEVELS.iter().zip(tally.levels).filter(|(_, count)| *count > 0) {
        lines.push(format!("{:>10}  {}", lang.number(count), lang.say(&format!("level.{}", tally::name(*level)), &[])));
    }
    let rules = report.rules;
    let fired = tally.worst_rules(rules);
    heading(lang, "summary.rules", lines);
    for (at, rule, count) in fired.iter().take(LINES) {
        let level = lang.say(&format!("level.{}", tally::name(rule.level)), &[]);
        lines.push(format!("{:>10}  {level:<12}  {}", lang.number(*count), clean(report.rules.title(*at, lang))));
    }
    more(fired.len(), lang, lines);
    let hosts = tally.worst_hosts();
    heading(lang, "summary.hosts", lines);
    for (host, counts) in hosts.iter().take(LINES) {
        let name = if host.is_empty() { lang.say("summary.no-host", &[]) } else { clean(host) };
        lines.push(format!("{:>10}  {name}  ({})", lang.number(counts.iter().sum()), by_level(counts, lang)));
    }
    more(hosts.len(), lang, lines);
    let techniques = tally.techniques(rules);
    if !techniques.is_empty() {
        heading(lang, "summary.techniques", lines);
        for (id, count) in techniques.iter().take(LINES) {
            lines.push(format!("{:>10}  {id}", lang.number(*count)));
        }
        more(techniques.len(), lang, lines);
    }
}

fn more(all: usize, lang: Lang, lines: &mut Vec<String>) {
    if all > LINES {
        lines.push(format!("{:>10}  {}", "…", lang.say("summary.more", &[("count", &(all - LINES).to_string())])));
    }
}

/// `2 nghiêm trọng, 5 cao`
pub(crate) fn by_level(counts: &ByLevel, lang: Lang) -> String {
    let said = |(level, count): (&khien_detect::Level, &u64)| {
        let name = lang.say(&format!("level.{}", tally::name(*level)), &[]).to_lowercase();
        (*count > 0).then(|| format!("{} {name}", lang.number(*count)))
    };
    tally::LEVELS.iter().zip(counts).filter_map(said).collect::<Vec<_>>().join(", ")
}

fn faults(report: &Report<'_>, lines: &mut Vec<String>) {
    let lang = report.order.lang;
    let wrong = &report.rules.faults;
    if !wrong.is_empty() {
        heading(lang, "faults.rules", lines);
        lines.extend(wrong.iter().map(|fault| format!("  {}", clean(&fault.to_string()))));
    }
    let told = report.troubles;
    if told.all > 0 {
        heading(lang, "faults.logs", lines);
        for (file, fault) in &told.faults {
            let known = lang.words().contains_key(&format!("fault.{}", fault.code));
            let args: Vec<(&str, &str)> =
                fault.args.iter().map(|(name, value)| (name.as_ref(), value.as_str())).collect();
            let said = if known { lang.say(&format!("fault.{}", fault.code), &args) } else { fault.to_string() };
            lines.push(format!("  {file}: {} [{}]", clean(&said), fault.code));
        }
        let rest = told.all.saturating_sub(told.faults.len() as u64);
        if rest > 0 {
            lines.push(format!("  {}", lang.say("faults.more", &[("count", &lang.number(rest))])));
        }
    }
}

fn amounts(report: &Report<'_>, times: &Times, lines: &mut Vec<String>) {
    let (lang, tally) = (report.order.lang, report.tally);
    heading(lang, "stats", lines);
    let mut line = |key: &str, value: String| lines.push(format!("  {:<28} {value}", lang.say(key, &[])));
    line("stats.files", lang.number(report.sources.len() as u64));
    line("stats.others", lang.number(report.others));
    line("stats.read", lang.number(report.sources.iter().map(|source| source.bytes).sum()));
    line("stats.events", lang.number(tally.events));
    line("stats.bytes", lang.number(tally.bytes));
    line("stats.rules", lang.number(report.rules.counted() as u64));
    line("stats.matches", lang.number(tally.matches));
    line("stats.faults", lang.number(report.troubles.all));
    line("stats.threads", lang.number(report.order.threads as u64));
    for (key, time) in [
        ("stats.seconds-rules", times.rules),
        ("stats.seconds-logs", times.logs),
        ("stats.seconds-writing", times.writing),
        ("stats.seconds", times.all),
    ] {
        line(key, lang.seconds(time.as_secs_f64()));
    }
    let seconds = times.all.as_secs_f64();
    if seconds > 0.0 {
        line("stats.rate", format!("{:.0}", tally.events as f64 / seconds));
    }
}

fn closing(report: &Report<'_>, times: &Times, lines: &mut Vec<String>) {
    let (lang, tally) = (report.order.lang, report.tally);
    lines.push(String::new());
    lines.push(lang.say(
        "closing",
        &[
            ("events", &lang.number(tally.events)),
            ("files", &lang.number((report.sources.len() as u64).saturating_sub(report.others))),
            ("matches", &lang.number(tally.matches)),
            ("rules", &lang.number(tally.rules.len() as u64)),
            ("loaded", &lang.number(report.rules.counted() as u64)),
            ("seconds", &lang.seconds(times.all.as_secs_f64())),
        ],
    ));
    if let Some((first, last)) = tally.span {
        let moment = |micros: i64| local(chrono::DateTime::from_timestamp_micros(micros));
        lines.push(lang.say("closing.span", &[("first", &moment(first)), ("last", &moment(last))]));
    }
    if report.troubles.all > 0 {
        let (faults, files) = (lang.number(report.troubles.all), lang.number(report.troubles.files));
        lines.push(lang.say("closing.faults", &[("faults", &faults), ("files", &files)]));
    }
}
