#!/usr/bin/env python3
"""MPI_THREAD_MULTIPLE under load, for as long as one likes (tests/mpi.py does the same for seconds).

    tests/threads.py [SECONDS] [--shapes 2x8,4x4] [--seed N] [--profile release]

A shape is ranks x threads. Every thread does random operations and checks what comes; see tests/c/threads/main.c.
A job that hangs is ended a minute after its time, with a report of what each rank waits for.
"""
import argparse
import subprocess
import sys
import time

import mpi


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", type=int, nargs="?", default=600)
    parser.add_argument("--shapes", default="2x8,4x4")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--profile", default="release")
    options = parser.parse_args()
    target = mpi.ROOT / "target" / options.profile
    mpi.PLACE.mkdir(parents=True, exist_ok=True)
    header = mpi.make_header(mpi.make_python())
    program = mpi.build(mpi.ROOT / "tests/c/threads", header, target, "-pthread")
    bad = 0
    for shape in options.shapes.split(","):
        ranks, threads = shape.split("x")
        command = [target / "ranks", "run", "-n", ranks, "--timeout", options.seconds + 60]
        command += [program, threads, options.seconds, options.seed]
        print(f"{ranks} ranks, {threads} threads each, seed {options.seed}", flush=True)
        bad |= subprocess.run([str(word) for word in command]).returncode
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
