//! The keeper: a small process that ends the ranks when the launcher is killed.
//!
//! `kill -9` leaves a launcher no last word. The kernel's own notice to children (`PR_SET_PDEATHSIG`) misses
//! what the ranks have started, so before the first rank the launcher forks this process. It holds nothing
//! but the launcher's pidfd and the mapping of the segment, sleeps until the launcher is gone, and then
//! kills the process group of every rank. At an ordinary end the launcher takes it away.

use crate::sys::{self, Pid};
use ranks_shm::Segment;
use std::sync::atomic::Ordering::Acquire;
use std::time::Duration;

/// How often to look where there is no pidfd.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits for the launcher's end, then ends the ranks. Allocates nothing: it runs in a forked child.
pub fn keep(segment: &Segment, launcher: Pid, watch: i32) {
    // An orphan has another parent, whatever the pidfd says: that also covers the moment before it was made.
    while sys::parent() == launcher {
        if watch < 0 {
            sys::poll(&mut [], Some(LOOK_EVERY));
            continue;
        }
        let mut wait = [sys::readable(watch)];
        sys::poll(&mut wait, None);
        if wait[0].revents != 0 {
            break;
        }
    }
    for rank in 0..segment.ranks() {
        sys::kill_group(segment.slot(rank).leader.load(Acquire) as Pid, libc::SIGKILL);
    }
}
