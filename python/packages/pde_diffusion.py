"""py-pde: diffusion on a grid that is divided among the ranks, beside the same without MPI."""
import numpy
import pde
from pde.tools import mpi

grid = pde.CartesianGrid([[0, 1], [0, 1]], [16, 16], periodic=True)
numpy.random.seed(3)
state = pde.ScalarField(grid, numpy.random.rand(16, 16))
equation = pde.DiffusionPDE(0.01)
settings = {"t_range": 0.5, "dt": 0.001, "tracker": None}
result = equation.solve(state, solver="explicit_mpi", decomposition="auto", **settings)
if mpi.is_main:
    alone = equation.solve(state, solver="euler", **settings)
    numpy.testing.assert_allclose(result.data, alone.data, rtol=1e-9)
    print("ok")
