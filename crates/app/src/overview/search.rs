//! The search box of the top bar: systems, units, people, incidents by name, without regard to diacritics.

use khien_base::Result;
use khien_base::key::key;
use khien_directory::{gate, people};
use khien_govern::systems;
use khien_web::{Ctx, Paging, Reply};

use super::views::{Found, Hit};

/// Hits of one kind.
const EACH: u64 = 10;

/// `GET /search?q=…`
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    let q: String = ctx.query_value("q").unwrap_or_default().trim().chars().take(100).collect();
    let wanted = key(&q);
    let mut hits = Vec::new();
    if !wanted.is_empty() {
        let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
        let paging = Paging { page: 1, size: EACH };
        let filter = systems::store::Filter { text: q.clone(), ..Default::default() };
        let (found, _) = systems::store::list(&ctx.kit.db, &ctx.reach("systems:read"), &filter, paging).await?;
        hits.extend(found.into_iter().map(|system| Hit {
            kind: "systems.title",
            detail: tree.name(system.owner).to_owned(),
            href: format!("/systems/{}", system.id),
            name: system.name,
        }));
        let reach = ctx.reach("units:read");
        let mut units: Vec<_> =
            tree.nodes().filter(|node| reach.covers(node.id) && key(&node.name).contains(&wanted)).collect();
        units.sort_by(|a, b| a.name.len().cmp(&b.name.len()).then_with(|| a.name.cmp(&b.name)));
        hits.extend(units.into_iter().take(10).map(|node| Hit {
            kind: "units.title",
            detail: node.parent.map_or_else(String::new, |parent| tree.name(parent).to_owned()),
            href: format!("/units/{}", node.id),
            name: node.name.clone(),
        }));
        let filter = people::store::Filter { text: q.clone(), unit: None };
        let (found, _) = people::store::list(&ctx.kit.db, &ctx.reach("people:read"), &filter, paging).await?;
        hits.extend(found.into_iter().map(|person| Hit {
            kind: "people.title",
            detail: format!("{} · {}", person.post, tree.name(person.unit)),
            href: format!("/people/{}", person.id),
            name: person.name,
        }));
    }
    ctx.page(&Found { q, hits })
}
