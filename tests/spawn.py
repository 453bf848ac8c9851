#!/usr/bin/env python3
"""Programs that start processes, and jobs that meet at a port, from mpi4py's unmodified wheel; both examples in Rust.

    tests/spawn.py [--profile release] [--kills 2]

A manager starts workers, from a job and without a launcher; jobs that were started separately connect and part; arguments
that cannot work are errors; and where a worker, the manager, a launcher or a client is killed, the others get an error or
end, and no process is left. mpi4py's wheel comes as in tests/mpi.py. The examples must be built:
`cargo build --release -p ranks --examples`.
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

BRIEF = """
#include <mpi.h>
int main(void)
{
    MPI_Comm parent;
    MPI_Init(0, 0);
    MPI_Comm_get_parent(&parent);
    MPI_Comm_disconnect(&parent);
    return MPI_Finalize();
}
"""

# The workers end at once. What the first rounds have used serves all others.
MANY = """
import os, sys
from mpi4py import MPI
for round in range(int(sys.argv[1])):
    workers = MPI.COMM_WORLD.Spawn("./brief", maxprocs=2)
    workers.Disconnect()
    if round == 3:
        before = len(os.listdir("/proc/self/fd"))
assert len(os.listdir("/proc/self/fd")) <= before
print("as before", flush=True)
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


SERVER = """
import os, sys
from mpi4py import MPI
name, rounds = sys.argv[1], int(sys.argv[2])
world = MPI.COMM_WORLD
port = MPI.Open_port() if world.rank == 0 else None
if world.rank == 0:
    MPI.Publish_name(name, port)
    try:
        MPI.Publish_name(name, port)
    except MPI.Exception as error:
        assert error.Get_error_class() == MPI.ERR_SERVICE, error
    else:
        raise AssertionError("published twice")
for round in range(rounds):
    clients = world.Accept(port)
    if round == 1:
        before = len(os.listdir("/proc/self/fd"))
    assert clients.allreduce(world.rank) == sum(range(clients.remote_size)) * 10
    if world.rank == 0:
        clients.send(clients.recv(source=clients.remote_size - 1)[::-1], dest=0)
    everyone = clients.Merge(False)
    assert everyone.allreduce(1) == world.size + clients.remote_size
    everyone.Free()
    clients.Disconnect()
if rounds > 1:
    assert len(os.listdir("/proc/self/fd")) <= before
if world.rank == 0:
    MPI.Unpublish_name(name, port)
    MPI.Close_port(port)
print(f"server {world.rank} is done", flush=True)
"""

CLIENT = """
import sys, time
from mpi4py import MPI
name, rounds = sys.argv[1], int(sys.argv[2])
world = MPI.COMM_WORLD
port = None
while world.rank == 0 and port is None:
    try:
        port = MPI.Lookup_name(name)
    except MPI.Exception as error:
        assert error.Get_error_class() == MPI.ERR_NAME, error
        time.sleep(0.02)
for round in range(rounds):
    server = world.Connect(port)
    assert server.allreduce(world.rank * 10) == sum(range(server.remote_size))
    if world.rank == world.size - 1:
        server.send(b"abc" * 100_000, dest=0)
    if world.rank == 0:
        assert server.recv(source=0) == b"cba" * 100_000
    everyone = server.Merge(True)
    assert everyone.allreduce(1) == world.size + server.remote_size
    everyone.Free()
    server.Disconnect()
print(f"client {world.rank} is done", flush=True)
"""

NO_PORT = """
from mpi4py import MPI
world = MPI.COMM_WORLD
port = MPI.Open_port() if world.rank == 0 else None
port = world.bcast(port, 0)
if world.rank == 0:
    MPI.Close_port(port)
world.Barrier()
for wrong in port, "nonsense", port.replace("port:1:", "port:1:9"):
    for call in world.Connect, world.Accept:
        try:
            call(wrong)
        except MPI.Exception as error:
            assert error.Get_error_class() == MPI.ERR_PORT, error
        else:
            raise AssertionError(wrong)
for call, what in (MPI.Close_port, [port]), (MPI.Unpublish_name, ["nothing", port]), (MPI.Lookup_name, ["nothing"]):
    try:
        call(*what)
    except MPI.Exception as error:
        assert error.Get_error_class() in (MPI.ERR_PORT, MPI.ERR_SERVICE, MPI.ERR_NAME), error
    else:
        raise AssertionError(what)
print("no port", flush=True)
"""

SILENT = """
import sys
from mpi4py import MPI
world = MPI.COMM_WORLD
if sys.argv[1] == "accept":
    port = MPI.Open_port()
    MPI.Publish_name(sys.argv[2], port)
    print("open", flush=True)
    other = world.Accept(port)
else:
    other = world.Connect(MPI.Lookup_name(sys.argv[2]))
print("met", flush=True)
try:
    other.recv(source=0)
except MPI.Exception as error:
    print("an error:", error, flush=True)
    sys.exit(3)
"""


def meet(name, target, python, servers, clients, rounds):
    """Two jobs that are started separately connect and part some times; 0 ranks: without a launcher."""
    service = f"{name} {os.getpid()}"
    def start(ranks, program):
        launch = [target / "ranks", "run", "-n", ranks] if ranks else []
        command = [*launch, python, program, service, rounds]
        return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    jobs = [start(clients, "client.py"), start(servers, "server.py")]
    texts, good = [], True
    for job in jobs:
        try:
            texts.append(job.communicate(timeout=LIMIT)[0])
        except subprocess.TimeoutExpired:
            job.kill()
            texts.append(f"no end after {LIMIT} s")
        good &= job.returncode == 0
    good &= all(f"{who} 0 is done" in text for who, text in zip(["client", "server"], texts))
    judge(name, good, "\n".join(texts))


def judge(name, good, text):
    print(f"{'ok    ' if good else 'FAILED'}  {name}")
    if not good:
        mpi.failures.append(name)
        print(text)


def part(target, python, whom, alone):
    """Kills the process on one side of a connection: the other side gets an error."""
    name = f"the one that {whom}s killed{', without a launcher' if alone else ''}"
    service = f"{name} {os.getpid()}"
    launch = [] if alone else [target / "ranks", "run", "-n", "1"]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    def start(what):
        return subprocess.Popen([str(word) for word in [*launch, python, "silent.py", what, service]], **how)
    jobs = {"accept": start("accept")}
    assert jobs["accept"].stdout.readline() == "open\n"
    jobs["connect"] = start("connect")
    met = all(job.stdout.readline() == "met\n" for job in jobs.values())
    other = jobs["connect" if whom == "accept" else "accept"]
    jobs[whom].kill()
    try:
        text = other.communicate(timeout=LIMIT)[0]
    except subprocess.TimeoutExpired:
        other.kill()
        text = f"no end after {LIMIT} s"
    jobs[whom].communicate(timeout=LIMIT)
    judge(name, met and "PROC_FAILED" in text and other.returncode == 3, text)


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
                    "dying": DYING, "starter": STARTER, "many": MANY, "server": SERVER, "client": CLIENT, "no_port": NO_PORT,
                    "silent": SILENT}
        for name, text in programs.items():
            pathlib.Path(f"{name}.py").write_text(text)
        for n in 1, 2, 3:
            says = [f"manager {rank} is done" for rank in range(n)] + [f"worker {rank} of 3 says so" for rank in range(3)]
            mpi.run(target, n, [python, "manager.py", "3", "2"], says=says, limit=LIMIT)
            mpi.run(target, n, [python, "wrong.py"], says=["all refused"], limit=LIMIT)
            mpi.run(target, n, [python, "starter.py"], says=["told"], limit=LIMIT)
        pathlib.Path("brief.c").write_text(BRIEF)
        brief = mpi.build(pathlib.Path("brief.c"), mpi.make_header(python), target)
        os.symlink(brief, "brief")
        for n in 1, 2:
            mpi.run(target, n, [python, "many.py", "100"], says=["as before"], limit=LIMIT)
        mpi.run(target, 1, [python, "manager.py", "20", "1"], says=["worker 19 of 20 says so"], limit=LIMIT)
        mpi.run(target, 1, [python, "manager.py", "1", "12"], says=["manager 0 is done"], limit=LIMIT)
        # Without a launcher.
        mpi.run_alone([python, "manager.py", "2", "3"], says=["worker 1 of 2 says so"], limit=LIMIT)
        mpi.run_alone([python, "wrong.py"], says=["all refused"], limit=LIMIT)
        for servers, clients, rounds in (1, 1, 30), (2, 3, 5), (3, 1, 2), (0, 2, 2), (2, 0, 2), (0, 0, 10):
            meet(f"{servers} let in {clients}, {rounds} times", target, python, servers, clients, rounds)
        for n in 1, 2:
            mpi.run(target, n, [python, "no_port.py"], says=["no port"], limit=LIMIT)
        for alone in False, True:
            for whom in "accept", "connect":
                part(target, python, whom, alone)
        example = target / "examples/manager_worker"
        mpi.run(target, 1, [example, "3"], says=["3 workers say that pi is 3.14159"], limit=LIMIT)
        mpi.run_alone([example, "2"], says=["2 workers say that pi is 3.14159"], limit=LIMIT)
        meeting = target / "examples/meeting"
        answers = subprocess.Popen([target / "ranks", "run", "-n", "2", meeting, "answer"])
        mpi.run(target, 1, [meeting, "ask"], says=["rank 1 has heard: is anybody there?"], limit=LIMIT)
        judge("the one that answers", answers.wait(timeout=LIMIT) == 0, "")
        for _ in range(options.kills):
            for whom in "worker 0", "worker 1", "their launcher", "manager", "launcher":
                kill(f"{whom} killed", [target / "ranks", "run", "-n", "1", python, "killed.py"], whom)
            for whom in "worker 1", "their launcher", "manager":
                kill(f"{whom} killed, without a launcher", [python, "killed.py"], whom)
    mpi.finish()


if __name__ == "__main__":
    main()
