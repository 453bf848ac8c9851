//! The lines a rank holds and has not begun: which of them may be fetched now, and when the next may. A pure state
//! machine: the time is handed in.
//!
//! A line goes at once unless its host is limited: by the options, or because its server asked to be left alone for a
//! while. The lines of a limited host wait in a queue of their own, so nobody waits behind them. All lines of a host that the
//! options limit are at one rank (see the scheduler), and so this one's limits are the whole job's. What a server asks of one
//! rank, the others are told.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::input::Line;
use crate::bounds::{HOLD_SLACK, HOST_BYTES, TIMER_DELAY};
use crate::host::host_of;

/// A line to be fetched, perhaps not for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) line: Line,
    /// Requests sent already.
    pub(super) tries: u32,
}

/// The limits on each host.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HostLimits {
    /// Requests under way at once.
    pub(super) at_once: Option<usize>,
    /// The time between the beginnings of two requests.
    pub(super) interval: Option<Duration>,
}

impl HostLimits {
    pub(super) fn any(&self) -> bool {
        self.at_once.is_some() || self.interval.is_some()
    }
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Fetch(Task),
    /// Nothing may begin before then.
    Wait(Instant),
    /// Nothing is here that could begin without an event from outside.
    Nothing,
}

enum Ready {
    Task(Task),
    Host(Box<str>),
}

/// What becomes possible at some time.
enum Later {
    Task(Task),
    Host(Box<str>),
}

#[derive(Default)]
struct Host {
    queue: VecDeque<Task>,
    active: usize,
    not_before: Option<Instant>,
    /// Until when other ranks have been told to leave it alone.
    told: Option<Instant>,
    /// It stands among the ready, or in the calendar.
    listed: bool,
}

#[derive(Default)]
pub(super) struct HostQueue {
    limits: HostLimits,
    ready: VecDeque<Ready>,
    calendar: BTreeMap<(Instant, u64), Later>,
    hosts: HashMap<Box<str>, Host>,
    /// Tells entries of the calendar apart.
    serial: u64,
}

impl HostQueue {
    pub(super) fn new(limits: HostLimits) -> HostQueue {
        HostQueue { limits, ..HostQueue::default() }
    }

    /// A line is to be fetched, now or when `after` has passed.
    pub(super) fn add(&mut self, task: Task, after: Option<Instant>) {
        if let Some(after) = after {
            return self.enter(after, Later::Task(task));
        }
        let host = host_of(&task.line.url);
        if !self.limits.any() && !self.hosts.contains_key(&*host) {
            return self.ready.push_back(Ready::Task(task));
        }
        let name: Box<str> = host.into();
        self.hosts.entry(name.clone()).or_default().queue.push_back(task);
        self.list(name);
    }

    /// What may begin at `now`. A task given out is begun; the caller tells with [`HostQueue::done`] when it is over.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        while let Some(entry) = self.calendar.first_entry().filter(|entry| entry.key().0 <= now) {
            match entry.remove() {
                Later::Task(task) => self.add(task, None),
                Later::Host(name) => self.ready.push_back(Ready::Host(name)),
            }
        }
        while let Some(ready) = self.ready.pop_front() {
            let name = match ready {
                Ready::Task(task) if self.is_held(&task, now) => {
                    self.add(task, None);
                    continue;
                }
                Ready::Task(task) => return Next::Fetch(task),
                Ready::Host(name) => name,
            };
            let Some(host) = self.hosts.get_mut(&name) else { continue };
            host.listed = false;
            let due = host.not_before.take_if(|time| *time <= now);
            let free = self.limits.at_once.is_none_or(|most| host.active < most);
            let task = if free && host.not_before.is_none() { host.queue.pop_front() } else { None };
            if task.is_some() {
                host.active += 1;
                // From when it was due, so that timers that are late do not add up.
                let from = |interval: Duration| {
                    due.filter(|&due| due + interval.max(TIMER_DELAY) > now).unwrap_or(now)
                };
                host.not_before = self.limits.interval.map(|interval| from(interval) + interval);
            }
            self.list(name);
            if let Some(task) = task {
                return Next::Fetch(task);
            }
        }
        self.calendar.keys().next().map_or(Next::Nothing, |&(time, _)| Next::Wait(time))
    }

    /// A line of the host of `url` is over; its server wants to be left alone until `hold`.
    pub(super) fn done(&mut self, url: &str, hold: Option<Instant>) {
        let name = host_of(url);
        if let Some(hold) = hold {
            self.hold(&name, hold);
        }
        let Some(host) = self.hosts.get_mut(&*name) else { return };
        // One that began before its host was held was not counted.
        host.active = host.active.saturating_sub(1);
        self.list(name.into());
    }

    /// The host `name` is to be left alone until `hold`.
    pub(super) fn hold(&mut self, name: &str, hold: Instant) {
        let host = self.hosts.entry(name.into()).or_default();
        host.not_before = host.not_before.max(Some(hold));
        self.list(name.into());
    }

    /// Whether others are to be told that the host of `url` is to be left alone until `hold`: not if they know already.
    pub(super) fn is_news(&mut self, url: &str, hold: Instant) -> bool {
        let name = host_of(url);
        if name.len() > HOST_BYTES {
            return false;
        }
        let host = self.hosts.entry(name.into()).or_default();
        let news = host.told.is_none_or(|told| told < hold);
        if news {
            host.told = Some(hold + HOLD_SLACK);
        }
        news
    }

    /// Whether something here may be fetched, now or later, without an event from outside.
    pub(super) fn has_more(&self) -> bool {
        !self.ready.is_empty() || !self.calendar.is_empty()
    }

    fn is_held(&self, task: &Task, now: Instant) -> bool {
        !self.hosts.is_empty()
            && self.hosts.get(&*host_of(&task.line.url)).is_some_and(|host| host.not_before > Some(now))
    }

    /// Puts a host where its next event will be noticed, unless it stands there.
    fn list(&mut self, name: Box<str>) {
        let Some(host) = self.hosts.get_mut(&name) else { return };
        if host.listed || self.limits.at_once.is_some_and(|most| host.active >= most) {
            return;
        }
        host.listed = true;
        match host.not_before {
            // Held, with nothing to fetch: entered too, to be forgotten then.
            Some(time) => self.enter(time, Later::Host(name)),
            None if host.queue.is_empty() => {
                host.listed = false;
                if host.active == 0 {
                    self.hosts.remove(&name);
                }
            }
            None => self.ready.push_back(Ready::Host(name)),
        }
    }

    fn enter(&mut self, time: Instant, later: Later) {
        self.serial += 1;
        self.calendar.insert((time, self.serial), later);
    }
}

#[cfg(test)]
mod tests;
