//! The names of calls for programs in Rust.

use crate::blocked::Call;
use std::borrow::Cow;

/// A text with the names that the Rust interface has for the calls in it.
pub fn in_rust(text: &str) -> Cow<'_, str> {
    const PREFIX: &str = "MPI_";
    if !text.contains(PREFIX) {
        return Cow::Borrowed(text);
    }
    let mut words = text.split(PREFIX);
    let mut changed = words.next().unwrap_or_default().to_owned();
    for word in words {
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        let (name, rest) = word.split_at(end);
        match Call::ALL.iter().find(|(_, known)| known.strip_prefix(PREFIX) == Some(name)) {
            Some((call, _)) => changed.push_str(call.method()),
            None => changed.extend([PREFIX, name]),
        }
        changed.push_str(rest);
    }
    Cow::Owned(changed)
}

impl Call {
    /// The method of the Rust interface that makes the call: of several the simplest. Calls that only the C library
    /// has are named as they would be there.
    pub fn method(self) -> &'static str {
        match self {
            Call::Unknown => "a call",
            Call::Init => "init",
            Call::Finalize => "the drop of the world",
            Call::Send => "send",
            Call::Ssend => "synchronous_send",
            Call::Bsend => "buffered_send",
            Call::Rsend => "ready_send",
            Call::BufferDetach => "buffer_detach",
            Call::Recv | Call::Mrecv => "receive",
            Call::Sendrecv => "send_receive",
            Call::Probe => "probe",
            Call::Mprobe => "matched_probe",
            Call::Wait => "wait",
            Call::Waitall => "wait_all",
            Call::Waitany => "wait_any",
            Call::Waitsome => "wait_some",
            Call::CommDup | Call::CommIdup => "duplicate",
            Call::CommSplit => "split",
            Call::CommFree | Call::CommDisconnect => "the drop of a communicator",
            Call::CommCreate => "create",
            Call::CommCreateGroup | Call::CommCreateFromGroup => "create_group",
            Call::IntercommCreate | Call::IntercommCreateFromGroups => "intercommunicator",
            Call::IntercommMerge => "merge",
            Call::CommSpawn => "spawn",
            Call::CommAccept => "accept",
            Call::CommConnect => "connect",
            Call::CommJoin => "join",
            Call::Port => "open_port",
            Call::CartCreate => "cartesian",
            Call::CartSub => "sub",
            Call::GraphCreate | Call::DistGraphCreate | Call::DistGraphCreateAdjacent => "graph",
            Call::Barrier => "barrier",
            Call::Ibarrier => "ibarrier",
            Call::BarrierInit => "barrier_persistent",
            Call::Bcast => "broadcast",
            Call::Ibcast => "ibroadcast",
            Call::BcastInit => "broadcast_persistent",
            Call::Gather => "gather",
            Call::Igather => "igather",
            Call::GatherInit => "gather_persistent",
            Call::Gatherv => "gather_v_into",
            Call::Igatherv => "igather_v",
            Call::GathervInit => "gather_v_persistent",
            Call::Scatter => "scatter",
            Call::Iscatter => "iscatter",
            Call::ScatterInit => "scatter_persistent",
            Call::Scatterv => "scatter_v_into",
            Call::Iscatterv => "iscatter_v",
            Call::ScattervInit => "scatter_v_persistent",
            Call::Allgather => "all_gather",
            Call::Iallgather => "iall_gather",
            Call::AllgatherInit => "all_gather_persistent",
            Call::Allgatherv => "all_gather_v_into",
            Call::Iallgatherv => "iall_gather_v",
            Call::AllgathervInit => "all_gather_v_persistent",
            Call::Alltoall => "all_to_all",
            Call::Ialltoall => "iall_to_all",
            Call::AlltoallInit => "all_to_all_persistent",
            Call::Alltoallv | Call::Alltoallw => "all_to_all_v_into",
            Call::Ialltoallv | Call::Ialltoallw => "iall_to_all_v",
            Call::AlltoallvInit | Call::AlltoallwInit => "all_to_all_v_persistent",
            Call::Reduce => "reduce",
            Call::Ireduce => "ireduce",
            Call::ReduceInit => "reduce_persistent",
            Call::Allreduce => "all_reduce",
            Call::Iallreduce => "iall_reduce",
            Call::AllreduceInit => "all_reduce_persistent",
            Call::ReduceScatterBlock => "reduce_scatter",
            Call::IreduceScatterBlock => "ireduce_scatter",
            Call::ReduceScatterBlockInit => "reduce_scatter_persistent",
            Call::ReduceScatter => "reduce_scatter_v_into",
            Call::IreduceScatter => "ireduce_scatter_v",
            Call::ReduceScatterInit => "reduce_scatter_v_persistent",
            Call::Scan => "scan",
            Call::Iscan => "iscan",
            Call::ScanInit => "scan_persistent",
            Call::Exscan => "exscan",
            Call::Iexscan => "iexscan",
            Call::ExscanInit => "exscan_persistent",
            Call::NeighborAllgather => "neighbor_all_gather",
            Call::IneighborAllgather => "ineighbor_all_gather",
            Call::NeighborAllgatherInit => "neighbor_all_gather_persistent",
            Call::NeighborAllgatherv => "neighbor_all_gather_v_into",
            Call::IneighborAllgatherv => "ineighbor_all_gather_v",
            Call::NeighborAllgathervInit => "neighbor_all_gather_v_persistent",
            Call::NeighborAlltoall => "neighbor_all_to_all",
            Call::IneighborAlltoall => "ineighbor_all_to_all",
            Call::NeighborAlltoallInit => "neighbor_all_to_all_persistent",
            Call::NeighborAlltoallv | Call::NeighborAlltoallw => "neighbor_all_to_all_v_into",
            Call::IneighborAlltoallv | Call::IneighborAlltoallw => "ineighbor_all_to_all_v",
            Call::NeighborAlltoallvInit | Call::NeighborAlltoallwInit => "neighbor_all_to_all_v_persistent",
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn no_call_has_a_name_of_c() {
        for (call, _) in Call::ALL {
            assert!(!call.method().contains("MPI") && !call.method().is_empty(), "{call:?}");
        }
    }

    #[test]
    fn names_within_a_text() {
        assert_eq!(in_rust("rank 1 is in MPI_Bcast here"), "rank 1 is in broadcast here");
        assert_eq!(
            in_rust("MPI_Allreduce_init, MPI_Recv: MPI_Other"),
            "all_reduce_persistent, receive: MPI_Other"
        );
        assert_eq!(in_rust("nothing"), "nothing");
    }
}
