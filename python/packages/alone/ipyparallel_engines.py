"""ipyparallel: a cluster whose engines are ranks, started with the `mpiexec` that it finds in PATH."""
import ipyparallel


def place(_):
    from mpi4py import MPI

    return MPI.COMM_WORLD.rank, MPI.COMM_WORLD.size, MPI.COMM_WORLD.allreduce(1)


if __name__ == "__main__":
    with ipyparallel.Cluster(engines="mpi", n=3) as client:
        view = client.broadcast_view()
        assert sorted(view.apply_sync(place, None)) == [(rank, 3, 3) for rank in range(3)]
        asynchronous = client.load_balanced_view().map_async(lambda n: n * n, range(50))
        assert asynchronous.get(timeout=60) == [n * n for n in range(50)]
    print("ok")
