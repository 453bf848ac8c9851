#!/usr/bin/env python3
"""`ranks serve` under attack and on ordinary days: what is asked is written here byte by byte, what must be answered from
RFC 9110, 9112 and 9113.

    tests/serve.py [PART ...]     parts: paths messages slow ranges tls service; all of them without

Needs target/release/ranks and the example `certificate`. Serves on loopback, from a folder of its own.
"""
import pathlib
import subprocess
import sys
import tempfile
import time

from web import h2, messages, paths, ranges, service, site, wire

CERTIFICATE = site.ROOT / "target/release/examples/certificate"


def main():
    parts = sys.argv[1:] or ["paths", "messages", "slow", "ranges", "tls", "service"]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        folder = site.make(place)
        hasty = ["--header-timeout", 1, "--body-timeout", 1, "--send-timeout", 2]
        with site.Server(folder, *hasty) as server:
            for part in parts:
                if part == "paths":
                    paths.run(server.port, folder)
                elif part == "messages":
                    messages.run(server.port)
                elif part == "slow":
                    messages.slow(server.port)
                elif part == "ranges":
                    ranges.run(server.port, folder)
                elif part == "tls":
                    h2.in_plain(server.port)
            wire.check("the server has said nothing unexpected and ends with 0", server.end() == 0 and len(server.said) == 1, server.said)
        if "tls" in parts:
            subprocess.run([CERTIFICATE, place / "cert.pem", place / "key.pem"], check=True)
            with site.Server(folder, *hasty, "--tls-cert", place / "cert.pem", "--tls-key", place / "key.pem") as server:
                h2.run(server.port, place / "cert.pem")
                wire.check("after all that it ends with 0", server.end() == 0, server.said)
        if "service" in parts:
            service.run(folder, place)
    print(f"{len(wire.passed)} passed, {len(wire.failures)} failed, {time.monotonic() - begun:.0f} s")
    sys.exit(bool(wire.failures))


main()
