//! Communicators of groups: MPI 5.0 sections 7.4.2 and 7.4.3.

use super::Making;
use super::news::Reader;
use super::steps::Step;
use crate::error::{Class, Result};
use crate::group::{Comm, CommId, Comparison, Group};
use crate::p2p::{Engine, InternalMessage};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

impl<T: Transport> Engine<T> {
    /// Begins a communicator of the ranks of a group. Collective over all of the communicator; those outside
    /// of the group get none. Groups that do not overlap may differ. Of an intercommunicator the new one
    /// connects the group given on this side with that given on the other.
    pub fn begin_create(&mut self, id: CommId, group: &Group) -> Result<Making> {
        let call = Call::CommCreate;
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        let within = self.check_within(call, &comm, group);
        let message = self.internal_message_on(call, &comm);
        let step = if comm.local.is_some() {
            let near = self.near(&comm);
            let wish = within.map(|()| self.words_of_ranks(group.slots()));
            let (members, first) = self.both_sides(&comm);
            let slots = members.clone();
            self.round(
                message,
                members,
                Some(wish),
                Box::new(move |engine, wishes| {
                    let read = |wish: &[u32]| engine.read_ranks(call, &mut Reader::new(wish), near);
                    let (here, there) = (&read(&wishes[0])?, &read(&wishes[first])?);
                    let mut answers = vec![Vec::new(); wishes.len()];
                    if here.is_empty() || there.is_empty() {
                        return Ok(answers);
                    }
                    let contexts = engine.take_contexts(&[&here[..], there].concat());
                    let sides = [
                        engine.news_between(&contexts, here, there),
                        engine.news_between(&contexts, there, here),
                    ];
                    for (place, slot) in slots.iter().enumerate() {
                        let [ours, news] = if place < first { [here, &sides[0]] } else { [there, &sides[1]] };
                        if ours.contains(slot) {
                            answers[place] = news.clone();
                        }
                    }
                    Ok(answers)
                }),
                Box::new(move |engine, news| match news.is_empty() {
                    true => Ok(None),
                    false => engine.found_between(call, &news, near).map(Some),
                }),
            )?
        } else {
            within?;
            self.among(message, group, Box::new(|comm| comm))?
        };
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    /// Begins a communicator of a group. Only ranks of the group need to call; others that do get none. The tag
    /// keeps apart what several threads begin at the same time.
    pub fn begin_create_group(&mut self, id: CommId, group: &Group, tag: i32) -> Result<Making> {
        let call = Call::CommCreateGroup;
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        if comm.local.is_some() {
            let detail = "an intercommunicator: these are made by a call that all ranks of both groups make";
            return Err(self.error_on(&comm, call, Class::Comm, detail.into()));
        }
        if tag < 0 {
            return Err(self.error_on(&comm, call, Class::Tag, format!("tag {tag} is negative")));
        }
        self.check_within(call, &comm, group)?;
        let message = self.errand_between(call, &format!("{} {tag}", comm.key));
        let step = self.among(message, group, Box::new(|comm| comm))?;
        Ok(self.begin_making(call, Some(&comm), true, step))
    }

    /// Begins a communicator of the ranks of a group, from nothing but that. The string keeps apart what
    /// several threads begin at the same time.
    pub fn begin_create_from_group(&mut self, group: &Group, string: &str) -> Result<Making> {
        let call = Call::CommCreateFromGroup;
        self.enter(call)?;
        self.check_member(call, group)?;
        let message = self.errand_between(call, string);
        let step = self.among(message, group, Box::new(|comm| comm))?;
        Ok(self.begin_making(call, None, true, step))
    }

    /// Refuses a group that this rank is not in, the empty one included.
    pub(super) fn check_member(&self, call: Call, group: &Group) -> Result<()> {
        if group.slots().contains(&(self.core.me as u32)) {
            return Ok(());
        }
        Err(self.error(Class::Group, call, "this rank is not in the group"))
    }

    fn check_within(&self, call: Call, comm: &Comm, group: &Group) -> Result<()> {
        let own = comm.group(self.core.me);
        let shared = group.intersection(&own);
        if shared.compare(group) == Comparison::Ident {
            return Ok(());
        }
        let outside = group.difference(&own).size();
        let detail = format!("{outside} of the group's {} ranks are not in the communicator", group.size());
        Err(self.error_on(comm, call, Class::Group, detail))
    }

    /// The ranks of a group, known to all of them, get a communicator, to which `finish` adds something.
    pub(super) fn among(
        &mut self,
        message: InternalMessage,
        group: &Group,
        finish: Box<dyn FnOnce(Comm) -> Comm + Send>,
    ) -> Result<Step<T>> {
        let slots = group.slots().clone();
        if !slots.contains(&(self.core.me as u32)) {
            return Ok(Step::Done(None));
        }
        let members = slots.clone();
        let near = slots.iter().map(|&slot| slot as usize).find(|&slot| slot >= self.core.world);
        let call = message.call;
        self.round(
            message,
            slots.clone(),
            None,
            Box::new(move |engine, _| Ok(vec![engine.news_of(&members); members.len()])),
            Box::new(move |engine, news| Ok(Some(finish(engine.found(call, &news, near)?)))),
        )
    }
}
