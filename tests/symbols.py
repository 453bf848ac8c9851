#!/usr/bin/env python3
"""Every function and datum of MPI that MPICH's library exports is in ours, so that no program that was built with its
header ends with "symbol lookup error".

    tests/symbols.py [--profile release] [--library FOLDER]

MPICH's library comes from its PyPI wheel into target/mpi-tests, unless --library names a folder that has it. Needs nm.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import mpi

# What MPICH exports and we do not, and why.
LEFT_OUT = [
    (r"P?MPI_T_.*", "the tools interface"),
    (r"QMPI_.*", "MPICH's own interface for stacks of tools"),
    (r"MPIR_Err_.*", "functions inside MPICH's library, which no header declares"),
]
# What is looked for; the rest are names of MPICH's parts.
NAMES = re.compile(r"(P?MPI_|P?MPIX_|MPII_|MPIR_|QMPI_)")


def make_library(python):
    folder = mpi.PLACE / "library"
    if not (folder / "libmpi.so.12").exists():
        mpi.make_header(python)
        wheels = sorted(mpi.PLACE.glob("mpich-*.whl"))
        if not wheels:
            mpi.quietly(python, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", mpi.PLACE, mpi.HEADER)
            wheels = sorted(mpi.PLACE.glob("mpich-*.whl"))
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheels[-1]) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/lib/libmpi.so.12"))
            (folder / "libmpi.so.12").write_bytes(archive.read(name))
    return folder


def exported(library):
    done = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, timeout=60, check=True)
    return {line.split()[-1].split("@")[0] for line in done.stdout.splitlines() if line.strip()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="release")
    parser.add_argument("--library", type=pathlib.Path)
    options = parser.parse_args()
    if shutil.which("nm") is None:
        print("skipped: no nm (Debian: binutils)")
        return
    mpi.PLACE.mkdir(parents=True, exist_ok=True)
    theirs = exported((options.library or make_library(mpi.make_python())) / "libmpi.so.12")
    ours = exported(mpi.ROOT / "target" / options.profile / "lib/libmpi.so.12")
    wanted = {name for name in theirs if NAMES.match(name)}
    missing = sorted(wanted - ours)
    unexplained = [name for name in missing if not any(re.fullmatch(known, name) for known, _ in LEFT_OUT)]
    if len(wanted) < 1300:
        sys.exit(f"FAILED  MPICH's library exports only {len(wanted)} names of MPI: is it another one?")
    if unexplained:
        sys.exit(f"FAILED  MPICH's library has these too: {' '.join(unexplained)}")
    for known, why in LEFT_OUT:
        print(f"left out: {sum(bool(re.fullmatch(known, name)) for name in missing)} names {known}: {why}")
    print(f"ok      {len(wanted) - len(missing)} of MPICH's {len(wanted)} names are there")


if __name__ == "__main__":
    main()
