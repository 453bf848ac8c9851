"""Ends in a wrong way, for tests of whom the report names: ending.py HOW CULPRIT SHAPE. The rank CULPRIT ends as HOW says
after a barrier, and the others wait for it as SHAPE says."""
import os
import sys

from mpi4py import MPI

how, culprit, shape = sys.argv[1], int(sys.argv[2]), sys.argv[3]
world = MPI.COMM_WORLD
rank, size = world.rank, world.size


def wait():
    if shape == "receive":
        world.recv(source=culprit, tag=1)
    elif shape == "any":
        world.recv(source=MPI.ANY_SOURCE, tag=1)
    elif shape == "exchange":
        world.sendrecv(rank, culprit, 1, None, culprit, 1)
    elif shape == "chain":
        world.recv(source=(rank + 1) % size, tag=1)
    elif shape == "barrier":
        world.Barrier()
    else:
        world.allreduce(rank)


world.Barrier()
if rank != culprit:
    wait()
    sys.exit()
reason = f"the reason of rank {rank}"
if how == "exception":
    raise ValueError(reason)
print(reason, file=sys.stderr, flush=True)
if how == "sys.exit":
    sys.exit(3)
if how == "os._exit":
    os._exit(3)
