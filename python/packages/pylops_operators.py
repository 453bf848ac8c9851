"""pylops-mpi: a block diagonal operator over all ranks, its adjoint, and a solution by conjugate gradients."""
import numpy
import pylops
import pylops_mpi
from mpi4py import MPI

rank, size = MPI.COMM_WORLD.rank, MPI.COMM_WORLD.size
numpy.random.seed(rank)
block = numpy.random.randn(6, 4) + 5 * numpy.eye(6, 4)
operator = pylops_mpi.MPIBlockDiag(ops=[pylops.MatrixMult(block)])
model = pylops_mpi.DistributedArray(global_shape=4 * size, dtype=float)
model[:] = numpy.arange(4) + rank
data = operator.matvec(model)
assert numpy.allclose(data.local_array, block @ model.local_array)
start = pylops_mpi.DistributedArray(global_shape=4 * size, dtype=float)
start[:] = 0
found = pylops_mpi.optimization.basic.cgls(operator, data, x0=start, niter=100, tol=1e-12)[0]
assert numpy.allclose(found.asarray(), model.asarray(), atol=1e-6)
assert numpy.allclose(model.dot(model), (model.asarray() ** 2).sum())
if rank == 0:
    print("ok")
