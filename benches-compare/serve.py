#!/usr/bin/env python3
"""Measures `ranks serve` beside nginx, with the same number of workers, asked by wrk.

    benches-compare/serve.py [--workers 2] [--rounds 5] [--seconds 3] [--connections 64] [--threads 2]
                             [--sizes 1k,100k,10m] [--only WORD] [--markdown FILE]

Files of 1 KiB, 100 KiB and 10 MiB, connections kept and not (`Connection: close`), in turn A B A B ...: medians, and the
median of the ratios round by round (above 1: ranks is faster). nginx has its ordinary configuration (sendfile on), a
worker process for each rank, and no access log, as ranks has none unless asked. CPU seconds are the server's alone,
for each 1000 requests; memory is the largest sum of PSS while it is asked. wrk shares the CPUs, with two
threads: one alone is full at some 21,000 connections a second, and it would be wrk that is measured.

Needs target/release/ranks, and nginx and wrk (Debian: nginx-light, wrk).
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from processes import Memory, descendants

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = {"1k": 1 << 10, "100k": 100 << 10, "10m": 10 << 20}
NGINX = """
worker_processes %(workers)d;
daemon off;
pid %(place)s/nginx.pid;
error_log %(place)s/error.log;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    access_log off;
    keepalive_timeout 65;
    client_body_temp_path %(place)s/body; proxy_temp_path %(place)s/proxy; fastcgi_temp_path %(place)s/fastcgi;
    uwsgi_temp_path %(place)s/uwsgi; scgi_temp_path %(place)s/scgi;
    server { listen 127.0.0.1:%(port)d; root %(site)s; index index.html; }
}
"""


def ranks(site, place, workers):
    command = [ROOT / "target/release/ranks", "serve", site, "--listen", "127.0.0.1:0", "-n", workers]
    process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    found = re.search(r"http://[\d.]+:(\d+)", line)
    return process, int(found[1]) if found else sys.exit(line)


def nginx(site, place, workers):
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    file = place / "nginx.conf"
    # As whom it was started: the folder is nobody else's.
    user = "user root;\n" if os.geteuid() == 0 else ""
    file.write_text(user + NGINX % {"workers": workers, "place": place, "site": site, "port": port})
    process = subprocess.Popen(["nginx", "-c", str(file), "-e", str(place / "error.log")], stderr=subprocess.PIPE, text=True)
    return process, port


def seconds(process):
    """CPU seconds of a process and its descendants so far."""
    total = 0
    for pid in descendants(process.pid):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def measure(process, port, name, kept, options):
    command = ["wrk", f"-t{options.threads}", f"-c{options.connections}", f"-d{options.seconds}s", f"http://127.0.0.1:{port}/{name}"]
    if not kept:
        command[1:1] = ["-H", "Connection: close"]
    memory, before = Memory(process.pid), seconds(process)
    said = subprocess.run(command, capture_output=True, text=True, timeout=60 + options.seconds).stdout
    used, peak = seconds(process) - before, memory.stop()
    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"(\d+) requests in", said)
    # wrk counts a connection that ends as its answer does, `Connection: close`, among the read errors of some versions.
    wrong = re.search(r"Non-2xx.*|Socket errors: connect [1-9].*", said)
    if not rate or wrong:
        sys.exit(f"wrk: {' '.join(command)}\n{said}")
    return float(rate[1]), 1000 * used / max(1, int(count[1])), peak


def ready(port):
    for _ in range(100):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/1k.bin", timeout=5).read()
        time.sleep(0.1)
    sys.exit(f"nothing answers at port {port}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2, help="of wrk")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--only", help="kept or closed")
    parser.add_argument("--markdown", type=pathlib.Path)
    options = parser.parse_args()
    for program in ("nginx", "wrk"):
        shutil.which(program) or shutil.which(program, path="/usr/sbin") or sys.exit(f"there is no {program}")
    os.environ["PATH"] += ":/usr/sbin"
    head = ["file", "connections", "ranks req/s", "nginx req/s", "ranks : nginx", "CPU ms/1000, ranks", "nginx", "memory MiB, ranks", "nginx"]
    widths = [8, 13, 13, 13, 15, 20, 9, 19, 9]
    print("".join(f"{word:>{width}}" for word, width in zip(head, widths)))
    rows, running = [], []
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        place.chmod(0o755)
        site = place / "site"
        site.mkdir()
        for size in SIZES:
            (site / f"{size}.bin").write_bytes(os.urandom(SIZES[size]))
        try:
            for start in (ranks, nginx):
                running.append(start(site, place, options.workers))
                if ready(running[-1][1]) != (site / "1k.bin").read_bytes():
                    sys.exit(f"{start.__name__} serves something else")
            for size in options.sizes.split(","):
                for kept in (True, False):
                    word = "kept" if kept else "closed"
                    if options.only not in (None, word):
                        continue
                    rounds = [[measure(*one, f"{size}.bin", kept, options) for one in running] for _ in range(options.rounds)]
                    ours, theirs = ([statistics.median(column) for column in zip(*side)] for side in zip(*rounds))
                    ratio = statistics.median(a[0] / b[0] for a, b in rounds)
                    figures = [f"{ours[0]:.0f}", f"{theirs[0]:.0f}", f"{ratio:.2f}", f"{1000 * ours[1]:.1f}", f"{1000 * theirs[1]:.1f}", f"{ours[2]:.1f}", f"{theirs[2]:.1f}"]
                    rows.append([f"{SIZES[size] >> 10} KiB" if size != "10m" else "10 MiB", word, *figures])
                    print("".join(f"{word:>{width}}" for word, width in zip(rows[-1], widths)), flush=True)
        finally:
            for process, _ in running:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
    if options.markdown:
        lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
        options.markdown.write_text("\n".join(lines) + "\n")


main()
