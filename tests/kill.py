#!/usr/bin/env python3
"""Kills a random rank, or the launcher, with SIGKILL at a random moment of a running job; many times.

    tests/kill.py [ROUNDS] [SEED]

Each round must end within 2 s of the kill, with a report that names the rank (or, for the launcher,
without a process left), and leave nothing in the process table, /dev/shm or /tmp.
Needs target/release/ranks and target/release/examples/endless.
"""
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RANKS = ROOT / "target/release/ranks"
PROGRAM = ROOT / "target/release/examples/endless"
LIMIT = 2.0


def fail(text):
    sys.exit(f"kill.py: {text}")


def marked(mark):
    """Processes that carry the mark in their environment, zombies not counted as they have none."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"RANKS_KILL_TEST={mark}".encode() in environment:
                rank = [e for e in environment if e.startswith(b"RANKS_RANK=")]
                found[int(entry.name)] = int(rank[0][11:]) if rank else None
    return found


def left_behind(before):
    now = listing()
    return sorted(now - before)


def listing():
    """Only names that could be ours: the machine is shared with whatever else runs on it."""
    return {
        str(path)
        for folder in ("/dev/shm", "/tmp")
        for path in pathlib.Path(folder).iterdir()
        if re.search(r"rank|memfd|mpi", path.name, re.IGNORECASE)
    }


def one_round(number, rng):
    mark = f"{os.getpid()}-{number}"
    n = rng.choice([2, 3, 4, 7])
    kind = rng.choice(["exchange", "barrier", "blocked", "long"])
    before = listing()
    job = subprocess.Popen(
        [RANKS, "run", "-n", str(n), PROGRAM, kind],
        env={**os.environ, "RANKS_KILL_TEST": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    # From before the ranks exist to well into the work.
    time.sleep(rng.choice([0.0, 0.002, 0.01, 0.05, 0.2]) * rng.random() * 2)
    processes = marked(mark)
    ranks = {pid: rank for pid, rank in processes.items() if rank is not None and pid != job.pid}
    target = job.pid if rng.random() < 0.3 or not ranks else rng.choice(sorted(ranks))
    try:
        os.kill(target, signal.SIGKILL)
    except ProcessLookupError:
        fail(f"round {number}: process {target} ended before it was killed")
    killed = time.monotonic()
    try:
        out, err = job.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        job.kill()
        fail(f"round {number}: {kind}, n = {n}: still running {LIMIT} s after the kill of {target}")
    what = f"round {number}: {kind}, n = {n}, killed {'launcher' if target == job.pid else ranks[target]}"
    while marked(mark):
        if time.monotonic() - killed > LIMIT:
            fail(f"{what}: left in the process table: {marked(mark)}")
        time.sleep(0.005)
    took = time.monotonic() - killed
    if left_behind(before):
        fail(f"{what}: left behind: {left_behind(before)}")
    if target != job.pid:
        if job.returncode != 128 + signal.SIGKILL:
            fail(f"{what}: exit code {job.returncode}, not 137\n{err}")
        if not re.search(rf"rank {ranks[target]}\b.*\b{target}\b.*(SIGKILL|signal 9)", err):
            fail(f"{what}: no report that names rank {ranks[target]}, pid {target}:\n{err}")
    return target == job.pid, took


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    rng = random.Random(seed)
    results = [one_round(number, rng) for number in range(rounds)]
    launchers = sum(launcher for launcher, _ in results)
    times = sorted(took for _, took in results)
    print(
        f"kills: {rounds} rounds (seed {seed}), {launchers} of the launcher: all ended, "
        f"median {times[len(times) // 2]:.2f} s, longest {times[-1]:.2f} s after the kill; nothing left"
    )


main()
