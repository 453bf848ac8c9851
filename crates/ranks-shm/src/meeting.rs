//! How jobs find each other.
//!
//! A *bridge* is a segment of its own, with the ranks of two jobs as its slots: first those of one side, then those of the
//! other. The rings between the sides are used, nothing else. Where a rank sleeps, and whether it lives, stands in the
//! segment of its own job, which the other side maps as well. Whoever makes a bridge tells the other side where it is; what
//! both must know alike stands in its header.

use crate::bounds;
use crate::job::Job;
use crate::layout::{Geometry, Guest};
use crate::life::Stage;
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::segment::Segment;
use crate::sys;
use std::io;
use std::os::fd::OwnedFd;

impl Guest {
    pub(crate) fn read(&self) -> Option<Job> {
        let launcher = self.launcher.load(Acquire);
        let (descriptor, nonce) = (self.descriptor.load(Relaxed) as i32, self.nonce.load(Relaxed));
        (launcher != 0).then_some(Job { launcher, descriptor, nonce, rank: 0 })
    }

    pub(crate) fn write(&self, job: &Job) {
        self.descriptor.store(job.descriptor as u32, Relaxed);
        self.nonce.store(job.nonce, Relaxed);
        self.launcher.store(job.launcher, Release);
    }
}

impl Segment {
    /// Makes a bridge between so many ranks on either side. The descriptor is closed on exec by whoever keeps it.
    pub fn create_bridge(first: usize, second: usize) -> io::Result<(Segment, OwnedFd)> {
        let ranks = first + second;
        if ranks > bounds::MAX_RANKS {
            return Err(io::Error::other(format!("more than {} ranks on both sides", bounds::MAX_RANKS)));
        }
        // Lines as long as in the smallest job, so that what a rank sends within its own job fits here too.
        let geometry = Geometry { ring_lines: bounds::RING_LINES_FEW, ..Geometry::new(ranks) };
        let (bridge, fd) = Self::create_with(geometry)?;
        bridge.header().meeting.first.store(first as u32, Release);
        Ok((bridge, fd))
    }

    /// Ranks on the first side of a bridge.
    pub fn first_side(&self) -> usize {
        (self.header().meeting.first.load(Acquire) as usize).min(self.ranks())
    }

    /// Says where the segment of one side's job is, and in which context its ranks receive.
    pub fn set_side(&self, side: usize, home: &Job, context: u32) {
        let meeting = &self.header().meeting;
        meeting.contexts[side].store(context, Relaxed);
        meeting.sides[side].write(home);
    }

    /// What [`Self::set_side`] has said, once it has.
    pub fn side(&self, side: usize) -> Option<(Job, u32)> {
        let meeting = &self.header().meeting;
        Some((meeting.sides[side].read()?, meeting.contexts[side].load(Relaxed)))
    }

    /// Says which rank of its own job the rank in a place of the bridge is.
    pub fn set_home_rank(&self, place: usize, rank: usize) {
        self.slot(place).leader.store(rank as u32 + 1, Release);
    }

    /// The rank of its own job that the rank in a place of the bridge is, once it was said.
    pub fn home_rank(&self, place: usize) -> Option<usize> {
        (self.slot(place).leader.load(Acquire) as usize).checked_sub(1)
    }

    /// The rank in a place of the bridge has mapped it.
    pub fn set_arrived(&self, place: usize) {
        self.slot(place).stage.store(Stage::Attached as u32, Release);
    }

    /// True once [`Self::set_arrived`] was called.
    pub fn has_arrived(&self, place: usize) -> bool {
        self.slot(place).stage.load(Acquire) != Stage::Absent as u32
    }

    /// Says why the two sides do not meet: an error class and a line. The first to say it is the one who counts.
    pub fn refuse_meeting(&self, class: i32, why: &str) {
        let meeting = &self.header().meeting;
        if meeting.class.compare_exchange(0, class as u32, AcqRel, Acquire).is_err() {
            return;
        }
        let mut end = why.len().min(bounds::MEETING_TEXT);
        while !why.is_char_boundary(end) {
            end -= 1;
        }
        for (word, bytes) in meeting.text.iter().zip(why.as_bytes()[..end].chunks(8)) {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_le_bytes(padded), Relaxed);
        }
        meeting.failed.store(end.max(1) as u32, Release);
    }

    /// Why the two sides do not meet, if somebody has said it.
    pub fn refusal(&self) -> Option<(i32, String)> {
        let meeting = &self.header().meeting;
        let len = (meeting.failed.load(Acquire) as usize).min(bounds::MEETING_TEXT);
        if len == 0 {
            return None;
        }
        let bytes: Vec<u8> = meeting.text.iter().flat_map(|word| word.load(Relaxed).to_le_bytes()).collect();
        let text = String::from_utf8_lossy(&bytes[..len]).trim_end_matches('\0').to_owned();
        Some((meeting.class.load(Relaxed) as i32, text))
    }

    /// From now on the ranks of another job are woken when a rank of this one ends. A full table is no error: they learn of
    /// it all the same, later.
    pub fn welcome(&self, guest: &Job) {
        let guests = &self.header().guests;
        let known = |entry: &Guest| entry.read().is_some_and(|job| job.nonce == guest.nonce);
        if guests.iter().any(known) {
            return;
        }
        for entry in guests {
            let process = entry.launcher.load(Acquire);
            if process != 0 && sys::runs(process) {
                continue;
            }
            // Taken by its descriptor word: whoever changes the process from what was seen writes the entry. What a reader
            // finds meanwhile is a job whose nonce does not fit, which it leaves alone.
            if entry.launcher.compare_exchange(process, guest.launcher, AcqRel, Acquire).is_ok() {
                entry.write(guest);
                return;
            }
        }
    }

    /// The jobs whose ranks are to be woken when a rank of this one ends.
    pub fn guests(&self) -> Vec<Job> {
        self.header().guests.iter().filter_map(Guest::read).collect()
    }

    /// Wakes the ranks of the jobs that communicate with this one.
    pub fn wake_guests(&self) {
        for guest in self.guests() {
            if let Ok(segment) = Segment::attach(&guest) {
                segment.wake_all();
            }
        }
    }

    /// Puts down the launcher of a job that ranks of this one have started; false when there are too many.
    pub fn add_launcher(&self, process: u32) -> bool {
        self.header().launchers.iter().any(|entry| {
            let old = entry.load(Acquire);
            (old == 0 || !sys::runs(old)) && entry.compare_exchange(old, process, AcqRel, Acquire).is_ok()
        })
    }

    /// Takes it out again, at its end.
    pub fn remove_launcher(&self, process: u32) {
        for entry in &self.header().launchers {
            // Somebody else's entry is not touched.
            let _ = entry.compare_exchange(process, 0, AcqRel, Acquire);
        }
    }

    /// The launchers of started jobs that still run.
    pub fn running_launchers(&self) -> Vec<u32> {
        let all = self.header().launchers.iter().map(|entry| entry.load(Acquire));
        all.filter(|&process| process != 0 && sys::runs(process)).collect()
    }

    /// True when the process that answers for this job has ended: its launcher, or the program itself where none started it.
    pub fn is_abandoned(&self) -> bool {
        let launcher = self.header().launcher.load(Relaxed);
        launcher != 0 && !sys::runs(launcher)
    }

    /// The process that answers for this job.
    pub fn answerable(&self) -> u32 {
        self.header().launcher.load(Relaxed)
    }

    /// A rank of this job communicates with one of another.
    pub fn set_linked(&self) {
        self.header().linked.store(1, Release);
    }

    /// True when a rank of this job may wait for one of another.
    pub fn is_linked(&self) -> bool {
        self.header().linked.load(Acquire) != 0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn two_sides_say_where_they_are() {
        let (bridge, _fd) = Segment::create_bridge(2, 3).unwrap();
        assert_eq!((bridge.ranks(), bridge.first_side()), (5, 2));
        assert_eq!((bridge.side(1), bridge.home_rank(4), bridge.has_arrived(4)), (None, None, false));
        let home = Job { launcher: 7, descriptor: 3, nonce: 9, rank: 0 };
        bridge.set_side(1, &home, 12);
        bridge.set_home_rank(4, 0);
        bridge.set_arrived(4);
        assert_eq!((bridge.side(1), bridge.home_rank(4)), (Some((home, 12)), Some(0)));
        assert!(bridge.has_arrived(4) && !bridge.has_arrived(3));
    }

    #[test]
    fn the_first_refusal_counts() {
        let (bridge, _fd) = Segment::create_bridge(1, 1).unwrap();
        assert_eq!(bridge.refusal(), None);
        bridge.refuse_meeting(42, "no such program: wörker");
        bridge.refuse_meeting(15, "later");
        assert_eq!(bridge.refusal(), Some((42, "no such program: wörker".to_owned())));
    }

    #[test]
    fn places_of_jobs_that_have_ended_are_used_again() {
        let segment = Segment::private(1);
        let mut ended = std::process::Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        for nonce in 1..100 {
            segment.welcome(&Job { launcher: ended.id(), descriptor: 3, nonce, rank: 0 });
            assert!(segment.add_launcher(ended.id()));
        }
        let alive = Job { launcher: std::process::id(), descriptor: 3, nonce: 100, rank: 0 };
        segment.welcome(&alive);
        segment.welcome(&alive);
        assert_eq!(segment.guests().iter().filter(|guest| **guest == alive).count(), 1);
        assert!(segment.add_launcher(std::process::id()));
        assert_eq!(segment.running_launchers(), [std::process::id()]);
        segment.remove_launcher(std::process::id());
        assert!(segment.running_launchers().is_empty());
    }
}
