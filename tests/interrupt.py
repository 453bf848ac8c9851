#!/usr/bin/env python3
"""Ctrl-C leaves every rank of a Python program the time for its `finally`, also a rank that waits in a call of MPI.

    tests/interrupt.py [--target FOLDER]

Each rank of the program writes a file in `finally`, after a second. Needs `cargo build --release -p ranks-cli`; mpi4py's
wheel comes as in tests/mpi.py.
"""
import argparse
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import mpi

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = """
import sys, time
from mpi4py import MPI
how, folder = sys.argv[1:]
world = MPI.COMM_WORLD
rank, size = world.rank, world.size
world.Barrier()
print("up", flush=True)
try:
    if rank == 0 and how != "everyone":
        time.sleep(120)
    if how == "barrier":
        world.Barrier()
    elif how == "receive":
        world.recv(source=0)
    else:
        world.recv(source=(rank + 1) % size)
finally:
    time.sleep(1)
    open(f"{folder}/saved.{rank}", "w").close()
"""
# How ranks 1, 2 and 3 wait. `chain`: each for the next one. `everyone`: rank 0 too.
WAYS = ["receive", "barrier", "chain", "everyone"]
N = 4
LIMIT = 100


def until_all_wait(job, lines, how):
    """Asks the launcher who waits where, until all ranks but rank 0 do."""
    wanted = N if how == "everyone" else N - 1
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        job.send_signal(signal.SIGQUIT)
        time.sleep(0.2)
        report = "".join(lines).rsplit("who waits where", 1)[-1]
        waiting = sum(int(count or 1) for count in re.findall(r"(?m)^  (?:rank \d+|(\d+) of \d+ ranks) waits? in", report))
        if waiting == wanted:
            return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", default=ROOT / "target/release", type=pathlib.Path)
    target = parser.parse_args().target.resolve()
    python = mpi.make_python()
    place = ROOT / "target/interrupt"
    failed = 0
    for how in WAYS:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        # So much grace that a slow machine does not matter; a job that ends well uses two seconds of it.
        command = [target / "ranks", "run", "-n", str(N), "--grace", "30", python, "-c", PROGRAM, how, place]
        # Whoever started this may have made it ignore interrupts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        job = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(job.stderr), daemon=True)
        watchdog = threading.Timer(2 * LIMIT, job.kill)
        reader.start()
        watchdog.start()
        for _ in range(N):
            job.stdout.readline()
        until_all_wait(job, lines, how)
        job.send_signal(signal.SIGINT)
        job.wait()
        watchdog.cancel()
        reader.join(LIMIT)
        error = "".join(lines)
        saved = sorted(file.name for file in place.iterdir())
        good = job.returncode == 130 and saved == [f"saved.{rank}" for rank in range(N)]
        print(f"{'ok' if good else 'FAILED'}: {how}")
        if not good:
            failed += 1
            print(f"exit code {job.returncode}, saved: {saved}\n{error}", file=sys.stderr)
    sys.exit(1 if failed else 0)


main()
