"""numba-mpi: MPI called from compiled functions."""
import numba
import numba_mpi
import numpy


@numba.njit
def ring(values):
    rank, size = numba_mpi.rank(), numba_mpi.size()
    got = numpy.zeros_like(values)
    if size == 1:
        return values.copy()
    if rank == 0:
        numba_mpi.send(values, dest=1, tag=5)
        numba_mpi.recv(got, source=size - 1, tag=5)
    else:
        numba_mpi.recv(got, source=rank - 1, tag=5)
        numba_mpi.send(got + rank, dest=(rank + 1) % size, tag=5)
    return got


@numba.njit
def total(value):
    mine, sums = numpy.array([value]), numpy.zeros(1)
    numba_mpi.allreduce(mine, sums, numba_mpi.Operator.SUM)
    numba_mpi.barrier()
    return sums[0]


rank, size = numba_mpi.rank(), numba_mpi.size()
expected = numpy.arange(1000.0) + sum(range(rank if rank else size))
assert numpy.array_equal(ring(numpy.arange(1000.0)), expected)
assert total(float(rank)) == size * (size - 1) / 2
if rank == 0:
    print("ok")
