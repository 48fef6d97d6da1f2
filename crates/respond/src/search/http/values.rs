//! `GET /events/values`: the values of a column or field that come most often in a search.

use khien_base::filter::{self, Name};
use khien_base::{Fault, Kind, Result};
use khien_web::ctx::Wants;
use khien_web::router::percent;
use khien_web::{Ctx, Reply, list};
use serde_json::json;

use super::{link, narrowed, source_names, system_names};
use crate::search::READ;
use crate::search::asked::Asked;
use crate::search::sight::{Sight, write_down};
use crate::search::views::{Counted, Values};

/// Values that are shown.
const MOST: usize = 20;

/// `GET /events/values?of=…` with what the search page asks.
pub(in crate::search) async fn values(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let of = ctx.query_value("of").unwrap_or_default();
    if of.trim().is_empty() || of.len() > 200 {
        return Err(Fault::invalid("search.of").on("of"));
    }
    let name = Name::of(of.trim());
    let filter = filter::read(&asked.q)?;
    let span = asked.span(ctx.now)?;
    let reach = ctx.reach(READ);
    let search = asked.search(filter.clone(), &span, reach.clone());
    let found = match ctx.kit.events()?.values(search, name.clone(), MOST).await {
        Ok(found) => found,
        Err(fault) if ctx.wants == Wants::Html && fault.kind == Kind::TooMany => {
            let error = ctx.kit.texts.fault(ctx.lang, &fault);
            return ctx.page(&Values { name: name.said().to_owned(), error, ..Values::default() });
        }
        Err(fault) => return Err(fault),
    };
    let sight = Sight::of(&ctx, asked.personal());
    let hidden = sight.hides(&name, &reach);
    if Sight::veiled().hides(&name, &reach) && !hidden {
        write_down(&ctx, &sight, json!({"q": asked.q, "from": span.from, "to": span.to, "of": name.said()})).await?;
    }
    let ids = || found.rows.iter().filter_map(|(value, _)| value.parse().ok()).collect();
    let names = match name.said() {
        "source" => source_names(&ctx, ids()).await?,
        "system" => system_names(&ctx, ids()).await?,
        _ => Vec::new(),
    };
    let base = list::base(&ctx, &["q", "page", "format", "of"]).replacen("/events/values?", "/events?", 1);
    let row = |(value, count): &(String, u64)| Counted {
        shown: match names.iter().find(|(id, _)| id.to_string() == *value) {
            Some((_, label)) => label.clone(),
            None => sight.value(&name, &reach, value).chars().take(200).collect(),
        },
        count: *count,
        share: share(*count, found.having),
        add: if hidden { String::new() } else { link(&base, &narrowed(&filter, &name, value, false)) },
        without: if hidden { String::new() } else { link(&base, &narrowed(&filter, &name, value, true)) },
    };
    let chosen = asked.columns();
    let cols: Vec<&str> = chosen.iter().map(Name::said).chain([name.said()]).collect();
    let column = if chosen.contains(&name) {
        String::new()
    } else {
        let base = list::base(&ctx, &["cols", "page", "format", "of"]).replacen("/events/values?", "/events?", 1);
        format!("{base}cols={}", percent(&cols.join(",")))
    };
    ctx.page(&Values {
        name: name.said().to_owned(),
        rows: found.rows.iter().map(row).collect(),
        having: found.having,
        total: found.total,
        column,
        error: String::new(),
    })
}

/// Percent to one place after the point.
fn share(count: u64, of: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "thousandths of what is counted are what is shown")]
    let share = (count.saturating_mul(1_000).checked_div(of).unwrap_or(0)) as f64;
    share / 10.0
}
