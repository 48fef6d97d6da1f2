//! Connections at once: in all, and of one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Connections that are open, by address.
#[derive(Debug, Default)]
pub(crate) struct Open {
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        match self.by_address.lock() {
            Ok(open) => open,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// A seat for one more connection, if fewer than `most` are open, and fewer than `most_per_address` of this address.
    pub(crate) fn seat(self: &Arc<Self>, from: IpAddr, most: usize, most_per_address: usize) -> Option<Seat> {
        let mut open = self.lock();
        let all: usize = open.values().sum();
        // Who is refused leaves nothing behind: addresses are many.
        if all >= most || open.get(&from).is_some_and(|own| *own >= most_per_address) {
            return None;
        }
        *open.entry(from).or_default() += 1;
        Some(Seat { open: Arc::clone(self), from })
    }
}

/// Who knocks at one listener, and how many may come in.
#[derive(Debug)]
pub(crate) struct Door<'l> {
    /// What is spoken behind it, for the log.
    pub(crate) name: &'static str,
    pub(crate) listener: &'l TcpListener,
    pub(crate) most: usize,
    pub(crate) most_per_address: usize,
    pub(crate) open: Arc<Open>,
}

impl Door<'_> {
    /// The next connection that has a seat, with its address; `None` after `shutdown`. Others are closed.
    pub(crate) async fn next(&self, shutdown: &CancellationToken) -> Option<(TcpStream, IpAddr, Seat)> {
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => return None,
                accepted = self.listener.accept() => accepted,
            };
            let (stream, from) = match accepted {
                Ok((stream, from)) => (stream, from.ip()),
                Err(error) => {
                    // Out of file descriptors, mostly: others will end.
                    tracing::warn!(%error, listener = self.name, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            match self.open.seat(from, self.most, self.most_per_address) {
                Some(seat) => return Some((stream, from, seat)),
                None => tracing::warn!(%from, listener = self.name, "too many connections; this one is closed"),
            }
        }
    }
}

/// Is given back when the connection ends, however it ends.
#[derive(Debug)]
pub(crate) struct Seat {
    open: Arc<Open>,
    from: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        if let Some(own) = open.get_mut(&self.from) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_taken_until_it_is_dropped() {
        let open = Arc::new(Open::default());
        let (a, b) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = open.seat(a, 3, 2).unwrap();
        let _second = open.seat(a, 3, 2).unwrap();
        assert!(open.seat(a, 3, 2).is_none(), "of one address");
        let _third = open.seat(b, 3, 2).unwrap();
        drop(first);
        let _fourth = open.seat(a, 3, 2).unwrap();
        assert!(open.seat(b, 3, 2).is_none(), "of all");
        assert!(open.seat(IpAddr::from([192, 0, 2, 3]), 3, 2).is_none() && open.lock().len() == 2);
    }
}
