"""Threads at MPI_THREAD_MULTIPLE: waiting ones must not keep the others out, nor use the CPU."""

import os
import threading
import time

from mpi4py import MPI

comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
assert MPI.Query_thread() == MPI.THREAD_MULTIPLE


def in_threads(*works):
    errors = []

    def guarded(work):
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test fails
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def a_waiting_thread_lets_the_others_in():
    own = MPI.COMM_SELF

    def waits():
        assert own.recv(source=0, tag=1) == "for the one that waits"

    def works():
        time.sleep(0.1)
        for n in range(200):
            request = own.isend(n, 0, tag=2)
            assert own.recv(source=0, tag=2) == n
            request.wait()
        own.send("for the one that waits", 0, tag=1)

    in_threads(waits, works)


def many_threads_wait_for_different_messages():
    own = MPI.COMM_SELF
    got = []

    def waits(tag):
        def work():
            buffer = bytearray(8)
            if tag % 2:
                own.Recv([buffer, MPI.BYTE], source=0, tag=tag)
            else:
                buffer = own.recv(source=0, tag=tag)
            got.append(tag)

        return work

    def sends():
        time.sleep(0.05)
        for tag in reversed(range(10, 18)):
            if tag % 2:
                own.Send([b"x" * 8, MPI.BYTE], 0, tag=tag)
            else:
                own.send({"tag": tag}, 0, tag=tag)

    in_threads(sends, *(waits(tag) for tag in range(10, 18)))
    assert sorted(got) == list(range(10, 18)), got


def pairs_of_threads_talk_between_ranks():
    other = (rank + 1) % size
    before = (rank - 1) % size

    def talk(tag):
        def work():
            for n in range(300):
                request = comm.isend((rank, tag, n), other, tag=tag)
                assert comm.recv(source=before, tag=tag) == (before, tag, n)
                request.wait()

        return work

    in_threads(*(talk(tag) for tag in range(20, 24)))


def waiting_threads_use_no_cpu():
    own = MPI.COMM_SELF
    done = []

    def waits(tag):
        def work():
            own.recv(source=0, tag=tag)
            done.append(tag)

        return work

    def sends():
        time.sleep(0.3)
        began = os.times()
        time.sleep(1.0)
        ended = os.times()
        used = ended.user + ended.system - began.user - began.system
        for tag in range(30, 34):
            own.send(None, 0, tag=tag)
        assert used < 0.1, f"{used} s of CPU in one second of waiting"

    in_threads(sends, *(waits(tag) for tag in range(30, 34)))
    assert sorted(done) == list(range(30, 34))


for test in (
    a_waiting_thread_lets_the_others_in,
    many_threads_wait_for_different_messages,
    pairs_of_threads_talk_between_ranks,
    waiting_threads_use_no_cpu,
):
    test()
    comm.Barrier()
    if rank == 0:
        print("ok", test.__name__)
