"""Tells mpi4py where the libmpi.so.12 of ranks is.

The library lies in lib/ranks of the environment, so that no package of another MPI overwrites it, and it overwrites
none. mpi4py looks for libraries in lib. So this module adds lib/ranks to the list of folders, behind the folders of the
environment and before those of the system. In a process that another MPI's launcher has started, it comes last.

Python loads this module when it starts (ranks-libmpi.pth). It does nothing before a program imports mpi4py.MPI.
"""

import os
import sys

# site-packages/_ranks_libmpi.py is three folders below the prefix: lib, python3.x, site-packages.
_FOLDER = os.path.join(os.path.abspath(__file__).rsplit(os.sep, 4)[0], "lib", "ranks")
_OTHER_LAUNCHERS = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")


def _folders(folders, environment):
    """The folders where mpi4py looks, with ours among them. An empty name stands for the folders of the system."""
    started_by_other = "RANKS_JOB" not in environment and any(name in environment for name in _OTHER_LAUNCHERS)
    last = started_by_other or "" not in folders
    at = len(folders) if last else folders.index("")
    return folders[:at] + [_FOLDER] + folders[at:]


class _Finder:
    """Finds no module. It is asked for each one, so it knows when mpi4py.MPI is imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "mpi4py.MPI":
            search = sys.modules.get("mpi4py._mpiabi")
            # The names of mpi4py 4.1. Whoever has set a list means that list.
            if hasattr(search, "_dlopen_rpath") and getattr(search, "LIBMPI_PATH", None) == []:
                search.LIBMPI_PATH = _folders(search._dlopen_rpath(), os.environ)
        return None


sys.meta_path.insert(0, _Finder)
