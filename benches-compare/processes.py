"""Processes and their descendants, looked at from outside."""
import pathlib
import threading


class Memory(threading.Thread):
    """The largest sum of PSS of a process and its descendants, in MiB."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = process, 0.0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.1):
            self.peak = max(self.peak, sum(map(pss, descendants(self.pid))) / 1024)

    def stop(self):
        self.ended.set()
        self.join()
        return self.peak


def descendants(pid):
    found = [pid]
    for one in found:
        for file in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, file.read_text().split())
            except OSError:
                pass
    return found


def pss(pid):
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
