#!/usr/bin/env python3
"""Packages from PyPI that run on MPI, unmodified, under `ranks run`: schwimmbad and dask-mpi.

    tests/packages.py [-n 3,4] [--profile release]

The programs are in python/packages; they must print "ok" and end. The packages are installed into target/packages.
"""
import argparse
import sys

import mpi

PACKAGES = ["mpi4py==4.1.2", "numpy", "schwimmbad", "dask[array]", "dask-mpi"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", default="3,4", help="numbers of ranks, from 3 on: dask-mpi needs a worker")
    parser.add_argument("--profile", default="release")
    options = parser.parse_args()
    target = mpi.ROOT / "target" / options.profile
    python = mpi.make_python(mpi.ROOT / "target/packages", PACKAGES)
    for n in options.n.split(","):
        for program in sorted((mpi.ROOT / "python/packages").glob("*.py")):
            mpi.run(target, n, [python, program], says=["ok"])
    print(f"{len(mpi.failures)} failures")
    sys.exit(bool(mpi.failures))


if __name__ == "__main__":
    main()
