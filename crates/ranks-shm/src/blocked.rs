//! The line in which a rank says what it waits for, for whoever wants to know why nothing moves.
//!
//! It is written only on entering the slow part of a wait, so the fast path pays nothing. The epoch is
//! odd while blocked. A reader takes the fields only when the epoch is odd and the same before and after.

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

/// The calls that can wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)]
pub enum Call {
    Unknown = 0,
    Init = 1,
    Send = 2,
    Ssend = 3,
    Recv = 4,
    Sendrecv = 5,
    Probe = 6,
    Mprobe = 7,
    Mrecv = 8,
    Wait = 9,
    Waitall = 10,
    Waitany = 11,
    Waitsome = 12,
    Barrier = 13,
    Bcast = 14,
    CommDup = 15,
    CommSplit = 16,
    Finalize = 17,
    BufferDetach = 18,
    Bsend = 19,
    Rsend = 20,
    CommFree = 21,
    Gather = 22,
    Gatherv = 23,
    Scatter = 24,
    Scatterv = 25,
    Allgather = 26,
    Allgatherv = 27,
    Alltoall = 28,
    Alltoallv = 29,
    Reduce = 30,
    Allreduce = 31,
    ReduceScatterBlock = 32,
    Scan = 33,
    Exscan = 34,
    Alltoallw = 35,
    ReduceScatter = 36,
    NeighborAllgather = 37,
    NeighborAllgatherv = 38,
    NeighborAlltoall = 39,
    NeighborAlltoallv = 40,
    NeighborAlltoallw = 41,
    Ibarrier = 42,
    Ibcast = 43,
    Igather = 44,
    Igatherv = 45,
    Iscatter = 46,
    Iscatterv = 47,
    Iallgather = 48,
    Iallgatherv = 49,
    Ialltoall = 50,
    Ialltoallv = 51,
    Ialltoallw = 52,
    Ireduce = 53,
    Iallreduce = 54,
    IreduceScatterBlock = 55,
    IreduceScatter = 56,
    Iscan = 57,
    Iexscan = 58,
    IneighborAllgather = 59,
    IneighborAllgatherv = 60,
    IneighborAlltoall = 61,
    IneighborAlltoallv = 62,
    IneighborAlltoallw = 63,
    BarrierInit = 64,
    BcastInit = 65,
    GatherInit = 66,
    GathervInit = 67,
    ScatterInit = 68,
    ScattervInit = 69,
    AllgatherInit = 70,
    AllgathervInit = 71,
    AlltoallInit = 72,
    AlltoallvInit = 73,
    AlltoallwInit = 74,
    ReduceInit = 75,
    AllreduceInit = 76,
    ReduceScatterBlockInit = 77,
    ReduceScatterInit = 78,
    ScanInit = 79,
    ExscanInit = 80,
    NeighborAllgatherInit = 81,
    NeighborAllgathervInit = 82,
    NeighborAlltoallInit = 83,
    NeighborAlltoallvInit = 84,
    NeighborAlltoallwInit = 85,
    CommIdup = 86,
    CommCreate = 87,
    CommCreateGroup = 88,
    CommCreateFromGroup = 89,
    CommDisconnect = 90,
    IntercommCreate = 91,
    IntercommCreateFromGroups = 92,
    IntercommMerge = 93,
    CartCreate = 94,
    CartSub = 95,
    GraphCreate = 96,
    DistGraphCreate = 97,
    DistGraphCreateAdjacent = 98,
    CommSpawn = 99,
    CommAccept = 100,
    CommConnect = 101,
    CommJoin = 102,
    Port = 103,
}

impl Call {
    pub(crate) const ALL: [(Call, &'static str); 104] = [
        (Call::Unknown, "a call"),
        (Call::Init, "MPI_Init"),
        (Call::Send, "MPI_Send"),
        (Call::Ssend, "MPI_Ssend"),
        (Call::Recv, "MPI_Recv"),
        (Call::Sendrecv, "MPI_Sendrecv"),
        (Call::Probe, "MPI_Probe"),
        (Call::Mprobe, "MPI_Mprobe"),
        (Call::Mrecv, "MPI_Mrecv"),
        (Call::Wait, "MPI_Wait"),
        (Call::Waitall, "MPI_Waitall"),
        (Call::Waitany, "MPI_Waitany"),
        (Call::Waitsome, "MPI_Waitsome"),
        (Call::Barrier, "MPI_Barrier"),
        (Call::Bcast, "MPI_Bcast"),
        (Call::CommDup, "MPI_Comm_dup"),
        (Call::CommSplit, "MPI_Comm_split"),
        (Call::Finalize, "MPI_Finalize"),
        (Call::BufferDetach, "MPI_Buffer_detach"),
        (Call::Bsend, "MPI_Bsend"),
        (Call::Rsend, "MPI_Rsend"),
        (Call::CommFree, "MPI_Comm_free"),
        (Call::Gather, "MPI_Gather"),
        (Call::Gatherv, "MPI_Gatherv"),
        (Call::Scatter, "MPI_Scatter"),
        (Call::Scatterv, "MPI_Scatterv"),
        (Call::Allgather, "MPI_Allgather"),
        (Call::Allgatherv, "MPI_Allgatherv"),
        (Call::Alltoall, "MPI_Alltoall"),
        (Call::Alltoallv, "MPI_Alltoallv"),
        (Call::Reduce, "MPI_Reduce"),
        (Call::Allreduce, "MPI_Allreduce"),
        (Call::ReduceScatterBlock, "MPI_Reduce_scatter_block"),
        (Call::Scan, "MPI_Scan"),
        (Call::Exscan, "MPI_Exscan"),
        (Call::Alltoallw, "MPI_Alltoallw"),
        (Call::ReduceScatter, "MPI_Reduce_scatter"),
        (Call::NeighborAllgather, "MPI_Neighbor_allgather"),
        (Call::NeighborAllgatherv, "MPI_Neighbor_allgatherv"),
        (Call::NeighborAlltoall, "MPI_Neighbor_alltoall"),
        (Call::NeighborAlltoallv, "MPI_Neighbor_alltoallv"),
        (Call::NeighborAlltoallw, "MPI_Neighbor_alltoallw"),
        (Call::Ibarrier, "MPI_Ibarrier"),
        (Call::Ibcast, "MPI_Ibcast"),
        (Call::Igather, "MPI_Igather"),
        (Call::Igatherv, "MPI_Igatherv"),
        (Call::Iscatter, "MPI_Iscatter"),
        (Call::Iscatterv, "MPI_Iscatterv"),
        (Call::Iallgather, "MPI_Iallgather"),
        (Call::Iallgatherv, "MPI_Iallgatherv"),
        (Call::Ialltoall, "MPI_Ialltoall"),
        (Call::Ialltoallv, "MPI_Ialltoallv"),
        (Call::Ialltoallw, "MPI_Ialltoallw"),
        (Call::Ireduce, "MPI_Ireduce"),
        (Call::Iallreduce, "MPI_Iallreduce"),
        (Call::IreduceScatterBlock, "MPI_Ireduce_scatter_block"),
        (Call::IreduceScatter, "MPI_Ireduce_scatter"),
        (Call::Iscan, "MPI_Iscan"),
        (Call::Iexscan, "MPI_Iexscan"),
        (Call::IneighborAllgather, "MPI_Ineighbor_allgather"),
        (Call::IneighborAllgatherv, "MPI_Ineighbor_allgatherv"),
        (Call::IneighborAlltoall, "MPI_Ineighbor_alltoall"),
        (Call::IneighborAlltoallv, "MPI_Ineighbor_alltoallv"),
        (Call::IneighborAlltoallw, "MPI_Ineighbor_alltoallw"),
        (Call::BarrierInit, "MPI_Barrier_init"),
        (Call::BcastInit, "MPI_Bcast_init"),
        (Call::GatherInit, "MPI_Gather_init"),
        (Call::GathervInit, "MPI_Gatherv_init"),
        (Call::ScatterInit, "MPI_Scatter_init"),
        (Call::ScattervInit, "MPI_Scatterv_init"),
        (Call::AllgatherInit, "MPI_Allgather_init"),
        (Call::AllgathervInit, "MPI_Allgatherv_init"),
        (Call::AlltoallInit, "MPI_Alltoall_init"),
        (Call::AlltoallvInit, "MPI_Alltoallv_init"),
        (Call::AlltoallwInit, "MPI_Alltoallw_init"),
        (Call::ReduceInit, "MPI_Reduce_init"),
        (Call::AllreduceInit, "MPI_Allreduce_init"),
        (Call::ReduceScatterBlockInit, "MPI_Reduce_scatter_block_init"),
        (Call::ReduceScatterInit, "MPI_Reduce_scatter_init"),
        (Call::ScanInit, "MPI_Scan_init"),
        (Call::ExscanInit, "MPI_Exscan_init"),
        (Call::NeighborAllgatherInit, "MPI_Neighbor_allgather_init"),
        (Call::NeighborAllgathervInit, "MPI_Neighbor_allgatherv_init"),
        (Call::NeighborAlltoallInit, "MPI_Neighbor_alltoall_init"),
        (Call::NeighborAlltoallvInit, "MPI_Neighbor_alltoallv_init"),
        (Call::NeighborAlltoallwInit, "MPI_Neighbor_alltoallw_init"),
        (Call::CommIdup, "MPI_Comm_idup"),
        (Call::CommCreate, "MPI_Comm_create"),
        (Call::CommCreateGroup, "MPI_Comm_create_group"),
        (Call::CommCreateFromGroup, "MPI_Comm_create_from_group"),
        (Call::CommDisconnect, "MPI_Comm_disconnect"),
        (Call::IntercommCreate, "MPI_Intercomm_create"),
        (Call::IntercommCreateFromGroups, "MPI_Intercomm_create_from_groups"),
        (Call::IntercommMerge, "MPI_Intercomm_merge"),
        (Call::CartCreate, "MPI_Cart_create"),
        (Call::CartSub, "MPI_Cart_sub"),
        (Call::GraphCreate, "MPI_Graph_create"),
        (Call::DistGraphCreate, "MPI_Dist_graph_create"),
        (Call::DistGraphCreateAdjacent, "MPI_Dist_graph_create_adjacent"),
        (Call::CommSpawn, "MPI_Comm_spawn"),
        (Call::CommAccept, "MPI_Comm_accept"),
        (Call::CommConnect, "MPI_Comm_connect"),
        (Call::CommJoin, "MPI_Comm_join"),
        (Call::Port, "MPI_Open_port"),
    ];

    /// The standard's name of the call.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The nonblocking and the persistent form of a collective call; of any other, the call itself.
    pub fn forms(self) -> (Call, Call) {
        match self {
            Call::Barrier => (Call::Ibarrier, Call::BarrierInit),
            Call::Bcast => (Call::Ibcast, Call::BcastInit),
            Call::Gather => (Call::Igather, Call::GatherInit),
            Call::Gatherv => (Call::Igatherv, Call::GathervInit),
            Call::Scatter => (Call::Iscatter, Call::ScatterInit),
            Call::Scatterv => (Call::Iscatterv, Call::ScattervInit),
            Call::Allgather => (Call::Iallgather, Call::AllgatherInit),
            Call::Allgatherv => (Call::Iallgatherv, Call::AllgathervInit),
            Call::Alltoall => (Call::Ialltoall, Call::AlltoallInit),
            Call::Alltoallv => (Call::Ialltoallv, Call::AlltoallvInit),
            Call::Alltoallw => (Call::Ialltoallw, Call::AlltoallwInit),
            Call::Reduce => (Call::Ireduce, Call::ReduceInit),
            Call::Allreduce => (Call::Iallreduce, Call::AllreduceInit),
            Call::ReduceScatterBlock => (Call::IreduceScatterBlock, Call::ReduceScatterBlockInit),
            Call::ReduceScatter => (Call::IreduceScatter, Call::ReduceScatterInit),
            Call::Scan => (Call::Iscan, Call::ScanInit),
            Call::Exscan => (Call::Iexscan, Call::ExscanInit),
            Call::NeighborAllgather => (Call::IneighborAllgather, Call::NeighborAllgatherInit),
            Call::NeighborAllgatherv => (Call::IneighborAllgatherv, Call::NeighborAllgathervInit),
            Call::NeighborAlltoall => (Call::IneighborAlltoall, Call::NeighborAlltoallInit),
            Call::NeighborAlltoallv => (Call::IneighborAlltoallv, Call::NeighborAlltoallvInit),
            Call::NeighborAlltoallw => (Call::IneighborAlltoallw, Call::NeighborAlltoallwInit),
            other => (other, other),
        }
    }

    /// The call of a number; a number of no call is [`Call::Unknown`].
    pub fn from_number(number: u32) -> Call {
        Self::ALL.get(number as usize).map_or(Call::Unknown, |entry| entry.0)
    }
}

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
