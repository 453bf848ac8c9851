"""emcee samples a normal distribution; schwimmbad's pool hands the walkers to the other ranks."""
import sys

import emcee
import numpy
from schwimmbad import MPIPool

MEANS = numpy.array([0.5, -1.0, 2.0])


def log_probability(place):
    return -0.5 * numpy.sum((place - MEANS) ** 2)


with MPIPool() as pool:
    if not pool.is_master():
        pool.wait()
        sys.exit(0)
    numpy.random.seed(1)
    walkers = numpy.random.randn(32, 3)
    sampler = emcee.EnsembleSampler(32, 3, log_probability, pool=pool)
    sampler.run_mcmc(walkers, 300)
    serial = emcee.EnsembleSampler(32, 3, log_probability)
    numpy.random.seed(1)
    serial.run_mcmc(numpy.random.randn(32, 3), 300)
    assert numpy.array_equal(sampler.get_chain(), serial.get_chain())
    print("ok")
