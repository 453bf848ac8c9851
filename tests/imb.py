#!/usr/bin/env python3
"""Intel's MPI benchmarks as their wheel has them, linked to Intel's own libmpi.so.12, on ours.

    tests/imb.py [-n 2,4] [--only IMB-MPI1,...]

Figures are not judged: every benchmark must end in time, with all its sizes, and IMB-MT must find the data right (-check;
the other three are built without checks). IMB-MT runs two threads a rank at MPI_THREAD_MULTIPLE. The wheels come from PyPI
into target/compare/intel, as for benches-compare/run.py, and target/imb (Intel's OpenMP, which IMB-MT needs).
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RANKS = ROOT / "target/release/ranks"
INTEL = ROOT / "target/compare/intel"
OPENMP = ROOT / "target/imb"
PACKAGES = {INTEL: "impi-rt==2021.*", OPENMP: "intel-openmp"}
LIMIT = 300
SHORT = ["-iter", "20", "-msglog", "0:16", "-time", "0.2"]
ANY = ["PingPongAnySource", "PingPongSpecificSource", "PingPingAnySource", "PingPingSpecificSource", "Uniband", "Biband"]
PURE = [f"I{name}_pure" for name in ("allreduce", "alltoallv", "bcast", "gatherv", "reduce_scatter", "scatter")]
CHECKED = ["-repeat", "20", "-warmup", "2", "-check", "true", "-thread_level", "multiple"]
THREADED = [f"{name}MT" for name in ("AllReduce", "Barrier", "Bcast", "BiBand", "Exchange", "PingPong", "Reduce", "SendRecv")]
# What is run, with which options, and benchmarks that must be seen in the output.
PROGRAMS = {
    "IMB-MPI1": (
        [*SHORT, "-include", ",".join(ANY)],
        ["PingPong", "Sendrecv", "Exchange", "Allreduce", "Alltoallv", "Reduce_scatter_block", "Barrier", *ANY],
    ),
    "IMB-NBC": ([*SHORT, "-include", ",".join(PURE)], ["Ibcast", "Ialltoall", "Ireduce", "Ibarrier", *PURE]),
    "IMB-P2P": (
        ["-iter", "20,200000", "-msglog", "0:16"],
        ["PingPong", "Birandom", "Corandom", "SendRecv_Replace"],
    ),
    "IMB-MT": ([*CHECKED, "-count", "16"], THREADED),
    "IMB-MT long": ([*CHECKED, "-count", "100000"], THREADED),
}
TROUBLE = re.compile(r"CHECK FAILURES|MPI_ERR|panicked|Abort|not found", re.IGNORECASE)
failures = []


def install(folder):
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", PACKAGES[folder]], check=True)
        (folder / "installed").touch()


def run(name, n):
    options, expected = PROGRAMS[name]
    environment = os.environ | {"OMP_NUM_THREADS": "2", "LD_LIBRARY_PATH": str(OPENMP / "lib")}
    command = [str(word) for word in (RANKS, "run", "-n", n, INTEL / "bin" / name.split()[0], *options)]
    begun = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=environment)
        text, code = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired as error:
        text, code = f"{(error.stdout or b'').decode()}{(error.stderr or b'').decode()}", None
    took = time.monotonic() - begun
    seen = {word for line in text.splitlines() if "enchmarking" in line for word in re.split(r"[\s:]+", line)}
    missing = [what for what in expected if what not in seen]
    rows = sum(bool(re.match(r"\s*\d+\s+\d+\s+[\d.]+", line)) for line in text.splitlines())
    if code == 0 and not missing and not TROUBLE.search(text) and rows > len(expected):
        print(f"ok      {name} n={n}: {rows} rows, {took:.0f} s")
    else:
        failures.append(name)
        tail = "\n".join(text.splitlines()[-40:])
        print(f"FAILED  {name} n={n}: ended with {code} after {took:.0f} s, missing {missing}, {rows} rows\n{tail}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", default="2,4", help="numbers of ranks")
    parser.add_argument("--only", default=",".join(PROGRAMS))
    options = parser.parse_args()
    if not RANKS.exists():
        sys.exit(f"{RANKS} is not built: cargo build --release -p ranks-cli")
    for folder in PACKAGES:
        install(folder)
    for name in options.only.split(","):
        for n in options.n.split(","):
            run(name, int(n))
    print(f"{len(failures)} failures")
    sys.exit(bool(failures))


main()
