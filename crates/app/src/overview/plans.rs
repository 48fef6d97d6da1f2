//! What the leader's page shows of the plans.

use khien_base::Result;
use khien_base::clock::day_in_vietnam;
use khien_govern::plans::overview::{self, TargetLine};
use khien_web::Ctx;

use super::views::{DutyRow, LateRow, TargetRow};

/// Targets on the page: those with a figure first, as many as a leader reads.
const TARGETS: usize = 12;
/// Late tasks and reports on the page.
const ROWS: u64 = 8;

pub(super) async fn targets(ctx: &Ctx) -> Result<Vec<TargetRow>> {
    let lines = overview::targets(&ctx.kit, &ctx.reach("plans:read"), ctx.now).await?;
    Ok(lines.into_iter().filter(|line| line.state != "qualitative").take(TARGETS).map(row).collect())
}

/// Characters of a target or task that the page shows; the whole sentence stands on its own page.
const SHOWN: usize = 120;

/// The beginning of a sentence, cut between words.
fn short(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let cut: String = text.chars().take(SHOWN).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut.get(..end).unwrap_or(&cut))
}

fn row(line: TargetLine) -> TargetRow {
    let goal = goal(&line);
    TargetRow {
        measure: short(&line.measure),
        goal,
        value: line.value,
        unit: line.unit,
        state: line.state,
        tone: line.tone,
        due: line.due,
        href: line.href,
    }
}

/// "≥ 20 chuyên gia": the sign is read alike in both languages.
fn goal(line: &TargetLine) -> String {
    let number = |value: f64| format!("{value}").replace('.', ",");
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
        assert_eq!(super::goal(&line("at_least", Some(92.5), None)), "≥ 92,5 %");
        assert_eq!(super::goal(&line("between", Some(50.0), Some(100.0))), "50 – 100 %");
        assert_eq!(super::goal(&line("qualitative", None, None)), "–");
    }
}
