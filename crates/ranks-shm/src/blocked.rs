//! The line in which a rank says what it waits for, for whoever wants to know why nothing moves.
//!
//! It is written only on entering the slow part of a wait, so the fast path pays nothing. The epoch is
//! odd while blocked. A reader takes the fields only when the epoch is odd and the same before and after.

pub use crate::call::Call;
use crate::layout::BlockedLine;
use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::primitive::fence;
use std::fmt;
use std::time::Duration;

/// Any rank, any tag.
pub const ANY: i32 = i32::MIN;

/// No one rank in particular (a barrier, several requests).
pub const NOBODY: i32 = i32::MIN + 1;

/// A rank of another job.
pub const ABROAD: i32 = i32::MIN + 2;

/// What a rank waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The call it is in.
    pub call: Call,
    /// The rank of the job it waits for, [`ANY`] or [`NOBODY`].
    pub peer: i32,
    /// The tag, [`ANY`], or [`NOBODY`] where there is none.
    pub tag: i32,
    /// The communicator's context id; 0 is world.
    pub context: u32,
    /// How many requests, 0 where the call has none.
    pub requests: u32,
    /// Bytes to be sent, or the room to receive.
    pub bytes: u64,
}

/// A look at a blocked rank.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    /// What it waits for.
    pub what: Blocked,
    /// The epoch: the same in two looks means that it has not moved in between.
    pub epoch: u32,
    /// For how long.
    pub waited: Duration,
    /// It is a program in Rust.
    pub in_rust: bool,
}

impl fmt::Display for Snapshot {
    /// As [`Blocked`], with the name that the program's own interface has for the call.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.in_rust { self.what.call.method() } else { self.what.call.name() };
        self.what.write(name, f)
    }
}

impl BlockedLine {
    /// Owner: says what it waits for.
    pub fn publish(&self, what: &Blocked) {
        let epoch = self.epoch.load(Relaxed);
        self.call.store(what.call as u32, Relaxed);
        self.peer.store(what.peer, Relaxed);
        self.tag.store(what.tag, Relaxed);
        self.context.store(what.context, Relaxed);
        self.requests.store(what.requests, Relaxed);
        self.bytes.store(what.bytes, Relaxed);
        self.since.store(crate::sys::monotonic_nanos(), Relaxed);
        // Release: whoever sees the odd epoch sees the fields.
        self.epoch.store(epoch | 1, Release);
    }

    /// Owner: says that it waits no longer.
    pub fn clear(&self) {
        let epoch = self.epoch.load(Relaxed);
        if epoch & 1 == 1 {
            self.epoch.store(epoch.wrapping_add(1), Release);
            // The next publish must not be seen before this epoch: its fields would belong to another wait.
            fence(Release);
        }
    }

    /// Anyone: what the owner waits for, if it is blocked.
    pub fn look(&self) -> Option<Snapshot> {
        let epoch = self.epoch.load(Acquire);
        if epoch & 1 == 0 {
            return None;
        }
        let what = Blocked {
            call: Call::from_number(self.call.load(Relaxed)),
            peer: self.peer.load(Relaxed),
            tag: self.tag.load(Relaxed),
            context: self.context.load(Relaxed),
            requests: self.requests.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
        };
        let since = self.since.load(Relaxed);
        fence(Acquire);
        let same = self.epoch.load(Relaxed) == epoch;
        let waited = Duration::from_nanos(crate::sys::monotonic_nanos().saturating_sub(since));
        let in_rust = self.in_rust.load(Relaxed) != 0;
        same.then_some(Snapshot { what, epoch, waited, in_rust })
    }
}

impl fmt::Display for Blocked {
    /// As in "MPI_Recv from rank 2, tag 5, on world".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(self.call.name(), f)
    }
}

impl Blocked {
    fn write(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name)?;
        if self.requests > 0 {
            write!(f, " of {} request{}", self.requests, if self.requests == 1 { "" } else { "s" })?;
        }
        let to = matches!(self.call, Call::Send | Call::Ssend | Call::Rsend | Call::Bsend);
        match self.peer {
            NOBODY => {}
            ANY => f.write_str(" from any rank")?,
            ABROAD => write!(f, " {} a rank of another job", if to { "to" } else { "from" })?,
            peer => write!(f, " {} rank {peer}", if to { "to" } else { "from" })?,
        }
        match self.tag {
            NOBODY => {}
            ANY => f.write_str(", any tag")?,
            tag => write!(f, ", tag {tag}")?,
        }
        match (self.call, self.context) {
            (Call::Init | Call::Finalize | Call::BufferDetach, _) => Ok(()),
            (_, context) => f.write_str(&community(context)),
        }
    }
}

/// As in " on world", " on communicator 3".
pub fn community(context: u32) -> String {
    match context {
        0 | 1 => " on world".to_owned(),
        context => format!(" on communicator {}", context / 2),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn names_stand_at_their_numbers() {
        for (index, (call, _)) in Call::ALL.iter().enumerate() {
            assert_eq!(*call as usize, index);
        }
    }

    #[test]
    fn forms_are_named_after_their_call() {
        for (call, name) in Call::ALL {
            let (nonblocking, persistent) = call.forms();
            if nonblocking != call {
                let bare = name.trim_start_matches("MPI_");
                assert_eq!(nonblocking.name(), format!("MPI_I{}", bare.to_lowercase()));
                assert_eq!(persistent.name(), format!("{name}_init"));
            }
        }
    }

    #[test]
    fn a_look_sees_the_last_wait_only_while_it_lasts() {
        // SAFETY: all-zero is a valid BlockedLine.
        let line: BlockedLine = unsafe { std::mem::zeroed() };
        assert!(line.look().is_none());
        let what = Blocked { call: Call::Recv, peer: 2, tag: ANY, context: 0, requests: 0, bytes: 8 };
        line.publish(&what);
        assert_eq!(line.look().unwrap().what, what);
        assert_eq!(what.to_string(), "MPI_Recv from rank 2, any tag on world");
        assert_eq!(line.look().unwrap().to_string(), what.to_string());
        line.in_rust.store(1, Relaxed);
        assert_eq!(line.look().unwrap().to_string(), "receive from rank 2, any tag on world");
        line.clear();
        assert!(line.look().is_none());
    }
}
