//! Starting a job, and waiting until its ranks are there: MPI 5.0 section 11.8.

use super::bridge::CONTEXTS;
use super::launcher;
use crate::comm::{Found, Making, Step, Words};
use crate::error::{Class, Error, Result};
use crate::group::CommId;
use crate::p2p::Engine;
use crate::transport::Transport;
use crate::transport::shm::{Bridge, Shm};
use ranks_shm::Segment;
use ranks_shm::blocked::Call;
use ranks_shm::job::Job;
use ranks_shm::life::{Life, Stage};
use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often to look whether the launcher is still there. It says itself when it cannot start the job; this is for one that
/// was killed.
const LOOK: Duration = Duration::from_millis(5);

/// A program that is to be started.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The file: a path, or a name to be looked for in PATH.
    pub file: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// How many ranks run it.
    pub ranks: usize,
    /// The folder that it runs in; the spawning rank's own if nothing is said.
    pub folder: Option<PathBuf>,
    /// Folders to look for it in, before those of PATH.
    pub path: Option<OsString>,
}

/// A job that is being started, as its root sees it. Dropped before its ranks are there, it is ended.
struct Starting {
    launcher: Option<Child>,
    looked: Instant,
    bridge: Arc<Segment>,
    /// Kept open until all have mapped it.
    _file: OwnedFd,
    at: Job,
    /// The new job, once it has said where it is.
    home: Option<Arc<Segment>>,
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(launcher) = &mut self.launcher {
            // Its keeper ends what it has started.
            let _ = launcher.kill();
            let _ = launcher.wait();
        }
    }
}

impl Starting {
    /// Whether all ranks are there; an error when they cannot be any more.
    fn is_there(&mut self) -> std::result::Result<bool, (Class, String)> {
        if let Some(refusal) = self.refusal() {
            return Err(refusal);
        }
        let places = self.bridge.first_side()..self.bridge.ranks();
        if places.clone().all(|place| self.bridge.has_arrived(place)) {
            return Ok(true);
        }
        if self.home.is_none()
            && let Some((at, _)) = self.bridge.side(1)
        {
            // Where it is gone again, its launcher is as well.
            self.home = Segment::attach(&at).ok().map(Arc::new);
        }
        if let Some(home) = &self.home {
            let lost = (0..home.ranks().min(places.len())).find(|&rank| {
                matches!(home.life(rank), Life::Finished | Life::Failed)
                    && !self.bridge.has_arrived(places.start + rank)
            });
            if let Some(rank) = lost {
                let how = match home.stage(rank) {
                    Stage::Absent => "without initialising MPI",
                    _ => "while it initialised MPI",
                };
                return Err((Class::Spawn, format!("rank {rank} of the new processes has ended {how}")));
            }
        }
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            let ended =
                self.launcher.as_mut().is_some_and(|launcher| !matches!(launcher.try_wait(), Ok(None)));
            if ended {
                let unsaid = (Class::Spawn, "the launcher of the new processes has ended".to_owned());
                return Err(self.refusal().unwrap_or(unsaid));
            }
        }
        Ok(false)
    }

    fn refusal(&self) -> Option<(Class, String)> {
        self.bridge.refusal().map(|(class, text)| {
            let class = Class::ALL.iter().find(|known| known.code() == class).copied();
            (class.unwrap_or(Class::Spawn), text)
        })
    }
}

fn to_words(at: &Job) -> Words {
    vec![at.launcher, at.descriptor as u32, at.nonce as u32, (at.nonce >> 32) as u32]
}

fn from_words(words: &[u32]) -> Job {
    let at = |place: usize| words.get(place).copied().unwrap_or(0);
    let nonce = u64::from(at(2)) | u64::from(at(3)) << 32;
    Job { launcher: at(0), descriptor: at(1) as i32, nonce, rank: 0 }
}

impl Engine<Shm> {
    /// Begins to start processes, and an intercommunicator to them. Collective over the communicator; only what the root
    /// gives is looked at.
    pub fn begin_spawn(&mut self, id: CommId, root: i32, programs: Result<Vec<Program>>) -> Result<Making> {
        let call = Call::CommSpawn;
        let comm = self.comm_of_own_job(call, id, "start processes")?;
        let leader = self.slot_of(&comm, root, call)?;
        let message = self.internal_message_on(call, &comm);
        let members = comm.slots.clone();
        if leader != self.core.me {
            let own = members.clone();
            let found: Found<Shm> = Box::new(move |engine, news| {
                let place = own.iter().position(|&slot| slot as usize == engine.core.me).unwrap_or(0);
                let bridge = Bridge::open(&from_words(&news), 0, place)?;
                let comm = engine.cross(call, bridge, &own)?;
                engine.transport.wake(leader);
                Ok(Some(comm))
            });
            let step = self.hear_from(message, leader, found);
            return Ok(self.begin_making(call, Some(&comm), true, step));
        }
        let mut starting = match programs.and_then(|programs| self.start_job(call, &members, &programs)) {
            Ok(starting) => Some(starting),
            Err(error) => {
                // The others must not wait for a job that is not started.
                self.tell_all(message, &members, Err(error))?;
                None
            }
        };
        let step = Step::Until(Box::new(move |engine: &mut Self| {
            let there = starting.as_mut()?.is_there();
            match there {
                Ok(false) => None,
                Ok(true) => Some(engine.all_are_there(message, &members, starting.take()?)),
                Err((class, detail)) => {
                    drop(starting.take());
                    let error = Err(engine.error(class, call, detail));
                    Some(engine.tell_all(message, &members, error).map(|_| Step::Done(None)))
                }
            }
        }));
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    /// Makes the bridge and starts the launcher.
    fn start_job(&mut self, call: Call, members: &[u32], programs: &[Program]) -> Result<Starting> {
        self.reap_launchers();
        let fail = |detail: String| Error::new(Class::Spawn, call, self.core.me, detail);
        let ranks: usize = programs.iter().map(|program| program.ranks).sum();
        if programs.iter().any(|program| program.ranks == 0) || ranks == 0 {
            return Err(fail("0 processes were asked for: ask for at least 1".into()));
        }
        let no_folder = |folder: &&PathBuf| !folder.is_dir();
        if let Some(folder) = programs.iter().filter_map(|program| program.folder.as_ref()).find(no_folder) {
            return Err(fail(format!("wdir={}: no such folder", folder.display())));
        }
        let Some(home) = self.transport.address() else {
            return Err(fail("ranks that are threads of one process cannot start processes".into()));
        };
        let made = Segment::create_bridge(members.len(), ranks);
        let (bridge, file) =
            made.map_err(|error| fail(format!("shared memory for {ranks} processes: {error}")))?;
        // Another number, closed in what this process starts.
        let file = file.try_clone().map_err(|error| fail(error.to_string()))?;
        let at = Job {
            launcher: std::process::id(),
            descriptor: file.as_raw_fd(),
            nonce: bridge.nonce(),
            rank: 0,
        };
        members.iter().enumerate().for_each(|(place, &slot)| bridge.set_home_rank(place, slot as usize));
        (0..ranks).for_each(|rank| bridge.set_home_rank(members.len() + rank, rank));
        bridge.set_side(0, &home, self.transport.segment().take_contexts(CONTEXTS));
        let launcher = launcher::start(&at, programs).map_err(|error| fail(error.to_string()))?;
        self.transport.segment().set_linked();
        let (launcher, bridge) = (Some(launcher), Arc::new(bridge));
        Ok(Starting { launcher, looked: Instant::now(), bridge, _file: file, at, home: None })
    }

    /// The ranks of the new job are there: this side comes too.
    fn all_are_there(
        &mut self,
        message: crate::p2p::InternalMessage,
        members: &Arc<[u32]>,
        mut starting: Starting,
    ) -> Result<Step<Shm>> {
        let call = message.call;
        let place = members.iter().position(|&slot| slot as usize == self.core.me).unwrap_or(0);
        // Mapped anew: by this the file behind it is known.
        let bridge = Bridge::open(&starting.at, 0, place);
        let news = bridge.as_ref().map(|_| vec![to_words(&starting.at); members.len()]);
        self.tell_all(message, members, news.map_err(Clone::clone))?;
        let comm = self.cross(call, bridge?, members)?;
        self.launchers.extend(starting.launcher.take());
        let (mut comm, own) = (Some(comm), members.clone());
        Ok(Step::Until(Box::new(move |engine: &mut Self| {
            let come = |(place, &slot): (usize, &u32)| {
                starting.bridge.has_arrived(place) || engine.core.gone[slot as usize].is_some()
            };
            own.iter().enumerate().all(come).then(|| Ok(Step::Done(comm.take())))
        })))
    }
}

impl<T: Transport> Engine<T> {
    /// Takes note of launchers that have ended, so that the system can forget them.
    pub(crate) fn reap_launchers(&mut self) {
        self.launchers.retain_mut(|launcher| matches!(launcher.try_wait(), Ok(None)));
    }
}
