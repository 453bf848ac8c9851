#!/usr/bin/env python3
"""Whole programs on libmpi.so.12: mpi4py's unmodified wheel, and C programs built against MPICH's header.

    tests/mpi.py [--profile release] [-n 1,2,3,4] [--python PYTHON] [--header FOLDER]

Both come from PyPI into target/mpi-tests (mpi4py and NumPy into a virtual environment, of the mpich wheel the
headers alone) unless --python and --header name what is there already. Needs gcc for the C programs.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACE = ROOT / "target/mpi-tests"
WHEELS = ["mpi4py==4.1.2", "numpy"]
HEADER = "mpich==5.0.2"
# Programs that call functions which only MPICH's header declares.
MPICHS_OWN = ["deleted"]
failures = []


def quietly(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def make_python(place=PLACE / "venv", packages=WHEELS):
    """The interpreter of a virtual environment that has these packages."""
    python = place / "bin/python"
    if not (place / "complete").exists():
        quietly(sys.executable, "-m", "venv", "--clear", place)
        quietly(python, "-m", "pip", "install", "--quiet", "--prefer-binary", *packages)
        (place / "complete").touch()
    return python


def make_header(python):
    folder = PLACE / "include"
    if not (folder / "mpi.h").exists():
        pip = [python, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        quietly(*pip, "--dest", PLACE, HEADER)
        folder.mkdir(parents=True, exist_ok=True)
        wheel = next(PLACE.glob("mpich-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if "/include/" in name and name.endswith(".h"):
                    (folder / pathlib.Path(name).name).write_bytes(archive.read(name))
    return folder


def build(source, header, target, *options, output=None):
    """Builds a program of one file, or of all files in a folder."""
    output = target / "mpi-tests" / (output or source.stem)
    sources = sorted(source.glob("*.c")) or [source]
    output.parent.mkdir(exist_ok=True)
    library = target / "lib/libmpi.so.12"
    rpath = f"-Wl,-rpath,{library.parent}"
    compiler = "g++" if source.suffix == ".cpp" else "gcc"
    quietly(compiler, "-Wall", "-O1", "-I", header, *sources, "-o", output, *options, library, rpath)
    return output


def with_own_header(source, target):
    """The same with the header that `ranks install` brings: compiled without a warning, and run."""
    folder = ROOT / "crates/libmpi/include"
    for program in sorted(source.parent.glob("*.c")):
        if program.stem in MPICHS_OWN:
            continue
        quietly("gcc", "-Wall", "-Werror", "-fsyntax-only", "-I", folder, program)
    return build(source, folder, target, "-Wextra", "-std=c99", output=f"{source.stem}-own")


def run(target, n, command, code=0, says=(), limit=120, never=(), **environment):
    """Runs a program on `n` ranks; it must end with `code` and print each of `says`."""
    name = f"{pathlib.Path(command[0]).name} {' '.join(map(str, command[1:]))} n={n}"
    library = {"MPI4PY_LIBMPI": str(target / "lib/libmpi.so.12")}
    judge(name, [target / "ranks", "run", "-n", n, *command], code, says, limit, library | environment, never)


def run_alone(command, code=0, says=(), limit=120, **environment):
    """Runs a program that starts ranks itself."""
    name = f"{pathlib.Path(command[0]).name} {' '.join(map(str, command[1:]))}"
    judge(name, command, code, says, limit, environment)


def judge(name, command, code, says, limit, environment, never=()):
    """Runs a command, and writes down whether it did as expected: it says each of `says` and none of `never`."""
    name = name.replace(str(ROOT) + "/", "")
    try:
        full = [str(word) for word in command]
        done = subprocess.run(full, capture_output=True, text=True, timeout=limit, env=os.environ | environment)
        text, ended = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired as error:
        text, ended = f"{error.stdout}\n{error.stderr}\nno end after {limit} s", None
    missing = [words for words in says if words not in text] + [words for words in never if words in text]
    if ended == code and not missing and "panicked" not in text:
        print(f"ok      {name}")
        return
    failures.append(name)
    print(f"FAILED  {name}: ended with {ended}, expected {code}; missing: {missing}\n{text}")


def deadlock(target, name, *program):
    """Ranks at MPI_THREAD_MULTIPLE that receive from each other: the launcher says so, and an interrupt ends them before the
    grace is over, since none of them will ever act on it."""
    command = [target / "ranks", "run", "-n", 2, *program]
    os.environ["MPI4PY_LIBMPI"] = str(target / "lib/libmpi.so.12")
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    job = subprocess.Popen([str(word) for word in command], **pipes)
    watchdog = threading.Timer(60, job.kill)
    watchdog.start()
    said = ""
    for line in job.stderr:
        said += line
        if "Ctrl-C ends it" in line:
            job.send_signal(signal.SIGINT)
    watchdog.cancel()
    told = "no rank can go on" in said and "rank 1 waits in MPI_" in said
    good = told and "ending by force" not in said and job.wait() == 130
    if not good:
        failures.append(name)
    print(f"ok      {name}" if good else f"FAILED  {name}: ended with {job.wait()}\n{said}")


def beside_each_other(target, beside):
    """Programs that run alone within a job: said of one that lost the job's variables, and of one beside a program that is
    the rank and still runs; not of those that a rank's own program starts, nor of one that is told to run alone."""
    alone = "runs alone, as rank 0 of 1"
    with tempfile.TemporaryDirectory() as name:
        both = f"{beside} first {name}/both & {beside} second {name}/both; wait"
        first = ["first: rank 1 of 2", "second: rank 0 of 1", alone, "is rank 1 of this job and still runs"]
        run(target, 2, ["sh", "-c", both], says=first)
    # A shell replaces itself by its last command: the echo keeps it.
    lost = ["second: rank 0 of 1", alone, "in the place of rank 1 of a job, but without RANKS_JOB"]
    run(target, 2, ["sh", "-c", f"env -i {beside} second; echo"], says=lost)
    meant = ["second: rank 0 of 1"]
    run(target, 2, ["sh", "-c", f"env -u RANKS_JOB {beside} second; echo"], says=meant, never=[alone])
    children = [f"{beside} child", f"env -i {beside} child"]
    run(target, 2, [beside, "parent", *children], says=["parent: rank 1 of 2", "child: rank 0 of 1"], never=[alone])
    nested = f"{target}/ranks run -n 2 {beside} inner; echo"
    run(target, 2, ["sh", "-c", nested], says=["inner: rank 1 of 2"], never=[alone])


def under_another_launcher(beside):
    """A program that another MPI's mpiexec has started several times says so, once; it is known by its variables."""
    for whose, size, rank in [("Open MPI", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("MPICH", "PMI_SIZE", "PMI_RANK")]:
        for number in range(2):
            environment = {**os.environ, size: "2", rank: str(number)}
            done = subprocess.run([beside, "alone"], env=environment, capture_output=True, text=True, timeout=60)
            told = f"each of the 2 processes runs alone, as rank 0 of 1: the mpiexec of {whose}" in done.stderr
            name = f"beside, started by the mpiexec of {whose} as rank {number}"
            if done.returncode != 0 or told != (number == 0):
                failures.append(name)
                print(f"FAILED  {name}: {done}")
            else:
                print(f"ok      {name}")


# What a wrong program must print, how it must end, and on how many ranks.
WRONG = [
    ("before", 15, 1, ["ranks: MPI_Comm_rank: called before MPI_Init"]),
    ("after", 15, 1, ["ranks: rank 0: MPI_Barrier: called after MPI_Finalize"]),
    ("twice", 15, 1, ["MPI_Init: MPI is initialised already (MPI_ERR_OTHER)"]),
    ("rank", 6, 2, ["MPI_Send on world to rank 9, tag 0: rank 9 does not exist", "(MPI_ERR_RANK)"]),
    (
        "truncate",
        14,
        2,
        ["ranks: rank 1: MPI_Recv on world from rank 0, tag 5: ", "40 bytes", "20 bytes (MPI_ERR_TRUNCATE)"],
    ),
    ("bad receive", 1, 2, ["ranks: rank 1: MPI_Recv on world from rank 0", "that this process may write (MPI_ERR_BUFFER)"]),
    ("bad send", 15, 2, ["rank 0: MPI_Send on world to rank 1", "not memory that this process may read (MPI_ERR_OTHER)"]),
    ("finalize twice", 15, 1, ["ranks: rank 0: MPI_Finalize: MPI_Finalize runs already", "(MPI_ERR_OTHER)"]),
    ("place", 1, 1, ["the buffer is null or MPI_IN_PLACE", "(MPI_ERR_BUFFER)"]),
    ("at once", 15, 2, ["ranks: rank 1: two MPI calls run at the same time"]),
    ("null", 1, 1, ["the buffer is null", "(MPI_ERR_BUFFER)"]),
    ("operation", 9, 2, ["MPI_Allreduce on world: MPI_BAND is not defined on MPI_DOUBLE (MPI_ERR_OP)"]),
    ("stale", 19, 1, ["MPI_Wait", "(MPI_ERR_REQUEST)"]),
    ("unsupported", 44, 1, ["MPIX_Comm_revoke", "(MPI_ERR_UNSUPPORTED_OPERATION)"]),
    ("abort", 7, 3, []),
    ("fork", 0, 2, ["MPI_Send", "forked child"]),
]


def finish():
    print(f"{len(failures)} failures")
    sys.exit(bool(failures))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="release")
    parser.add_argument("-n", default="1,2,3,4", help="numbers of ranks")
    parser.add_argument("--threads", type=int, default=10, help="seconds of threads under load, for each n")
    parser.add_argument("--python", type=pathlib.Path)
    parser.add_argument("--header", type=pathlib.Path)
    parser.add_argument("--large", type=int, metavar="COUNT", help="only the collectives of COUNT elements a rank")
    options = parser.parse_args()
    target = ROOT / "target" / options.profile
    if not (target / "ranks").exists() or not (target / "lib/libmpi.so.12").exists():
        sys.exit(f"{target} is not built: cargo build --workspace --profile {options.profile}")
    PLACE.mkdir(parents=True, exist_ok=True)
    python = options.python or make_python()
    counts = [int(count) for count in options.n.split(",")]

    for n in counts if not options.large else []:
        run(target, n, [python, "-m", "mpi4py.bench", "helloworld"], says=[f"process {n - 1} of {n}"])
        for program in sorted((ROOT / "python/tests").glob("*.py")):
            run(target, n, [python, program])

    if not options.large:
        # The threads of OpenBLAS sleep, and do not keep the launcher from saying so.
        stuck = "import numpy; from mpi4py import MPI; MPI.COMM_WORLD.recv(source=1 - MPI.COMM_WORLD.rank)"
        deadlock(target, "a deadlock of programs that import numpy", python, "-c", stuck)

    if shutil.which("gcc") is None:
        print("skipped: the C programs (no gcc)")
    else:
        header = options.header or make_header(python)
        forms = build(ROOT / "tests/c/forms.c", header, target)
        collectives = build(ROOT / "tests/c/collectives.c", header, target)
        comms = build(ROOT / "tests/c/comms.c", header, target, "-pthread")
        objects = build(ROOT / "tests/c/objects.c", header, target)
        nonblocking = build(ROOT / "tests/c/nonblocking.c", header, target)
        types = build(ROOT / "tests/c/types.c", header, target)
        spread = build(ROOT / "tests/c/spread.c", header, target)
        large = build(ROOT / "tests/c/large.c", header, target)
        if options.large:
            run(target, 2, [large, options.large], says=["large: ok"], limit=1200)
            finish()
        newer = build(ROOT / "tests/c/newer.c", header, target)
        # A compiler warns of the functions that were deleted.
        deleted = build(ROOT / "tests/c/deleted.c", header, target, "-Wno-deprecated-declarations")
        semantics = build(ROOT / "tests/c/semantics.c", header, target)
        lasting = build(ROOT / "tests/c/lasting.c", header, target)
        sessions = build(ROOT / "tests/c/sessions.c", header, target)
        wide = build(ROOT / "tests/c/wide.c", header, target)
        dropped = build(ROOT / "tests/c/dropped.c", header, target)
        for drops in (0, 1):
            run(target, 2, [dropped, drops], says=["dropped: ok"])
        own = with_own_header(ROOT / "tests/c/newer.c", target)
        wrong = build(ROOT / "tests/c/wrong.c", header, target)
        threads = build(ROOT / "tests/c/threads", header, target, "-pthread")
        profile = build(ROOT / "tests/c/profile.c", header, target, "-shared", "-fPIC")
        for n in counts:
            run(target, n, [forms], says=["ok"])
            run(target, n, [forms, "threads"], says=["ok"])
            run(target, n, [collectives], says=["ok"])
            run(target, n, [collectives, "threads"], says=["ok"])
            run(target, n, [comms], says=["ok"])
            run(target, n, [comms, "threads"], says=["ok"])
            run(target, n, [objects], says=["ok"])
            run(target, n, [objects, "threads"], says=["ok"])
            run(target, n, [nonblocking], says=["ok"])
            run(target, n, [nonblocking, "threads"], says=["ok"])
            run(target, n, [types], says=["ok"])
            run(target, n, [types, "threads"], says=["ok"])
            run(target, n, [spread], says=["ok"])
            run(target, n, [spread, "threads"], says=["ok"])
            # Threads for each rank, and seconds.
            run(target, n, [threads, 8 if n < 3 else 4, options.threads], says=["ok"])
            run(target, n, [large], says=["large: ok"])
            run(target, n, [semantics], says=["ok"])
            run(target, n, [semantics, "threads"], says=["ok"])
            run(target, n, [newer], says=["ok"])
            run(target, n, [lasting], says=["lasting: ok"])
            returned = ["-initial-errhandler", "mpi_errors_return", lasting, "returns"]
            run(target, n, returned, says=["lasting: errors returned"])
            run(target, n, [deleted], says=["ok"])
            run(target, n, [wide], says=["ok"])
            for how in ("alone", "before", "across", "buffers", "groups", "again", "again inside"):
                run(target, n, [sessions, how], says=["ok"])
            run(target, n, [newer, "threads"], says=["ok"])
            run(target, n, [own], says=["ok"])
        if shutil.which("g++"):
            exceptions = build(ROOT / "tests/c/exceptions.cpp", header, target)
            for n in counts:
                run(target, n, [exceptions], says=["exceptions: ok"])
                run(target, n, [exceptions, "threads"], says=["exceptions: ok"])
        # What is local needs no rank but its own: the third one is no MPI program.
        run(target, 2, [sessions, "locally", ":", "-n", 1, "true"], says=["of 3: ok"])
        programs = build(ROOT / "tests/c/programs.c", header, target)
        several = [programs, 0, 5, ":", "-n", 2, programs, 1, 5, ":", "-n", 2, programs, 2, 5]
        run(target, 1, several, says=["program 0: 9", "program 1: 9", "program 2: 9"])
        run(target, 1, ["-usize", 40, programs, 0, 40], says=["program 0: 1"])
        # Without a launcher: the first program of a job of one.
        run_alone([programs, 0, 0], says=["program 0: 1"])
        beside = build(ROOT / "tests/c/beside.c", header, target)
        beside_each_other(target, beside)
        under_another_launcher(beside)
        deadlock(target, "a deadlock at MPI_THREAD_MULTIPLE", wrong, "deadlock")
        for what, code, n, says in WRONG:
            run(target, n, [wrong, what], code=code, says=says)
        counted = "MPI_Send 3 calls, 1200 bytes; MPI_Recv 3 calls, 1200 bytes; MPI_Allreduce 2 calls, 160 bytes"
        says = [f"rank {rank}: {counted}" for rank in range(4)] + ["ok"]
        run(target, 4, ["env", f"LD_PRELOAD={profile}", newer], says=says)

    finish()


if __name__ == "__main__":
    main()
