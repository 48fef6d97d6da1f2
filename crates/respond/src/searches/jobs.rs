//! Searches that run by themselves.

use futures::future::BoxFuture;
use khien_base::ports::Search;
use khien_base::{Result, filter};
use khien_web::{Job, Kit};
use serde_json::{Value, json};

use super::model::Model;
use super::{rules, store};
use crate::alerts;

/// The kind of alerts that a search raises.
pub const FOUND: &str = "search";

/// The jobs of the card.
pub(super) const JOBS: &[Job] = &[Job { kind: "searches.run", every_seconds: Some(60), run }];

/// Runs what is due. One that fails is told on its page, and its span is looked at by the next run.
fn run<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        for search in store::scheduled(&kit.db).await? {
            if let Err(fault) = one(kit, &search).await {
                tracing::warn!(search = %search.id, %fault, "a scheduled search failed");
                store::ran(&kit.db, search.id, None, None, Some(fault.code.into_owned())).await?;
            }
        }
        Ok(())
    })
}

/// Runs one search over the span that is due. The alert is raised first: where the program ends in between, the same span
/// is looked at again, and the open alert takes it in.
async fn one(kit: &Kit, search: &Model) -> Result<()> {
    let now = kit.now();
    let Some((from, to)) = rules::due(search, now) else { return Ok(()) };
    let reach = khien_directory::gate::of(kit)?.tree(now).await?.reach(search.unit);
    let query = Search {
        from: Some(from),
        to: Some(to),
        filter: filter::read(&search.q)?,
        source: search.source,
        system: search.system,
        ..Search::within(reach)
    };
    let found = kit.events()?.search(query).await?.total;
    let count = i64::try_from(found).unwrap_or(i64::MAX);
    if count >= search.threshold {
        let raised = alerts::store::Raised {
            kind: FOUND,
            title: search.name.clone(),
            level: alerts::rules::level(search.level),
            unit: search.unit,
            system: search.system,
            host: String::new(),
            detail: json!({
                "search": search.id, "count": count, "from": from, "until": to, "link": link(search, from, to),
            }),
        };
        if alerts::store::raise(&kit.db, &kit.ids, now, raised).await? {
            alerts::store::tell(&kit.bus, [search.unit]);
        }
    }
    store::ran(&kit.db, search.id, Some(to), Some(count), None).await
}

/// The search page with what a run found.
fn link(search: &Model, from: chrono::DateTime<chrono::Utc>, to: chrono::DateTime<chrono::Utc>) -> String {
    use crate::search::asked::local;
    use khien_web::router::percent;
    let mut link =
        format!("/events?q={}&from={}&to={}", percent(&search.q), percent(&local(from)), percent(&local(to)));
    for (name, id) in [("source", search.source), ("system", search.system)] {
        if let Some(id) = id {
            link.push_str(&format!("&{name}={id}"));
        }
    }
    link
}
