"""mpi4py-fft: a distributed transform there and back, and its values beside NumPy's."""
import numpy
from mpi4py import MPI
from mpi4py_fft import PFFT, newDistArray

comm = MPI.COMM_WORLD
transform = PFFT(comm, (12, 8, 10), axes=(0, 1, 2), dtype=float)
field = newDistArray(transform, False)
numpy.random.seed(2)
whole = numpy.random.rand(12, 8, 10)
field[:] = whole[field.local_slice()]
image = transform.forward(field, newDistArray(transform, True))
expected = numpy.fft.rfftn(whole) / whole.size
assert numpy.allclose(image, expected[image.local_slice()])
back = transform.backward(image, newDistArray(transform, False))
assert numpy.allclose(back, field)
if comm.rank == 0:
    print("ok")
