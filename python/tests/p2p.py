"""Point-to-point communication by mpi4py, at any number of ranks."""

import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD


def ring(comm):
    return (comm.rank - 1) % comm.size, (comm.rank + 1) % comm.size


def objects(comm):
    left, right = ring(comm)
    for thing in (None, 42, "text", {"a": [1, 2.5]}, b"x" * 100_000, list(range(10_000))):
        request = comm.isend((comm.rank, thing), dest=right, tag=7)
        status = MPI.Status()
        assert comm.recv(source=MPI.ANY_SOURCE, tag=MPI.ANY_TAG, status=status) == (left, thing)
        assert (status.source, status.tag) == (left, 7)
        request.wait()
    request = comm.irecv(source=left, tag=8)
    comm.send("later", dest=right, tag=8)
    assert request.wait() == "later"
    assert comm.sendrecv(comm.rank, right, 9, None, left, 9) == left


def arrays(comm):
    left, right = ring(comm)
    for dtype in "bhilqfdFDBHIL?":
        for count in (0, 1, 7, 1000, 70_000):
            mine = np.arange(count).astype(dtype)
            got = np.zeros(count + 3, dtype)
            status = MPI.Status()
            request = comm.Irecv(got, left, 1)
            comm.Send(mine, right, 1)
            request.Wait(status)
            assert (got[:count] == mine).all() and not got[count:].any()
            assert status.Get_count(MPI._typedict[np.dtype(dtype).char]) == count
            assert status.Get_elements(MPI._typedict[np.dtype(dtype).char]) == count
            again = mine.copy()
            comm.Sendrecv_replace(again, right, 2, left, 2)
            assert (again == mine).all()


def modes(comm):
    left, right = ring(comm)
    room = bytearray(100_000)
    MPI.Attach_buffer(room)
    for size in (0, 10, 20_000):
        mine, got = bytearray(b"m" * size), bytearray(size)
        for send in (comm.Isend, comm.Issend, comm.Ibsend):
            request = comm.Irecv([got, MPI.BYTE], left, 3)
            sending = send([mine, MPI.BYTE], right, 3)
            MPI.Request.Waitall([request, sending])
            assert got == mine
        for send in (comm.Ssend, comm.Bsend):
            request = comm.Irecv([got, MPI.BYTE], left, 3)
            comm.Barrier()
            send([mine, MPI.BYTE], right, 3)
            request.Wait()
            assert got == mine
        request = comm.Irecv([got, MPI.BYTE], left, 3)
        comm.Barrier()
        comm.Rsend([mine, MPI.BYTE], right, 3)
        request.Wait()
    assert len(MPI.Detach_buffer()) == 100_000


def probes(comm):
    left, right = ring(comm)
    request = comm.Isend([b"12345", MPI.BYTE], right, 4)
    status = MPI.Status()
    comm.Probe(left, 4, status)
    assert status.Get_count(MPI.BYTE) == 5 and status.Get_source() == left
    assert comm.Iprobe(left, 4) and comm.iprobe(MPI.ANY_SOURCE, MPI.ANY_TAG)
    message = comm.Mprobe(left, 4, status)
    assert not comm.Iprobe(left, 4)
    got = bytearray(5)
    message.Recv([got, MPI.BYTE], status)
    assert got == b"12345" and message == MPI.MESSAGE_NULL
    request.Wait()
    assert comm.Improbe(left, 4) is None
    message = comm.Mprobe(MPI.PROC_NULL, 4)
    assert message == MPI.MESSAGE_NO_PROC
    message.Recv([got, MPI.BYTE], status)
    assert status.source == MPI.PROC_NULL and status.tag == MPI.ANY_TAG
    comm.Barrier()  # or a fast neighbour's next message would have been there to probe
    request = comm.isend("matched", right, 4)
    assert comm.mprobe(left, 4).irecv().wait() == "matched"
    request.wait()


def persistent(comm):
    left, right = ring(comm)
    mine, got = np.zeros(100, "i"), np.zeros(100, "i")
    requests = [comm.Recv_init(got, left, 5), comm.Send_init(mine, right, 5)]
    for request in requests:
        assert request.Test() and request != MPI.REQUEST_NULL
    for n in range(20):
        mine[:] = n
        MPI.Prequest.Startall(requests)
        MPI.Request.Waitall(requests)
        assert (got == n).all()
    for request in requests:
        request.Free()
        assert request == MPI.REQUEST_NULL


def many(comm):
    left, right = ring(comm)
    got = [np.zeros(1, "i") for _ in range(50)]
    receives = [comm.Irecv(got[n], left, n) for n in range(50)]
    assert not MPI.Request.Testall(receives)
    assert MPI.Request.Testany(receives) == (MPI.UNDEFINED, False)
    assert MPI.Request.Testsome(receives) == []
    comm.Barrier()
    sends = [comm.Isend(np.array([n], "i"), right, n) for n in range(50)]
    MPI.Request.Waitall(sends)
    first = MPI.Request.Waitany(receives)
    assert receives[first] == MPI.REQUEST_NULL and got[first][0] == first
    done = {first}
    while len(done) < 50:
        some = MPI.Request.Waitsome(receives)
        assert some and not done & set(some)
        done |= set(some)
    assert MPI.Request.Waitsome(receives) is None
    assert MPI.Request.Waitany(receives) == MPI.UNDEFINED
    statuses = []
    assert MPI.Request.Waitall(receives, statuses) is True
    assert [array[0] for array in got] == list(range(50))
    assert comm.irecv(source=MPI.PROC_NULL).wait() is None


def cancelled(comm):
    left, _ = ring(comm)
    request = comm.Irecv(bytearray(1), left, 6)
    assert not request.Get_status()
    request.Cancel()
    status = MPI.Status()
    request.Wait(status)
    assert status.Is_cancelled() and request == MPI.REQUEST_NULL


def broadcast(comm):
    for root in range(comm.size):
        assert comm.bcast(("from", root) if comm.rank == root else None, root) == ("from", root)
        for count in (0, 1, 1000, 300_000):
            values = np.full(count, root if comm.rank == root else -1, "d")
            comm.Bcast(values, root)
            assert (values == root).all()


def communicators():
    copy = world.Dup()
    assert MPI.Comm.Compare(world, copy) == MPI.CONGRUENT
    assert MPI.Comm.Compare(world, world) == MPI.IDENT
    half = world.Split(world.rank % 2, -world.rank)
    assert half.size == (world.size + 1 - world.rank % 2) // 2
    everybody = world.allranks if hasattr(world, "allranks") else list(range(world.size))
    expected = [r for r in reversed(everybody) if r % 2 == world.rank % 2]
    assert half.rank == expected.index(world.rank)
    group = half.Get_group()
    assert MPI.Group.Translate_ranks(group, None, world.Get_group()) == expected
    group.Free()
    nobody = world.Split(MPI.UNDEFINED if world.rank == 0 else 1)
    assert (nobody == MPI.COMM_NULL) == (world.rank == 0)
    shared = world.Split_type(MPI.COMM_TYPE_SHARED)
    assert shared.size == world.size
    first = world.Create(world.Get_group().Incl([0]))
    assert (first != MPI.COMM_NULL) == (world.rank == 0)
    copy.Set_name("a copy")
    assert copy.Get_name() == "a copy" and world.Get_name() == "MPI_COMM_WORLD"
    info = MPI.Info.Create()
    info.Set("key", "value")
    assert info.Get("key") == "value" and info.Get("none") is None and dict(info) == {"key": "value"}
    hinted = world.Dup_with_info(info)
    assert hinted.Get_info().Get("key") == "value"
    for comm in (copy, half, nobody, shared, first, hinted):
        if comm != MPI.COMM_NULL:
            objects(comm)
            comm.Barrier()
            comm.Free()


def attributes():
    assert world.Get_attr(MPI.TAG_UB) == 2**31 - 1
    assert world.Get_attr(MPI.UNIVERSE_SIZE) >= world.size
    assert world.Get_attr(MPI.WTIME_IS_GLOBAL)
    deleted = []
    key = MPI.Comm.Create_keyval(lambda c, k, v: v + 1, lambda c, k, v: deleted.append((v, c.rank)))
    comm = world.Dup()
    assert comm.Get_attr(key) is None
    comm.Set_attr(key, 10)
    copy = comm.Dup()
    assert copy.Get_attr(key) == 11
    MPI.Comm.Free_keyval(key)
    copy.Free()
    comm.Free()
    assert [value for value, _ in deleted] == [11, 10]


def errors():
    def fails(error_class, words, call, *args):
        try:
            call(*args)
        except MPI.Exception as error:
            assert error.Get_error_class() == error_class, error
            assert all(word in str(error) for word in words), error
        else:
            raise AssertionError(f"no error: {words}")

    one = bytearray(1)
    size = world.size
    fails(MPI.ERR_RANK, ["MPI_Send", f"rank {size}", "world"], world.Send, [one, MPI.BYTE], size, 0)
    fails(MPI.ERR_TAG, ["tag -7"], world.Send, [one, MPI.BYTE], 0, -7)
    fails(MPI.ERR_TYPE, ["MPI_DATATYPE_NULL"], world.Send, [one, 1, MPI.DATATYPE_NULL], 0, 0)
    fails(MPI.ERR_COMM, ["MPI_COMM_NULL"], MPI.COMM_NULL.Get_rank)
    fails(MPI.ERR_ROOT, [str(size)], world.Bcast, [one, MPI.BYTE], size)
    fails(MPI.ERR_SPAWN, ["MPI_Comm_spawn", "no such program"], world.Spawn, "/no/such/program")
    left, right = ring(world)
    request = world.Isend([b"x" * 40, MPI.BYTE], right, 5)
    fails(
        MPI.ERR_TRUNCATE,
        [f"from rank {left}", "tag 5", "40 bytes", "20 bytes"],
        world.Recv,
        [bytearray(20), MPI.BYTE],
        left,
        5,
    )
    request.Wait()
    requests = [world.Irecv([bytearray(20), MPI.BYTE], left, n) for n in (1, 2)]
    world.Send([b"x" * 40, MPI.BYTE], right, 1)
    world.Send([b"x" * 20, MPI.BYTE], right, 2)
    statuses = [MPI.Status(), MPI.Status()]
    fails(MPI.ERR_IN_STATUS, ["40 bytes"], MPI.Request.Waitall, requests, statuses)
    assert [MPI.Get_error_class(status.error) for status in statuses] == [MPI.ERR_TRUNCATE, MPI.SUCCESS]
    heard = []
    handler = MPI.Comm.Create_errhandler(lambda comm, code: heard.append(MPI.Get_error_class(code)))
    comm = world.Dup()
    comm.Set_errhandler(handler)
    comm.Send([one, MPI.BYTE], size, 0)
    assert heard == [MPI.ERR_RANK]
    handler.Free()
    comm.Free()
    kind = MPI.Add_error_class()
    code = MPI.Add_error_code(kind)
    MPI.Add_error_string(code, "of our own")
    assert MPI.Get_error_string(code) == "of our own" and MPI.Get_error_class(code) == kind


def run(test, *args):
    test(*args)
    world.Barrier()
    if world.rank == 0:
        print("ok", test.__name__, *(comm.Get_name() for comm in args))


copy = world.Dup()
for comm in (MPI.COMM_SELF, world, copy):
    for test in (objects, arrays, modes, probes, persistent, many, cancelled, broadcast):
        run(test, comm)
for test in (communicators, attributes, errors):
    run(test)
