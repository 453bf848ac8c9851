"""DEAP's OneMax problem, whose fitness is computed by the other ranks through mpi4py.futures."""
import random

from deap import algorithms, base, creator, tools
from mpi4py.futures import MPICommExecutor

creator.create("Fitness", base.Fitness, weights=(1.0,))
creator.create("Individual", list, fitness=creator.Fitness)


def fitness(individual):
    return (sum(individual),)


def evolve(mapping):
    random.seed(7)
    toolbox = base.Toolbox()
    toolbox.register("bit", random.randint, 0, 1)
    toolbox.register("individual", tools.initRepeat, creator.Individual, toolbox.bit, 40)
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("evaluate", fitness)
    toolbox.register("mate", tools.cxTwoPoint)
    toolbox.register("mutate", tools.mutFlipBit, indpb=0.05)
    toolbox.register("select", tools.selTournament, tournsize=3)
    toolbox.register("map", mapping)
    population, _ = algorithms.eaSimple(toolbox.population(60), toolbox, 0.5, 0.2, 12, verbose=False)
    return [list(individual) for individual in population]


with MPICommExecutor() as executor:
    if executor is not None:
        assert evolve(executor.map) == evolve(map)
        print("ok")
