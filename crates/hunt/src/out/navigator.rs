//! A layer for MITRE's ATT&CK Navigator: how often rules of each technique fired.
//!
//! Source: ATT&CK Navigator, "Layer file format 4.5".

use serde_json::{Value, json};

use super::Report;

/// The version of ATT&CK that `content/frameworks/attack.yaml` names.
const ATTACK: &str = "19";
/// The version of the format.
const LAYER: &str = "4.5";
/// The oldest version of Navigator that reads it.
const NAVIGATOR: &str = "4.9.0";
/// Rules that the comment of a technique names.
const NAMED: usize = 5;

/// The layer.
pub(super) fn layer(report: &Report<'_>) -> Value {
    let (lang, rules) = (report.order.lang, report.rules);
    let counts = report.tally.techniques(rules);
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let fired = report.tally.worst_rules(rules);
    let techniques: Vec<Value> = counts
        .iter()
        .map(|(id, score)| {
            let of = fired.iter().filter(|(_, rule, _)| rule.tags.techniques.contains(id));
            let said: Vec<String> =
                of.take(NAMED).map(|(at, _, count)| format!("{} ({count})", report.rules.title(*at, lang))).collect();
            json!({
                "techniqueID": id, "score": score, "comment": said.join("\n"), "enabled": true,
                "color": "", "metadata": [], "links": [],
                // A sub-technique is seen only where its technique is unfolded.
                "showSubtechniques": counts.iter().any(|(other, _)| other.starts_with(&format!("{id}."))),
            })
        })
        .chain(unfolded(&counts))
        .collect();
    json!({
        "name": lang.say("navigator.name", &[]),
        "versions": {"attack": ATTACK, "navigator": NAVIGATOR, "layer": LAYER},
        "domain": "enterprise-attack",
        "description": lang.say("navigator.description", &[("matches", &lang.number(report.tally.matches))]),
        "sorting": 3,
        "layout": {
            "layout": "side", "aggregateFunction": "sum", "showID": true, "showName": true,
            "showAggregateScores": true, "countUnscored": false, "expandedSubtechniques": "none",
        },
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": {"colors": ["#ffe766", "#ff6666"], "minValue": 0, "maxValue": most},
        "legendItems": [], "metadata": [], "links": [],
        "showTacticRowBackground": false, "tacticRowBackground": "#dddddd",
        "selectTechniquesAcrossTactics": true, "selectSubtechniquesWithParent": false,
        "selectVisibleTechniques": false,
    })
}

/// Techniques of which only sub-techniques came, so that these are seen.
fn unfolded(counts: &[(String, u64)]) -> impl Iterator<Item = Value> {
    let mut parents: Vec<&str> = counts.iter().filter_map(|(id, _)| Some(id.split_once('.')?.0)).collect();
    parents.sort_unstable();
    parents.dedup();
    parents.retain(|parent| !counts.iter().any(|(id, _)| id == parent));
    parents
        .into_iter()
        .map(|parent| json!({"techniqueID": parent, "enabled": true, "showSubtechniques": true}))
        .collect::<Vec<_>>()
        .into_iter()
}
