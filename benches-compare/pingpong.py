#!/usr/bin/env python3
"""`python -m mpi4py.bench pingpong` on this engine beside Open MPI, MPICH and Intel MPI, in turn in one run, with ratios.

    benches-compare/pingpong.py [--rounds N] [--min BYTES] [--max BYTES] [--loop N] [--against NAME,...] [--pickle]
                                [--csv FILE]

The same mpi4py and NumPy for all, from target/mpi-tests/venv (tests/mpi.py makes it): only MPI4PY_LIBMPI differs, and the
launcher. Each of the two ranks is pinned to a CPU of its own. Times are microseconds one way, medians over the rounds of
the mean that the benchmark prints; a ratio is the other's time divided by ours (above 1: ours is faster), the median
of the ratios round by round. At the end the same message of 8 bytes in C, which is what each library takes; the rest is
Python's and mpi4py's.
"""
import argparse
import csv
import os
import pathlib
import statistics
import subprocess
import sys

import run as programs

PYTHON = programs.ROOT / "target/mpi-tests/venv/bin/python"
LIBRARIES = {"openmpi": "libmpi.so.40", "mpich": "libmpi.so.12", "intel": "libmpi.so.12"}
# Pins the rank, then is `python -m mpi4py.bench`. Every launcher has a variable of its own for the rank.
BENCH = """
import os, runpy, sys
rank = next(int(os.environ[n]) for n in ("RANKS_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK") if n in os.environ)
cpus = sorted(os.sched_getaffinity(0))
os.sched_setaffinity(0, {cpus[rank % len(cpus)]})
sys.argv[0] = "bench"
runpy.run_module("mpi4py.bench", run_name="__main__", alter_sys=False)
"""


def python(name, words):
    """Microseconds by size."""
    start, settings = programs.command(name, 2)
    if name != "ranks":
        library = programs.WORK / name / "lib" / LIBRARIES[name]
        settings = {**settings, "MPI4PY_LIBMPI": str(library)}
    command = [str(word) for word in (*start[:-1], PYTHON, "-c", BENCH, "pingpong", "--no-header", *words)]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=600)
    lines = [line.split() for line in done.stdout.splitlines() if "|" in line]
    if done.returncode != 0 or not lines:
        sys.exit(f"{name}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return {int(line[0]): float(line[3]) * 1e6 for line in lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--min", type=int, default=1)
    parser.add_argument("--max", type=int, default=4 << 20)
    parser.add_argument("--loop", type=int, default=10000, help="messages of a size in each round, as far as 16 KiB")
    parser.add_argument("--against", default="openmpi,mpich,intel")
    parser.add_argument("--pickle", action="store_true", help="objects instead of buffers")
    parser.add_argument("--csv", type=pathlib.Path)
    options = parser.parse_args()
    if not PYTHON.exists():
        sys.exit(f"{PYTHON} is not there: tests/mpi.py makes it")
    programs.WORK.mkdir(parents=True, exist_ok=True)
    others = options.against.split(",")
    for name in {"mpich", *others}:
        programs.install(name)
    names = ["ranks", *others]
    words = ["-m", options.min, "-n", options.max, "-l", options.loop, *(["-p"] if options.pickle else [])]
    rounds = [{name: python(name, words) for name in names} for _ in range(options.rounds)]
    head = "".join(f"{name + ' us':>13}" for name in names) + "".join(f"{n + '/ranks':>15}" for n in others)
    print(f"{'python':<12}{head}")
    rows = []
    for size in rounds[0]["ranks"]:
        rows.append([size, *summary(names, others, [{name: round[name][size] for name in names} for round in rounds])])
    in_c = [{name: programs.measure(name, "latency", 2, 8, 8, 60)[8] for name in names} for _ in range(options.rounds)]
    for label, values in [*((programs.named(row[0]), row[1:]) for row in rows), ("8 B in C", summary(names, others, in_c))]:
        times, ratios = values[: len(names)], values[len(names) :]
        print(f"{label:<12}" + "".join(f"{t:13.3f}" for t in times) + "".join(f"{r:15.2f}" for r in ratios))
    for at, name in enumerate(others):
        behind = [programs.named(row[0]) for row in rows if row[1 + len(names) + at] < 1]
        print(f"{name}: behind at {len(behind)} of {len(rows)} sizes{': ' * bool(behind)}{', '.join(behind)}")
    if options.csv:
        with options.csv.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["bytes", *(f"{name}_us" for name in names), *(f"{name}_over_ranks" for name in others)])
            table.writerows(rows)


def summary(names, others, rounds):
    """The medians of all, then those of the ratios."""
    times = [statistics.median(round[name] for round in rounds) for name in names]
    return times + [statistics.median(round[name] / round["ranks"] for round in rounds) for name in others]


main()
