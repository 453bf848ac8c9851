//! Who gets which lines: a pure state machine, without clock, messages or threads.
//!
//! Every rank may have at most `window` lines that it has not reported on yet. That bounds the memory of all ranks
//! whatever the length of the input, and a little more than a rank can fetch at once keeps it busy while its report
//! and the next lines are under way. Lines go to the rank with the fewest outstanding, so a rank that finishes early
//! gets the next ones, in chunks that shrink with what is left to deal: a short list is spread over all ranks.
//!
//! Lines of a limited host have a queue of their own (see [`hosts`]).

mod hosts;

use std::collections::VecDeque;

use super::host_queue::HostLimits;
use super::input::Line;
use super::messages::Hold;
use crate::bounds::READ_AHEAD;
use hosts::Hosts;

/// The longest message that deals lines, counted in bytes of URLs.
///
/// Rank 0 may send lines to a rank that is sending it records at that moment. Were both messages so long that each
/// waits for its receiver, the two would wait for each other for ever; a message this short is buffered by every MPI.
/// A line longer than this is fetched by rank 0 itself.
pub(super) const MESSAGE_BYTES: usize = 2048;

/// What a line adds to a message beside its text, at most: its number and its length.
const LINE_OVERHEAD: usize = 15;

/// Lines dealt to one rank at once, at most.
const CHUNK: usize = 64;

/// The scheduler's state.
pub(super) struct Scheduler {
    window: usize,
    outstanding: Vec<usize>,
    waiting: VecDeque<Line>,
    hosts: Hosts,
    ended: bool,
}

impl Scheduler {
    /// A scheduler for `ranks` ranks with at most `window` lines outstanding at each.
    pub(super) fn new(ranks: usize, window: usize, limits: HostLimits) -> Scheduler {
        assert!(ranks > 0 && window > 0);
        let (outstanding, waiting) = (vec![0; ranks], VecDeque::new());
        Scheduler { window, outstanding, waiting, hosts: Hosts::new(ranks, limits), ended: false }
    }

    /// Whether more lines should be read: there are fewer waiting than the ranks could be given in one round.
    pub(super) fn wants_input(&self) -> bool {
        !self.ended && self.waiting.len() < CHUNK * self.outstanding.len() && self.hosts.queued() < READ_AHEAD
    }

    /// A line was read.
    pub(super) fn add(&mut self, line: Line) {
        // Too long to be sent: rank 0 fetches it, and keeps the host's limits by itself.
        if cost(&line) > MESSAGE_BYTES || !self.hosts.limits(&line.url) {
            self.waiting.push_back(line);
        } else {
            self.hosts.add(line);
        }
    }

    /// No more lines will come.
    pub(super) fn end_of_input(&mut self) {
        self.ended = true;
    }

    /// `rank` reported on a line of its own, with this URL. `held`: the server wants to be left alone for a while.
    pub(super) fn done(&mut self, rank: usize, url: &str, held: bool) {
        let left = self.outstanding[rank].checked_sub(1);
        self.outstanding[rank] = left.expect("a rank reports only on lines dealt to it");
        self.hosts.done(rank, url, held, &mut self.waiting);
    }

    /// The next lines to deal and the rank that gets them; `None`: nothing can be dealt now.
    pub(super) fn next(&mut self) -> Option<(usize, Vec<Line>)> {
        let (rank, lines) = self.next_free().or_else(|| self.next_limited())?;
        self.outstanding[rank] += lines.len();
        Some((rank, lines))
    }

    /// Hosts that have come to a rank since the last call, and how long they are to be left alone there: to be told
    /// before lines are dealt.
    pub(super) fn moved(&mut self) -> Vec<(usize, Hold)> {
        std::mem::take(&mut self.hosts.moved)
    }

    fn next_free(&mut self) -> Option<(usize, Vec<Line>)> {
        let first = self.waiting.front()?;
        let rank = match cost(first) > MESSAGE_BYTES {
            true => 0,
            false => (0..self.outstanding.len()).min_by_key(|&rank| self.outstanding[rank])?,
        };
        let count = self.share(self.waiting.len()).min(self.room(rank));
        let mut bytes = 0;
        let mut lines = Vec::with_capacity(count);
        while lines.len() < count {
            let Some(line) = self.waiting.front() else { break };
            bytes += cost(line);
            // Too long a line goes alone, see above.
            if bytes > MESSAGE_BYTES && (!lines.is_empty() || rank != 0) {
                break;
            }
            lines.extend(self.waiting.pop_front());
        }
        (!lines.is_empty()).then_some((rank, lines))
    }

    fn next_limited(&mut self) -> Option<(usize, Vec<Line>)> {
        if self.hosts.queued() == 0 {
            return None;
        }
        let mut ranks: Vec<usize> =
            (0..self.outstanding.len()).filter(|&rank| self.outstanding[rank] < self.window).collect();
        ranks.sort_by_key(|&rank| self.outstanding[rank]);
        let share = self.share(self.hosts.queued());
        for &rank in &ranks {
            let lines = self.hosts.take(rank, share.min(self.room(rank)));
            if !lines.is_empty() {
                return Some((rank, lines));
            }
        }
        let idle = ranks.into_iter().find(|&rank| self.outstanding[rank] == 0)?;
        match self.hosts.call_away(idle) {
            // It can go at once.
            true => Some((idle, self.hosts.take(idle, share.min(self.room(idle))))),
            false => None,
        }
    }

    fn room(&self, rank: usize) -> usize {
        self.window - self.outstanding[rank]
    }

    fn share(&self, lines: usize) -> usize {
        lines.div_ceil(self.outstanding.len()).min(CHUNK)
    }

    /// Whether every line was dealt and reported on.
    pub(super) fn finished(&self) -> bool {
        let idle = self.outstanding.iter().all(|&lines| lines == 0);
        self.ended && self.waiting.is_empty() && self.hosts.queued() == 0 && idle
    }
}

fn cost(line: &Line) -> usize {
    line.url.len() + LINE_OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64, length: usize) -> Line {
        Line { number, url: "u".repeat(length) }
    }

    fn scheduler(ranks: usize, window: usize) -> Scheduler {
        Scheduler::new(ranks, window, HostLimits::default())
    }

    /// Plays a whole job: ranks report in an order drawn from `seed`, rank 3 never more than one line at a time.
    fn play(ranks: usize, window: usize, lines: u64, seed: u64) {
        let mut random = seed;
        let mut draw = move |below: usize| {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (random >> 33) as usize % below
        };
        let mut scheduler = scheduler(ranks, window);
        let mut held = vec![0usize; ranks];
        let mut seen = vec![false; lines as usize];
        let mut next = 0;
        while !scheduler.finished() {
            while scheduler.wants_input() {
                if next == lines {
                    scheduler.end_of_input();
                    break;
                }
                scheduler.add(line(next, if draw(50) == 0 { 5000 } else { 1 + draw(100) }));
                next += 1;
            }
            assert!(scheduler.waiting.len() <= CHUNK * ranks);
            while let Some((rank, dealt)) = scheduler.next() {
                let bytes: usize = dealt.iter().map(cost).sum();
                assert!(rank == 0 || bytes <= MESSAGE_BYTES);
                held[rank] += dealt.len();
                assert!(held[rank] <= window, "rank {rank} holds {}", held[rank]);
                for line in dealt {
                    assert!(!std::mem::replace(&mut seen[line.number as usize], true), "dealt twice");
                }
            }
            if scheduler.finished() {
                break;
            }
            let busy: Vec<usize> = (0..ranks).filter(|&rank| held[rank] > 0).collect();
            let rank = busy[draw(busy.len())];
            let count = if rank == 3 { 1 } else { 1 + draw(held[rank]) };
            held[rank] -= count;
            (0..count).for_each(|_| scheduler.done(rank, "u", false));
        }
        assert!(seen.iter().all(|&dealt| dealt), "some line was never dealt");
    }

    #[test]
    fn every_line_is_dealt_once_within_the_window() {
        for ranks in [1, 2, 3, 4, 7] {
            for window in [1, 2, 5, 100] {
                for lines in [0, 1, 3, 28, 1000] {
                    play(ranks, window, lines, 1 + ranks as u64 * 31 + window as u64);
                }
            }
        }
    }

    #[test]
    fn a_short_list_is_spread_evenly() {
        let mut scheduler = scheduler(4, 100);
        (0..28).for_each(|number| scheduler.add(line(number, 20)));
        let mut held = [0; 4];
        while let Some((rank, lines)) = scheduler.next() {
            held[rank] += lines.len();
        }
        assert!(held.iter().all(|&lines| (5..=9).contains(&lines)), "{held:?}");
    }

    #[test]
    fn the_rank_that_finishes_early_gets_the_next_lines() {
        let mut scheduler = scheduler(3, 2);
        (0..20).for_each(|number| scheduler.add(line(number, 20)));
        while scheduler.next().is_some() {}
        for _ in 0..5 {
            scheduler.done(2, "u", false);
            let (rank, lines) = scheduler.next().expect("one line for the rank that is free");
            assert_eq!((rank, lines.len()), (2, 1));
            assert!(scheduler.next().is_none());
        }
    }

    #[test]
    fn nothing_is_finished_before_the_last_report() {
        let mut scheduler = scheduler(2, 2);
        scheduler.add(line(1, 20));
        scheduler.end_of_input();
        assert!(!scheduler.finished());
        let (rank, _) = scheduler.next().unwrap();
        assert!(!scheduler.finished());
        scheduler.done(rank, "u", false);
        assert!(scheduler.finished() && !scheduler.wants_input());
    }
}
