//! `ranks serve`: the files of a folder over HTTP, from several ranks.
//!
//! ```text
//!   a connection -> server -> connection (HTTP/1.1) -+-> answer -> site: root, cache, users, counts, log
//!                (a thread)   http2 ----------------+      |
//!                    |                                 reply -> wire (memory, or a file by sendfile)
//!                    +-- notes --> job (the main thread: messages to the other ranks)
//! ```
//!
//! Every rank accepts on a socket of its own with the same port and answers alone; messages are needed for the counts of
//! all ranks and for the end only. What is parsed here (targets, ranges, conditions, codings, chunks, options, users) is
//! each in a file of its own, without input or output.
#![forbid(unsafe_code)]

mod answer;
pub mod auth;
mod bounds;
mod cache;
pub mod chunks;
pub mod coding;
pub mod condition;
mod connection;
mod cors;
mod counts;
mod error;
#[cfg(test)]
mod fuzz;
pub mod head;
mod http2;
mod input;
mod job;
mod life;
mod listen;
mod listing;
mod log;
mod options;
pub mod range;
mod reply;
mod resource;
mod root;
mod server;
mod site;
mod socket;
pub mod target;
mod tls;
mod wire;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::channel;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio_rustls::TlsAcceptor;

use counts::Counts;
use job::{Job, Note, Notifier};
use site::Site;

pub use error::Error;
pub use options::{Limits, LogFormat, Options};

/// Serves what `options` describe until TERM or INT. Every rank of `world` calls this with the same options; if one of
/// them cannot start, none does, and rank 0 alone reports it.
pub fn run(world: &ranks::World, options: &Options) -> Result<(), Error> {
    ranks_http::raise_descriptor_limit();
    let (sender, notes) = channel();
    let notifier = Notifier::new(sender, world.interrupt());
    let counts = Arc::new(Counts::default());
    let first = (world.rank() == 0).then(|| {
        let listener = listen::first(options.listen, world.size() > 1);
        listener
            .and_then(|listener| Ok((listener.local_addr()?, listener)))
            .map_err(|error| Error::Listen(options.listen, error))
    });
    let at = first.as_ref().map(|first| first.as_ref().map(|(at, _)| *at).map_err(Error::to_string));
    let at = match world.broadcast(at, 0)? {
        Ok(at) => at,
        Err(error) if world.rank() == 0 => return Err(Error::Start(error)),
        Err(_) => return Ok(()),
    };
    let listener = match first {
        Some(first) => first.map(|(_, listener)| listener),
        None => listen::listen(at, true).map_err(|error| Error::Listen(options.listen, error)),
    };
    let (drain, drained) = watch::channel(false);
    let started = listener.and_then(|listener| start(options, listener, &counts, &notifier, drained));
    let errors = world.all_gather(started.as_ref().err().map(Error::to_string))?;
    if let Some(error) = errors.into_iter().flatten().next() {
        return if world.rank() == 0 { Err(Error::Start(error)) } else { Ok(()) };
    }
    if world.rank() == 0 {
        announce(options, at, world.size());
    }
    let outcome = Job { world, notes, counts, drain }.run();
    if let Ok(thread) = started {
        // It has drained, or a message failed and the job is over anyway.
        let _ = outcome.is_ok().then(|| thread.join());
    }
    Ok(outcome?)
}

/// Nobody reads standard error, perhaps; that is no reason not to serve.
fn announce(options: &Options, at: SocketAddr, ranks: usize) {
    let scheme = if options.tls_cert.is_some() { "https" } else { "http" };
    let folder = options.folder.display();
    let _ = writeln!(io::stderr(), "serving {folder} on {scheme}://{at} with {ranks} ranks");
}

/// The access log must not be written into a file that this job reads.
fn refuse_log_over_inputs(options: &Options) -> Result<(), Error> {
    let Some((log, identity)) =
        options.access_log.as_deref().and_then(|log| Some((log, ranks_http::identity::Identity::of(log)?)))
    else {
        return Ok(());
    };
    let pages = options.error_pages.iter().map(|(_, page)| page).chain(&options.fallback);
    let pages = pages.map(|page| ("a page that is served", options.folder.join(page)));
    let read = [
        ("the file of --tls-cert", &options.tls_cert),
        ("the file of --tls-key", &options.tls_key),
        ("the file of --auth-file", &options.auth_file),
    ];
    let read = read.into_iter().filter_map(|(what, file)| Some((what, file.clone()?)));
    match read
        .chain(pages)
        .find(|(_, file)| ranks_http::identity::Identity::of(file) == Some(identity.clone()))
    {
        Some((what, _)) => {
            Err(Error::Options(format!("--access-log {} is {what}: name another file", log.display())))
        }
        None => Ok(()),
    }
}

/// Makes everything, and then the thread that serves.
fn start(
    options: &Options,
    listener: TcpListener,
    counts: &Arc<Counts>,
    notifier: &Notifier,
    drain: watch::Receiver<bool>,
) -> Result<std::thread::JoinHandle<()>, Error> {
    refuse_log_over_inputs(options)?;
    let tls = match (&options.tls_cert, &options.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::acceptor(certificate, key)?),
        _ => None,
    };
    let asking = notifier.clone();
    let ask_counts = move || {
        let (to, counts) = oneshot::channel();
        asking.notify(Note::Counts(to));
        counts
    };
    let site = Arc::new(Site::open(options, counts.clone(), Box::new(ask_counts))?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(crate::bounds::HELPERS)
        .build()
        .map_err(Error::Thread)?;
    // Before anything says that this rank serves: a signal that comes earlier kills it.
    let signals = {
        let _inside = runtime.enter();
        let heard = |kind| signal(kind).map_err(Error::Thread);
        Signals {
            end: [heard(SignalKind::terminate())?, heard(SignalKind::interrupt())?],
            reopen: [heard(SignalKind::user_defined1())?, heard(SignalKind::hangup())?],
        }
    };
    let notifier = notifier.clone();
    let body = move || {
        // As a task: waking what is blocked on itself takes a call of the system each time.
        let _ = runtime
            .block_on(async { tokio::spawn(serve(listener, tls, site, drain, notifier, signals)).await });
        // Not waiting for a disk that does not answer.
        runtime.shutdown_background();
    };
    std::thread::Builder::new().name("serve".into()).spawn(body).map_err(Error::Thread)
}

/// The signals that a rank hears.
struct Signals {
    /// Serve what is under way, then end.
    end: [Signal; 2],
    /// Open the access log anew.
    reopen: [Signal; 2],
}

async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    site: Arc<Site>,
    drain: watch::Receiver<bool>,
    notifier: Notifier,
    signals: Signals,
) {
    let told = notifier.clone();
    let Signals { end: [mut term, mut int], reopen } = signals;
    tokio::spawn(async move {
        loop {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
            told.notify(Note::End);
        }
    });
    if let Err(error) = server::serve(listener, tls, site, drain, reopen).await {
        let _ = writeln!(io::stderr(), "ranks serve: cannot go on: {error}");
        notifier.notify(Note::End);
    }
    notifier.notify(Note::Drained);
}

#[cfg(test)]
mod tests;
