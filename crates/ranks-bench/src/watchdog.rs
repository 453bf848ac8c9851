//! What ends a test that hangs, with a report.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Ends this process after a minute and a half, unless the value returned is dropped before.
pub fn watchdog(what: &'static str) -> Sender<()> {
    let (alive, watch) = channel();
    std::thread::spawn(move || {
        if watch.recv_timeout(Duration::from_secs(90)) == Err(RecvTimeoutError::Timeout) {
            eprintln!("watchdog: {what} hangs");
            std::process::abort();
        }
    });
    alive
}
