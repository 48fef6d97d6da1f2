//! The top bar: the centre's name and the nearest legal deadline.

use futures::future::BoxFuture;
use khien_base::Result;
use khien_directory::gate;
use khien_respond::incidents;
use khien_web::pages::{Banner, Bannerman, Deadline};
use khien_web::texts::Lang;
use khien_web::{Actor, Kit};

/// Fills the top bar from the directory and the incidents.
#[derive(Debug, Clone, Copy)]
pub struct TopBar;

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
            Ok(Banner { centre, deadline })
        })
    }
}
