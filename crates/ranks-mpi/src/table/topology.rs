//! Process topologies: MPI 5.0 chapter 8.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! topology_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {
                one  Topo_test(comm: Comm, status: *mut c_int) = topology::test;
                one  Cart_coords(comm: Comm, rank: c_int, maxdims: c_int, coords: *mut c_int) = topology::cart::coords;
                one  Cart_create(comm_old: Comm, ndims: c_int, dims: *const c_int, periods: *const c_int, reorder: c_int, comm_cart: *mut Comm) = topology::cart::create;
                one  Cart_get(comm: Comm, maxdims: c_int, dims: *mut c_int, periods: *mut c_int, coords: *mut c_int) = topology::cart::get;
                one  Cart_map(comm: Comm, ndims: c_int, dims: *const c_int, periods: *const c_int, newrank: *mut c_int) = topology::cart::map;
                one  Cart_rank(comm: Comm, coords: *const c_int, rank: *mut c_int) = topology::cart::rank;
                one  Cart_shift(comm: Comm, direction: c_int, disp: c_int, rank_source: *mut c_int, rank_dest: *mut c_int) = topology::cart::shift;
                one  Cart_sub(comm: Comm, remain_dims: *const c_int, newcomm: *mut Comm) = topology::cart::sub;
                one  Cartdim_get(comm: Comm, ndims: *mut c_int) = topology::cart::dim;
                one  Dims_create(nnodes: c_int, ndims: c_int, dims: *mut c_int) = topology::cart::dims;
                one  Dist_graph_create(comm_old: Comm, n: c_int, sources: *const c_int, degrees: *const c_int, destinations: *const c_int, weights: *const c_int, info: Info, reorder: c_int, comm_dist_graph: *mut Comm) = topology::dist::create;
                one  Dist_graph_create_adjacent(comm_old: Comm, indegree: c_int, sources: *const c_int, sourceweights: *const c_int, outdegree: c_int, destinations: *const c_int, destweights: *const c_int, info: Info, reorder: c_int, comm_dist_graph: *mut Comm) = topology::dist::create_adjacent;
                one  Dist_graph_neighbors(comm: Comm, maxindegree: c_int, sources: *mut c_int, sourceweights: *mut c_int, maxoutdegree: c_int, destinations: *mut c_int, destweights: *mut c_int) = topology::dist::neighbors;
                one  Dist_graph_neighbors_count(comm: Comm, indegree: *mut c_int, outdegree: *mut c_int, weighted: *mut c_int) = topology::dist::count;
                one  Graph_create(comm_old: Comm, nnodes: c_int, indx: *const c_int, edges: *const c_int, reorder: c_int, comm_graph: *mut Comm) = topology::graph::create;
                one  Graph_get(comm: Comm, maxindex: c_int, maxedges: c_int, indx: *mut c_int, edges: *mut c_int) = topology::graph::get;
                one  Graph_map(comm: Comm, nnodes: c_int, indx: *const c_int, edges: *const c_int, newrank: *mut c_int) = topology::graph::map;
                one  Graph_neighbors(comm: Comm, rank: c_int, maxneighbors: c_int, neighbors: *mut c_int) = topology::graph::neighbors;
                one  Graph_neighbors_count(comm: Comm, rank: c_int, nneighbors: *mut c_int) = topology::graph::count;
                one  Graphdims_get(comm: Comm, nnodes: *mut c_int, nedges: *mut c_int) = topology::graph::dims;
            }
            collectives {
                both Neighbor_allgather Ineighbor_allgather Neighbor_allgather_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm) = topology::neighbors::allgather;
                both Neighbor_allgatherv Ineighbor_allgatherv Neighbor_allgatherv_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, displs: *const Displacement, recvtype: Datatype, comm: Comm) = topology::neighbors::allgatherv;
                both Neighbor_alltoall Ineighbor_alltoall Neighbor_alltoall_init(sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, comm: Comm) = topology::neighbors::alltoall;
                both Neighbor_alltoallv Ineighbor_alltoallv Neighbor_alltoallv_init(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Displacement, sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Displacement, recvtype: Datatype, comm: Comm) = topology::neighbors::alltoallv;
                both Neighbor_alltoallw Ineighbor_alltoallw Neighbor_alltoallw_init(sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtypes: *const Datatype, recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtypes: *const Datatype, comm: Comm) = topology::neighbors::alltoallw;
            }
            plain {}
            unsupported {}
        }
    };
}
