"""Threads in all kinds of waiting at once, between ranks. The number of rounds may be given."""

import random
import sys
import threading
import time

import numpy as np
from mpi4py import MPI

comm = MPI.COMM_WORLD
right, left = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
errors = []


def objects(tag, n, count):
    request = comm.isend((tag, n, b"x" * count), right, tag)
    assert comm.recv(source=left, tag=tag)[:2] == (tag, n)
    request.wait()


def nonblocking_receive(tag, n, count):
    mine, got = np.full(count, n, "i"), np.zeros(count, "i")
    request = comm.Irecv(got, left, tag)
    comm.Send(mine, right, tag)
    request.Wait()
    assert (got == n).all()


def both_ways(tag, n, count):
    mine, got = np.full(count, n, "i"), np.zeros(count, "i")
    comm.Sendrecv(mine, right, tag, got, left, tag)
    assert (got == n).all()


def probe(tag, n, count):
    mine, got = np.full(count, n, "i"), np.zeros(count, "i")
    request, status = comm.Issend(mine, right, tag), MPI.Status()
    comm.Probe(left, tag, status)
    assert status.Get_count(MPI.INT) == count
    comm.Recv(got, left, tag)
    request.Wait()
    assert (got == n).all()


def several(tag, n, count):
    got = [np.zeros(count, "i") for _ in range(4)]
    requests = [comm.Irecv(one, left, tag) for one in got]
    requests += [comm.Isend(np.full(count, n + k, "i"), right, tag) for k in range(4)]
    if n % 2:
        MPI.Request.Waitall(requests)
    else:
        under_way = len(requests)
        while under_way:
            under_way -= len(MPI.Request.Waitsome(requests))
    assert [one[0] for one in got] == [n, n + 1, n + 2, n + 3]


def work(tag):
    choices = random.Random(tag)  # the same at all ranks
    try:
        for n in range(rounds):
            kind = choices.choice((objects, nonblocking_receive, both_ways, probe, several))
            kind(tag, n, choices.choice((1, 100, 5000, 100_000)))
            if choices.random() < 0.02:
                time.sleep(0.003)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the test fails
        errors.append(error)
        raise


threads = [threading.Thread(target=work, args=(tag,)) for tag in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not errors
if comm.rank == 0:
    print("ok", rounds, "rounds")
