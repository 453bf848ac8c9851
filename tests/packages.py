#!/usr/bin/env python3
"""Packages from PyPI that run on MPI, unmodified, on ranks.

    tests/packages.py [-n 3,4] [--only NAME,...] [--profile release]

The programs in python/packages run under `ranks run`; those in python/packages/alone start ranks themselves, with the
`mpiexec` that they find in PATH. Each must print "ok" and end. The packages are installed into target/packages, this
project's command and library into target/packages/ranks. mpi4py-fft is compiled with our `mpicc`; it needs FFTW's
headers (Debian: libfftw3-dev).
"""
import argparse
import os
import pathlib
import sys

import mpi

PLACE = mpi.ROOT / "target/packages"
PROGRAMS = mpi.ROOT / "python/packages"
PACKAGES = [
    "mpi4py==4.1.2",
    "numpy",
    "schwimmbad",
    "dask[array]",
    "dask-mpi",
    "emcee",
    "deap",
    "libensemble",
    "executorlib",
    "pylops-mpi",
    "numba-mpi",
    "py-pde",
    "ipyparallel",
]
# Programs that run more than once, with these arguments.
ARGUMENTS = {"libensemble_manager": [["--comms", "mpi"], []]}


def install_own(target):
    """What `ranks install` makes: mpiexec and mpicc first in PATH."""
    prefix = PLACE / "ranks"
    mpi.quietly(target / "ranks", "install", prefix)
    os.environ["PATH"] = os.pathsep.join([str(prefix / "bin"), str(PLACE / "bin"), os.environ["PATH"]])
    os.environ["MPI4PY_LIBMPI"] = str(prefix / "lib/libmpi.so.12")


def build_fft(python):
    """mpi4py-fft, compiled with our mpicc."""
    if not (PLACE / "fft").exists():
        os.environ["CC"] = "mpicc"
        mpi.quietly(python, "-m", "pip", "install", "--quiet", "--no-binary", "mpi4py-fft", "mpi4py-fft")
        (PLACE / "fft").touch()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", default="3,4", help="numbers of ranks, from 3 on: dask-mpi needs a worker")
    parser.add_argument("--only", default="", help="names of programs, without .py")
    parser.add_argument("--profile", default="release")
    options = parser.parse_args()
    target = mpi.ROOT / "target" / options.profile
    python = mpi.make_python(PLACE, PACKAGES)
    install_own(target)
    only = set(filter(None, options.only.split(",")))
    unknown = only - {program.stem for program in PROGRAMS.rglob("*.py")}
    if unknown:
        sys.exit(f"no program of this name in {PROGRAMS}: {', '.join(sorted(unknown))}")
    skipped = 0
    for program in sorted(PROGRAMS.glob("*.py")):
        if only and program.stem not in only:
            continue
        if program.stem.startswith("fft"):
            if not pathlib.Path("/usr/include/fftw3.h").exists():
                print(f"skipped {program.stem}: FFTW's headers are not there (Debian: libfftw3-dev)")
                skipped += 1
                continue
            build_fft(python)
        for n in options.n.split(","):
            for arguments in ARGUMENTS.get(program.stem, [[]]):
                # As installed: numba-mpi knows the library by the name of its file, which differs in the folder of a build.
                library = os.environ["MPI4PY_LIBMPI"]
                mpi.run(target, n, [python, program, *arguments], says=["ok"], limit=300, MPI4PY_LIBMPI=library)
    for program in sorted((PROGRAMS / "alone").glob("*.py")):
        if not only or program.stem in only:
            mpi.run_alone([python, program], says=["ok"], limit=300)
    print(f"{skipped} skipped")
    mpi.finish()


if __name__ == "__main__":
    main()
