#!/usr/bin/env python3
"""A folder of teaching programs (MPI with Python), unmodified, under mpiexec: each gives what it should.

    tests/seeds.py FOLDER [--profile release] [--only NAME,...] [--quick] [--limit SECONDS]

Their packages come from PyPI into target/seeds. http_gather talks to an httpbin on this machine, served by gunicorn.
With --quick those that compute for minutes are left out. A program in the folder that is not known here is an error.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import mpi

PLACE = mpi.ROOT / "target/seeds"
PACKAGES = "mpi4py==4.1.2 numpy numba matplotlib click cloudmesh-common psutil requests httpbin gunicorn".split()
# Another program starts it: it must lie in the folder that this one runs in.
STARTED = ["mpi-worker.py"]
SLOW = ["parallel_pi", "parallel_pi_numba"]


def lines(*wanted):
    """All lines are there, in any order."""
    return lambda text, where: set(wanted) <= {line.strip() for line in text.splitlines()}


def each(form, values):
    return lines(*(form.format(rank=rank, value=value) for rank, value in enumerate(values)))


def times(words, wanted):
    return lambda text, where: text.count(words) == wanted


def table(text, where):
    rows = "[[0. 0. 0. 0.]\n [0. 1. 2. 3.]\n [0. 2. 4. 6.]\n [0. 3. 6. 9.]]"
    return text.count(f"table after Allgather: {rows}") == 4


def counted(text, where):
    """20 numbers a rank, and the eights among all of them."""
    found = re.findall(r"^(\d) (\d+) \[([\d, ]+)\]$", text, re.MULTILINE)
    numbers = [[int(number) for number in row.split(",")] for _, _, row in found]
    counts = {rank: int(count) for rank, count, _ in found}
    right = [row.count(8) for row in numbers] == [int(count) for _, count, _ in found]
    listed = f"0 {[counts.get(str(rank)) for rank in range(4)]}" in text
    return right and listed and len(numbers) == 4 and f"Total number of 8's: {sum(counts.values())}" in text


def near_pi(text, where):
    return abs(float(text.split()[0]) - 3.14159) < 0.05


def pi_of_many(text, where):
    found = [[float(word) for word in row] for row in re.findall(r"^(\d+) ([\d.]+) ([\d.e-]+)$", text, re.MULTILINE)]
    sizes = [n for n, _, _ in found] == [4**power for power in range(5, 15)]
    good = all(abs(mean - 3.14159265) < 5 * deviation / 8 + 1e-9 for _, mean, deviation in found)
    return sizes and good and pictures("pi_vs_log2_N.png", "log2_std_vs_log2_N.png")(text, where)


def pictures(*names):
    starts = (b"\x89PNG", b"%PDF")
    return lambda text, where: all((where / name).read_bytes()[:4] in starts for name in names)


def stopwatch(words):
    return lambda text, where: re.search(rf"^# csv,{words},ok,", text, re.MULTILINE)


def both(*checks):
    return lambda text, where: all(check(text, where) for check in checks)


DISKS = "{'size': [1, 3, 8], 'name': ['disk1', 'disk2', 'disk3']}"
ROWS = ["[" + " ".join(str(rank) * 10) + "]" for rank in range(4)]
NONE = ["None", "42", "None", "None"]
# The program, its command (None: without mpiexec), what else it is given, and what must come of it.
PROGRAMS = {
    "send_receive": ("-n 4", {}, each("After send/receive, the value in process {rank} is {value}", NONE)),
    "send_receive_buffer": (
        "-n 4",
        {},
        each(
            "After Send/Receive, the value in process {rank} is {value}",
            ["[0 0 0 0 0]", "[1 2 3 4 5]", "[0 0 0 0 0]", "[0 0 0 0 0]"],
        ),
    ),
    "isend_ireceive": ("-n 4", {}, each("After isend/ireceive, the value in process {rank} is {value}", NONE)),
    "pingpong": ("-n 2", {}, lines("abc", "777")),
    "broadcast": ("-n 4", {}, each("after broadcast, data on rank {rank} is: {value}", [DISKS] * 4)),
    "npbcast": ("-n 4", {}, each("after broadcasting, data for rank {rank} is: {value}", ["[0 1 2 3 4 5 6 7 8 9]"] * 4)),
    "scatter": ("-n 4", {}, each("after scattering, data on rank {rank} is: {value}", [1, 4, 9, 16])),
    "npscatter": ("-n 4", {}, each("Buffer in process {rank} contains: {value}", ROWS)),
    "gather": ("-n 4", {}, lines("after gathering, process 0's data is: [1, 4, 9, 16]")),
    "npgather": ("-n 4", {}, lines("[" + ROWS[0], ROWS[1], ROWS[2], ROWS[3] + "]")),
    "allgather_buffer": ("-n 4", {}, table),
    "ring": (
        "-n 4",
        {"input": "9\n", "words": ["--count", "10"]},
        both(lines("Communicator group with 4 processes"), times("in process 0: 40", 1), stopwatch("ring 4 10")),
    ),
    "count": ("-n 4", {"N": "20", "MAX": "10", "FIND": "8"}, counted),
    "montecarlo": (None, {}, near_pi),
    "parallel_pi": ("-n 4", {}, pi_of_many),
    "parallel_pi_numba": ("-n 4", {}, pi_of_many),
    "mandelbrot-parallel-numba": (
        "-n 2",
        {},
        both(pictures("mandelbrot-parallel-numba.png", "mandelbrot-parallel-numba.pdf"), stopwatch("parallel 2")),
    ),
    "environment-parameter": (None, {"N": "1"}, stopwatch("processors 1")),
    "click-parameter": (None, {"words": ["--n", "3"]}, stopwatch("processors 3")),
    "mpi-manager": ("-n 1", {}, near_pi),
    "julia-futures": ("-n 1", {}, both(pictures("julia.png"), stopwatch("Overall time"))),
    "julia-futures-numba": ("-n 1", {}, both(pictures("julia.png"), stopwatch("Overall time"))),
    "dict_send": ("-n 2", {}, lines("On process 1, data is  {'a': 7, 'b': 3.14}")),
    "share": ("-np 2 --allow-run-as-root", {}, lines("from node 0 sent data", "Node 1 received mess Hello")),
    "http_gather": (
        "-np 4",
        {},
        # The last reply is a refusal: httpbin wants to be told which kind of image.
        both(times("I got the url", 4), times("\nb'", 4), times('"origin"', 1), times("<?xml", 1), times("Slide Show", 2)),
    ),
}


def run(name, python, folder, target, limit, where):
    command, given, right = PROGRAMS[name]
    given = dict(given)
    words, text = given.pop("words", []), given.pop("input", "")
    start = [target / "mpiexec", *command.split()] if command else []
    full = [str(word) for word in (*start, python, folder / f"{name}.py", *words)]
    began = time.monotonic()
    try:
        done = subprocess.run(
            full, input=text, capture_output=True, text=True, timeout=limit, env=os.environ | given, cwd=where
        )
        output, code = done.stdout + done.stderr, done.returncode
        good = code == 0 and right(done.stdout, where)
    except subprocess.TimeoutExpired as error:
        output, code, good = f"{error.stdout}\n{error.stderr}", f"no end after {limit} s", False
    except OSError as error:
        output, code, good = str(error), "a file is missing", False
    print(f"{'ok     ' if good else 'FAILED '} {name} ({time.monotonic() - began:.1f} s)", flush=True)
    if not good:
        print(f"{' '.join(full)}: {code}\n{output}")
    return bool(good)


class Httpbin:
    """httpbin on a port of its own choosing."""

    def __init__(self, python, where):
        log = where / "httpbin.log"
        command = [python, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "2", "httpbin:app"]
        self.process = subprocess.Popen(command, stderr=log.open("w"), stdout=subprocess.DEVNULL)
        for _ in range(300):
            time.sleep(0.1)
            found = re.search(r"Listening at: (http://[\d.:]+)", log.read_text())
            if found:
                self.address = found[1]
                break
        else:
            self.end()
            sys.exit(f"httpbin does not start:\n{log.read_text()}")
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{self.address}/ip", timeout=30).read()

    def end(self):
        self.process.terminate()
        self.process.wait(30)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--profile", default="release")
    parser.add_argument("--only", help="names of programs, with commas")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--limit", type=int, default=1800, help="seconds for each program")
    options = parser.parse_args()
    folder, target = options.folder.resolve(), mpi.ROOT / "target" / options.profile
    unknown = {path.name for path in folder.glob("*.py")} - {f"{name}.py" for name in PROGRAMS} - set(STARTED)
    if unknown:
        sys.exit(f"nothing is known of {', '.join(sorted(unknown))}")
    names = options.only.split(",") if options.only else [name for name in PROGRAMS if (folder / f"{name}.py").exists()]
    names = [name for name in names if not (options.quick and name in SLOW)]
    if not names:
        sys.exit(f"none of the programs is in {folder}")
    python = mpi.make_python(PLACE, PACKAGES)
    with tempfile.TemporaryDirectory() as where:
        where = pathlib.Path(where)
        for name in STARTED:
            if (folder / name).exists():
                shutil.copy(folder / name, where)
        server = Httpbin(python, where) if "http_gather" in names else None
        if server:
            PROGRAMS["http_gather"][1].update(BASE=server.address, NO_PROXY="127.0.0.1")
        try:
            good = [run(name, python, folder, target, options.limit, where) for name in names]
        finally:
            if server:
                server.end()
    print(f"{good.count(False)} failures")
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
