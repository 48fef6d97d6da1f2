//! The review: the document beside what was read in it.

use std::collections::HashMap;

use khien_base::clock::day_in_vietnam;
use khien_base::{Id, Result};
use khien_planread::model::{Block, Warning};
use khien_web::texts::Lang;
use khien_web::{Ctx, Reply};

use super::{own, state, tree};
use crate::plans::mapping::{Bodies, Groups};
use crate::plans::model::agency::{self, party};
use crate::plans::model::{COORDINATE, FROM, LEAD, State, TO, VIA, duty, plan, target, task};
use crate::plans::owe;
use crate::plans::store::{agencies, items, plans};
use crate::plans::views::{
    AgencyLine, BlockLine, Choice, DueView, DutyLine, Review, TargetLine, TaskLine, WarningLine,
};

/// Names of units that one line shows.
const SHOWN: usize = 12;

/// `GET /plans/{id}/review`
pub(in crate::plans) async fn show(ctx: Ctx) -> Result<Reply> {
    let plan = own(&ctx, "plans:write").await?;
    let db = &ctx.kit.db;
    let tree = tree(&ctx).await?;
    let bodies = agencies::bodies(db, &tree, day_in_vietnam(ctx.now)).await?;
    let named = agencies::list(db.read(), plan.id).await?;
    let parties = items::parties(db.read(), plan.id).await?;
    let names = Lines::of(&named, &parties);
    let targets: Vec<TargetLine> =
        items::targets(db.read(), plan.id).await?.into_iter().map(|row| target_line(row, &names)).collect();
    let tasks: Vec<TaskLine> =
        items::tasks(db.read(), plan.id).await?.into_iter().map(|row| task_line(row, &names)).collect();
    let duties: Vec<DutyLine> =
        items::duties(db.read(), plan.id).await?.into_iter().map(|row| duty_line(row, &names)).collect();
    let mut blocks = blocks(&plan);
    for block in
        targets.iter().map(|t| t.block).chain(tasks.iter().map(|t| t.block)).chain(duties.iter().map(|d| d.block))
    {
        if let Some(line) = usize::try_from(block).ok().and_then(|n| blocks.get_mut(n)) {
            line.read += 1;
        }
    }
    let english = ctx.lang == Lang::En;
    let groups = Groups::shipped()?;
    let agency_lines = agency_lines(&named, &parties, plan.unit, &bodies, groups, english);
    let upper = tree.nodes().map(|node| node.id).collect();
    let parents = plans::parents(db, upper).await?;
    ctx.page(&Review {
        id: plan.id,
        editable: state(&plan) == State::Draft,
        seen: super::edit::seen(&plan),
        unit: tree.name(plan.unit).to_owned(),
        parent: plan.parent.map(|id| id.to_string()).unwrap_or_default(),
        parents: parents
            .iter()
            .filter(|line| line.id != plan.id)
            .map(|line| Choice { value: line.id.to_string(), label: super::long(line) })
            .collect(),
        blocks,
        targets,
        tasks,
        duties,
        warnings: warnings(&plan),
        unmapped: agency_lines.iter().filter(|line| line.means == "unknown").count(),
        unconfirmed: agency_lines.iter().filter(|line| !line.confirmed).count(),
        agencies: agency_lines,
        measures: ctx.kit.measures().map(|measure| measure.id.to_owned()).collect(),
        units: unit_names(&bodies, &tree),
        groups: groups
            .all()
            .iter()
            .map(|group| Choice {
                value: group.key.clone(),
                label: if english { group.name_en.clone() } else { group.name.clone() },
            })
            .collect(),
        title: plan.title,
        number: plan.number,
        issued: plan.issued,
        state: plan.state,
    })
}

/// Bodies of the centre itself and its communes; bodies of single communes are typed with their full names.
fn unit_names(bodies: &Bodies, tree: &khien_directory::Tree) -> Vec<String> {
    let mut names: Vec<String> = tree
        .walk()
        .into_iter()
        .filter_map(|(node, _)| bodies.get(node.id))
        .map(|body| body.name.clone())
        .take(1000)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Names of agencies by subject and role, one a line.
struct Lines(HashMap<(Id, String), String>);

impl Lines {
    fn of(named: &[agency::Model], parties: &[party::Model]) -> Self {
        let names: HashMap<Id, &str> = named.iter().map(|agency| (agency.id, agency.name.as_str())).collect();
        let mut out: HashMap<(Id, String), String> = HashMap::new();
        for party in parties {
            let Some(name) = names.get(&party.agency) else { continue };
            let lines = out.entry((party.subject, party.role.clone())).or_default();
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(name);
        }
        Self(out)
    }

    fn get(&self, subject: Id, role: &str) -> String {
        self.0.get(&(subject, role.to_owned())).cloned().unwrap_or_default()
    }
}

fn target_line(row: target::Model, names: &Lines) -> TargetLine {
    TargetLine {
        id: Some(row.id),
        version: row.version,
        due: DueView::of_target(&row),
        lead: names.get(row.id, LEAD),
        measure: row.measure,
        comparator: row.comparator,
        low: row.low,
        high: row.high,
        unit: row.unit,
        per: row.per.unwrap_or_default(),
        binding: row.binding.unwrap_or_default(),
        binding_confirmed: row.binding_confirmed,
        block: row.block,
        sentence: row.sentence,
    }
}

fn task_line(row: task::Model, names: &Lines) -> TaskLine {
    TaskLine {
        id: Some(row.id),
        version: row.version,
        due: DueView::of_task(&row),
        lead: names.get(row.id, LEAD),
        coordinate: names.get(row.id, COORDINATE),
        group: row.group_name,
        number: row.number,
        text: row.text,
        due_text: row.due_text,
        block: row.block,
        sentence: row.sentence,
    }
}

fn duty_line(row: duty::Model, names: &Lines) -> DutyLine {
    let days: Vec<String> = row.days().iter().map(|day| format!("{}/{}", day.day, day.month)).collect();
    DutyLine {
        id: Some(row.id),
        version: row.version,
        days: days.join(", "),
        from: names.get(row.id, FROM),
        to: names.get(row.id, TO),
        via: names.get(row.id, VIA),
        subject: row.subject,
        every: row.every.unwrap_or_default(),
        on_demand: row.on_demand,
        within_hours: row.within_hours,
        block: row.block,
        sentence: row.sentence,
    }
}

fn blocks(plan: &plan::Model) -> Vec<BlockLine> {
    let blocks: Vec<Block> = serde_json::from_value(plan.blocks.clone()).unwrap_or_default();
    let line = |(n, block): (usize, Block)| BlockLine {
        n,
        cells: if block.row { block.text.split('\t').map(str::to_owned).collect() } else { vec![block.text] },
        row: block.row,
        level: block.level,
        read: 0,
    };
    blocks.into_iter().enumerate().map(line).collect()
}

fn warnings(plan: &plan::Model) -> Vec<WarningLine> {
    let warnings: Vec<Warning> = serde_json::from_value(plan.warnings.clone()).unwrap_or_default();
    let at = |kind: &str, origin: khien_planread::model::Origin| WarningLine {
        kind: kind.to_owned(),
        block: Some(origin.block),
        sentence: origin.sentence,
        ..WarningLine::default()
    };
    warnings
        .into_iter()
        .map(|warning| match warning {
            Warning::DueBeforeIssue { origin, due, issued } => {
                WarningLine { due: Some(due), issued: Some(issued), ..at("due_before_issue", origin) }
            }
            Warning::Contradiction { first, second, subject, first_value, second_value } => WarningLine {
                other: Some(second.block),
                subject,
                values: vec![first_value, second_value],
                ..at("contradiction", first)
            },
            Warning::NoLead { origin } => at("no_lead", origin),
            Warning::NoNumber { origin } => at("no_number", origin),
            Warning::Undated => WarningLine { kind: "undated".to_owned(), ..WarningLine::default() },
        })
        .collect()
}

/// Names that still stand somewhere: unknown ones first, then those nobody looked at.
fn agency_lines(
    named: &[agency::Model],
    parties: &[party::Model],
    issuer: Id,
    bodies: &Bodies,
    groups: &Groups,
    english: bool,
) -> Vec<AgencyLine> {
    let mut times: HashMap<Id, (usize, usize)> = HashMap::new();
    for party in parties {
        let (all, leads) = times.entry(party.agency).or_default();
        *all += 1;
        *leads += usize::from(party.role == LEAD || party.role == FROM);
    }
    let names = |ids: &[Id]| -> Vec<String> {
        ids.iter().filter_map(|id| bodies.get(*id)).map(|body| body.name.clone()).collect()
    };
    let line = |agency: &agency::Model| {
        let (all, leads) = times.get(&agency.id).copied()?;
        let units = owe::meant(agency, LEAD, issuer, bodies, groups);
        let key = agency.group_key.clone().unwrap_or_default();
        Some(AgencyLine {
            id: agency.id,
            version: agency.version,
            name: agency.name.clone(),
            means: agency.means.clone(),
            group_name: groups.name_of(&key, english).unwrap_or_default().to_owned(),
            open: groups.get(&key).is_some_and(|group| group.open),
            group: key,
            count: units.len(),
            units: names(units.get(..units.len().min(SHOWN)).unwrap_or_default()),
            typed: names(&agency.picked()).join("; "),
            confirmed: agency.confirmed,
            leads,
            times: all,
        })
    };
    let mut out: Vec<AgencyLine> = named.iter().filter_map(line).collect();
    out.sort_by_key(|line| (line.means != "unknown", line.confirmed, std::cmp::Reverse(line.times)));
    out
}
