//! Information systems and their log sources.

use khien_base::Result;
use khien_govern::systems::model::System;
use khien_govern::systems::{rules, store};
use khien_respond::sources;
use serde_json::json;

use super::Stage;
use super::files::Script;
use super::people::actor;

/// Registers the systems, their approved levels and their sources.
pub(super) async fn make(stage: &mut Stage, script: &Script) -> Result<()> {
    let officer = actor(stage, "nhung.vh").await?;
    let kit = std::sync::Arc::clone(&stage.kit);
    for system in &script.systems {
        let (id, now) = (kit.id(), kit.now());
        let (owner, operator) = (stage.unit(&system.owner)?, stage.unit(&system.operator)?);
        let approved = system.state == "approved";
        let written = rules::check(System {
            name: system.name.clone(),
            owner,
            operator,
            purpose: system.purpose.clone(),
            hosting: hosting(&system.hosting).to_owned(),
            network: system.network.clone(),
            addresses: system.addresses.clone(),
            domains: system.domains.clone(),
            level: system.level,
            level_state: if approved { "appraising".into() } else { system.state.clone() },
            regime: rules::REGIME.to_owned(),
            state: "running".into(),
        })?;
        let tx = kit.db.begin().await?;
        store::insert(tx.conn(), id, written, now).await?;
        let detail = json!({"name": system.name, "level": system.level});
        tx.commit(officer.entry(now, "demo", "systems.create", "system", id, Some(owner), detail)).await?;
        if let Some(decision) = system.decision.as_ref().filter(|_| approved) {
            let model = store::get(&kit.db, id).await?;
            let tx = kit.db.begin().await?;
            store::approve(tx.conn(), model, &decision.number, decision.day, now).await?;
            let approver = actor(stage, "huong.tt").await?;
            let detail = json!({"decision": decision.number, "decided_on": decision.day});
            tx.commit(approver.entry(now, "demo", "systems.approve", "system", id, Some(owner), detail)).await?;
        }
        for source in &system.sources {
            let asked = sources::rules::Asked {
                name: source.name.clone(),
                kind: "syslog".into(),
                addresses: source.address.clone(),
                silent_minutes: 1440,
                ..Default::default()
            };
            let fields = sources::rules::check(&asked)?;
            let source_id = kit.id();
            let tx = kit.db.begin().await?;
            let fresh = sources::store::fresh(source_id, fields, id, owner, officer.id, now);
            sources::store::insert(tx.conn(), fresh).await?;
            let detail = json!({"name": source.name});
            tx.commit(officer.entry(now, "demo", "sources.create", "source", source_id, Some(owner), detail)).await?;
        }
        stage.systems.insert(system.key.clone(), (id, owner));
    }
    Ok(())
}

fn hosting(key: &str) -> &str {
    match key {
        "ttdl-tinh" => "Trung tâm dữ liệu tỉnh",
        "vnpt-cloud" => "VNPT Cloud",
        "viettel-idc" => "Viettel IDC",
        "tai-cho" => "Tại chỗ",
        other => other,
    }
}
