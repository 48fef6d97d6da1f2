//! Whether a reader sees personal data: only who has the right to, and only when asked for; and that is written down.

use khien_base::filter::Name;
use khien_base::{Event, Reach, Result};
use khien_web::Ctx;
use serde_json::Value;

use super::personal::Personal;
use super::{PERSONAL, READ};

/// What a reader may read plainly.
#[derive(Debug, Clone)]
pub struct Sight {
    plain: Reach,
    personal: &'static Personal,
}

impl Sight {
    /// Everything personal is masked.
    pub fn veiled() -> Self {
        Self { plain: Reach::nothing(), personal: Personal::shipped() }
    }

    /// What the reader of this request may read plainly and asked to; `asked` and the right to make it plain.
    pub fn of(ctx: &Ctx, asked: bool) -> Self {
        let plain = if asked { ctx.reach(PERSONAL) } else { Reach::nothing() };
        Self { plain, personal: Personal::shipped() }
    }

    /// Plain for the events of these units.
    pub fn plain(reach: Reach) -> Self {
        Self { plain: reach, personal: Personal::shipped() }
    }

    /// Whether anything is plain.
    pub fn is_plain(&self) -> bool {
        self.plain != Reach::nothing()
    }

    /// The event as the reader sees it.
    pub fn show(&self, mut event: Event) -> Event {
        if !self.plain.covers(event.unit) {
            self.personal.veil(&mut event);
        }
        event
    }

    /// Whether values of this name that were counted over a reach are masked.
    pub fn hides(&self, name: &Name, over: &Reach) -> bool {
        self.personal.is(name) && over.clone().common(&self.plain) != *over
    }

    /// A counted value as the reader sees it.
    pub fn value(&self, name: &Name, over: &Reach, value: &str) -> String {
        if self.hides(name, over) { self.personal.masked(value) } else { value.to_owned() }
    }
}

/// Writes down that personal data were shown, where they were.
pub async fn write_down(ctx: &Ctx, sight: &Sight, detail: Value) -> Result<()> {
    if !sight.is_plain() {
        return Ok(());
    }
    let actor = ctx.actor()?;
    let tx = ctx.kit.db.begin().await?;
    tx.commit(ctx.entry("events.unmask", "person", actor.id, Some(actor.unit), detail)?).await
}

/// Whether the reader may ask for personal data at all.
pub fn may_unmask(ctx: &Ctx) -> bool {
    ctx.reach(READ).common(&ctx.reach(PERSONAL)) != Reach::nothing()
}
