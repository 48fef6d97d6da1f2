//! The top bar: the centre's name and the nearest legal deadline.

use futures::future::BoxFuture;
use khien_base::{Reach, Result};
use khien_directory::gate;
use khien_respond::sources::desk::Desk;
use khien_respond::{incidents, sources};
use khien_web::pages::{Alarm, Banner, Bannerman, Deadline};
use khien_web::texts::Lang;
use khien_web::{Actor, Kit};

/// Fills the top bar from the directory and the incidents.
#[derive(Debug, Clone, Copy)]
pub struct TopBar;

/// The centre takes no records in: told to who sees all of its sources.
fn alarm(kit: &Kit, actor: Option<&Actor>, lang: Lang) -> Result<Option<Alarm>> {
    if actor.is_none_or(|actor| actor.reach(sources::READ) != Reach::All) {
        return Ok(None);
    }
    let halt = kit.part::<Desk>()?.standstill.halt();
    Ok(halt.map(|halt| Alarm { href: "/sources".to_owned(), text: kit.texts.fault(lang, &halt.fault) }))
}

impl Bannerman for TopBar {
    fn banner<'a>(&'a self, kit: &'a Kit, actor: Option<&'a Actor>, lang: Lang) -> BoxFuture<'a, Result<Banner>> {
        Box::pin(async move {
            let now = kit.now();
            let centre = gate::of(kit)?.centre(now).await?.map(|centre| centre.name).unwrap_or_default();
            let deadline = match actor {
                Some(actor) => {
                    let reach = actor.reach("incidents:read");
                    let nearest = incidents::overview::nearest(kit, &reach, now).await?;
                    nearest.map(|clock| {
                        let text = if lang == Lang::Vi { clock.text } else { clock.text_en };
                        Deadline { href: clock.href, text, at: clock.at }
                    })
                }
                None => None,
            };
            Ok(Banner { centre, deadline, alarm: alarm(kit, actor, lang)? })
        })
    }
}
