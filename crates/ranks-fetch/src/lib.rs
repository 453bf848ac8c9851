//! `ranks fetch`: a list of URLs shared out over the ranks, one record for each line.
//!
//! ```text
//!   files, stdin -> input -> scheduler --- lines ---> fetcher (rank 0)   fetcher (rank 1) ...
//!                 (a thread)   |                        |                 |
//!               stdout <- sink <------- records --------+-----------------+
//!        (or a file, a database)
//! ```
//!
//! Rank 0 reads, deals on demand, fetches like the others and is the only one to write. What bounds its memory is the
//! scheduler's window; what keeps its main thread free is that reading and fetching have threads of their own, which wake
//! it. Each rank fetches with a [`Client`], which is usable alone. [`sample`] is a small web site on this machine for
//! demonstrations and tests.
#![forbid(unsafe_code)]

mod bounds;
mod checkpoint;
mod clash;
mod client;
mod colour;
mod database;
mod dedup;
mod error;
mod fetcher;
mod host;
mod host_queue;
mod input;
mod interrupt;
mod job;
mod messages;
mod options;
mod order;
mod output;
mod output_files;
mod picture;
mod progress;
mod record;
mod runs;
pub mod sample;
mod scheduler;
mod sink;
mod summary;
mod timeline;
mod times;

use std::io::{self, Write};
use std::time::Instant;

use dedup::Dedup;
use fetcher::Work;
use host_queue::HostLimits;
use input::Input;
use messages::{Peers, Ranks};
use order::Order;
use output::Target;
use output_files::OutputFiles;
use progress::Progress;
use sample::Site;
use sink::Sink;

pub use client::{
    Certificates, Client, ClientOptions, Expectation, Failure, FailureKind, HttpVersion, Method, Proxy,
    Retries, Trust, Visit,
};
pub use error::Error;
pub use options::{Options, When};
pub use output::Format;
pub use summary::{HostCount, Summary};
pub use times::Times;

pub use record::Record;

/// Runs the job that `options` describe. Every rank of `world` calls this with the same options; rank 0 alone reads
/// the input, writes records to standard output and the summary to standard error. It alone reports what is wrong
/// with input or options, so that one line is printed, not one for each rank. Gives back whether all answers were as
/// `--expect` has them; true without it, and at the other ranks.
pub fn run(world: &ranks::World, options: &Options) -> Result<bool, Error> {
    let first = world.rank() == 0;
    let work = match work(options) {
        Ok(work) => work,
        // The same options fail in the same way at every rank, so none is left waiting.
        Err(error) if first => return Err(error),
        Err(_) => return Ok(true),
    };
    ranks_http::raise_descriptor_limit();

    let mut failed = None;
    let output_files = match first.then(|| prepare(options)) {
        Some(Ok(output_files)) => output_files,
        Some(Err(error)) => {
            failed = Some(error);
            OutputFiles::none()
        }
        None => OutputFiles::none(),
    };

    let peers = Ranks::of(world);
    let wake = peers.wake();
    let mut site = None;
    let input = || match (failed, options.sample) {
        (Some(error), _) => Err(error),
        (None, None) => Input::open(&options.inputs, move || wake()),
        (None, Some(count)) => {
            let started = Site::start().map_err(Error::Sample)?;
            let urls = started.urls(count);
            site = Some(started);
            Input::of(urls, move || wake())
        }
    };
    let summary = output_files.checkpoint.as_ref().map(checkpoint::Checkpoint::summary).unwrap_or_default();
    let progress = match first {
        true => Progress::new(options.progress, &options.inputs, summary.records),
        false => Progress::none(),
    };
    if first {
        interrupt::listen(options, &progress);
    }
    let mut sink = Sink {
        target: output_files.target,
        progress,
        summary,
        order: options.ordered.then(Order::default),
        dedup: (!options.repeat && work.client.options().method.only_reads()).then(Dedup::default),
        checkpoint: output_files.checkpoint,
        started: Instant::now(),
        ready: Vec::new(),
    };
    let outcome = job::play(&peers, work, input, &mut sink);
    sink.progress.clear();
    if let Err(Error::Start(error)) = &outcome {
        // The others wait for this rank, which cannot even tell them.
        eprintln!("ranks fetch: rank {}: cannot start fetching: {error}", world.rank());
        world.abort(1);
    }
    if first && matches!(outcome, Err(Error::Messages(_))) {
        interrupt::give_way();
    }
    match outcome.and_then(|()| if first { finish(options, &mut sink) } else { Ok(()) }) {
        Err(error) if error.is_broken_pipe() => Ok(true),
        Err(error) => Err(error),
        Ok(()) => Ok(options.request.expect.is_empty() || sink.summary.failed() == 0),
    }
}

/// What this rank is to fetch with.
fn work(options: &Options) -> Result<Work, Error> {
    let client = Client::new(options.client()?).map_err(|failure| Error::Options(failure.detail))?;
    let limits = &options.limits;
    Ok(Work {
        client,
        concurrency: limits.concurrency,
        hosts: HostLimits { at_once: limits.per_host, interval: limits.interval() },
        retries: limits.retries(),
        save: options.save.clone(),
    })
}

/// Opens and makes what rank 0 needs beside the input.
fn prepare(options: &Options) -> Result<OutputFiles, Error> {
    options.check()?;
    clash::check(options)?;
    if let Some(folder) = &options.save {
        std::fs::create_dir_all(folder).map_err(|error| Error::Folder(folder.clone(), error))?;
    }
    // The picture is written at the end: better to say now that it cannot be.
    if let Some(file) = &options.picture
        && let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::metadata(folder).map_err(|error| Error::Picture(file.clone(), error))?;
    }
    OutputFiles::open(options)
}

/// What comes after the last record.
fn finish(options: &Options, sink: &mut Sink<impl Target>) -> Result<(), Error> {
    sink.end()?;
    // Nobody reads standard error, perhaps; the records are out.
    let mut error = io::stderr();
    if options.by_host {
        let _ = write!(error, "{}", sink.summary.by_host());
    }
    let _ = writeln!(error, "{}", sink.summary.line());
    match &options.picture {
        Some(file) => std::fs::write(file, picture::picture(&sink.summary))
            .map_err(|error| Error::Picture(file.clone(), error)),
        None => Ok(()),
    }
}
