//! The output of a job whose ranks have all ended well. Processes that they have started may still write: nothing that
//! these write is lost, as long as they stay in their rank's process group. The job waits for them, within limits.

use super::Job;
use crate::{report, sys};
use std::time::{Duration, Instant};

/// How often to look whether such processes are still there.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// How long pipes are read that no process of the ranks' groups holds: daemons may hold them for ever.
const OTHERS: Duration = Duration::from_millis(200);

/// How long processes of the ranks' groups may write nothing.
const SILENCE: Duration = Duration::from_secs(5);

/// How long they may write, after the last rank has ended.
const LONGEST: Duration = Duration::from_secs(60);

/// What is known of these processes.
#[derive(Default)]
pub(super) struct Drain {
    looked: Option<Instant>,
    /// Ranks whose groups still have processes, and whose output is open.
    holders: Vec<usize>,
}

impl Job<'_> {
    /// True when the output of all ranks has come to its end, or is not waited for any longer.
    pub(super) fn is_drained(&mut self, last_end: Instant, now: Instant) -> bool {
        if self.outputs.all_closed() {
            return true;
        }
        // While our own reader takes nothing, the pipes are not read, and their silence says nothing.
        if self.outputs.is_behind() {
            return false;
        }
        let quiet = self.outputs.last_read().map_or(last_end, |read| read.max(last_end));
        if now < quiet + OTHERS && now < last_end + LONGEST {
            return false;
        }
        if self.drain.looked.is_none_or(|looked| now >= looked + LOOK) {
            let groups = sys::live_groups();
            let open = self.outputs.open_ranks().into_iter();
            let holders = open.filter(|&rank| groups.contains(&self.ranks[rank].pid)).collect();
            self.drain = Drain { looked: Some(now), holders };
        }
        if self.drain.holders.is_empty() {
            return true;
        }
        if now < quiet + SILENCE && now < last_end + LONGEST {
            return false;
        }
        let (ranks, time) = (report::rank_list(&self.drain.holders), report::seconds(now - last_end));
        let verb = if self.drain.holders.len() == 1 { "has" } else { "have" };
        let heading = format!(
            "{ranks} {verb} ended, and processes left behind still hold the output after {time}; it is read no longer"
        );
        self.say(&heading, "");
        true
    }
}
