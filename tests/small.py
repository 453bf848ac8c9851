#!/usr/bin/env python3
"""The command without `ranks fetch` and `ranks serve` is built by Rust alone.

Rust itself needs a linker, which it calls by the name `cc`. Here `cc` is a program that links and refuses to compile C,
so a crate with C sources fails the build. Then the binary is tried: `ranks run`, `ranks bench`, and what it says to
`ranks fetch`.

    tests/small.py            builds in target/small
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACE = ROOT / "target/small"
LINKS_ONLY = """#!/bin/sh
for word in "$@"; do
    case $word in
    -c|-E|-S|*.c|*.cc|*.cpp|*.S) echo "cc: C sources are compiled here: $*" >&2; exit 1 ;;
    esac
done
exec {cc} "$@"
"""
# Crates that compile C or look for libraries in C.
WITH_C = {"cc", "cmake", "pkg-config", "bindgen", "ring", "aws-lc-sys", "zstd-sys", "libsqlite3-sys", "openssl-sys"}
failed = 0


def check(what, good, details=""):
    global failed
    print(f"{'ok' if good else 'FAILED'}: {what}")
    if not good:
        failed += 1
        print(details, file=sys.stderr)


def run(*words, **more):
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=1500, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def tree(package, *features):
    code, out, err = run("cargo", "tree", "-p", package, *features, "-e", "normal,build", "--prefix", "none", "--format", "{p}")
    if code != 0:
        sys.exit(f"small: cargo tree fails: {err}")
    return {line.split()[0] for line in out.splitlines() if line}


def tools():
    """A folder with Rust and what links for it, and nothing else."""
    folder = PLACE / "tools"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("cargo", "rustc"):
        (folder / name).symlink_to(shutil.which(name))
    linker = folder / "cc"
    linker.write_text(LINKS_ONLY.format(cc=shutil.which("cc")))
    linker.chmod(0o755)
    (folder / "sh").symlink_to("/bin/sh")
    return folder


def main():
    for package, features in (("ranks", ()), ("ranks-cli", ("--no-default-features",))):
        crates = tree(package, *features)
        check(f"{package} {' '.join(features)}: {len(crates)} crates, none with C", not crates & WITH_C, str(crates & WITH_C))
    check("the whole command has some with C, so they would be found", tree("ranks-cli") & WITH_C)

    folder = tools()
    environment = {"PATH": str(folder), "HOME": os.environ.get("HOME", "/")}
    environment |= {name: os.environ[name] for name in os.environ if name.startswith(("CARGO_HOME", "RUSTUP_"))}
    # ld stands beside the compiler that calls it, or in its PATH.
    (folder / "ld").symlink_to(shutil.which("ld"))
    target = ("--target-dir", str(PLACE))
    for words in (("-p", "ranks"), ("-p", "ranks-cli", "--no-default-features")):
        code, _, err = run("cargo", "build", *words, *target, env=environment)
        check(f"cargo build {' '.join(words)} with a cc that only links", code == 0, err[-3000:])
    code, _, err = run("cc", "-c", "x.c", env=environment)
    check("that cc compiles nothing", code == 1 and "C sources" in err, err)

    ranks = str(PLACE / "debug/ranks")
    code, out, err = run(ranks, "run", "-n", "2", "sh", "-c", "echo rank $RANKS_RANK")
    check("ranks run", code == 0 and sorted(out.splitlines()) == ["rank 0", "rank 1"], out + err)
    code, out, err = run(ranks, "bench", "-n", "2", "barrier", "--time", "20ms")
    check("ranks bench", code == 0 and "barrier" in out, out + err)
    for name in ("fetch", "serve"):
        code, out, err = run(ranks, name, "-n", "2", "x")
        one = err.startswith(f"ranks: this build has no `ranks {name}`") and len(err.splitlines()) == 1
        check(f"ranks {name} says how to get it", code == 2 and out == "" and one and f"--features {name}" in err, out + err)
    code, out, err = run(ranks, "--help")
    check("the help names what is there", code == 0 and "fetch" not in out and "\n  ranks bench " in out, out + err)
    sys.exit(1 if failed else 0)


main()
