//! Grows the demonstration centre to the size of the bench.

use std::fmt::Write as _;

use chrono::TimeDelta;
use khien_base::clock::day_in_vietnam;
use khien_base::event::{Event, Hot, LogSource, Record};
use khien_base::{Fault, Id, Reach, Result};
use khien_detect::Level;
use khien_directory::people::model::session;
use khien_directory::people::store as people;
use khien_directory::{gate, units};
use khien_govern::plans::model::{task, work};
use khien_govern::plans::store as plans;
use khien_govern::systems;
use khien_respond::alerts::store::record;
use khien_respond::finding::{Finding, Hits, Seen};
use khien_respond::sources;
use khien_web::Kit;

/// Units, systems, tasks and alerts of the bench.
const UNITS: usize = 250;
const SYSTEMS: usize = 300;
const TASKS: usize = 2_000;
const ALERTS: usize = 10_000;

/// Grows the centre and says how much there is.
pub(crate) async fn grow(kit: &Kit) -> Result<String> {
    let all = units(kit).await?;
    let systems = systems(kit, &all).await?;
    let (tasks, assignments) = tasks(kit, &all).await?;
    alerts(kit, &systems).await?;
    let mut told = String::new();
    let _ = write!(
        told,
        "{} units, {} systems, {tasks} tasks with {assignments} assignments, {ALERTS} alerts and the demonstration's own",
        all.len(),
        systems.len(),
    );
    Ok(told)
}

async fn units(kit: &Kit) -> Result<Vec<Id>> {
    let directory = gate::of(kit)?;
    let (now, day) = (kit.now(), day_in_vietnam(kit.now()));
    let tree = directory.tree(now).await?;
    let root = directory.centre(now).await?.ok_or_else(|| Fault::internal("no centre"))?.unit;
    let mut all: Vec<Id> = tree.nodes().map(|unit| unit.id).collect();
    let tx = kit.db.begin().await?;
    for n in all.len()..UNITS {
        let id = kit.id();
        let unit = units::model::NewUnit {
            code: None,
            kind: "department".into(),
            name: format!("Đơn vị sự nghiệp số {n}"),
            name_en: String::new(),
            short: String::new(),
            aliases: Vec::new(),
            place: None,
            valid_from: day,
        };
        units::store::insert(tx.conn(), id, unit, Some((kit.id(), root))).await?;
        all.push(id);
    }
    tx.commit_machine().await?;
    directory.forget();
    Ok(all)
}

/// Systems with a source each, two of three of which were heard of.
async fn systems(kit: &Kit, units: &[Id]) -> Result<Vec<(Id, Id)>> {
    let now = kit.now();
    let kept = systems::store::running(&kit.db, &Reach::All, SYSTEMS as u64).await?;
    let mut all: Vec<(Id, Id)> = kept.into_iter().map(|system| (system.id, system.owner)).collect();
    let root = gate::of(kit)?.centre(now).await?.ok_or_else(|| Fault::internal("no centre"))?.unit;
    let by = people::by_username(&kit.db, "thinh.nd").await?.ok_or_else(|| Fault::internal("no officer"))?.id;
    let tx = kit.db.begin().await?;
    for (n, owner) in (all.len()..SYSTEMS).zip(units.iter().copied().cycle()) {
        let id = kit.id();
        let written = systems::rules::check(systems::model::System {
            name: format!("Hệ thống thông tin số {n}"),
            owner,
            operator: if n % 5 == 0 { root } else { owner },
            level: Some(1 + i16::try_from(n % 4).unwrap_or(0)),
            level_state: if n % 2 == 0 { "appraising".into() } else { "none".into() },
            regime: systems::rules::REGIME.to_owned(),
            state: "running".into(),
            ..Default::default()
        })?;
        systems::store::insert(tx.conn(), id, written, now).await?;
        let asked = sources::rules::Asked {
            name: format!("nguon-{n:03}"),
            kind: "ndjson".into(),
            addresses: String::new(),
            silent_minutes: 60,
            ..Default::default()
        };
        let mut fresh = sources::store::fresh(kit.id(), sources::rules::check(&asked)?, id, owner, by, now);
        fresh.last_event_at = (n % 3 != 0).then_some(now - TimeDelta::minutes(i64::try_from(n % 50).unwrap_or(0)));
        sources::store::insert(tx.conn(), fresh).await?;
        all.push((id, owner));
    }
    tx.commit_machine().await?;
    Ok(all)
}

/// The tasks of the province's plan again and again, each owed by other units and on other days.
async fn tasks(kit: &Kit, units: &[Id]) -> Result<(usize, usize)> {
    let (now, day) = (kit.now(), day_in_vietnam(kit.now()));
    let live = plans::plans::live(&kit.db, &Reach::All).await?;
    let mut kept = Vec::new();
    for plan in &live {
        kept.extend(plans::items::tasks(kit.db.read(), plan.id).await?);
    }
    let mut tasks: Vec<task::Model> = Vec::new();
    let mut assignments: Vec<work::Model> = Vec::new();
    for (n, like) in (kept.len()..TASKS).zip(kept.iter().cycle()) {
        let late = i64::try_from(n % 40).unwrap_or(0) - 10;
        let due = day + TimeDelta::days(late * 12);
        let task = task::Model {
            id: kit.id(),
            number: n.to_string(),
            text: format!("{} (đợt {n})", like.text),
            due_to: Some(due),
            ..like.clone()
        };
        let owed = |unit: Id, role: &str| work::Model {
            id: kit.id(),
            plan: task.plan,
            task: task.id,
            unit,
            role: role.to_owned(),
            period: String::new(),
            starts_on: None,
            due_on: Some(due),
            rhythm: "once".into(),
            state: if n % 3 == 0 { work::DONE.into() } else { work::OPEN.into() },
            percent: if n % 3 == 0 { 100 } else { 40 },
            done_on: (n % 3 == 0).then_some(day - TimeDelta::days(2)),
            version: 1,
            updated_at: now,
        };
        let mut unit = units.iter().copied().cycle().skip(n % units.len());
        assignments.extend(unit.next().map(|unit| owed(unit, "lead")));
        assignments.extend(unit.next().map(|unit| owed(unit, "coordinate")));
        tasks.push(task);
    }
    let told = (kept.len() + tasks.len(), assignments.len());
    let tx = kit.db.begin().await?;
    plans::items::insert_all::<_, task::Entity>(tx.conn(), tasks).await?;
    plans::items::insert_all::<_, work::Entity>(tx.conn(), assignments).await?;
    tx.commit_machine().await?;
    Ok(told)
}

/// Findings of a hundred rules on a hundred hosts of different systems, over the last two days.
async fn alerts(kit: &Kit, systems: &[(Id, Id)]) -> Result<()> {
    let now = kit.now();
    let levels = [Level::Low, Level::Medium, Level::Medium, Level::High, Level::Critical];
    let findings: Vec<Finding> = (0..ALERTS)
        .zip(systems.iter().copied().cycle())
        .map(|(n, (system, unit))| {
            let time = now - TimeDelta::seconds(i64::try_from(n * 17).unwrap_or(0));
            Finding {
                rule_id: format!("rule-{:03}", n % 100),
                rule_title: format!("Rule {:03}", n % 100),
                level: levels.get(n % levels.len()).copied().unwrap_or(Level::Low),
                techniques: vec!["T1059.001".into()],
                event: Seen::from(Event {
                    id: kit.id(),
                    time,
                    received: time,
                    source: system,
                    system,
                    unit,
                    record: Record {
                        time: Some(time),
                        log: LogSource::default(),
                        hot: Hot { host: Some(format!("host-{:04}", n / 100)), ..Hot::default() },
                        fields: Default::default(),
                        raw: format!("record {n}"),
                        key: None,
                    },
                }),
                hits: Hits::Known(Vec::new()),
                together: None,
            }
        })
        .collect();
    record(&kit.db, &kit.ids, now, &findings).await?;
    Ok(())
}

/// A session of a person of the demonstration; its token.
pub(crate) async fn session(kit: &Kit, username: &str) -> Result<String> {
    let person = people::by_username(&kit.db, username).await?.ok_or_else(|| Fault::internal("no such person"))?;
    let token = khien_directory::secret::token();
    let now = kit.now();
    let tx = kit.db.begin().await?;
    let model = session::Model {
        token_hash: khien_web::guard::token_hash(&token),
        person: person.id,
        created_at: now,
        seen_at: now,
        expires_at: now + TimeDelta::hours(1),
        address: "127.0.0.1".into(),
        agent: "bench".into(),
        api: false,
        label: String::new(),
    };
    people::begin_session(tx.conn(), model).await?;
    tx.commit_machine().await?;
    Ok(token)
}
