//! Ranks as threads, under a watchdog.

use ranks::{Result, World};
use std::sync::mpsc;
use std::time::Duration;

/// No test takes so long.
const LIMIT: Duration = Duration::from_secs(60);

/// As [`ranks::threads`]; a hang ends the test program with a report.
pub fn threads<R: Send>(n: usize, f: impl Fn(&World) -> Result<R> + Sync) -> Result<Vec<R>> {
    let (over, is_over) = mpsc::channel::<()>();
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    std::thread::spawn(move || {
        if is_over.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{test} hangs");
            std::process::abort();
        }
    });
    let outcome = ranks::threads(n, f);
    drop(over);
    outcome
}
