"""libEnsemble: rank 0 manages, the other ranks simulate.

With `--comms mpi` it is told to use MPI; without, it looks whether a launcher's variables say that there are ranks.
"""
import os
import sys
import tempfile

import numpy
from mpi4py import MPI

folder = MPI.COMM_WORLD.bcast(tempfile.mkdtemp() if MPI.COMM_WORLD.rank == 0 else None)
os.chdir(folder)

from libensemble import Ensemble  # noqa: E402
from libensemble.gen_funcs.sampling import latin_hypercube_sample  # noqa: E402
from libensemble.specs import ExitCriteria, GenSpecs, LibeSpecs, SimSpecs  # noqa: E402


def simulate(points, _, specs):
    values = numpy.zeros(1, dtype=specs["out"])
    values["y"] = numpy.sin(points["x"])[0].sum()
    return values


told = "--comms" in sys.argv
ensemble = Ensemble(parse_args=True) if told else Ensemble(libE_specs=LibeSpecs(nworkers=MPI.COMM_WORLD.size - 1))
ensemble.libE_specs.save_every_k_gens = 1000
ensemble.sim_specs = SimSpecs(sim_f=simulate, inputs=["x"], outputs=[("y", float)])
ensemble.gen_specs = GenSpecs(
    gen_f=latin_hypercube_sample,
    outputs=[("x", float, 2)],
    user={"gen_batch_size": 10, "lb": numpy.array([-3, -3]), "ub": numpy.array([3, 3])},
)
ensemble.add_random_streams()
ensemble.exit_criteria = ExitCriteria(sim_max=40)
history, _, flag = ensemble.run()
if ensemble.is_manager:
    done = history[history["sim_ended"]]
    assert flag == 0 and len(done) >= 40, (flag, len(done))
    assert numpy.allclose(done["y"], numpy.sin(done["x"]).sum(axis=1))
    print("ok")
