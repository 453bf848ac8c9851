//! The job whose rank has started this one: how this job tells it where it is, and how it learns of its end.

use crate::outcome::StartError;
use crate::sys;
use ranks_shm::Segment;
use ranks_shm::job::{self, Job};
use ranks_shm::life::Stage;
use std::fmt;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `MPI_ERR_SPAWN`.
const ERR_SPAWN: i32 = 42;

/// How long a job that has ended waits for the ranks that have started it. They are in the call that has started it, so they
/// come unless they are stopped.
const LONGEST: Duration = Duration::from_secs(20);

/// The job that has started this one.
#[derive(Clone)]
pub struct Parent {
    /// The bridge, and where it is.
    bridge: Arc<Segment>,
    at: Job,
    /// The segment of that job, and where it is.
    home: Arc<Segment>,
    home_at: Job,
}

impl fmt::Debug for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parent({})", self.at)
    }
}

impl Parent {
    /// The one that the environment names.
    pub fn from_environment() -> Result<Self, StartError> {
        let at = Job::from_variable(job::SPAWN)
            .ok_or_else(|| StartError::usage(format!("{} is not set", job::SPAWN)))?;
        let bridge = Segment::attach(&at).map_err(|error| StartError::usage(error.to_string()))?;
        let told = bridge.side(0);
        let (home_at, _) =
            told.ok_or_else(|| StartError::usage("the rank that has started this has not said where it is"))?;
        let home = Segment::attach(&home_at).map_err(|error| StartError::usage(error.to_string()))?;
        Ok(Self { bridge: Arc::new(bridge), at, home: Arc::new(home), home_at })
    }

    /// Where the new ranks find the bridge.
    pub fn at(&self) -> Job {
        self.at
    }

    /// The new job is there: its segment.
    pub fn announce(&self, segment: &Segment, descriptor: i32) {
        let here = Job { launcher: std::process::id(), descriptor, nonce: segment.nonce(), rank: 0 };
        segment.set_linked();
        segment.welcome(&self.home_at);
        // A pair for the intercommunicator, and one for the new ranks' own group.
        self.bridge.set_side(1, &here, segment.take_contexts(2));
    }

    /// This launcher runs; false when too many do.
    pub fn add_launcher(&self, process: u32) -> bool {
        self.home.add_launcher(process)
    }

    /// This launcher ends.
    pub fn remove_launcher(&self, process: u32) {
        self.home.remove_launcher(process);
        self.home.wake_all();
    }

    /// There is no new job, or it does not come to the meeting.
    pub fn refuse(&self, why: &str) {
        self.bridge.refuse_meeting(ERR_SPAWN, why);
        self.home.wake_all();
    }

    /// True once the new ranks are there.
    pub fn is_met(&self) -> bool {
        (self.bridge.first_side()..self.bridge.ranks()).all(|place| self.bridge.has_arrived(place))
    }

    /// Waits until the ranks that have started this job have mapped its segment, which they find by this process. The new
    /// ranks may have ended before they come to it.
    pub fn wait_until_seen(&self) {
        let late = Instant::now() + LONGEST;
        let seen = || (0..self.bridge.first_side()).all(|place| self.bridge.has_arrived(place));
        while self.is_met() && !seen() && !self.home.is_abandoned() && Instant::now() < late {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until the old job has ended before its time: its launcher, or the program itself where none started it.
    pub fn wait_for_its_end(&self) {
        let process = self.home.answerable();
        if let Some(watch) = sys::pidfd(process as sys::Pid) {
            // Only when it was still there after the descriptor was made can it be the right process.
            while !self.home.is_abandoned() {
                sys::poll(&mut [sys::readable(watch.as_raw_fd())], None);
            }
        }
        while !self.home.is_abandoned() {
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// A program that no launcher started and that has finalised may end: what it has started goes on.
    pub fn has_finished(&self) -> bool {
        let alone = self.home.claimed_by(0) == Some(self.home.answerable());
        alone && self.home.stage(0) == Stage::Finished
    }
}
