//! Intercommunicators: made from two groups, and merged into one. MPI 5.0 section 7.6.

use super::Making;
use super::news::{Reader, Words};
use super::steps::{Found, Step};
use crate::error::{Class, Result};
use crate::group::{Comm, CommId, Group};
use crate::p2p::{Engine, InternalMessage};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// Where two leaders meet.
struct Meeting {
    message: InternalMessage,
    other: usize,
}

impl<T: Transport> Engine<T> {
    /// The ranks on both sides of an intercommunicator, in the same order wherever it is asked, and how many are
    /// on the first side.
    pub(super) fn both_sides(&self, comm: &Comm) -> (Arc<[u32]>, usize) {
        let (ours, theirs) = (&comm.own().slots, &comm.slots);
        let first = |side: &Arc<[u32]>| self.identity(side[0] as usize);
        let (a, b) = if first(ours) < first(theirs) { (ours, theirs) } else { (theirs, ours) };
        ([&a[..], &b[..]].concat().into(), a.len())
    }

    /// Begins an intercommunicator between the ranks of `local` and those of another communicator. The two
    /// leaders find each other in `peer`, which only they look at, by their ranks there and a tag.
    /// Collective over both.
    pub fn begin_intercomm(
        &mut self,
        local: CommId,
        local_leader: i32,
        peer: CommId,
        remote_leader: i32,
        tag: i32,
    ) -> Result<Making> {
        let call = Call::IntercommCreate;
        self.enter(call)?;
        let comm = self.comm(local, call)?;
        if comm.local.is_some() {
            let detail = "the local communicator is an intercommunicator";
            return Err(self.error_on(&comm, call, Class::Comm, detail.into()));
        }
        let leader = self.slot_of(&comm, local_leader, call)?;
        let message = self.internal_message_on(call, &comm);
        let meeting =
            if leader == self.core.me { Some(self.meeting(call, peer, remote_leader, tag)) } else { None };
        let step = self.between_leaders(message, comm.slots.clone(), leader, meeting)?;
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    /// Begins an intercommunicator between the ranks of two groups, without a communicator. The string keeps apart what several
    /// threads begin at the same time.
    pub fn begin_intercomm_from_groups(
        &mut self,
        local: &Group,
        local_leader: i32,
        remote: &Group,
        remote_leader: i32,
        string: &str,
    ) -> Result<Making> {
        let call = Call::IntercommCreateFromGroups;
        self.enter(call)?;
        self.check_member(call, local)?;
        let no_leader =
            |rank| self.error(Class::Rank, call, format!("the leader, rank {rank}, does not exist"));
        let at = |group: &Group, rank: i32| group.slots().get(usize::try_from(rank).ok()?).copied();
        let leader = at(local, local_leader).ok_or_else(|| no_leader(local_leader))? as usize;
        let meeting = (leader == self.core.me).then(|| {
            let other = at(remote, remote_leader).ok_or_else(|| no_leader(remote_leader))? as usize;
            self.other_leader(call, self.errand_between(call, &format!("leaders {string}")), other)
        });
        let message = self.errand_between(call, &format!("members {string}"));
        let step = self.between_leaders(message, local.slots().clone(), leader, meeting)?;
        Ok(self.begin_making(call, None, true, step))
    }

    /// Whom a leader meets.
    fn meeting(&self, call: Call, peer: CommId, remote_leader: i32, tag: i32) -> Result<Meeting> {
        let peer = self.comm(peer, call)?;
        if tag < 0 {
            return Err(self.error_on(&peer, call, Class::Tag, format!("tag {tag} is negative")));
        }
        let other = self.slot_of(&peer, remote_leader, call)?;
        self.other_leader(call, self.errand_between(call, &format!("{} {tag}", peer.key)), other)
    }

    fn other_leader(&self, call: Call, message: InternalMessage, other: usize) -> Result<Meeting> {
        if other == self.core.me {
            return Err(self.error(Class::Rank, call, "the leaders of both groups are the same rank"));
        }
        Ok(Meeting { message, other })
    }

    /// The ranks of `members`, whose leader this rank is, and those of a leader whom it meets by such messages.
    pub(crate) fn connect_leaders(
        &mut self,
        message: InternalMessage,
        members: Arc<[u32]>,
        leader: usize,
        between: InternalMessage,
        other: usize,
    ) -> Result<Step<T>> {
        let meeting = self.other_leader(message.call, between, other);
        self.between_leaders(message, members, leader, Some(meeting))
    }

    /// The leaders tell each other their groups, and each tells its own. `meeting`: this rank is a leader.
    fn between_leaders(
        &mut self,
        message: InternalMessage,
        members: Arc<[u32]>,
        leader: usize,
        meeting: Option<Result<Meeting>>,
    ) -> Result<Step<T>> {
        let call = message.call;
        let near = meeting.as_ref().and_then(|meeting| Some(meeting.as_ref().ok()?.other));
        let near = near.filter(|&other| other >= self.core.world);
        let found: Found<T> = Box::new(move |engine, news| engine.found_between(call, &news, near).map(Some));
        let Some(meeting) = meeting else { return Ok(self.hear_from(message, leader, found)) };
        // Either leader's offer would do; it is that of the one with the lower rank in the job.
        let offer = self.take_contexts(&members);
        let told = meeting.and_then(|Meeting { message, other }| {
            self.tell_words(message, other, [self.words_of(&offer), self.words_of_ranks(&members)].concat())?;
            Ok((message, other))
        });
        let (between, other) = match told {
            Ok(told) => told,
            // The others must not wait for a leader that cannot lead.
            Err(error) => return self.tell_all(message, &members, Err(error)).map(|_| Step::Done(None)),
        };
        let id = self.hear(between, other);
        let then = move |engine: &mut Self, mut heard: Vec<Result<Words>>| {
            let answers = heard.pop().unwrap_or_else(|| Ok(Words::new())).and_then(|heard| {
                let mut heard = Reader::new(&heard);
                let theirs = heard.contexts();
                let remote = engine.read_ranks(call, &mut heard, near)?;
                if let Some(slot) = remote.iter().find(|slot| members.contains(slot)) {
                    let detail = format!("rank {slot} of the job is in both groups");
                    return Err(engine.error(Class::Comm, message.call, detail));
                }
                let first = engine.identity(engine.core.me) < engine.identity(other);
                let (mut contexts, more) = if first { (offer, theirs) } else { (theirs, offer) };
                for (nonce, context) in more {
                    if contexts.iter().all(|&(known, _)| known != nonce) {
                        contexts.push((nonce, context));
                    }
                }
                Ok(vec![engine.news_between(&contexts, &members, &remote); members.len()])
            });
            let own = engine.tell_all(message, &members, answers)?;
            Ok(Step::Done(found(engine, own)?))
        };
        Ok(Step::Hear(between, vec![id], Box::new(then)))
    }

    /// Begins one communicator of both sides of an intercommunicator: first the side that says it is not
    /// high. If both say the same, the order is the same everywhere all the same. Collective.
    pub fn begin_merge(&mut self, id: CommId, high: bool) -> Result<Making> {
        let call = Call::IntercommMerge;
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        self.check_inter(call, &comm)?;
        let ((members, first), near) = (self.both_sides(&comm), self.near(&comm));
        let slots = members.clone();
        let step = self.round(
            self.internal_message_on(call, &comm),
            members,
            Some(Ok(vec![high.into()])),
            Box::new(move |engine, wishes| {
                let (here, there) = wishes.split_at(first);
                if [here, there].iter().any(|side| side.iter().any(|wish| *wish != side[0])) {
                    let detail = "the ranks of one group do not agree whether it is high";
                    return Err(engine.error(Class::Arg, call, detail));
                }
                let (a, b) = slots.split_at(first);
                let turned = here[0] == [1] && there[0] == [0];
                let all = if turned { [b, a].concat() } else { slots.to_vec() };
                Ok(vec![engine.news_of(&all); all.len()])
            }),
            Box::new(move |engine, news| engine.found(call, &news, near).map(Some)),
        )?;
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    pub(super) fn check_inter(&self, call: Call, comm: &Comm) -> Result<()> {
        if comm.local.is_some() {
            return Ok(());
        }
        let detail = "the communicator is not an intercommunicator";
        Err(self.error_on(comm, call, Class::Comm, detail.into()))
    }
}
