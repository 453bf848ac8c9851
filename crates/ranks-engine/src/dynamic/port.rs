//! Jobs that meet at a port: MPI 5.0 sections 11.9 and 11.10.
//!
//! The root of each side finds the other (`ranks_shm::port`) and tells its ranks where the bridge is. Where both sides are of
//! one job there is no bridge: their leaders meet as for any intercommunicator.

use super::bridge::CONTEXTS;
use crate::comm::{Found, Making, Step, Words};
use crate::error::{Class, Result};
use crate::group::{Comm, CommId};
use crate::p2p::{Engine, InternalMessage};
use crate::transport::Transport;
use crate::transport::shm::{Bridge, Shm};
use ranks_shm::Segment;
use ranks_shm::blocked::Call;
use ranks_shm::job::Job;
use ranks_shm::port::Port;
use ranks_shm::published;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The first word of news about a bridge. News of one job begin with a number of contexts, which is small.
const BRIDGE: u32 = u32::MAX;

/// How often one that waits at a port looks whether the job there still runs.
const LOOK: Duration = Duration::from_millis(100);

/// A segment that this process has made, and where others find it.
struct Made {
    segment: Segment,
    at: Job,
    _file: OwnedFd,
}

impl Made {
    fn new(first: usize, second: usize) -> std::io::Result<Self> {
        let (segment, file) = Segment::create_bridge(first, second)?;
        // Another number, closed in what this process starts.
        let file = file.try_clone()?;
        let (launcher, nonce) = (std::process::id(), segment.nonce());
        let at = Job { launcher, descriptor: file.as_raw_fd(), nonce, rank: 0 };
        Ok(Self { segment, at, _file: file })
    }
}

/// Waiting at a port. Dropped before it is let in, it waits no longer.
struct Waiting {
    knock: Made,
    port: Port,
    /// The segment of the job that has opened the port.
    there: Segment,
    looked: Option<Instant>,
    is_put_down: bool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.there.withdraw_knock(&self.knock.at);
    }
}

impl Waiting {
    /// Where the way in is, once somebody lets this one in.
    fn look(&mut self) -> std::result::Result<Option<Job>, (Class, String)> {
        if let Some((bridge, _)) = self.knock.segment.side(1) {
            return Ok(Some(bridge));
        }
        if let Some((_, why)) = self.knock.segment.refusal() {
            return Err((Class::Port, why));
        }
        if !self.is_put_down {
            self.is_put_down = self.there.knock(self.port.number, &self.knock.at);
        }
        if self.looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
            self.looked = Some(Instant::now());
            if !self.there.is_open(self.port.number) {
                return Err((Class::Port, format!("{}: the port was closed, or never opened", self.port)));
            }
            if self.there.is_abandoned() {
                return Err((
                    Class::Port,
                    format!("{}: the job that has opened the port has ended", self.port),
                ));
            }
        }
        Ok(None)
    }
}

fn news_of(at: &Job) -> Words {
    vec![BRIDGE, at.launcher, at.descriptor as u32, at.nonce as u32, (at.nonce >> 32) as u32]
}

fn from_news(news: &[u32]) -> Job {
    let at = |place: usize| news.get(place).copied().unwrap_or(0);
    let nonce = u64::from(at(3)) | u64::from(at(4)) << 32;
    Job { launcher: at(1), descriptor: at(2) as i32, nonce, rank: 0 }
}

impl Engine<Shm> {
    /// Opens a port: its name.
    pub fn open_port(&mut self) -> Result<String> {
        let call = Call::Port;
        self.enter(call)?;
        let Some(job) = self.transport.address() else {
            return Err(self.error(Class::Port, call, "ranks that are threads of one process have no ports"));
        };
        let Some(number) = self.transport.segment().open_port() else {
            let detail = format!("{} ports of this job are open already", ranks_shm::bounds::PORTS);
            return Err(self.error(Class::Port, call, detail));
        };
        Ok(Port { job, number }.to_string())
    }

    /// Closes a port.
    pub fn close_port(&mut self, name: &str) -> Result<()> {
        let call = Call::Port;
        self.enter(call)?;
        let port = self.port_of(call, name)?;
        let segment = self.transport.segment();
        if port.job.nonce == segment.nonce() && segment.close_port(port.number) {
            while let Some(place) = segment.take_knock(port.number) {
                if let Ok(knock) = Segment::attach(&place) {
                    knock.refuse_meeting(Class::Port.code(), &format!("{name}: the port was closed"));
                    if let Some(Ok(home)) = knock.side(0).map(|(home, _)| Segment::attach(&home)) {
                        home.wake_all();
                    }
                }
            }
            return Ok(());
        }
        Err(self.error(Class::Port, call, format!("{name}: no open port of this job")))
    }

    fn port_of(&self, call: Call, name: &str) -> Result<Port> {
        name.parse().map_err(|()| self.error(Class::Port, call, format!("{name:?} is no port's name")))
    }

    /// Publishes a name for a port.
    pub fn publish_name(&mut self, service: &str, port: &str) -> Result<()> {
        let call = Call::Port;
        self.enter(call)?;
        let taken = |_| format!("{service:?} is published already");
        let made = match published::look_up(service).map(taken) {
            Some(why) => Err(why),
            None => published::publish(service, port).map_err(|error| format!("{service:?}: {error}")),
        };
        self.published.push(made.map_err(|why| self.error(Class::Service, call, why))?);
        Ok(())
    }

    /// Takes a published name back.
    pub fn unpublish_name(&mut self, service: &str, port: &str) -> Result<()> {
        let call = Call::Port;
        self.enter(call)?;
        let ours = |known: &published::Published| known.service == service && known.port == port;
        match self.published.iter().position(ours) {
            Some(at) => {
                self.published.remove(at);
                Ok(())
            }
            None => Err(self.error(Class::Service, call, format!("{service:?}: not published by this rank"))),
        }
    }

    /// The port that was published under a name.
    pub fn look_up_name(&mut self, service: &str) -> Result<String> {
        let call = Call::Port;
        self.enter(call)?;
        let nobody = || self.error(Class::Name, call, format!("{service:?}: nobody has published this name"));
        published::look_up(service).ok_or_else(nobody)
    }

    /// Begins to let in the ranks of a communicator of another job, or of this one, at a port. Collective over the
    /// communicator; only the root's name is looked at.
    pub fn begin_accept(&mut self, id: CommId, root: i32, port: &str) -> Result<Making> {
        let call = Call::CommAccept;
        let Some((comm, leader)) = self.meeting_side(call, id, root)? else {
            return self.follow(call, id, root, 0);
        };
        let (message, members) = (self.internal_message_on(call, &comm), comm.slots.clone());
        let port = self.port_of(call, port).and_then(|port| {
            let segment = self.transport.segment();
            match port.job.nonce == segment.nonce() && segment.is_open(port.number) {
                true => Ok(port),
                false => Err(self.error(Class::Port, call, format!("{port}: no open port of this job"))),
            }
        });
        let port = match port {
            Ok(port) => port,
            Err(error) => {
                return Err(self.tell_all(message, &members, Err(error.clone())).err().unwrap_or(error));
            }
        };
        self.transport.segment().set_linked();
        let step = Step::Until(Box::new(move |engine: &mut Self| {
            let segment = engine.transport.segment().clone();
            if !segment.is_open(port.number) {
                let error = engine.error(Class::Port, call, format!("{port}: the port was closed"));
                return Some(engine.tell_all(message, &members, Err(error)).map(|_| Step::Done(None)));
            }
            loop {
                let place = segment.take_knock(port.number)?;
                // One that has ended meanwhile is passed over.
                let Ok(knock) = Segment::attach(&place) else { continue };
                let Some((home, _)) = knock.side(0) else { continue };
                return Some(engine.let_in(message, &members, leader, &knock, &home));
            }
        }));
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    /// Lets in who has knocked.
    fn let_in(
        &mut self,
        message: InternalMessage,
        members: &Arc<[u32]>,
        leader: usize,
        knock: &Segment,
        home_at: &Job,
    ) -> Result<Step<Shm>> {
        let call = message.call;
        let count = knock.first_side();
        let address = self.transport.address().unwrap_or(*home_at);
        if home_at.nonce == self.transport.segment().nonce() {
            let other = knock.home_rank(count).unwrap_or(0);
            knock.set_home_rank(0, self.core.me);
            knock.set_side(1, &address, 0);
            self.transport.wake(other);
            return self.meet_leader(message, members.clone(), leader, knock.nonce(), other);
        }
        let made = Segment::attach(home_at).map_err(|error| error.to_string()).and_then(|home| {
            let made = Made::new(members.len(), count).map_err(|error| error.to_string())?;
            Ok((home, made))
        });
        let (home, made) = match made {
            Ok(made) => made,
            Err(why) => {
                let error = self.error(Class::Port, call, why);
                return self.tell_all(message, members, Err(error)).map(|_| Step::Done(None));
            }
        };
        let bridge = &made.segment;
        members.iter().enumerate().for_each(|(place, &slot)| bridge.set_home_rank(place, slot as usize));
        for place in 0..count {
            bridge.set_home_rank(members.len() + place, knock.home_rank(place).unwrap_or(0));
        }
        bridge.set_side(0, &address, self.transport.segment().take_contexts(CONTEXTS));
        bridge.set_side(1, home_at, home.take_contexts(CONTEXTS));
        knock.set_side(1, &made.at, 0);
        home.wake_all();
        self.go_over(message, members, 0, made.at, Some(made))
    }

    /// Begins to enter at a port. Collective over the communicator; only the root's name is looked at.
    pub fn begin_connect(&mut self, id: CommId, root: i32, port: &str) -> Result<Making> {
        let call = Call::CommConnect;
        let Some((comm, leader)) = self.meeting_side(call, id, root)? else {
            return self.follow(call, id, root, 1);
        };
        let (message, members) = (self.internal_message_on(call, &comm), comm.slots.clone());
        let mut waiting = match self.knock(call, &members, port) {
            Ok(waiting) => Some(waiting),
            Err(error) => {
                return Err(self.tell_all(message, &members, Err(error.clone())).err().unwrap_or(error));
            }
        };
        self.transport.segment().set_linked();
        let step = Step::Until(Box::new(move |engine: &mut Self| {
            let looked = waiting.as_mut()?.look();
            match looked {
                Ok(None) => None,
                Ok(Some(at)) => {
                    let knock = &waiting.take()?.knock;
                    if at.nonce == engine.transport.segment().nonce() {
                        let other = knock.segment.home_rank(0).unwrap_or(0);
                        return Some(engine.meet_leader(
                            message,
                            members.clone(),
                            leader,
                            knock.at.nonce,
                            other,
                        ));
                    }
                    Some(engine.go_over(message, &members, 1, at, None))
                }
                Err((class, why)) => {
                    drop(waiting.take());
                    let error = engine.error(class, call, why);
                    Some(engine.tell_all(message, &members, Err(error)).map(|_| Step::Done(None)))
                }
            }
        }));
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    fn knock(&self, call: Call, members: &[u32], name: &str) -> Result<Waiting> {
        let port = self.port_of(call, name)?;
        let fail = |why: String| self.error(Class::Port, call, format!("{name}: {why}"));
        let there = Segment::attach(&port.job).map_err(|_| {
            fail("the job that has opened the port has ended, or nobody has opened it".into())
        })?;
        if !there.is_open(port.number) {
            return Err(fail("the port was closed, or never opened".into()));
        }
        let Some(address) = self.transport.address() else {
            return Err(fail("ranks that are threads of one process cannot meet others".into()));
        };
        let knock = Made::new(members.len(), 1).map_err(|error| fail(error.to_string()))?;
        members
            .iter()
            .enumerate()
            .for_each(|(place, &slot)| knock.segment.set_home_rank(place, slot as usize));
        knock.segment.set_home_rank(members.len(), self.core.me);
        knock.segment.set_side(0, &address, 0);
        Ok(Waiting { knock, port, there, looked: None, is_put_down: false })
    }

    /// The communicator of a side, and its leader, where that is this rank; `None` elsewhere.
    fn meeting_side(&self, call: Call, id: CommId, root: i32) -> Result<Option<(Arc<Comm>, usize)>> {
        let comm = self.comm_of_own_job(call, id, "meet others")?;
        let leader = self.slot_of(&comm, root, call)?;
        Ok((leader == self.core.me).then_some((comm, leader)))
    }

    /// What a rank does that is not the root.
    fn follow(&mut self, call: Call, id: CommId, root: i32, side: usize) -> Result<Making> {
        let comm = self.comm(id, call)?;
        let leader = self.slot_of(&comm, root, call)?;
        let message = self.internal_message_on(call, &comm);
        let own = comm.slots.clone();
        let found: Found<Shm> = Box::new(move |engine, news| {
            if news.first() != Some(&BRIDGE) {
                return engine.found_between(call, &news, None).map(Some);
            }
            let bridge = engine.way_over(call, &own, side, &from_news(&news))?;
            let comm = engine.cross(call, bridge, &own)?;
            engine.transport.wake(leader);
            Ok(Some(comm))
        });
        let step = self.hear_from(message, leader, found);
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    fn way_over(&self, call: Call, members: &[u32], side: usize, at: &Job) -> Result<Bridge> {
        let among = members.iter().position(|&slot| slot as usize == self.core.me).unwrap_or(0);
        let mut bridge = Bridge::open(at, side, 0).map_err(|error| error.in_call(call))?;
        bridge.place = if side == 0 { among } else { bridge.segment.first_side() + among };
        Ok(bridge)
    }

    /// The root tells its side where the bridge is, and waits until all ranks of both sides have come. `kept`: it has made
    /// the bridge, and keeps it open until then.
    fn go_over(
        &mut self,
        message: InternalMessage,
        members: &Arc<[u32]>,
        side: usize,
        at: Job,
        kept: Option<Made>,
    ) -> Result<Step<Shm>> {
        let call = message.call;
        let bridge = self.way_over(call, members, side, &at);
        let news = bridge.as_ref().map(|_| vec![news_of(&at); members.len()]);
        self.tell_all(message, members, news.map_err(Clone::clone))?;
        let bridge = bridge?;
        let segment = bridge.segment.clone();
        let mine = if side == 0 { 0..segment.first_side() } else { segment.first_side()..segment.ranks() };
        let comm = self.cross(call, bridge, members)?;
        let (mut comm, own, peers) = (Some(comm), members.clone(), Vec::new());
        let peers: Vec<u32> = comm.as_ref().map_or(peers, |comm| comm.slots.to_vec());
        Ok(Step::Until(Box::new(move |engine: &mut Self| {
            let _open = &kept;
            let (mut ours, mut theirs) = (own.iter(), peers.iter());
            let come = |place: usize| {
                let slot = if mine.contains(&place) { ours.next() } else { theirs.next() };
                segment.has_arrived(place)
                    || slot.is_none_or(|&slot| engine.core.gone[slot as usize].is_some())
            };
            (0..segment.ranks())
                .map(come)
                .fold(true, |all, one| all & one)
                .then(|| Ok(Step::Done(comm.take())))
        })))
    }

    /// The two leaders are of one job.
    fn meet_leader(
        &mut self,
        message: InternalMessage,
        members: Arc<[u32]>,
        leader: usize,
        knock: u64,
        other: usize,
    ) -> Result<Step<Shm>> {
        let between = self.errand_between(Call::CommConnect, &format!("port {knock}"));
        let between = InternalMessage { call: message.call, ..between };
        self.connect_leaders(message, members, leader, between, other)
    }
}
