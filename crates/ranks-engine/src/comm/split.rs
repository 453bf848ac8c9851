//! Splitting by colour and key: MPI 5.0 section 7.4.2.

use super::Making;
use super::news::Words;
use crate::UNDEFINED;
use crate::error::{Class, Result};
use crate::group::CommId;
use crate::p2p::Engine;
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::collections::BTreeMap;

/// The members of each colour by key, then by place.
type Colors = BTreeMap<i32, Vec<(i32, usize)>>;

fn by_color(wishes: &[Words]) -> Colors {
    let mut colors = Colors::new();
    for (place, wish) in wishes.iter().enumerate() {
        let (color, key) = (wish[0] as i32, wish[1] as i32);
        if color != UNDEFINED {
            colors.entry(color).or_default().push((key, place));
        }
    }
    colors.values_mut().for_each(|members| members.sort_unstable());
    colors
}

impl<T: Transport> Engine<T> {
    /// Begins communicators of the ranks that gave the same colour, ordered by key, then by rank. None for
    /// [`UNDEFINED`], and in an intercommunicator for a colour that only one side gave. Collective.
    pub fn begin_split(&mut self, id: CommId, color: i32, key: i32) -> Result<Making> {
        let call = Call::CommSplit;
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        let wish = if color < 0 && color != UNDEFINED {
            let detail =
                format!("colour {color} is neither 0 or more nor the constant that leaves a rank out");
            Err(self.error_on(&comm, call, Class::Arg, detail))
        } else {
            Ok(vec![color as u32, key as u32])
        };
        let message = self.internal_message_on(call, &comm);
        let (inter, near) = (comm.local.is_some(), self.near(&comm));
        let (members, first) = if inter { self.both_sides(&comm) } else { (comm.slots.clone(), 0) };
        let slots = members.clone();
        let step = self.round(
            message,
            members,
            Some(wish),
            Box::new(move |engine, wishes| {
                let slots_of = |members: &[(i32, usize)], from: usize| -> Words {
                    members.iter().map(|&(_, place)| slots[from + place]).collect()
                };
                let mut answers = vec![Words::new(); wishes.len()];
                if !inter {
                    for members in by_color(&wishes).values() {
                        let news = engine.news_of(&slots_of(members, 0));
                        members.iter().for_each(|&(_, place)| answers[place] = news.clone());
                    }
                    return Ok(answers);
                }
                let (here, there) = (by_color(&wishes[..first]), by_color(&wishes[first..]));
                for (color, ours) in &here {
                    let Some(theirs) = there.get(color) else { continue };
                    let (a, b) = (slots_of(ours, 0), slots_of(theirs, first));
                    let contexts = engine.take_contexts(&[&a[..], &b].concat());
                    let news = engine.news_between(&contexts, &a, &b);
                    ours.iter().for_each(|&(_, place)| answers[place] = news.clone());
                    let news = engine.news_between(&contexts, &b, &a);
                    theirs.iter().for_each(|&(_, place)| answers[first + place] = news.clone());
                }
                Ok(answers)
            }),
            Box::new(move |engine, news| {
                Ok(match (news.is_empty(), inter) {
                    (true, _) => None,
                    (false, false) => Some(engine.found(call, &news, near)?),
                    (false, true) => Some(engine.found_between(call, &news, near)?),
                })
            }),
        )?;
        Ok(self.begin_making(call, Some(&comm), true, step))
    }
}
