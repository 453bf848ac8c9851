//! Which way a long message takes, chosen by measuring while messages flow.
//!
//! | way | who copies |
//! |---|---|
//! | alone | the receiver, from the sender's memory |
//! | both | the receiver from the front and the sender from the back, from memory to memory |
//! | ring | the sender into the ring, the receiver out of it: see `stream` |
//!
//! Which is the quickest depends on the machine, on how near the two CPUs are and on what the two ranks do beside.
//! So the receiver measures, for each source and each octave of lengths: the nanoseconds a byte from the match to the
//! end. What counts of a way is the least of its last measurements, since whatever disturbs one only adds to it.
//! At first each way is tried; later another than the usual way is tried once in a while, the more seldom the
//! slower it was. It becomes the usual way when it is clearly quicker several times in a row.

use crate::bounds::{
    CLEARLY, TRIED_AT_FIRST, WAY_MEASUREMENTS, WAY_SOON, WAY_TRIED, WAY_TRIED_AT_LEAST, WINS_IN_A_ROW,
};

/// How a long message is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the receiver, from the sender's memory.
    Alone,
    /// By the receiver from the front and the sender from the back.
    Both,
    /// By the sender into the ring and by the receiver out of it.
    Ring,
}

/// All ways, in the order in which they are tried.
pub(crate) const WAYS: [Way; 3] = [Way::Alone, Way::Both, Way::Ring];

impl Way {
    /// The way that the environment prescribes (`RANKS_PATH`).
    pub fn prescribed() -> Option<Way> {
        match std::env::var("RANKS_PATH").ok()?.as_str() {
            "alone" => Some(Way::Alone),
            "both" => Some(Way::Both),
            "ring" => Some(Way::Ring),
            _ => None,
        }
    }
}

/// What is known of one way.
#[derive(Clone, Copy)]
struct Known {
    /// The last measurements, in nanoseconds a byte.
    last: [f32; WAY_MEASUREMENTS],
    count: u32,
    /// Messages until it is tried again.
    wait: u32,
}

impl Known {
    const NOTHING: Known = Known { last: [f32::INFINITY; WAY_MEASUREMENTS], count: 0, wait: WAY_TRIED };

    fn least(&self) -> f32 {
        self.last.iter().copied().fold(f32::INFINITY, f32::min)
    }

    fn add(&mut self, cost: f32) {
        self.last[self.count as usize % WAY_MEASUREMENTS] = cost;
        self.count = self.count.wrapping_add(1).max(1);
    }
}

/// The choice for one source and one octave of lengths.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    ways: [Known; WAYS.len()],
    usual: usize,
    /// The first message is not measured: its memory may be used for the first time.
    begun: bool,
    /// A way that was clearly quicker, and how often in a row.
    rival: Option<(usize, u32)>,
    /// The least that the usual way has cost.
    reference: f32,
    /// The CPUs of receiver and sender.
    cpus: (u32, u32),
}

impl Choice {
    const NEW: Choice = Choice {
        ways: [Known::NOTHING; WAYS.len()],
        usual: 0,
        begun: false,
        rival: None,
        reference: f32::INFINITY,
        cpus: (0, 0),
    };

    /// The way of the next message, of those that are possible (one from memory to memory always is). The second part
    /// says whether it is a trial, which is measured by itself.
    pub fn choose(&mut self, possible: [bool; WAYS.len()], cpus: (u32, u32)) -> (Way, bool) {
        if self.cpus != cpus {
            self.cpus = cpus;
            self.try_all_soon();
        }
        let open = (0..WAYS.len()).find(|&way| possible[way] && !self.is_known(way));
        if let Some(way) = open {
            return (WAYS[way], true);
        }
        if let Some((way, _)) = self.rival
            && possible[way]
        {
            return (WAYS[way], true);
        }
        for way in 0..WAYS.len() {
            if way == self.usual || !possible[way] {
                continue;
            }
            self.ways[way].wait = self.ways[way].wait.saturating_sub(1);
            if self.ways[way].wait == 0 {
                self.ways[way].wait = WAY_TRIED_AT_LEAST;
                return (WAYS[way], true);
            }
        }
        let best = if possible[self.usual] { self.usual } else { self.cheapest(possible) };
        (WAYS[best], false)
    }

    /// A message, or several in a row, took this way and cost so many nanoseconds a byte.
    pub fn note(&mut self, way: Way, cost: f32) {
        if !std::mem::replace(&mut self.begun, true) {
            return;
        }
        let at = way as usize;
        self.ways[at].add(cost);
        if self.ways[at].count <= TRIED_AT_FIRST && self.rival.is_none() {
            self.usual = self.cheapest([true; WAYS.len()]);
            self.reference = self.ways[self.usual].least();
        }
        let usual = self.ways[self.usual].least();
        if at == self.usual {
            self.reference = self.reference.min(usual);
            if usual > 2.0 * self.reference {
                self.reference = usual;
                self.try_all_soon();
            }
            return;
        }
        if cost < CLEARLY * usual {
            let wins = match self.rival {
                Some((rival, wins)) if rival == at => wins + 1,
                _ => 1,
            };
            self.rival = Some((at, wins));
            if wins >= WINS_IN_A_ROW {
                self.usual = at;
                self.reference = self.ways[at].least();
                self.rival = None;
            }
        } else {
            self.rival = self.rival.filter(|&(rival, _)| rival != at);
            // A slow way costs the less the more seldom it is tried.
            let ratio = (self.ways[at].least() / usual).clamp(1.0, 16.0);
            let pause = (WAY_TRIED as f32 * ratio * ratio) as u32;
            self.ways[at].wait = pause.min(WAY_TRIED_AT_LEAST);
        }
    }

    /// The way of most messages.
    pub fn usual(&self) -> Way {
        WAYS[self.usual]
    }

    /// The least that a way has cost lately, in nanoseconds a byte; `None` when it was not measured.
    pub fn cost(&self, way: Way) -> Option<f32> {
        let known = &self.ways[way as usize];
        (known.count > 0).then(|| known.least())
    }

    fn cheapest(&self, possible: [bool; WAYS.len()]) -> usize {
        let cost = |way: &usize| self.ways[*way].least();
        (0..WAYS.len()).filter(|&way| possible[way]).min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(0)
    }

    /// Tried often enough at first; once where it was far behind.
    fn is_known(&self, way: usize) -> bool {
        let known = &self.ways[way];
        let best = self.ways.iter().map(Known::least).fold(f32::INFINITY, f32::min);
        known.count >= TRIED_AT_FIRST || known.count > 0 && known.least() > 2.0 * best
    }

    fn try_all_soon(&mut self) {
        self.ways.iter_mut().for_each(|known| known.wait = known.wait.min(WAY_SOON));
    }
}

/// The choices of one rank.
pub(crate) struct Ways {
    /// The way that every long message takes where it is possible, if one is prescribed: nothing is measured then.
    pub prescribed: Option<Way>,
    sources: Vec<Vec<Choice>>,
}

const OCTAVES: usize = 11;

impl Ways {
    /// Lengths up to this power of two are one octave, as are those of 16 MiB and more.
    pub const SMALLEST: u32 = 14;

    pub fn new(ranks: usize) -> Self {
        Self { prescribed: Way::prescribed(), sources: vec![Vec::new(); ranks] }
    }

    /// There are more sources from now on.
    pub fn grow(&mut self, ranks: usize) {
        self.sources.resize_with(ranks, Vec::new);
    }

    /// The octave of a length: the power of two that it does not exceed.
    pub fn octave(len: u64) -> usize {
        let power = len.max(1).next_power_of_two().trailing_zeros();
        (power.saturating_sub(Self::SMALLEST) as usize).min(OCTAVES - 1)
    }

    pub fn choice(&mut self, from: usize, octave: usize) -> &mut Choice {
        let choices = &mut self.sources[from];
        if choices.is_empty() {
            choices.resize(OCTAVES, Choice::NEW);
        }
        &mut choices[octave]
    }

    /// The longest message, of at most `most` bytes, up to which all lengths from a source usually take the ring:
    /// these are quicker still when they do not wait for their receives. 0 when there is none.
    pub fn longest_by_ring(&mut self, from: usize, eager: usize, most: usize) -> usize {
        let mut longest = 0;
        for octave in Self::octave(eager as u64 + 1)..OCTAVES {
            let len = 1usize << Self::SMALLEST << octave;
            if len > most || self.choice(from, octave).usual() != Way::Ring {
                break;
            }
            longest = len;
        }
        longest
    }
}

#[cfg(test)]
#[path = "ways_tests.rs"]
mod tests;
