#!/usr/bin/env python3
"""Runs every command that README.md and the pages in docs/ show.

    tests/documented_commands.py [--only TEXT] [--list]

A command is a line that begins with `$ ` in a block of code, a line of a block without output that begins with a
command of ours, or such a command between backticks. Each runs in a folder of its own, which has the files that the
pages name. It must end with exit code 0, or with the code that the page shows after `$ echo $?`, and print the lines
that the page shows (digits may differ). A command that this test does not know how to run is a failure.

Needs target/release with ranks, libmpi.so.12 and the examples; fetches mpi4py into target/mpi-tests once. Servers
listen on loopback only.
"""
import argparse
import http.server
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import mpi  # noqa: E402 (its virtual environment has mpi4py)

BUILD = ROOT / "target/release"
PLACE = ROOT / "target/documented"
# Seconds for one command.
LIMIT = 240
# What a command begins with, between backticks or in a block of code.
OURS = re.compile(r"(?:[A-Z_]+=\S+ )*(?:target/release/)?(?:(?:ranks|mpiexec|mpirun|mpicc|mpicxx) (?=[\w./-])(?!run:)|cargo |pip install )")
# The name of a command, mentioned as a name.
NAME = re.compile(r"(?:target/release/)?ranks (run|fetch|serve|install|COMMAND)|cargo \w+")

# Commands that are not run here, each with the reason.
ELSEWHERE = [
    (r".*\bcargo (test|build|clippy|fmt)\b.*", "the steps of .ci/run build and test the whole workspace"),
    (r"cargo run --release -- fetch -n 4 --sample.*", "the step `the main job` of .ci/run"),
    (r"cargo install .*", "it builds again what the step `build, as its users do` of .ci/run has built"),
    (r"(pip|pip3|python3? -m pip) install .*", "the step `the wheel, without Rust` of .ci/run builds and installs it"),
    (r"cargo (deny|package|publish)\b.*", "a step of a release: it needs a registry, or uploads"),
    (r"python3? tests/\w+\.py.*", "a step of .ci/run or a part of .ci/long"),
]

# What stands for something else in a command.
STANDS_FOR = [(r"^\.\.\. *\\?\|", "cat urls.txt |"), (r" \.\.\.$", " urls.txt"), (r"\bPROGRAM\b", "./program")]

# The files that the pages name. {server} is the address of a server of this test, {python} an interpreter with mpi4py.
GREETING = """\
from mpi4py import MPI
print("rank", MPI.COMM_WORLD.rank, "of", MPI.COMM_WORLD.size)
"""
HELLO_C = """\
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv) {
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    printf("Hello from rank %d of %d\\n", rank, size);
    return MPI_Finalize();
}
"""
# Rank 1 is killed while the others wait for it.
SOLVER = """\
#!{python}
import os, signal, time
from mpi4py import MPI
if MPI.COMM_WORLD.rank == 1:
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)
MPI.COMM_WORLD.Recv(bytearray(8), source=1, tag=7)
"""
HELLO_RS = """\
fn main() -> ranks::Result<()> {
    let world = ranks::init()?;
    println!("Hello from rank {} of {}", world.rank(), world.size());
    Ok(())
}
"""
CARGO_TOML = """\
[package]
name = "hello"
version = "0.1.0"
edition = "2024"
[dependencies]
ranks = { path = "{root}/crates/ranks" }
[workspace]
"""
FILES = {
    "hello.py": GREETING,
    "program.py": GREETING,
    "program": "#!{python}\n" + GREETING,
    "master": "#!{python}\n" + GREETING,
    "worker": "#!{python}\n" + GREETING,
    "solver": SOLVER,
    "hello.c": HELLO_C,
    "urls.txt": "".join("{server}/page/%d\n" % number for number in range(6)),
    "links.txt": "".join("{server}/link/%d\n" % number for number in range(6)),
    "sites.txt": "{server}/one\n{server}/two\n",
    "new.json": '{"new": true}\n',
    "users": "ann:{SHA256}d82494f05d6917ba02f7aaa29689ccb444bb73f20380876cb05d1f37537b7892\n",
    **{f"{folder}/index.html": "<!doctype html><title>A page</title>\n" for folder in ("public", "dist")},
    "data/table.csv": "a,b\n1,2\n",
}
failures = []


class Command:
    """A command of a page: where it stands, what it is, and what the page says of its end."""

    def __init__(self, page, line, text):
        self.page, self.line, self.text = page, line, text
        # The exit code and the lines of output that the page shows, and the files whose contents it shows.
        self.code, self.shown, self.files = 0, [], {}

    def where(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def collect(page):
    """The commands of a page."""
    lines = page.read_text().splitlines()
    at = 0
    while at < len(lines):
        if lines[at].lstrip().startswith("```"):
            end = next(n for n in range(at + 1, len(lines) + 1) if n == len(lines) or lines[n].lstrip().startswith("```"))
            if lines[at].strip() in ("```", "```sh", "```console"):
                yield from block(page, at + 2, lines[at + 1:end])
            at = end + 1
            continue
        # A command between backticks ends where they end; in a table, `\|` stands for `|`.
        for span in re.findall(r"(?<!`)`([^`]+)`", lines[at]):
            text = span.replace("\\|", "|")
            if any(OURS.match(part.strip()) for part in re.split(r"\|\||&&|[|;]", text)) and not NAME.fullmatch(text):
                yield Command(page, at + 1, text)
        at += 1


def block(page, first, lines):
    """The commands of a block of code whose first line has the number `first`."""
    prompts = any(line.lstrip().startswith("$ ") for line in lines)
    last, files, name = None, {}, None
    for number, line in enumerate(lines, first):
        text = line.strip()
        if text.startswith("$ ") if prompts else OURS.match(text):
            text = re.sub(r"\s+#\s.*$", "", text[2:] if prompts else text)
            shows = re.fullmatch(r"cat (\S+)", text)
            if text == "echo $?":
                last.code, last = None, last
            elif shows:
                name = shows.group(1)
                files[name] = ""
                last = None
            else:
                last, name = Command(page, number, text), None
                last.files = files
                yield last
        elif name is not None:
            files[name] += line + "\n"
        elif last is not None and last.code is None:
            last.code = int(text)
        elif last is not None and prompts and text:
            last.shown.append(text)


class Answer(http.server.BaseHTTPRequestHandler):
    """A site where every page is there, with any method."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"a page\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = answer

    def log_message(self, *_):
        pass


def surroundings(folder, python):
    """The environment of a command: our build, an interpreter with mpi4py, and a home folder of its own."""
    path = [python.parent, BUILD, PLACE / "installed/bin", *os.environ["PATH"].split(":")]
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("RANKS_", "MPIEXEC_"))},
        "PATH": ":".join(map(str, path)),
        "HOME": str(folder),
        "CARGO_HOME": os.environ.get("CARGO_HOME", str(pathlib.Path.home() / ".cargo")),
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(pathlib.Path.home() / ".rustup")),
        "CARGO_TARGET_DIR": str(ROOT / "target"),
    }


def prepare(folder, python, server):
    """Fills a folder with the files that the pages name."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{python}", str(python)).replace("{server}", server).replace("{root}", str(ROOT)))
        if "." not in name:
            path.chmod(0o755)
    shutil.copy(PLACE / "chain.pem", folder)
    shutil.copy(PLACE / "key.pem", folder)
    (folder / "target").symlink_to(ROOT / "target")


def crate(folder):
    """Makes a package of the folder, as a user of the crate has it."""
    (folder / "src/bin").mkdir(parents=True)
    (folder / "src/bin/hello.rs").write_text(HELLO_RS)
    (folder / "Cargo.toml").write_text(CARGO_TOML.replace("{root}", str(ROOT)))
    shutil.copy(ROOT / "Cargo.lock", folder)


def start(command, folder, environment):
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    shell = ["bash", "-o", "pipefail", "-c", command]
    return subprocess.Popen(shell, cwd=folder, env=environment, start_new_session=True, **pipes)


def kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def serve(text, folder, environment):
    """Runs a server until it has answered, and ends it."""
    text = re.sub(r"--listen \S+:\d+", "--listen 127.0.0.1:0", text)
    if "--listen" not in text:
        text += " --listen 127.0.0.1:0"
    process = start(f"exec {text}", folder, environment)
    watchdog = threading.Timer(LIMIT, kill, [process])
    watchdog.start()
    said = ""
    for line in process.stdout:
        said += line
        address = re.search(r"serving .* on (https?)://(\S+)", line)
        if address:
            if address.group(1) == "http":
                said += ask(f"http://{address.group(2)}/")
            process.send_signal(signal.SIGTERM)
    code = process.wait()
    watchdog.cancel()
    if not re.search(r"^serving ", said, re.M):
        return code or 1, said + "it never said where it serves\n"
    return code, said


def ask(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return f"GET {url}: {answer.status}\n"
    except OSError as error:
        # A server that asks for a name answers 401, which is an answer too.
        return f"GET {url}: {error}\n"


def run(text, folder, environment):
    process = start(text, folder, environment)
    try:
        said, _ = process.communicate(timeout=LIMIT)
        return process.returncode, said
    except subprocess.TimeoutExpired:
        kill(process)
        said, _ = process.communicate()
        return None, f"{said}\nno end after {LIMIT} s\n"


def without_digits(line):
    return re.sub(r"\d+(\.\d+)*", "0", line.strip())


def missing(command, said):
    """The lines that the page shows and that were not printed. `...` stands for anything."""
    printed = [without_digits(line) for line in said.splitlines()]
    for shown in command.shown:
        pattern = ".*".join(map(re.escape, without_digits(shown).split("...")))
        if not any(re.fullmatch(pattern, line) for line in printed):
            yield shown


def known(text):
    """True for a command that runs in a folder of this test: one of ours, or one that feeds ours."""
    return bool(OURS.match(text)) or text.split(" ")[0] in ("cat", "python", "python3", "echo")


def attempt(command, number, python, server):
    """Runs one command; what went wrong, if anything did."""
    folder = PLACE / str(number)
    prepare(folder, python, server)
    environment = surroundings(folder, python)
    text = command.text
    for what, instead in STANDS_FOR:
        text = re.sub(what, instead, text)
    if not known(text):
        return "this test does not know how to run it: teach it, or name it in ELSEWHERE with the reason"
    if re.search(r"--bin \w", text):
        crate(folder)
    if "--uninstall" in text:
        run(f"ranks install {text.split()[-1]}", folder, environment)
    if re.match(r"(target/release/)?ranks serve (?!--help|-h)", text):
        code, said = serve(text, folder, environment)
    else:
        code, said = run(text, folder, environment)
    lost = list(missing(command, said))
    if code != command.code:
        return f"exit code {code}, expected {command.code}\n{said}"
    if lost:
        return f"the page shows lines that were not printed: {lost}\n{said}"
    shutil.rmtree(folder, ignore_errors=True)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="only commands that contain this text")
    parser.add_argument("--list", action="store_true", help="show the commands, and run none")
    options = parser.parse_args()
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    commands = []
    for command in (command for page in pages for command in collect(page)):
        FILES.update(command.files)
        earlier = next((other for other in commands if other.text == command.text), None)
        if earlier is None and options.only in command.text:
            commands.append(command)
        elif earlier is not None and command.shown and not earlier.shown:
            earlier.page, earlier.line = command.page, command.line
            earlier.shown, earlier.code = command.shown, command.code
    if options.list:
        for command in commands:
            print(f"{command.where()}: {command.text}")
        return
    if not (BUILD / "ranks").exists() or not (BUILD / "examples/certificate").exists():
        sys.exit(f"{BUILD} is not built: cargo build --release --workspace --examples")
    PLACE.mkdir(parents=True, exist_ok=True)
    python = mpi.make_python()
    mpi.quietly(BUILD / "examples/certificate", PLACE / "chain.pem", PLACE / "key.pem")
    mpi.quietly(BUILD / "ranks", "install", PLACE / "installed")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    elsewhere = 0
    for number, command in enumerate(commands):
        reason = next((reason for what, reason in ELSEWHERE if re.fullmatch(what, command.text)), None)
        if reason:
            elsewhere += 1
            print(f"not run {command.where()}: {command.text}\n        {reason}")
            continue
        began = time.monotonic()
        wrong = attempt(command, number, python, address)
        print(f"{'FAILED ' if wrong else 'ok     '} {command.where()}: {command.text} ({time.monotonic() - began:.1f} s)")
        if wrong:
            failures.append(command)
            print("        " + wrong.replace("\n", "\n        "))
    server.shutdown()
    if not failures:
        shutil.rmtree(PLACE)
    print(f"{len(commands)} commands, {elsewhere} of them run by other tests, {len(failures)} failed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
