"""Children of a rank: forked ones, those of multiprocessing, and programs that use MPI themselves."""

import multiprocessing
import os
import subprocess
import sys

from mpi4py import MPI

world = MPI.COMM_WORLD


def main():
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            world.Barrier()
        except MPI.Exception as error:
            sys.exit(0 if error.Get_error_class() == MPI.ERR_OTHER else 3)
        sys.exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(abs, [-1, -2]) == [1, 2]

    script = "from mpi4py import MPI; print(MPI.COMM_WORLD.size, MPI.COMM_WORLD.bcast('alone'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "1 alone\n", done.stdout

    assert world.bcast(world.size, 0) == world.size
    world.Barrier()
    if world.rank == 0:
        print("ok children")


# multiprocessing imports this file in the processes that it spawns.
if __name__ == "__main__":
    main()
