#!/usr/bin/env python3
"""`ranks fetch` in numbers: 2,000 URLs beside xargs and curl, 10,000 at three latencies beside curl --parallel, then a
million from standard input, with and without limits on hosts.

    tests/fetch.py [--million COUNT] [--parallel COUNT]

Needs target/release/ranks, the example fetch_check, and curl. Serves on loopback.
"""
import argparse
import json
import pathlib
import resource
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RANKS = str(ROOT / "target/release/ranks")
CHECK = str(ROOT / "target/release/examples/fetch_check")


def timed(command, **how):
    begun = time.monotonic()
    subprocess.run(command, check=True, **how)
    return time.monotonic() - begun


def beside_curl(folder):
    urls, records = folder / "urls", folder / "records.jsonl"
    server = subprocess.Popen([CHECK, str(urls), "2000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline().strip() == "ready"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for n in (1, 2, 4):
        with records.open("w") as out:
            took = timed([RANKS, "fetch", "-n", str(n), "--timeout", "2", str(urls)], stdout=out, stderr=subprocess.DEVNULL)
        same = subprocess.run([CHECK, "--compare", str(urls), str(records)], capture_output=True, text=True)
        print(f"ranks fetch -n {n}: {took:.2f} s; compared: {same.stdout.strip()}", flush=True)
        assert same.returncode == 0, same.stdout
    # curl's own failures (refused, garbage) make xargs exit with 123.
    command = f"xargs -P 4 -n 1 curl -sL --max-time 2 -o /dev/null -w '%{{http_code}}\\n' < {urls}; true"
    took = timed(["sh", "-c", command], **quiet)
    print(f"xargs -P 4 -n 1 curl: {took:.2f} s", flush=True)
    server.communicate("", timeout=10)


def beside_parallel(folder, count):
    """The same number under way for both: 200. CPU seconds are of the command and all it started."""
    server, base = served(folder)
    for latency in (0, 20, 200):
        urls, config = folder / "urls", folder / "config"
        lines = [f"http://{base}/slow/{latency}/1000?{i}" for i in range(count)]
        urls.write_text("".join(f"{line}\n" for line in lines))
        config.write_text("".join(f'url = "{line}"\noutput = "/dev/null"\n' for line in lines))
        for name, command in (
            ("ranks fetch -n 2 -c 100", [RANKS, "fetch", "-n", "2", "-c", "100", "-o", str(folder / "out"), str(urls)]),
            ("curl --parallel", ["curl", "-s", "--parallel", "--parallel-max", "200", "--config", str(config)]),
        ):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            took = timed(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"{count} URLs at {latency} ms, {name}: {took:.2f} s, {count / took:.0f} URLs/s, {cpu:.2f} CPU s", flush=True)
    server.communicate("", timeout=10)


def served(folder):
    urls = folder / "urls"
    server = subprocess.Popen([CHECK, str(urls), "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline().strip() == "ready"
    return server, urls.read_text().split("/")[2]


def million(folder, count, *more):
    # A list that is written while it is read, as a pipe brings it.
    server, base = served(folder)
    for lines in (count // 100, count):
        begun = time.monotonic()
        job = subprocess.Popen([RANKS, "fetch", "-n", "2", *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

        def feed():
            with job.stdin as pipe:
                for first in range(0, lines, 1000):
                    pipe.write("".join(f"http://{base}/page/{i % 500}?{i}\n" for i in range(first, min(first + 1000, lines))).encode())

        threading.Thread(target=feed, daemon=True).start()
        seen, peak, bad = bytearray(lines + 1), 0, 0
        for number, line in enumerate(job.stdout):
            record = json.loads(line)
            seen[record["line"]] += 1
            bad += record["status"] != 200
            if number % 20_000 == 0:
                peak = max(peak, memory(job.pid))
        assert job.wait(60) == 0 and seen[1:] == bytes([1]) * lines, "not one record for each line"
        took = time.monotonic() - begun
        print(f"{lines} URLs from standard input {' '.join(more)}: {took:.1f} s, {lines / took:.0f} URLs/s, {bad} not 200, "
              f"largest sum of the ranks' memory {peak / 1024:.1f} MiB", flush=True)
    server.communicate("", timeout=10)


def memory(launcher):
    """Resident kB of the launcher's children."""
    total = 0
    for entry in pathlib.Path("/proc").iterdir():
        try:
            status = dict(line.split(":", 1) for line in (entry / "status").read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if int(status["PPid"]) == launcher:
            total += int(status.get("VmRSS", "0 kB").split()[0])
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--million", type=int, default=1_000_000)
    parser.add_argument("--parallel", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        beside_curl(pathlib.Path(folder))
        beside_parallel(pathlib.Path(folder), options.parallel)
        million(pathlib.Path(folder), options.million)
        million(pathlib.Path(folder), options.million // 5, "--per-host", "100")


main()
