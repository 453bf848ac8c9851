#!/usr/bin/env python3
"""A real browser and `ranks serve`: Chromium loads a page with 199 parts, over HTTP/1.1 and over TLS with HTTP/2, and a
listing; the page itself says how many parts came.

    tests/browser.py [--pictures FOLDER]      with --pictures, screenshots are kept there

Needs target/release/ranks, the example `certificate`, and Chromium (Debian: chromium). Serves on loopback.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from web import gallery, site
from web.wire import check, failures, passed

CERTIFICATE = site.ROOT / "target/release/examples/certificate"


def browser(*options):
    program = shutil.which("chromium") or shutil.which("chromium-browser") or sys.exit("there is no chromium")
    with tempfile.TemporaryDirectory() as profile:
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
                   "--ignore-certificate-errors", f"--user-data-dir={profile}", "--virtual-time-budget=20000", *map(str, options)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout


def protocols(log):
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    parts = [entry for entry in entries if "part-" in json.dumps(entry)]
    return len(parts), {version for entry in parts for version in re.findall(r"HTTP/[\d.]+", json.dumps(entry))}, {entry["status"] for entry in parts}


def loads(place, folder, name, pictures, *options):
    log = place / f"log-{name}"
    with site.Server(folder, "--access-log", log, "--log-format", "json", *options, n=2) as server:
        scheme = "https" if options else "http"
        url = f"{scheme}://localhost:{server.port}/"
        text = browser("--dump-dom", url)
        said = re.search(r'<output id="result">([^<]*)', text)
        check(f"{name}: all 200 files", said and said[1] == "200 loaded, 0 failed of 200", said and said[1])
        if pictures and name == "http2":
            browser(f"--screenshot={pictures / 'serve-browser.png'}", "--window-size=1200,360", url)
        server.end()
    count, versions, statuses = protocols(log)
    wanted = {"HTTP/2.0", "HTTP/2"} if options else {"HTTP/1.1"}
    check(f"{name}: spoken {versions}, {count} parts logged", versions and versions <= wanted and count >= 199, (versions, count))
    check(f"{name}: statuses {statuses}", statuses <= {200, 304}, statuses)


def listing(place, pictures):
    folder = place / "listed"
    for name in ("archive", "pictures"):
        (folder / name).mkdir(parents=True)
    for name, size in {"notes.txt": 1234, "data with spaces.csv": 56_789, "<b>not bold<.html": 12, "\u00fcbersicht.pdf": 3_456_789, "video.mp4": 45_678_901}.items():
        with (folder / name).open("wb") as file:
            file.truncate(size)
    with site.Server(folder, "--listing", n=1) as server:
        url = f"http://localhost:{server.port}/"
        text = browser("--dump-dom", url)
        check("listing: a browser shows names as they are", "&lt;b&gt;not bold&lt;.html" in text and "\u00fcbersicht.pdf" in text, text[:500])
        if pictures:
            browser(f"--screenshot={pictures / 'serve-listing.png'}", "--window-size=900,420", url)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        folder = place / "gallery"
        folder.mkdir()
        gallery.make(folder)
        assert len(list(folder.iterdir())) == 200
        loads(place, folder, "http1", options.pictures)
        subprocess.run([CERTIFICATE, place / "cert.pem", place / "key.pem"], check=True)
        loads(place, folder, "http2", options.pictures, "--tls-cert", place / "cert.pem", "--tls-key", place / "key.pem")
        listing(place, options.pictures)
    print(f"{len(passed)} passed, {len(failures)} failed")
    sys.exit(bool(failures))


main()
