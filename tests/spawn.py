#!/usr/bin/env python3
"""Programs that start processes: `MPI_Comm_spawn` from mpi4py's unmodified wheel.

    tests/spawn.py [--profile release] [--kills 2]

A manager starts workers, from a job and without a launcher; arguments that cannot work are errors; and where a worker, the
manager or a launcher is killed, the others get an error or end, and no process is left. mpi4py's wheel comes as in
tests/mpi.py.
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import mpi

LIMIT = 60

WORKER = """
from mpi4py import MPI
parent = MPI.Comm.Get_parent()
world = MPI.COMM_WORLD
n = parent.bcast(None, root=0)
parent.gather((world.rank, n), root=0)
parent.reduce(world.rank + n, root=0)
data = parent.recv(source=0)
parent.send(data[::-1], dest=0)
everyone = parent.Merge(True)
assert everyone.allreduce(1) == world.size + parent.remote_size
assert everyone.bcast(None, root=0) == "all"
again = everyone.Split(everyone.rank % 2, 0)
again.Barrier()
for comm in again, everyone:
    comm.Free()
print(f"worker {world.rank} of {world.size} says so", flush=True)
parent.Disconnect()
"""

MANAGER = """
import os, sys
from mpi4py import MPI
size, rounds = int(sys.argv[1]), int(sys.argv[2])
world = MPI.COMM_WORLD
def descriptors():
    return len(os.listdir("/proc/self/fd"))
for round in range(rounds):
    workers = world.Spawn(sys.executable, args=["worker.py"], maxprocs=size)
    if round == 1:
        before = descriptors()
    me = MPI.ROOT if world.rank == 0 else MPI.PROC_NULL
    workers.bcast(10, root=me)
    told = workers.gather(None, root=me)
    total = workers.reduce(None, root=me)
    if world.rank == 0:
        assert told == [(rank, 10) for rank in range(size)], told
        assert total == 10 * size + size * (size - 1) // 2, total
        for rank in range(size):
            workers.send(bytes(range(256)) * (4000 if rank % 2 else 1), dest=rank)
        for rank in range(size):
            assert workers.recv(source=rank)[:2] == bytes([255, 254])
    everyone = workers.Merge(False)
    assert everyone.allreduce(1) == size + world.size
    everyone.bcast("all", root=0)
    again = everyone.Split(everyone.rank % 2, 0)
    again.Barrier()
    for comm in again, everyone:
        comm.Free()
    workers.Disconnect()
if rounds > 1:
    assert descriptors() <= before, (before, descriptors())
assert world.Get_attr(MPI.UNIVERSE_SIZE) >= world.size
assert MPI.Comm.Get_parent() == MPI.COMM_NULL
print(f"manager {world.rank} is done", flush=True)
"""

WRONG = """
import sys
from mpi4py import MPI
world = MPI.COMM_WORLD
def refused(why, what, **how):
    try:
        world.Spawn(what, **how)
    except MPI.Exception as error:
        assert error.Get_error_class() == MPI.ERR_SPAWN and why in str(error), error
    else:
        raise AssertionError(why)
refused("no such program", "/no/such/program")
refused("no such program", "no-such-program-anywhere")
refused("ended without initialising MPI", "true", maxprocs=2)
refused("0 processes were asked for", sys.executable, args=["worker.py"], maxprocs=0)
refused("is not this machine", sys.executable, info=MPI.Info.Create({"host": "elsewhere"}))
refused("allows no number", sys.executable, maxprocs=2, info=MPI.Info.Create({"soft": "5:7"}))
refused("no such folder", sys.executable, info=MPI.Info.Create({"wdir": "/no/such/folder"}))
print("all refused", flush=True)
"""

WAITER = """
import os
from mpi4py import MPI
parent = MPI.Comm.Get_parent()
parent.send((os.getpid(), os.getppid()), dest=0)
parent.recv(source=0)
"""

KILLED = """
import os, sys
from mpi4py import MPI
workers = MPI.COMM_SELF.Spawn(sys.executable, args=["waiter.py"], maxprocs=2)
told = [workers.recv(source=rank) for rank in range(2)]
print("processes", os.getpid(), told[0][1], *[pid for pid, _ in told], flush=True)
try:
    workers.recv(source=1)
except MPI.Exception as error:
    print("an error:", error, flush=True)
    sys.exit(3)
"""

DYING = """
import os, sys
if sys.argv[1] == os.environ["RANKS_RANK"]:
    os.kill(os.getpid(), 9)
from mpi4py import MPI
"""

STARTER = """
import sys
from mpi4py import MPI
try:
    MPI.COMM_WORLD.Spawn(sys.executable, args=["dying.py", "1"], maxprocs=3)
except MPI.Exception as error:
    assert error.Get_error_class() == MPI.ERR_SPAWN, error
    print("told", flush=True)
"""


def runs(process):
    """True for a process that runs: one that has ended, and that nobody has waited for, does not."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def kill(name, command, whom):
    """Kills one of the processes once the workers are there. No process may be left, and nobody may hang."""
    job = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    processes, text = None, ""
    for line in job.stdout:
        text += line
        if found := re.search(r"processes (\d+) (\d+) (\d+) (\d+)", line):
            processes = [int(word) for word in found.groups()]
            break
    if processes is None:
        job.kill()
        mpi.failures.append(name)
        print(f"FAILED  {name}: the workers did not come\n{text}")
        return
    names = dict(zip(["manager", "their launcher", "worker 0", "worker 1"], processes))
    names["launcher"] = job.pid
    os.kill(names[whom], signal.SIGKILL)
    try:
        text += job.communicate(timeout=LIMIT)[0]
        late = time.monotonic() + LIMIT
        while (left := [process for process in processes if runs(process)]) and time.monotonic() < late:
            time.sleep(0.05)
    except subprocess.TimeoutExpired:
        job.kill()
        left = ["the job itself"]
    told = whom in ("manager", "launcher") or "PROC_FAILED" in text and job.returncode == 3
    if left or not told:
        mpi.failures.append(name)
        print(f"FAILED  {name}: ended with {job.returncode}, left: {left}\n{text}")
    else:
        print(f"ok      {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="release")
    parser.add_argument("--kills", type=int, default=2, help="how often each process is killed")
    options = parser.parse_args()
    target = mpi.ROOT / "target" / options.profile
    mpi.PLACE.mkdir(parents=True, exist_ok=True)
    python, library = mpi.make_python(), str(target / "lib/libmpi.so.12")
    os.environ["MPI4PY_LIBMPI"] = library
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        programs = {"worker": WORKER, "manager": MANAGER, "wrong": WRONG, "waiter": WAITER, "killed": KILLED,
                    "dying": DYING, "starter": STARTER}
        for name, text in programs.items():
            pathlib.Path(f"{name}.py").write_text(text)
        for n in 1, 2, 3:
            says = [f"manager {rank} is done" for rank in range(n)] + [f"worker {rank} of 3 says so" for rank in range(3)]
            mpi.run(target, n, [python, "manager.py", "3", "2"], says=says, limit=LIMIT)
            mpi.run(target, n, [python, "wrong.py"], says=["all refused"], limit=LIMIT)
            mpi.run(target, n, [python, "starter.py"], says=["told"], limit=LIMIT)
        mpi.run(target, 1, [python, "manager.py", "20", "1"], says=["worker 19 of 20 says so"], limit=LIMIT)
        mpi.run(target, 1, [python, "manager.py", "1", "12"], says=["manager 0 is done"], limit=LIMIT)
        # Without a launcher.
        mpi.run_alone([python, "manager.py", "2", "3"], says=["worker 1 of 2 says so"], limit=LIMIT)
        mpi.run_alone([python, "wrong.py"], says=["all refused"], limit=LIMIT)
        for _ in range(options.kills):
            for whom in "worker 0", "worker 1", "their launcher", "manager", "launcher":
                kill(f"{whom} killed", [target / "ranks", "run", "-n", "1", python, "killed.py"], whom)
            for whom in "worker 1", "their launcher", "manager":
                kill(f"{whom} killed, without a launcher", [python, "killed.py"], whom)
    mpi.finish()


if __name__ == "__main__":
    main()
