//! One rank's serving: a thread with its own runtime, so that the rank's main thread is free for messages.
//!
//! Draining: no more connections are taken, idle ones are ended at once, the others after the answer under way.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;

use super::connection::{End, talk};
use super::http2;
use super::life::{Life, Open};
use super::reply::reason;
use super::site::Site;
use super::socket::{Listener, Socket};
use super::wire::{Stream, Wire};
use crate::bounds::{LINGER, SWEEP, TURNED_AWAY};

/// Serves until told to drain, and until that is done.
pub async fn serve(
    listener: std::net::TcpListener,
    tls: Option<TlsAcceptor>,
    site: Arc<Site>,
    mut drain: watch::Receiver<bool>,
    reopen: [Signal; 2],
) -> io::Result<()> {
    let listener = Listener::new(listener)?;
    let open = Arc::new(Open { site: site.clone(), connections: Mutex::default(), one_less: Notify::new() });
    let _signals = tokio::spawn(reopen_the_log(site.clone(), reopen));
    let _sweeper = tokio::spawn(let_go_of_deleted_files(site.clone()));
    let mut acceptor =
        Acceptor { tls, open: open.clone(), drain: drain.clone(), taken: 0, turned_away: Arc::new(()) };
    let mut draining = pin!(async { drain.wait_for(|drains| *drains).await.is_ok() });
    loop {
        tokio::select! {
            taken = listener.accept() => match taken {
                Ok((stream, client)) => acceptor.take(stream, client),
                // No descriptor is left, most likely: one will be, when a connection ends.
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
            },
            _ = &mut draining => break,
        }
    }
    // The system has already told these clients that they are connected; and what others are sending arrives meanwhile.
    let waiting = async {
        while let Ok(Ok((stream, client))) = tokio::time::timeout(LAST_LOOK / 10, listener.accept()).await {
            acceptor.take(stream, client);
        }
    };
    let _ = tokio::time::timeout(LAST_LOOK, waiting).await;
    drop(listener);
    let _ = tokio::time::timeout(site.options.limits.drain, all_done(&open)).await;
    if let Some(log) = &site.log {
        log.finish();
    }
    Ok(())
}

/// USR1 and HUP tell that the access log was renamed, as they do to nginx.
async fn reopen_the_log(site: Arc<Site>, [mut first, mut second]: [Signal; 2]) {
    loop {
        tokio::select! {
            _ = first.recv() => {}
            _ = second.recv() => {}
        }
        if let Some(log) = &site.log {
            log.reopen();
        }
    }
}

/// A deleted file that is still open keeps its space on the disk; and the served folder may have been made again.
async fn let_go_of_deleted_files(site: Arc<Site>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        site.root.renew();
        site.cache().sweep();
    }
}

/// Where connections come in.
struct Acceptor {
    tls: Option<TlsAcceptor>,
    open: Arc<Open>,
    drain: watch::Receiver<bool>,
    /// Connections so far.
    taken: u64,
    /// Held by each that was turned away and still is being told so.
    turned_away: Arc<()>,
}

impl Acceptor {
    fn take(&mut self, stream: Socket, client: IpAddr) {
        let Open { site, .. } = &*self.open;
        if self.open.all().len() >= site.options.limits.max_connections {
            site.counts.rejected.fetch_add(1, Relaxed);
            turn_away(stream, site, self.tls.is_some(), &self.turned_away);
            return;
        }
        self.taken += 1;
        site.counts.accepted.fetch_add(1, Relaxed);
        site.counts.open.fetch_add(1, Relaxed);
        let idle = Arc::new(AtomicBool::new(true));
        let (drain, open) = (self.drain.clone(), self.open.clone());
        let life = Life { idle: idle.clone(), drain, open, number: self.taken };
        let task = tokio::spawn(Box::pin(connection(stream, client, self.tls.clone(), site.clone(), life)));
        self.open.all().insert(self.taken, (idle, task.abort_handle()));
    }
}

/// How long, at most, connections are still taken when the server has been told to end.
const LAST_LOOK: Duration = Duration::from_millis(100);

const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

async fn all_done(open: &Open) {
    loop {
        let idle: Vec<_> = {
            let all = open.all();
            if all.is_empty() {
                return;
            }
            all.values().filter(|(idle, _)| idle.load(Relaxed)).map(|(_, task)| task.clone()).collect()
        };
        idle.iter().for_each(tokio::task::AbortHandle::abort);
        open.one_less.notified().await;
    }
}

/// One connection more than there may be: a word, and some patience so that it arrives; for a flood of them neither.
fn turn_away(stream: Socket, site: &Site, tls: bool, waiting: &Arc<()>) {
    if tls || Arc::strong_count(waiting) > TURNED_AWAY {
        return;
    }
    let mut head = format!("HTTP/1.1 503 {}\r\n", reason(503)).into_bytes();
    site.write_date(&mut head);
    head.extend_from_slice(b"retry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let waits = waiting.clone();
    tokio::spawn(async move {
        let mut wire = Wire::new(stream);
        if wire.write(&head, &[], LINGER).await.is_ok() {
            wire.linger().await;
        }
        drop(waits);
    });
}

/// Laid out for the plainest connection; what others need is put aside: a future is copied when it becomes a task.
async fn connection(stream: Socket, client: IpAddr, tls: Option<TlsAcceptor>, site: Arc<Site>, life: Life) {
    match tls {
        None => http(stream, client, site, life).await,
        Some(tls) => Box::pin(encrypted(stream, client, tls, site, life)).await,
    }
}

async fn encrypted(stream: Socket, client: IpAddr, tls: TlsAcceptor, site: Arc<Site>, life: Life) {
    let handshake = tokio::time::timeout(site.options.limits.header_timeout, tls.accept(stream));
    let Ok(Ok(stream)) = handshake.await else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        life.idle.store(false, Relaxed);
        http2::talk(stream, &site, client, &life).await;
    } else {
        http(stream, client, site, life).await;
    }
}

async fn http<S: Stream + 'static>(stream: S, client: IpAddr, site: Arc<Site>, life: Life) {
    let mut wire = Wire::new(stream);
    match talk(&mut wire, &site, client, &life).await {
        // The client has gone, or takes nothing any more.
        Err(_) => {}
        Ok(End::Close) => wire.close().await,
        Ok(End::Linger) => wire.linger().await,
        Ok(End::Http2(begun)) => {
            life.idle.store(false, Relaxed);
            let (read, write) = tokio::io::split(wire.stream);
            let read = tokio::io::AsyncReadExt::chain(io::Cursor::new(begun), read);
            Box::pin(http2::talk(tokio::io::join(read, write), &site, client, &life)).await;
        }
    }
}
