//! The communes on the map: a point each, coloured by how far their systems are connected.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Id, Reach, Result};
use khien_directory::{Tree, units};
use khien_govern::systems::overview::{OfUnit, by_owner};
use khien_web::{Ctx, Reply};
use serde_json::{Value, json};

/// Where the boundaries are, when some are configured.
#[derive(Debug)]
pub struct Boundaries(pub PathBuf);

/// The map's points, and the address of the boundaries.
pub(super) async fn communes(ctx: &Ctx, tree: &Tree, reach: &Reach, live: &HashSet<Id>) -> Result<Value> {
    let by_owner = by_owner(&ctx.kit.db, reach, live).await?;
    let places = units::store::communes(&ctx.kit.db, day_in_vietnam(ctx.now)).await?;
    let points: Vec<Value> = places
        .into_iter()
        .filter(|place| reach.covers(place.id))
        .filter_map(|place| {
            let (lat, lon) = place.lat.zip(place.lon)?;
            let sum = sum(tree, place.id, &by_owner);
            let note = ctx.kit.texts.say(
                ctx.lang,
                "overview.map-note",
                [("connected", sum.connected.to_string().as_str()), ("running", sum.running.to_string().as_str())],
            );
            Some(json!({
                "name": place.name, "lat": lat, "lon": lon, "value": sum.running, "tone": tone(sum),
                "note": note, "href": format!("/units/{}", place.id),
            }))
        })
        .collect();
    let mut spec = json!({ "points": points });
    if let (Ok(_), Value::Object(parts)) = (ctx.kit.part::<Boundaries>(), &mut spec) {
        parts.insert("geojson".into(), json!("/overview/boundaries"));
    }
    Ok(spec)
}

/// The systems of a commune and of everything under it.
fn sum(tree: &Tree, commune: Id, by_owner: &HashMap<Id, OfUnit>) -> OfUnit {
    tree.under(commune)
        .iter()
        .filter_map(|unit| by_owner.get(unit))
        .fold(OfUnit::default(), |a, b| OfUnit { running: a.running + b.running, connected: a.connected + b.connected })
}

fn tone(sum: OfUnit) -> &'static str {
    match sum {
        OfUnit { running: 0, .. } => "idle",
        OfUnit { running, connected } if connected == running => "ok",
        OfUnit { connected: 0, .. } => "bad",
        OfUnit { .. } => "soon",
    }
}

/// `GET /overview/boundaries`: the GeoJSON file of the settings.
pub(super) async fn boundaries(ctx: Ctx) -> Result<Reply> {
    let file: Arc<Boundaries> = ctx.kit.part().map_err(|_| Fault::not_found("web.not-found"))?;
    let bytes = tokio::fs::read(&file.0).await.map_err(Fault::internal)?;
    Ok(Reply::File { name: "boundaries.geojson".into(), mime: "application/geo+json", bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_say_how_far_a_commune_is_connected() {
        assert_eq!(tone(OfUnit { running: 0, connected: 0 }), "idle");
        assert_eq!(tone(OfUnit { running: 2, connected: 0 }), "bad");
        assert_eq!(tone(OfUnit { running: 2, connected: 1 }), "soon");
        assert_eq!(tone(OfUnit { running: 2, connected: 2 }), "ok");
    }
}
