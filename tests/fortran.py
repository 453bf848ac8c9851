#!/usr/bin/env python3
"""Programs that others built for MPICH, unmodified, on our library: Debian's tests of ScaLAPACK (Fortran), a Fortran
program compiled with Debian's MPICH, and the examples of rsmpi built with our mpicc.

    tests/fortran.py [--profile release] [--only hello,scalapack,rsmpi] [--beside COMMAND] [--limit SECONDS]

Needs the packages scalapack-mpi-test, libmpich-dev, gfortran and libclang-dev of Debian; a part whose package is missing is
skipped, and says so. --beside "mpiexec.mpich -n 4" (or "mpirun.openmpi -n 4", which takes the programs that Debian built for
Open MPI) measures the programs of ScaLAPACK with another MPI, and prints both times; results of that one are not judged.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import mpi

PLACE = mpi.ROOT / "target/fortran"
SCALAPACK = pathlib.Path("/usr/lib") / f"{os.uname().machine}-linux-gnu" / "scalapack"
RANKS = 4
# Programs that fail here by chance, and with Open MPI as often: one check of 108, of a matrix whose eigenvectors they do not
# make orthogonal again. Sums come in the order in which messages arrive.
MAY_FAIL = {"xssep": 1, "xdsep": 1, "xcsep": 1, "xzsep": 1}
# BLACS's tests end with an abort, to show that it works.
ENDS_WITH = {"xCbtest": 255, "xFbtest": 255}
# Some ranks of this one enter collectives in another order, in some runs; it must then end with the line that says so.
MAY_MISMATCH = {"xsllt"}
MISMATCH = "collectives must be called in one order"
# They measure, and print no verdict.
WITHOUT_VERDICT = re.compile(r"(.*/TIMING/.*|x[sd]hseqr)")
VERDICT = re.compile(r"completed and passed|PASSED|passed", re.IGNORECASE)


def launch(command, folder, limit):
    """Runs a command; its exit code, what it printed, and seconds."""
    start = time.monotonic()
    with open(folder / "output", "w+b") as output:
        process = subprocess.Popen([str(word) for word in command], cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 15)
            code = None
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
        output.seek(0)
        text = output.read().decode(errors="replace")
    return code, text, time.monotonic() - start


def failures_of(text):
    """Checks that failed, by the words of the different tests."""
    counts = [int(count) for count in re.findall(r"(\d+) tests completed and failed", text)]
    counts += [int(count) for count in re.findall(r"(\d+) FAILED\.", text)]
    # PBLAS: a table of functions with how many passed, failed, were skipped.
    counts += [int(failed) for failed in re.findall(r"^\s+P[SDCZ]\w+\s+\d+\s+\d+\s+(\d+)\s+\d+\s*$", text, re.MULTILINE)]
    return sum(counts)


def scalapack(ranks, options):
    tests = SCALAPACK / "mpich-tests"
    if not tests.exists():
        print("skipped: ScaLAPACK (Debian: scalapack-mpi-test)")
        return
    programs = [file for file in sorted(tests.rglob("*")) if file.is_file() and os.access(file, os.X_OK) and not file.suffix]
    # At the top the tests of BLACS lie once more, without their data.
    programs = [file for file in programs if file.name not in ENDS_WITH or file.parent.name == "BLACS"]
    if len(programs) < 70:
        mpi.failures.append(f"only {len(programs)} programs of ScaLAPACK")
    for program in programs:
        name = str(program.relative_to(tests))
        folder = PLACE / "scalapack" / program.parent.relative_to(tests)
        folder.mkdir(parents=True, exist_ok=True)
        for data in program.parent.glob("*.dat"):
            shutil.copy(data, folder / data.name)
        code, text, seconds = launch([ranks, "run", "-n", RANKS, program], folder, options.limit)
        failed = failures_of(text) - MAY_FAIL.get(program.name, 0)
        judged = VERDICT.search(text) or WITHOUT_VERDICT.fullmatch(name)
        good = code == ENDS_WITH.get(program.name, 0) and failed <= 0 and judged
        if program.name in MAY_MISMATCH and code not in (None, 0):
            good = MISMATCH in text
        beside = ""
        if options.beside:
            other = program
            if "openmpi" in options.beside:
                other = SCALAPACK / "openmpi-tests" / name
            other_code, _, other_seconds = launch([*options.beside.split(), other], folder, options.limit)
            beside = f"{other_seconds:8.2f} s" if other_code is not None else f"   over {options.limit} s"
        print(f"{'ok     ' if good else 'FAILED '} {name:20}{seconds:8.2f} s{beside}", flush=True)
        if not good:
            mpi.failures.append(name)
            print(f"ended with {code}, {failed} checks failed\n{text[-3000:]}")


HELLO = """\
{head}
  integer :: ierr, rank, size, total, key, state
  integer(kind=MPI_ADDRESS_KIND) :: value, got
  logical :: flag
  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  call MPI_Comm_size(MPI_COMM_WORLD, size, ierr)
  call MPI_Allreduce(rank, total, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
  if (total /= size * (size - 1) / 2) stop 2
  call MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, value, flag, ierr)
  if (.not. flag .or. value < 32767) stop 3
  call MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, key, 0_MPI_ADDRESS_KIND, ierr)
  call MPI_Comm_set_attr(MPI_COMM_WORLD, key, 123456789012_MPI_ADDRESS_KIND, ierr)
  call MPI_Comm_get_attr(MPI_COMM_WORLD, key, got, flag, ierr)
  if (.not. flag .or. got /= 123456789012_MPI_ADDRESS_KIND) stop 4
  call duplicate()
  call MPI_Comm_delete_attr(MPI_COMM_WORLD, key, ierr)
  call MPI_Comm_free_keyval(key, ierr)
  state = 1
  if (rank == 0) print '(a, i0)', 'ok: ranks ', size
  call MPI_Finalize(ierr)
contains
  subroutine duplicate()
    {comm} :: copy
    call MPI_Comm_dup(MPI_COMM_WORLD, copy, ierr)
    call MPI_Comm_get_attr(copy, key, got, flag, ierr)
    if (.not. flag .or. got /= 123456789012_MPI_ADDRESS_KIND) stop 5
    call MPI_Comm_free(copy, ierr)
  end subroutine
end program
"""
# The three ways to say which interface, and how a communicator is declared in it.
INTERFACES = {
    "mpif.h": ("program hello\n  implicit none\n  include 'mpif.h'", "integer"),
    "mpi": ("program hello\n  use mpi\n  implicit none", "integer"),
    "mpi_f08": ("program hello\n  use mpi_f08\n  implicit none", "type(MPI_Comm)"),
}


def hello(ranks, options):
    compiler = shutil.which("mpif90.mpich")
    if compiler is None or shutil.which("gfortran") is None:
        print("skipped: Fortran (Debian: libmpich-dev, gfortran)")
        return
    for name, (head, comm) in INTERFACES.items():
        source, program = PLACE / f"hello-{name}.f90", PLACE / f"hello-{name}"
        source.write_text(HELLO.format(head=head, comm=comm))
        mpi.quietly(compiler, "-o", program, source)
        for n in (1, RANKS):
            code, said, seconds = launch([ranks, "run", "-n", n, program], PLACE, options.limit)
            good = code == 0 and f"ok: ranks {n}" in said
            print(f"{'ok     ' if good else 'FAILED '} hello with {name}, n={n} {seconds:.2f} s")
            if not good:
                mpi.failures.append(f"hello with {name}")
                print(f"ended with {code}\n{said}")


# They start processes, which the library does not do yet.
RSMPI_LEFT_OUT = {"spawn", "spawn_multiple"}


def rsmpi(ranks, options):
    folder, prefix = PLACE / "rsmpi", PLACE / "prefix"
    cargo = shutil.which("cargo")
    if cargo is None or not list(pathlib.Path("/usr/lib").glob("*/libclang*.so*")) + list(pathlib.Path("/usr/lib").glob("llvm*/lib/libclang*.so*")):
        print("skipped: rsmpi (needs cargo; Debian: libclang-dev)")
        return
    mpi.quietly(ranks, "install", prefix)
    fetch = PLACE / "fetch"
    (fetch / "src").mkdir(parents=True, exist_ok=True)
    (fetch / "src/lib.rs").write_text("")
    (fetch / "Cargo.toml").write_text('[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\nmpi = "=0.8.0"\n')
    mpi.quietly(cargo, "fetch", "--manifest-path", fetch / "Cargo.toml")
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    source = next(home.glob("registry/src/*/mpi-0.8.0"))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    with open(folder / "Cargo.toml", "a") as manifest:
        manifest.write("\n[workspace]\n")
    environment = os.environ | {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "MPICC": f"{prefix}/bin/mpicc", "CARGO_TARGET_DIR": str(PLACE / "rsmpi-target")}
    # A newer compiler warns of more than theirs did, and the examples forbid warnings.
    environment["RUSTFLAGS"] = "--cap-lints warn"
    build = subprocess.run([cargo, "build", "--examples", "--keep-going", "--features", "derive,complex,user-operations"], cwd=folder, env=environment, capture_output=True, text=True, timeout=1500)
    built = PLACE / "rsmpi-target/debug/examples"
    programs = [file.stem for file in sorted((folder / "examples").glob("*.rs"))]
    if not programs:
        mpi.failures.append("rsmpi has no examples")
        return
    for name in programs:
        if name in RSMPI_LEFT_OUT:
            continue
        if not (built / name).exists():
            mpi.failures.append(f"rsmpi: {name}")
            print(f"FAILED  rsmpi: {name} was not built\n{build.stderr[-2000:]}")
            continue
        for n in (2, RANKS):
            code, said, seconds = launch([prefix / "bin/mpiexec", "-n", n, built / name], PLACE, options.limit)
            print(f"{'ok     ' if code == 0 else 'FAILED '} rsmpi: {name}, n={n} {seconds:.2f} s", flush=True)
            if code != 0:
                mpi.failures.append(f"rsmpi: {name}")
                print(f"ended with {code}\n{said[-2000:]}")


PARTS = {"hello": hello, "scalapack": scalapack, "rsmpi": rsmpi}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="release")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--beside", help="a command that starts a program with another MPI")
    parser.add_argument("--limit", type=int, default=120, help="seconds for each program")
    options = parser.parse_args()
    PLACE.mkdir(parents=True, exist_ok=True)
    for part in options.only.split(","):
        PARTS[part](mpi.ROOT / "target" / options.profile / "ranks", options)
    mpi.finish()


if __name__ == "__main__":
    main()
