//! What the leader's page shows of the plans.

use chrono::NaiveDate;
use khien_base::Result;
use khien_base::clock::day_in_vietnam;
use khien_govern::plans::overview::{self, TargetLine};
use khien_govern::plans::rules::goal::Point;
use khien_govern::plans::rules::trajectory::{Ahead, trajectory};
use khien_govern::plans::views::Chart;
use khien_web::Ctx;
use khien_web::texts::Lang;

use super::spark::spark;
use super::views::{DutyRow, LateRow, TargetChart, TargetRow};

/// Targets on the page: those with a figure first, as many as a leader reads.
const TARGETS: usize = 12;
/// Late tasks and reports on the page.
const ROWS: u64 = 8;

/// Targets with a chart of their own: those that stand worst.
const CHARTS: usize = 4;
/// Figures that a chart draws, about.
const POINTS: usize = 60;

/// The targets, and the ways of the first few with a figure.
pub(super) async fn targets(ctx: &Ctx) -> Result<(Vec<TargetRow>, Vec<TargetChart>)> {
    let all = overview::targets(&ctx.kit, &ctx.reach("plans:read"), ctx.now).await?;
    let lines: Vec<_> = all.into_iter().filter(|line| line.state != "qualitative").take(TARGETS).collect();
    let measured = lines.iter().filter(|line| line.value.is_some()).map(|line| line.id);
    let history = overview::history(&ctx.kit, measured).await?;
    let day = day_in_vietnam(ctx.now);
    let kept = |line: &TargetLine| history.get(&line.id).map_or(&[][..], Vec::as_slice);
    let charts = lines.iter().filter_map(|line| chart(ctx, line, kept(line), day)).take(CHARTS).collect();
    let rows = lines
        .iter()
        .map(|line| {
            let near = trajectory(&line.goal(), kept(line), (day, line.value), POINTS, Ahead::AsFarAsBack);
            TargetRow { spark: near.and_then(|way| spark(&way)), ..row(line, ctx.lang) }
        })
        .collect();
    Ok((rows, charts))
}

fn chart(ctx: &Ctx, line: &TargetLine, kept: &[Point], day: NaiveDate) -> Option<TargetChart> {
    let way = trajectory(&line.goal(), kept, (day, line.value), POINTS, Ahead::Goal)?;
    let names = [ctx.say("plans.reached"), ctx.say("plans.way")];
    Some(TargetChart {
        measure: beginning(&line.measure, TITLE),
        value: line.value,
        expected: line.expected,
        unit: line.unit.clone(),
        state: line.state.clone(),
        tone: line.tone.clone(),
        href: line.href.clone(),
        chart: Chart::of(&way, line.goal, &line.unit, names),
    })
}

/// Characters of a target or task that the page shows; the whole sentence stands on its own page.
const SHOWN: usize = 120;

/// Characters of a target above its chart.
const TITLE: usize = 70;

fn short(text: &str) -> String {
    beginning(text, SHOWN)
}

/// The beginning of a sentence, cut between words.
fn beginning(text: &str, shown: usize) -> String {
    if text.chars().count() <= shown {
        return text.to_owned();
    }
    let cut: String = text.chars().take(shown).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut.get(..end).unwrap_or(&cut))
}

fn row(line: &TargetLine, lang: Lang) -> TargetRow {
    TargetRow {
        measure: short(&line.measure),
        goal: goal(line, lang),
        value: line.value,
        expected: line.expected,
        unit: line.unit.clone(),
        state: line.state.clone(),
        tone: line.tone.clone(),
        due: line.due,
        href: line.href.clone(),
        spark: None,
    }
}

/// "≥ 20 chuyên gia": the sign is read alike in both languages.
fn goal(line: &TargetLine, lang: Lang) -> String {
    let point = if lang == Lang::Vi { "," } else { "." };
    let number = |value: f64| format!("{value}").replace('.', point);
    let sign = match line.comparator.as_str() {
        "at_least" => "≥ ",
        "more_than" => "> ",
        "at_most" => "≤ ",
        "less_than" => "< ",
        _ => "",
    };
    match (line.goal, line.high) {
        (Some(low), Some(high)) => format!("{} – {} {}", number(low), number(high), line.unit),
        (Some(low), None) => format!("{sign}{} {}", number(low), line.unit),
        _ => "–".to_owned(),
    }
}

pub(super) async fn late(ctx: &Ctx) -> Result<(Vec<LateRow>, u64)> {
    let (lines, total) = overview::late(&ctx.kit, &ctx.reach("plans:read"), ctx.now, ROWS).await?;
    let rows = lines
        .into_iter()
        .map(|line| LateRow { text: short(&line.text), unit: line.unit, days: line.days_late, href: line.href })
        .collect();
    Ok((rows, total))
}

pub(super) async fn duties(ctx: &Ctx) -> Result<Vec<DutyRow>> {
    let today = day_in_vietnam(ctx.now);
    let (lines, _) = overview::obligations_due(&ctx.kit, &ctx.reach("plans:read"), ctx.now, ROWS).await?;
    Ok(lines
        .into_iter()
        .map(|line| DutyRow {
            subject: line.subject,
            unit: line.unit,
            late: line.due_on < today,
            due: line.due_on,
            href: line.href,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_cut_between_words() {
        assert_eq!(short("Kiện toàn Tiểu ban"), "Kiện toàn Tiểu ban");
        let long = short(&"an ninh mạng ".repeat(20));
        assert!(long.ends_with("mạng…") || long.ends_with("ninh…") || long.ends_with("an…"), "{long}");
        assert!(long.chars().count() <= SHOWN + 1);
    }

    #[test]
    fn a_goal_reads_as_people_write_it() {
        let line = |comparator: &str, goal, high| TargetLine {
            id: khien_base::Id::nil(),
            expected: None,
            href: String::new(),
            measure: String::new(),
            comparator: comparator.into(),
            goal,
            high,
            unit: "%".into(),
            due: None,
            binding: String::new(),
            value: None,
            numerator: None,
            denominator: None,
            state: String::new(),
            tone: String::new(),
            plan: khien_base::Id::nil(),
            plan_title: String::new(),
        };
        assert_eq!(super::goal(&line("at_least", Some(92.5), None), Lang::Vi), "≥ 92,5 %");
        assert_eq!(super::goal(&line("at_least", Some(92.5), None), Lang::En), "≥ 92.5 %");
        assert_eq!(super::goal(&line("between", Some(50.0), Some(100.0)), Lang::Vi), "50 – 100 %");
        assert_eq!(super::goal(&line("qualitative", None, None), Lang::Vi), "–");
    }
}
