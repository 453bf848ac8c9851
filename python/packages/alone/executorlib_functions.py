"""executorlib: each function runs on two ranks, which it starts with the `mpiexec` that it finds in PATH."""
from executorlib import SingleNodeExecutor


def sums(number):
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    return number * comm.size, comm.allreduce(comm.rank), comm.rank


if __name__ == "__main__":
    with SingleNodeExecutor(max_cores=2, resource_dict={"cores": 2}) as executor:
        futures = [executor.submit(sums, number) for number in range(3)]
        for number, future in enumerate(futures):
            assert future.result(timeout=60) == [(2 * number, 1, 0), (2 * number, 1, 1)], future.result()
    print("ok")
