//! Ctrl-C at rank 0: before the process ends, it says how far the job has come and how to go on.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::options::Options;
use crate::progress::{Progress, count};

/// The exit code of a program that an interrupt ends.
const INTERRUPTED: i32 = 130;

/// How much later than another rank this one notices an interrupt, at most, on a busy machine.
const GIVE_WAY: Duration = Duration::from_secs(2);

/// Waits for an interrupt in a thread of its own. Where that cannot be, an interrupt ends the process without a word.
pub(super) fn listen(options: &Options, progress: &Progress) {
    let (inputs, goes_on) = (options.inputs.clone(), options.checkpoint.is_some());
    let (done, bar) = (progress.done(), progress.bar());
    let body = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            let Ok(mut interrupt) = signal(SignalKind::interrupt()) else { return };
            if interrupt.recv().await.is_some() {
                if let Some(bar) = bar {
                    bar.finish_and_clear();
                }
                let line = line(&done, count(&inputs), goes_on);
                let _ = writeln!(std::io::stderr(), "ranks fetch: {line}");
                std::process::exit(INTERRUPTED);
            }
        });
    };
    let _ = std::thread::Builder::new().name("interrupt".into()).spawn(body);
}

/// Gives an interrupt time to end this process: an error of messages may mean that it has ended another rank already.
pub(super) fn give_way() {
    std::thread::sleep(GIVE_WAY);
}

fn line(done: &Arc<AtomicU64>, total: Option<u64>, goes_on: bool) -> String {
    let done = done.load(Ordering::Relaxed);
    let of = total.map_or(String::new(), |total| format!(" of {total}"));
    let how = match goes_on {
        true => "the same command goes on from there",
        false => "with --checkpoint FILE, the same command could go on from there",
    };
    format!("interrupted: {done}{of} lines are done; {how}")
}
