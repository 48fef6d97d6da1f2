//! News that open pages hear at once: a topic, and whose it is.

use khien_base::Id;
use tokio::sync::broadcast;

/// One piece of news. Pages fetch what changed themselves, so that rights are checked where the rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// `alerts`, `incidents`…: the name of the server-sent event.
    pub topic: &'static str,
    /// The permission without which nobody hears of it.
    pub permission: &'static str,
    /// The unit whose record changed.
    pub unit: Option<Id>,
}

/// Carries news to whoever listens; slow listeners lose the oldest, never hold anybody up.
#[derive(Debug, Clone)]
pub struct Bus {
    sender: broadcast::Sender<Live>,
}

impl Bus {
    /// A bus that remembers 256 pieces of news for slow listeners.
    pub fn new() -> Self {
        Self { sender: broadcast::channel(256).0 }
    }

    /// Tells everybody who listens; nobody listening is fine.
    pub fn tell(&self, news: Live) {
        self.sender.send(news).ok();
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Live> {
        self.sender.subscribe()
    }
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

/// `GET /live`: the news that the listener has a right to, as server-sent events (HTML Living Standard, 9.2).
pub(crate) async fn stream(ctx: crate::Ctx) -> khien_base::Result<crate::Reply> {
    use futures::StreamExt;
    let actor = ctx.actor()?.clone();
    let heard = tokio_stream::wrappers::BroadcastStream::new(ctx.kit.bus.listen()).filter_map(move |news| {
        let line = match news {
            Ok(news) => {
                let reach = actor.reach(news.permission);
                let hears = news.unit.map_or_else(|| actor.may(news.permission), |unit| reach.covers(unit));
                hears.then(|| format!("event: {}\ndata: 1\n\n", news.topic))
            }
            // Who fell behind is told to look again at everything.
            Err(_) => Some("event: behind\ndata: 1\n\n".to_owned()),
        };
        futures::future::ready(line)
    });
    let beat = tokio_stream::wrappers::IntervalStream::new(tokio::time::interval(std::time::Duration::from_secs(20)))
        .map(|_| ": still here\n\n".to_owned());
    let both = futures::stream::select(heard, beat).map(Ok::<_, std::convert::Infallible>);
    Ok(crate::Reply::Events(axum::body::Body::from_stream(both)))
}
