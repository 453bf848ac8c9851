"""Groups, communicators, intercommunicators and topologies by mpi4py, at any number of ranks."""

import threading

from mpi4py import MPI

world = MPI.COMM_WORLD
rank, size = world.rank, world.size


def halo(comm):
    """Everyone tells its neighbours in a grid who it is."""
    grid = comm.Create_cart(MPI.Compute_dims(size, 2), periods=[True, False])
    assert grid.Get_coords(rank) == grid.coords and grid.Get_cart_rank(grid.coords) == rank
    for dimension in range(2):
        before, after = grid.Shift(dimension, 1)
        from_before = grid.sendrecv(rank, after, source=before)
        assert from_before == (None if before == MPI.PROC_NULL else before)
    row = grid.Sub([False, True])
    assert row.allgather(rank) == [grid.Get_cart_rank([grid.coords[0], n]) for n in range(row.size)]
    row.Free()
    grid.Free()


def teams(comm):
    """Two teams that talk across, and become one again."""
    if size < 2:
        return
    team = comm.Split(rank % 2, rank)
    both = team.Create_intercomm(0, comm, 1 - rank % 2, tag=5)
    assert both.is_inter and both.size + both.remote_size == size
    both.send({"from": rank}, dest=both.rank % both.remote_size)
    for source in range(both.remote_size):
        if source % both.size == both.rank:
            assert both.recv(source=source) == {"from": 2 * source + 1 - rank % 2}
    again = both.Merge(high=rank % 2 == 1)
    assert again.allgather(rank) == [*range(0, size, 2), *range(1, size, 2)]
    for made in (again, both, team):
        made.Free()


def on_the_side(comm):
    """A duplicate is made while its parent is in use."""
    copy, request = comm.Idup()
    assert comm.allreduce(1) == size
    request.Wait()
    assert MPI.Comm.Compare(copy, comm) == MPI.CONGRUENT and copy.allreduce(1) == size
    copy.Free()


def groups(comm):
    whole = comm.Get_group()
    odd = whole.Range_incl([(1, size - 1, 2)]) if size > 1 else whole.Incl([])
    part = comm.Create_group(odd, tag=3) if rank % 2 else MPI.COMM_NULL
    if part != MPI.COMM_NULL:
        assert part.allgather(rank) == list(range(1, size, 2))
        part.Free()
    graph = comm.Create_dist_graph_adjacent([(rank - 1) % size], [(rank + 1) % size])
    assert graph.Get_dist_neighbors()[:2] == ([(rank - 1) % size], [(rank + 1) % size])
    graph.Free()


def every(comm):
    for check in (halo, teams, on_the_side, groups):
        check(comm)


every(world)
copies = [world.Dup() for _ in range(3)]
threads = [threading.Thread(target=every, args=[copy]) for copy in copies]
if MPI.Query_thread() == MPI.THREAD_MULTIPLE:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
for copy in copies:
    copy.Free()
