#!/usr/bin/env python3
"""Whom the report of a failed job names, for each wrong way to end, in Rust, C and Python.

    tests/endings.py [RUNS] [--only WORDS] [--python PYTHON] [--header FOLDER]

Each ending runs RUNS times (5) on 4 ranks. Which rank is the culprit, and how the others wait for it, changes from run
to run. Each time the one report must name the culprit, its words must stand right above or in the report, and the exit
code must be its own. Needs `cargo build --release -p ranks-cli` and the example `ending`; C and Python use the headers and
mpi4py's wheel as tests/mpi.py does, and the C programs need gcc.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

import mpi

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "target/release"
N = 4
LIMIT = 60
SHAPES = ["receive", "all-reduce", "exchange", "chain", "barrier", "any"]
# Where each waits for any other, nobody notices that one of several has finished well.
SHAPES_EARLY = SHAPES[:-1]
EARLY = "finished its part while other ranks still needed it"
UNFINALISED = "exited with code 0 and without finalising, while other ranks still needed it"

# Program, way to end, exit code, what the report says of the culprit.
ENDINGS = [
    ("rust", "error", 1, "exited with code 1"),
    ("rust", "early", 1, EARLY),
    ("rust", "panic", 101, "exited with code 101"),
    ("rust", "exit", 3, "exited with code 3"),
    ("c", "exit", 3, "exited with code 3"),
    ("c", "abort", 134, "was killed by signal 6 (SIGABRT"),
    ("c", "MPI_Abort", 7, "aborted the job with code 7"),
    ("c", "return", 3, "exited with code 3"),
    ("c", "early", 101, EARLY),
    ("c", "unfinalised", 1, UNFINALISED),
    ("python", "exception", 1, "exited with code 1"),
    ("python", "sys.exit", 3, "exited with code 3"),
    ("python", "os._exit", 3, "exited with code 3"),
    ("python", "early", 1, EARLY),
]
environment = {**os.environ, "MPI4PY_LIBMPI": str(TARGET / "lib/libmpi.so.12"), "RUST_BACKTRACE": "0"}


def launch(n, *command):
    """Standard output and error as one text, in the order in which the launcher wrote them, and the exit code."""
    words = [str(word) for word in [TARGET / "ranks", "run", "-n", n, *command]]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    job = subprocess.Popen(words, env=environment, **pipes)
    try:
        text = job.communicate(timeout=LIMIT)[0]
    except subprocess.TimeoutExpired:
        job.terminate()
        text = job.communicate()[0] + f"\nno end after {LIMIT} s\n"
    return text, job.returncode


def wrong(text, code, culprit, expected, says):
    """What is wrong with the end of a job; None when nothing is."""
    if code != expected:
        return f"exit code {code}, not {expected}"
    lines = [line for line in text.splitlines() if not line.startswith("note: ")]
    reports = [at for at, line in enumerate(lines) if line.startswith("ranks run: ")]
    if len(reports) != 1:
        return f"{len(reports)} reports"
    at = reports[0]
    if not re.match(rf"ranks run: rank {culprit} \([^ ]+, process \d+\) ", lines[at]) or says not in lines[at]:
        return f"the report does not say that rank {culprit} {says}"
    reason = f"the reason of rank {culprit}"
    if reason not in "\n".join(lines[max(at - 1, 0) :]):
        return "the culprit's words are neither right above the report nor in it"
    return None


def try_ending(program, command, how, code, says, runs):
    """Runs one way to end; true when all went well."""
    shapes = SHAPES_EARLY if how in ("early", "unfinalised") else SHAPES
    right = 0
    for number in range(runs):
        shape, culprit = shapes[number % len(shapes)], (2 + number + number // N) % N
        text, ended = launch(N, *command, how, culprit, shape)
        problem = wrong(text, ended, culprit, code, says)
        right += problem is None
        if problem:
            print(f"FAILED  {program} {how}, culprit {culprit}, {shape}: {problem}\n{text}", flush=True)
    print(f"{'ok      ' if right == runs else 'FAILED  '}{program} {how}: {right} of {runs} right", flush=True)
    return right == runs


def try_second_program(program, command):
    """A second MPI program in the place of a rank is refused, and does not run as a job of one."""
    both = " ".join(str(word) for word in [*command, "good", 9, "barrier"])
    text, code = launch(2, "sh", "-c", f"{both} && {both}")
    refusals = [line for line in text.splitlines() if "a rank is one MPI program, and process" in line]
    right = code != 0 and len(refusals) >= 1 and all("env -u RANKS_JOB" in line for line in refusals)
    print(f"{'ok      ' if right else 'FAILED  '}{program}: a second program in one rank" + (f"\n{text}" * (not right)))
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=int, nargs="?", default=5)
    parser.add_argument("--only", default="", help="a program and a way to end, as in 'rust error'")
    parser.add_argument("--python", type=pathlib.Path)
    parser.add_argument("--header", type=pathlib.Path)
    options = parser.parse_args()
    mpi.PLACE.mkdir(parents=True, exist_ok=True)
    python = options.python or mpi.make_python()
    commands = {"rust": [TARGET / "examples/ending"], "python": [python, ROOT / "tests/endings/ending.py"]}
    if shutil.which("gcc") is None:
        print("skipped: the C programs (no gcc)")
    else:
        header = options.header or mpi.make_header(python)
        commands["c"] = [mpi.build(ROOT / "tests/endings/ending.c", header, TARGET)]
    good = True
    for program, how, code, says in ENDINGS:
        if program in commands and options.only in f"{program} {how}":
            good &= try_ending(program, commands[program], how, code, says, options.runs)
    for program, command in commands.items():
        if not options.only:
            good &= try_second_program(program, command)
    sys.exit(not good)


main()
