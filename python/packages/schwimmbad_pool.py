"""schwimmbad's pool over MPI, as its documentation uses it: rank 0 deals out, the others compute."""
import sys

import schwimmbad
from mpi4py import MPI


def square(number):
    if number < 0:
        raise ValueError("negative")
    return number * number


def main():
    collected = []
    with schwimmbad.MPIPool() as pool:
        if not pool.is_master():
            pool.wait()
            sys.exit(0)
        assert pool.size == MPI.COMM_WORLD.size - 1
        for length in (0, 1, 7, 2000):
            assert list(pool.map(square, range(length))) == [n * n for n in range(length)]
        pool.map(square, range(50), callback=collected.append)
        assert sorted(collected) == [n * n for n in range(50)], collected
    with schwimmbad.choose_pool(processes=1) as serial:
        assert list(serial.map(square, range(5))) == [0, 1, 4, 9, 16]
    print("ok")


if __name__ == "__main__":
    main()
