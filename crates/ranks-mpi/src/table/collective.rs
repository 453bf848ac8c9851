//! Collective communication: MPI 5.0 chapter 6.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! collective_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {}
            collectives {
                one  Barrier Ibarrier Barrier_init(comm: Comm) = collective::barrier;
                both Bcast Ibcast Bcast_init(buffer: *mut c_void, count: Count, datatype: Datatype, root: c_int, comm: Comm) = collective::bcast;
                both Gather Igather Gather_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm) = collective::gather;
                both Gatherv Igatherv Gatherv_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, displs: *const Displacement, recvtype: Datatype, root: c_int, comm: Comm) = collective::gatherv;
                both Scatter Iscatter Scatter_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm) = collective::scatter;
                both Scatterv Iscatterv Scatterv_init(sendbuf: *const c_void, sendcounts: *const Count, displs: *const Displacement, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm) = collective::scatterv;
                both Allgather Iallgather Allgather_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm) = collective::allgather;
                both Allgatherv Iallgatherv Allgatherv_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, displs: *const Displacement, recvtype: Datatype, comm: Comm) = collective::allgatherv;
                both Alltoall Ialltoall Alltoall_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm) = collective::alltoall;
                both Alltoallv Ialltoallv Alltoallv_init(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Displacement, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Displacement, recvtype: Datatype, comm: Comm) = collective::alltoallv;
                both Alltoallw Ialltoallw Alltoallw_init(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Displacement, sendtypes: *const Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Displacement, recvtypes: *const Datatype, comm: Comm) = collective::alltoallw;
                both Reduce Ireduce Reduce_init(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, root: c_int, comm: Comm) = collective::reduce;
                both Allreduce Iallreduce Allreduce_init(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm) = collective::allreduce;
                both Reduce_scatter_block Ireduce_scatter_block Reduce_scatter_block_init(sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: Count, datatype: Datatype, op: Op, comm: Comm) = collective::reduce_scatter_block;
                both Reduce_scatter Ireduce_scatter Reduce_scatter_init(sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const Count, datatype: Datatype, op: Op, comm: Comm) = collective::reduce_scatter;
                both Scan Iscan Scan_init(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm) = collective::scan;
                both Exscan Iexscan Exscan_init(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm) = collective::exscan;
            }
            plain {}
            unsupported {}
        }
    };
}
