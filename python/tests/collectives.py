"""Collectives by mpi4py, of objects and of arrays, at any number of ranks."""

import threading

import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD


def objects(comm):
    rank, size = comm.rank, comm.size
    for root in range(size):
        thing = {"root": root, "data": list(range(1000))}
        assert comm.bcast(thing if rank == root else None, root) == thing
        squares = [n * n for n in range(size)]
        assert comm.scatter(squares if rank == root else None, root) == rank * rank
        got = comm.gather("x" * rank, root)
        assert got == (["x" * n for n in range(size)] if rank == root else None)
        total = comm.reduce(rank + 1, MPI.SUM, root)
        assert total == (size * (size + 1) // 2 if rank == root else None)
    assert comm.allgather((rank, "r")) == [(n, "r") for n in range(size)]
    assert comm.alltoall([(rank, n) for n in range(size)]) == [(n, rank) for n in range(size)]
    assert comm.allreduce([rank]) == list(range(size))
    assert comm.scan(rank) == rank * (rank + 1) // 2
    assert comm.exscan(rank) == (rank * (rank - 1) // 2 if rank else None)
    assert comm.allreduce(("v", rank), MPI.MAX) == ("v", size - 1)


TYPES = "bhilqBHILQfdgFDG"


def arrays(comm):
    rank, size = comm.rank, comm.size
    for dtype in TYPES:
        for count in (0, 1, 5, 3000):
            mine = (np.arange(count) % 7 + rank).astype(dtype)
            every = np.array([np.arange(count) % 7 + n for n in range(size)]).astype(dtype)
            for root in range(size):
                again = mine.copy()
                comm.Bcast(again, root)
                assert (again == every[root]).all()
                all_rows = np.zeros_like(every) if rank == root else None
                comm.Gather(mine, all_rows, root)
                assert rank != root or (all_rows == every).all()
                row = np.zeros_like(mine)
                comm.Scatter(every if rank == root else None, row, root)
                assert (row == mine).all()
                total = np.zeros_like(mine) if rank == root else None
                comm.Reduce(mine, total, MPI.SUM, root)
                assert rank != root or (total == every.sum(0).astype(dtype)).all()
            rows = np.zeros_like(every)
            comm.Allgather(mine, rows)
            assert (rows == every).all()
            rows[:] = 0
            comm.Alltoall(np.array([mine] * size), rows)
            assert (rows == every).all()
            total = np.zeros_like(mine)
            comm.Allreduce(mine, total)
            assert (total == every.sum(0).astype(dtype)).all()
            comm.Scan(mine, total)
            assert (total == every[: rank + 1].sum(0).astype(dtype)).all()
            total[:] = 99
            comm.Exscan(mine, total)
            assert (total == (every[:rank].sum(0).astype(dtype) if rank else 99)).all()
            comm.Reduce_scatter_block(every, total)
            assert (total == mine * np.dtype(dtype).type(size)).all()


def operations(comm):
    rank, size = comm.rank, comm.size

    def check(op, dtype, values, fold):
        mine = np.array(values(rank), dtype)
        every = [np.array(values(n), dtype) for n in range(size)]
        expected = every[0]
        for row in every[1:]:
            expected = fold(expected, row)
        total = np.zeros_like(mine)
        comm.Allreduce(mine, total, op)
        assert np.array_equal(total, expected), (op, dtype, total, expected)

    def values(n):
        return [n % 3, abs(5 - n), 1, 0, n + 1]

    for dtype in "bhilqBHILQ":
        for op, fold in [
            (MPI.MAX, np.maximum),
            (MPI.MIN, np.minimum),
            (MPI.PROD, np.multiply),
            (MPI.BAND, np.bitwise_and),
            (MPI.BOR, np.bitwise_or),
            (MPI.BXOR, np.bitwise_xor),
            (MPI.LAND, np.logical_and),
            (MPI.LOR, np.logical_or),
            (MPI.LXOR, np.logical_xor),
        ]:
            check(op, dtype, values, lambda a, b: fold(a, b).astype(dtype))
    for dtype in "fdg":
        for op, fold in [(MPI.MAX, np.maximum), (MPI.MIN, np.minimum), (MPI.PROD, np.multiply)]:
            check(op, dtype, lambda n: [n % 2 + 0.5, -n, 2.0, -1.5], fold)
    for dtype in "FDG":
        check(MPI.PROD, dtype, lambda n: [1 + n % 2 * 1j, 1 - 1j, -1j], np.multiply)
    for op, fold in [(MPI.LAND, np.logical_and), (MPI.LOR, np.logical_or), (MPI.LXOR, np.logical_xor)]:
        check(op, "?", lambda n: [n % 2, 1, 0, n == 1], fold)

    # A value and its place.
    for name, value in [
        ("FLOAT_INT", "f4"),
        ("DOUBLE_INT", "f8"),
        ("LONG_INT", "i8"),
        ("SHORT_INT", "i2"),
        ("INT_INT", "i4"),
        ("LONG_DOUBLE_INT", "g"),
    ]:
        pair = np.dtype([("value", value), ("place", "i4")], align=True)
        datatype = getattr(MPI, name)
        assert datatype.extent == pair.itemsize
        mine, best = np.zeros(2, pair), np.zeros(2, pair)
        mine["value"], mine["place"] = [rank % 3, -rank], rank
        comm.Allreduce([mine, 2, datatype], [best, 2, datatype], MPI.MAXLOC)
        assert best["value"].tolist() == [min(size - 1, 2), 0] and best["place"].tolist() == [min(size - 1, 2), 0]
        comm.Allreduce([mine, 2, datatype], [best, 2, datatype], MPI.MINLOC)
        assert best["value"].tolist() == [0, 1 - size] and best["place"].tolist() == [0, size - 1]

    one = np.ones(1)
    for op, what in [
        (MPI.BAND, one),
        (MPI.MAXLOC, one),
        (MPI.MAX, np.ones(1, complex)),
        (MPI.REPLACE, one),
        (MPI.OP_NULL, one),
    ]:
        try:
            comm.Allreduce(what, what.copy(), op)
        except MPI.Exception as error:
            assert error.Get_error_class() == MPI.ERR_OP, error
        else:
            raise AssertionError(f"{op} should have been refused")


def vectors(comm):
    rank, size = comm.rank, comm.size
    counts = [n % 3 for n in range(size)]
    # Backwards, with a gap of one before each.
    starts = [sum(counts[n + 1 :]) + size - n for n in range(size)]
    room = sum(counts) + size + 1
    part = np.full(counts[rank], rank, "d")
    for root in range(size):
        spread = np.full(room, -1.0)
        comm.Gatherv(part, [spread, counts, starts, MPI.DOUBLE] if rank == root else None, root)
        if rank == root:
            for n in range(size):
                assert (spread[starts[n] : starts[n] + counts[n]] == n).all()
            assert (spread == -1).sum() == size + 1
        else:
            assert (spread == -1).all()
        again = np.zeros(counts[rank])
        comm.Scatterv([spread, counts, starts, MPI.DOUBLE] if rank == root else None, again, root)
        assert (again == rank).all()
    spread = np.full(room, -1.0)
    comm.Allgatherv(part, [spread, counts, starts, MPI.DOUBLE])
    assert all((spread[starts[n] : starts[n] + counts[n]] == n).all() for n in range(size))
    assert (spread == -1).sum() == size + 1

    sends = [(rank + n) % 3 for n in range(size)]
    offsets = [sum(sends[:n]) for n in range(size)]
    out = np.full(sum(sends), rank, "i")
    got = np.full(sum(sends), -1, "i")
    comm.Alltoallv([out, sends, offsets, MPI.INT], [got, sends, offsets, MPI.INT])
    assert got.tolist() == [n for n in range(size) for _ in range(sends[n])]
    got[:] = -1
    in_bytes = [4 * at for at in offsets]
    comm.Alltoallw([out, sends, in_bytes, [MPI.INT] * size], [got, sends, in_bytes, [MPI.INT] * size])
    assert got.tolist() == [n for n in range(size) for _ in range(sends[n])]

    all_mine = np.arange(sum(counts), dtype="q") + rank
    total = np.zeros(counts[rank], "q")
    comm.Reduce_scatter(all_mine, total, counts)
    first = sum(counts[:rank])
    assert (total == size * (np.arange(counts[rank]) + first) + size * (size - 1) // 2).all()


def in_place(comm):
    rank, size = comm.rank, comm.size
    for count in (2, 9000):
        whole = np.repeat(np.arange(size), count).astype("i")
        mine = np.full(count, rank, "i")
        for root in range(size):
            rows = np.where(whole == root, whole, -1).astype("i")
            comm.Gather(MPI.IN_PLACE if rank == root else mine, rows if rank == root else None, root)
            assert rank != root or (rows == whole).all()
            row = np.full(count, -1, "i")
            comm.Scatter(whole if rank == root else None, MPI.IN_PLACE if rank == root else row, root)
            assert rank == root or (row == rank).all()
            total = mine.copy()
            if rank == root:
                comm.Reduce(MPI.IN_PLACE, total, MPI.SUM, root)
                assert (total == size * (size - 1) // 2).all()
            else:
                comm.Reduce(total, None, MPI.SUM, root)
        rows = np.where(whole == rank, whole, -1).astype("i")
        comm.Allgather(MPI.IN_PLACE, rows)
        assert (rows == whole).all()
        rows = np.where(whole == rank, whole, -1).astype("i")
        comm.Allgatherv(MPI.IN_PLACE, [rows, [count] * size])
        assert (rows == whole).all()
        rows[:] = rank
        comm.Alltoall(MPI.IN_PLACE, rows)
        assert (rows == whole).all()
        total = mine.copy()
        comm.Allreduce(MPI.IN_PLACE, total, MPI.MAX)
        assert (total == size - 1).all()
        total = mine.copy()
        comm.Scan(MPI.IN_PLACE, total)
        assert (total == rank * (rank + 1) // 2).all()
        total = mine.copy()
        comm.Exscan(MPI.IN_PLACE, total)
        assert (total == rank * (rank - 1) // 2).all()
        rows = whole.copy()
        comm.Reduce_scatter_block(MPI.IN_PLACE, rows)
        assert (rows[:count] == size * rank).all()
        rows = whole.copy()
        comm.Reduce_scatter(MPI.IN_PLACE, rows, [count] * size)
        assert (rows[:count] == size * rank).all()


def own_operations(comm):
    rank, size = comm.rank, comm.size

    # Linear functions by composition: associative, not commutative. Calls MPI inside.
    def compose(first, second, datatype):
        assert datatype == MPI.DOUBLE and MPI.COMM_WORLD.Get_size() == world.size
        f = np.frombuffer(first, "d").reshape(-1, 2)
        g = np.frombuffer(second, "d").reshape(-1, 2)
        g[:] = np.stack([f[:, 0] * g[:, 0], f[:, 1] * g[:, 0] + g[:, 1]], 1)

    def add(first, second, datatype):
        np.frombuffer(second, "i")[:] += np.frombuffer(first, "i")

    op = MPI.Op.Create(compose, commute=False)
    assert not op.Is_commutative() and MPI.SUM.Is_commutative()
    functions = [np.array([n + 1, 2 * n - 1], "d") for n in range(size)]

    def composed(some):
        a, b = 1.0, 0.0
        for slope, offset in some:
            a, b = a * slope, b * slope + offset
        return [a, b]

    total = np.zeros(2)
    for root in range(size):
        comm.Reduce(functions[rank], total, op, root)
        assert rank != root or total.tolist() == composed(functions)
    comm.Scan(functions[rank], total, op)
    assert total.tolist() == composed(functions[: rank + 1])
    total[:] = 7
    comm.Exscan(functions[rank], total, op)
    assert total.tolist() == (composed(functions[:rank]) if rank else [7, 7])
    local = functions[0].copy()
    op.Reduce_local(functions[-1], local)
    assert local.tolist() == composed([functions[-1], functions[0]])
    op.Free()
    assert op == MPI.OP_NULL

    op = MPI.Op.Create(add, commute=True)
    for count in (0, 1, 10_000):
        mine = np.arange(count, dtype="i") + rank
        total = np.zeros_like(mine)
        comm.Allreduce(mine, total, op)
        expected = size * np.arange(count) + size * (size - 1) // 2
        assert (total == expected).all()
        comm.Allreduce(MPI.IN_PLACE, mine, op)
        assert (mine == expected).all()
        rows = np.repeat(np.arange(size), count).astype("i")
        comm.Reduce_scatter_block(rows, total, op)
        assert (total == size * rank).all()
        total = np.full(count, rank, "i")
        comm.Reduce(MPI.IN_PLACE if rank == 0 else total, total, op, 0)
        assert rank or (total == size * (size - 1) // 2).all()
    op.Free()

    local = np.array([3, 4], "i")
    MPI.PROD.Reduce_local(np.array([5, -2], "i"), local)
    assert local.tolist() == [15, -8]


def beside_another_thread(comm):
    """A thread that calls MPI keeps the interpreter while it does; the operation needs the interpreter."""
    done = threading.Event()
    calls = 0

    def asks():
        nonlocal calls
        while not done.is_set():
            assert MPI.COMM_SELF.Get_rank() == 0
            calls += 1

    def add(first, second, datatype):
        np.frombuffer(second, "i")[:] += np.frombuffer(first, "i")

    op = MPI.Op.Create(add, commute=True)
    other = threading.Thread(target=asks)
    other.start()
    total = np.zeros(100, "i")
    for n in range(20):
        comm.Allreduce(np.full(100, comm.rank + n, "i"), total, op)
        assert (total == comm.size * (comm.size - 1) // 2 + n * comm.size).all()
        comm.Scan(np.full(100, n, "i"), total, op)
        assert (total == n * (comm.rank + 1)).all()
        comm.Allreduce(MPI.IN_PLACE, total)
    done.set()
    other.join()
    assert calls
    op.Free()


def wrong(comm):
    for call, expected in [
        (lambda: comm.Bcast(np.zeros(1), comm.size), MPI.ERR_ROOT),
        (lambda: comm.Reduce(np.zeros(1), np.zeros(1), root=-7), MPI.ERR_ROOT),
        (lambda: MPI.SUM.Free(), MPI.ERR_OP),
    ]:
        try:
            call()
        except MPI.Exception as error:
            assert error.Get_error_class() == expected, error
        else:
            raise AssertionError("no error")


halves = world.Split(world.rank % 2, -world.rank)
for comm in (world, MPI.COMM_SELF, halves, world.Dup()):
    for part in (objects, arrays, operations, vectors, in_place, own_operations, beside_another_thread, wrong):
        part(comm)
    if comm not in (world, MPI.COMM_SELF):
        comm.Free()
print("ok")
