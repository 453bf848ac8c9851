#!/usr/bin/env python3
"""mpi4py's own tests, unmodified, on libmpi.so.12.

    tests/suite.py [--profile release] [-n 2] [--int] [--limit SECONDS] [--modules PATTERN] [--python PYTHON]

The tests come with mpi4py's source archive, which pip downloads into target/mpi-tests. With --int they run on a copy
of the library in which the functions with large counts (`_c`) are hidden: mpi4py then calls the int forms. Modules
about what is not there yet are left out; see LEFT_OUT.
"""

import argparse
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import time

import mpi

SOURCE = "mpi4py==4.1.2"
# One-sided communication between ranks, reading and writing files, and what needs these.
LEFT_OUT = """
test_win test_rma test_file test_io test_util_sync test_session test_ulfm
""".split()
# With the `_c` functions hidden this one cannot pass, on any library. It makes a contiguous type of more elements than
# an int counts; without MPI_Type_contiguous_c mpi4py builds that from a vector and a struct, and the test accepts a
# struct only of libraries that say they are older than MPI 4.0 (test_datatype.py, lines 311 to 317), where `_c` begins.
LARGE = "testContiguousBigMPI"


def make_tests(python):
    folder = mpi.PLACE / SOURCE.replace("==", "-")
    if not (folder / "complete").exists():
        pip = [python, "-m", "pip", "download", "--quiet", "--no-deps"]
        mpi.quietly(*pip, "--no-binary", "mpi4py", "--dest", mpi.PLACE, SOURCE)
        with tarfile.open(mpi.PLACE / f"{folder.name}.tar.gz") as archive:
            archive.extractall(mpi.PLACE, filter="data")
        (folder / "complete").touch()
    return folder


def without_large_counts(library, to):
    """Copies a shared library; in the copy the symbols that end with `_c` are as if it did not define them."""
    data = bytearray(library.read_bytes())
    sections, size, count = (struct.unpack_from(kind, data, at)[0] for kind, at in [("<Q", 40), ("<H", 58), ("<H", 60)])
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, sections + at * size) for at in range(count)]
    hidden = 0
    for _, kind, _, _, offset, length, link, _, _, entry in headers:
        if kind != 11:  # SHT_DYNSYM
            continue
        names = headers[link][4]
        for at in range(offset, offset + length, entry):
            name = names + struct.unpack_from("<I", data, at)[0]
            if data[name:data.index(0, name)].endswith(b"_c") and data[name:].startswith((b"MPI_", b"PMPI_")):
                # Neither a section nor a value: undefined.
                struct.pack_into("<HQ", data, at + 6, 0, 0)
                hidden += 1
    if hidden < 100:
        sys.exit(f"only {hidden} symbols with large counts in {library}")
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(data)
    return to


def run(target, library, tests, python, n, limit, modules):
    command = [target / "ranks", "run", "-n", n, "--timeout", limit, python, "-B", tests / "test/main.py"]
    command += [word for module in LEFT_OUT for word in ("-e", module)]
    command += ["-i", modules] if modules else []
    command += ["-x", LARGE] if library.parent.name == "int" else []
    begin = time.monotonic()
    surroundings = os.environ | {"MPI4PY_LIBMPI": str(library)}
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=surroundings, cwd=tests)
    text = done.stdout + done.stderr
    # Every rank has a runner of its own; each says how it went.
    closing = [line for line in text.splitlines() if line.startswith(("Ran ", "OK", "FAILED"))]
    print(f"n={n} {library.parent.name}: {time.monotonic() - begin:.0f} s, ended with {done.returncode}")
    print("\n".join(f"    {line}" for line in closing))
    if done.returncode:
        print(text[-20_000:])
    return done.returncode == 0 and any(line.startswith("OK") for line in closing)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="release")
    parser.add_argument("-n", default="2", help="numbers of ranks")
    parser.add_argument("--int", action="store_true", help="hide the functions with large counts")
    parser.add_argument("--limit", type=int, default=600, help="seconds for each number of ranks")
    parser.add_argument("--modules", help="only the modules that this pattern finds")
    parser.add_argument("--python", type=pathlib.Path)
    options = parser.parse_args()
    target = mpi.ROOT / "target" / options.profile
    library = target / "lib/libmpi.so.12"
    if not (target / "ranks").exists() or not library.exists():
        sys.exit(f"{target} is not built: cargo build --workspace --profile {options.profile}")
    mpi.PLACE.mkdir(parents=True, exist_ok=True)
    python = options.python or mpi.make_python()
    tests = make_tests(python)
    if options.int:
        library = without_large_counts(library, mpi.PLACE / "int/libmpi.so.12")
    counts = [int(count) for count in options.n.split(",")]
    good = [run(target, library, tests, python, n, options.limit, options.modules) for n in counts]
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
