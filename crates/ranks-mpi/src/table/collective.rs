//! Collective communication: MPI 5.0 chapter 6.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! collective_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {
                one  Barrier(comm: Comm) = collective::barrier;
                both Bcast(buffer: *mut c_void, count: Count, datatype: Datatype, root: c_int, comm: Comm) = collective::bcast;
                both Gather(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm) = collective::gather;
                both Gatherv(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, displs: *const Displacement, recvtype: Datatype, root: c_int, comm: Comm) = collective::gatherv;
                both Scatter(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm) = collective::scatter;
                both Scatterv(sendbuf: *const c_void, sendcounts: *const Count, displs: *const Displacement, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm) = collective::scatterv;
                both Allgather(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm) = collective::allgather;
                both Allgatherv(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, displs: *const Displacement, recvtype: Datatype, comm: Comm) = collective::allgatherv;
                both Alltoall(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm) = collective::alltoall;
                both Alltoallv(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Displacement, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Displacement, recvtype: Datatype, comm: Comm) = collective::alltoallv;
                both Alltoallw(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Displacement, sendtypes: *const Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Displacement, recvtypes: *const Datatype, comm: Comm) = collective::alltoallw;
                both Reduce(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, root: c_int, comm: Comm) = collective::reduce;
                both Allreduce(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm) = collective::allreduce;
                both Reduce_scatter_block(sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: Count, datatype: Datatype, op: Op, comm: Comm) = collective::reduce_scatter_block;
                both Reduce_scatter(sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const Count, datatype: Datatype, op: Op, comm: Comm) = collective::reduce_scatter;
                both Scan(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm) = collective::scan;
                both Exscan(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm) = collective::exscan;
                one  Ibarrier(comm: Comm, request: *mut Request) = collective::ibarrier;
                both Ibcast(buffer: *mut c_void, count: Count, datatype: Datatype, root: c_int, comm: Comm, request: *mut Request) = collective::ibcast;
                both Igather(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm, request: *mut Request) = collective::igather;
                both Igatherv(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, displs: *const Displacement, recvtype: Datatype, root: c_int, comm: Comm, request: *mut Request) = collective::igatherv;
                both Iscatter(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm, request: *mut Request) = collective::iscatter;
                both Iscatterv(sendbuf: *const c_void, sendcounts: *const Count, displs: *const Displacement, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm, request: *mut Request) = collective::iscatterv;
                both Iallgather(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm, request: *mut Request) = collective::iallgather;
                both Iallgatherv(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, displs: *const Displacement, recvtype: Datatype, comm: Comm, request: *mut Request) = collective::iallgatherv;
                both Ialltoall(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm, request: *mut Request) = collective::ialltoall;
                both Ialltoallv(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Displacement, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Displacement, recvtype: Datatype, comm: Comm, request: *mut Request) = collective::ialltoallv;
                both Ialltoallw(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Displacement, sendtypes: *const Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Displacement, recvtypes: *const Datatype, comm: Comm, request: *mut Request) = collective::ialltoallw;
                both Ireduce(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, root: c_int, comm: Comm, request: *mut Request) = collective::ireduce;
                both Iallreduce(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm, request: *mut Request) = collective::iallreduce;
                both Ireduce_scatter_block(sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: Count, datatype: Datatype, op: Op, comm: Comm, request: *mut Request) = collective::ireduce_scatter_block;
                both Ireduce_scatter(sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const Count, datatype: Datatype, op: Op, comm: Comm, request: *mut Request) = collective::ireduce_scatter;
                both Iscan(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm, request: *mut Request) = collective::iscan;
                both Iexscan(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm, request: *mut Request) = collective::iexscan;
                one  Barrier_init(comm: Comm, info: Info, request: *mut Request) = collective::barrier_init;
                both Bcast_init(buffer: *mut c_void, count: Count, datatype: Datatype, root: c_int, comm: Comm, info: Info, request: *mut Request) = collective::bcast_init;
                both Gather_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm, info: Info, request: *mut Request) = collective::gather_init;
                both Gatherv_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, displs: *const Displacement, recvtype: Datatype, root: c_int, comm: Comm, info: Info, request: *mut Request) = collective::gatherv_init;
                both Scatter_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm, info: Info, request: *mut Request) = collective::scatter_init;
                both Scatterv_init(sendbuf: *const c_void, sendcounts: *const Count, displs: *const Displacement, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm, info: Info, request: *mut Request) = collective::scatterv_init;
                both Allgather_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) = collective::allgather_init;
                both Allgatherv_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, displs: *const Displacement, recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) = collective::allgatherv_init;
                both Alltoall_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) = collective::alltoall_init;
                both Alltoallv_init(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Displacement, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Displacement, recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) = collective::alltoallv_init;
                both Alltoallw_init(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Displacement, sendtypes: *const Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Displacement, recvtypes: *const Datatype, comm: Comm, info: Info, request: *mut Request) = collective::alltoallw_init;
                both Reduce_init(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, root: c_int, comm: Comm, info: Info, request: *mut Request) = collective::reduce_init;
                both Allreduce_init(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm, info: Info, request: *mut Request) = collective::allreduce_init;
                both Reduce_scatter_block_init(sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: Count, datatype: Datatype, op: Op, comm: Comm, info: Info, request: *mut Request) = collective::reduce_scatter_block_init;
                both Reduce_scatter_init(sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const Count, datatype: Datatype, op: Op, comm: Comm, info: Info, request: *mut Request) = collective::reduce_scatter_init;
                both Scan_init(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm, info: Info, request: *mut Request) = collective::scan_init;
                both Exscan_init(sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm, info: Info, request: *mut Request) = collective::exscan_init;
            }
            plain {}
            unsupported {}
        }
    };
}
