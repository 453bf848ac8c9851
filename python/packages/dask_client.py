"""dask-mpi as its documentation uses it: rank 0 is the scheduler, rank 1 goes on here, the others are workers."""
from dask_mpi import initialize

initialize(nthreads=1, dashboard=False)

import dask.array as arrays  # noqa: E402
from dask.distributed import Client  # noqa: E402
from mpi4py import MPI  # noqa: E402


def square(number):
    return number * number


with Client() as client:
    client.wait_for_workers(MPI.COMM_WORLD.size - 2, timeout=60)
    futures = client.map(square, range(200))
    assert client.gather(futures) == [n * n for n in range(200)]
    assert client.submit(sum, futures).result() == sum(n * n for n in range(200))
    numbers = arrays.arange(100_000, chunks=1000)
    assert int(numbers.sum().compute()) == 4_999_950_000
    print("ok")
