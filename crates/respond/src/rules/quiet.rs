//! A filter out of a small form (Sigma filters specification 2.1), and what it would have quieted.

use khien_base::{Fault, LogSource, Record, Result};
use khien_detect::{Rule, Ruleset};

/// Rows that a form may have.
pub const ROWS: usize = 20;
/// How a value is compared; the first is equality.
pub const MODIFIERS: [&str; 6] = ["", "contains", "startswith", "endswith", "re", "cidr"];
/// Characters of a value.
const VALUE: usize = 1000;
/// Characters of a field's name.
const NAME: usize = 200;

/// One condition: all of them have to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The field.
    pub field: String,
    /// One of [`MODIFIERS`].
    pub modifier: String,
    /// The value; several stand one a line, any of them may hold.
    pub values: String,
}

/// A filter as YAML: events of the rule for which all rows hold are passed over.
///
/// Faults: `rules.filter-empty`, `rules.filter-rows` (`limit`), `rules.filter-field`, `rules.filter-modifier`,
/// `rules.filter-value`, each on its field.
pub fn yaml(id: &str, title: &str, reason: &str, rule: &Rule, rows: &[Row]) -> Result<String> {
    let rows: Vec<&Row> =
        rows.iter().filter(|row| !row.field.trim().is_empty() || !row.values.trim().is_empty()).collect();
    if rows.is_empty() {
        return Err(Fault::invalid("rules.filter-empty").on("field"));
    }
    if rows.len() > ROWS {
        return Err(Fault::invalid("rules.filter-rows").on("field").with("limit", ROWS));
    }
    let mut text = format!("title: {}\nid: {id}\ndescription: {}\n", quoted(title), quoted(reason));
    text.push_str("logsource:\n");
    let LogSource { product, category, service } = &rule.logsource;
    for (name, part) in [("product", product), ("category", category), ("service", service)] {
        if let Some(part) = part {
            text.push_str(&format!("    {name}: {}\n", quoted(part)));
        }
    }
    text.push_str(&format!("filter:\n    rules:\n        - {}\n", quoted(&rule.id)));
    // A map holds each key once; a second row of the same field and modifier stands in a map of its own.
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    for row in rows {
        keys.push((key(row)?, values(row)?));
    }
    let names: Vec<String> = (1..=keys.len()).map(|n| format!("row{n}")).collect();
    for (name, (key, values)) in names.iter().zip(&keys) {
        text.push_str(&format!("    {name}:\n        {key}:\n"));
        for value in values {
            text.push_str(&format!("            - {}\n", quoted(value)));
        }
    }
    text.push_str(&format!("    condition: not ({})\n", names.join(" and ")));
    Ok(text)
}

fn key(row: &Row) -> Result<String> {
    let field = row.field.trim();
    let odd = |c: char| c.is_control() || c == '|';
    if field.is_empty() || field.chars().count() > NAME || field.chars().any(odd) {
        return Err(Fault::invalid("rules.filter-field").on("field"));
    }
    if !MODIFIERS.contains(&row.modifier.as_str()) {
        return Err(Fault::invalid("rules.filter-modifier").on("modifier").with("given", &row.modifier));
    }
    let whole = if row.modifier.is_empty() { field.to_owned() } else { format!("{field}|{}", row.modifier) };
    let plain = field.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    Ok(if plain && !field.starts_with('.') { whole } else { quoted(&whole) })
}

fn values(row: &Row) -> Result<Vec<String>> {
    let found: Vec<String> =
        row.values.lines().map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect();
    let wrong = |value: &String| value.chars().count() > VALUE || value.chars().any(char::is_control);
    if found.is_empty() || found.len() > 200 || found.iter().any(wrong) {
        return Err(Fault::invalid("rules.filter-value").on("value").with("limit", VALUE));
    }
    Ok(found)
}

/// A single-quoted scalar (YAML 1.2.2 §7.3.2) on one line.
fn quoted(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("'{}'", line.trim().replace('\'', "''"))
}

/// A value of an event as a filter has to write it, so that it means itself: `*`, `?` and `\` before them are wildcards
/// and escapes in Sigma (rules specification 2.1, "Escaping").
pub fn literal(value: &str) -> String {
    let tricky = ["\\\\", "\\*", "\\?"].iter().any(|pair| value.contains(pair));
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' if tricky => out.push_str("\\\\"),
            '*' | '?' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// For each record, whether the rule would be quiet with the filter.
///
/// Faults: the first fault of the filter.
pub fn quieted(rule: &Rule, filter: &str, records: &[Record]) -> Result<Vec<bool>> {
    let sources = [(rule.source_name.clone(), rule.yaml.clone()), ("filter.yml".to_owned(), filter.to_owned())];
    let (set, faults) = Ruleset::load(sources.into_iter());
    if let Some(fault) = faults.into_iter().next() {
        return Err(Fault::from(fault).on("value"));
    }
    Ok(records.iter().map(|record| set.matches(record).is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use khien_base::event::Hot;

    use super::*;

    fn rule() -> Rule {
        let text = "title: R\nid: r-1\nlogsource:\n    product: windows\n    service: security\ndetection:\n    \
            sel:\n        EventID: 1102\n    condition: sel\n";
        let (set, faults) = Ruleset::load(std::iter::once(("r.yml".to_owned(), text.to_owned())));
        assert!(faults.is_empty());
        set.rules()[0].clone()
    }

    fn record(user: &str) -> Record {
        let fields = serde_json::json!({"EventID": 1102, "SubjectUserName": user});
        let log =
            LogSource { product: Some("windows".into()), service: Some("security".into()), ..LogSource::default() };
        let fields = fields.as_object().unwrap().clone();
        Record { time: None, log, hot: Hot::default(), fields: fields.into(), raw: String::new(), key: None }
    }

    fn row(field: &str, modifier: &str, values: &str) -> Row {
        Row { field: field.into(), modifier: modifier.into(), values: values.into() }
    }

    #[test]
    fn what_the_rows_say_is_passed_over_and_nothing_else() {
        let rows = [row("SubjectUserName", "startswith", "bk_\nsvc"), row("", "", ""), row("EventID", "", "1102")];
        let text = yaml("f-1", "It's quiet", "backup: nightly", &rule(), &rows).unwrap();
        let records = [record("bk_1"), record("SVC-x"), record("lan")];
        assert_eq!(quieted(&rule(), &text, &records).unwrap(), [true, true, false], "{text}");
    }

    #[test]
    fn any_value_of_an_event_means_itself() {
        for value in [r"C:\Users\a", r"\\may01\c$", r"a*b?c", r"x\*y", "l'été: #1", r"end\", "%x%", "{a: b}", "- x"] {
            let text = yaml("f", "t", "r", &rule(), &[row("SubjectUserName", "", &literal(value))]).unwrap();
            let near = format!("{value}z");
            let records = [record(value), record(&near), record(&value.replace(['*', '?'], "Q"))];
            let found = quieted(&rule(), &text, &records).unwrap();
            assert!(found[0] && !found[1], "{value}: {text}");
            assert_eq!(found[2], !value.contains(['*', '?']), "{value}: {text}");
        }
    }

    #[test]
    fn rows_that_cannot_be_used_are_told() {
        let code = |rows: &[Row]| yaml("f", "t", "r", &rule(), rows).unwrap_err().code;
        assert_eq!(code(&[row("", "", "")]), "rules.filter-empty");
        assert_eq!(code(&[row("a|re", "", "x")]), "rules.filter-field");
        assert_eq!(code(&[row("", "", "x")]), "rules.filter-field");
        assert_eq!(code(&[row("a", "all", "x")]), "rules.filter-modifier");
        assert_eq!(code(&[row("a", "", "  ")]), "rules.filter-value");
        assert_eq!(code(&vec![row("a", "", "x"); ROWS + 1]), "rules.filter-rows");
        let text = yaml("f", "t", "r", &rule(), &[row("a", "re", "(")]).unwrap();
        assert_eq!(quieted(&rule(), &text, &[]).unwrap_err().code, "detect.regex");
    }
}
