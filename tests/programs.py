#!/usr/bin/env python3
"""Whole programs as their users start them: the examples, `ranks fetch`, `ranks bench`, and what goes wrong.

    tests/programs.py [-n 1,2,4] [--urls 2000]

Needs `cargo build --release --workspace --examples`. Nothing leaves this machine.
"""
import argparse
import collections
import csv
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
RANKS = str(ROOT / "target/release/ranks")
EXAMPLES = ROOT / "target/release/examples"
failures, passed = [], 0


def example(name, *words):
    return [str(EXAMPLES / name), *words]


def check(name, holds, text=""):
    global passed
    if holds:
        passed += 1
        print(f"ok      {name}")
    else:
        failures.append(name)
        print(f"FAILED  {name}\n{text}")


def start(command, env=None, **how):
    how.setdefault("stdin", subprocess.DEVNULL)
    surroundings = {**os.environ, **(env or {})}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([str(word) for word in command], env=surroundings, **{**pipes, **how})


def finish(process, limit=60):
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        err += f"\nno end after {limit} s"
    return process.returncode, out, err


def run(command, limit=60, **how):
    return finish(start(command, **how), limit)


def job(n, command, **how):
    return run([RANKS, "run", "-n", n, *command], **how)


ALONE = "there are no ranks behind this one: use -n 2 or more\n"


def examples(counts):
    for n in counts:
        code, out, err = job(n, example("hello"))
        want = sorted(f"Hello from rank {r} of {n}" for r in range(n))
        check(f"hello n={n}", code == 0 and sorted(out.splitlines()) == want, out + err)

        code, out, err = job(n, example("send_receive"))
        want = sorted(f'rank {r} received "a letter to rank {r}" and [1.0, 2.0, {r}.0]' for r in range(1, n))
        check(f"send_receive n={n}", code == 0 and sorted(out.splitlines()) == want, out + err)

        code, out, err = job(n, example("isend_irecv"))
        from_rank = [(r - 1) % n for r in range(n)]
        want = sorted(f"rank {r}: {f * 10} from rank {f}, and 500500 computed meanwhile" for r, f in enumerate(from_rank))
        check(f"isend_irecv n={n}", code == 0 and sorted(out.splitlines()) == want, out + err)

        code, out, err = job(n, example("ping_pong"))
        lines = 1 if n == 1 else 9
        check(f"ping_pong n={n}", code == 0 and len(out.splitlines()) == lines, out + err)

        code, out, err = job(n, example("ring", "--count", "25"))
        check(f"ring n={n}", code == 0 and f"after 25 rounds of {n} ranks: {25 * n}\n" == out, out + err)

        code, out, err = job(n, example("many_tasks"))
        check(f"many_tasks n={n}", code == 0 and out.startswith(f"{20000 * n} messages in "), out + err)

        code, out, err = job(n, example("server_with_ranks"))
        check(f"server_with_ranks n={n}", code == 0 and out == ("100 answers\n" if n > 1 else ALONE), out + err)

        code, out, err = job(n, example("everyone_serves"))
        want = sorted(f"rank {r}: 100 answers" for r in range(n))
        check(f"everyone_serves n={n}", code == 0 and sorted(out.splitlines()) == want, out + err)

        code, out, err = job(n, example("asynchronous_edge"))
        # Each step adds the ranks and n times the number of the step.
        total = 2000 * n * (n - 1) // 2 + n * 2000 * 1999 // 2
        numbers = re.findall(r"\d+", out)
        check(f"asynchronous_edge n={n}", code == 0 and len(numbers) == n + 1 and numbers[-1] == str(total), out + err)

        code, out, err = job(n, example("broadcast"))
        want = sorted(f"rank {r} knows the powers of two: {[1 << i for i in range(8)]}" for r in range(n))
        check(f"broadcast n={n}", code == 0 and sorted(out.splitlines()) == want, out + err)

        code, out, err = job(n, example("scatter"))
        want = sorted(f"rank {r} has errand {r} and [{3 * r}.0, {3 * r + 1}.0, {3 * r + 2}.0]" for r in range(n))
        check(f"scatter n={n}", code == 0 and sorted(out.splitlines()) == want, out + err)

        code, out, err = job(n, example("gather"))
        names = ", ".join(f"rank {r} of {n}" for r in range(n))
        numbers = [r for r in range(n) for _ in range(r + 1)]
        check(f"gather n={n}", code == 0 and out == f"{names}\n{numbers}\n", out + err)

        code, out, err = job(n, example("all_gather"))
        words = "[" + ", ".join(f'"{"ab" * r}"' for r in range(n)) + "]"
        want = sorted(f"rank {r} has {words} and {[q * q for q in range(n)]}" for r in range(n))
        check(f"all_gather n={n}", code == 0 and sorted(out.splitlines()) == want, out + err)

        code, out, err = job(n, example("monte_carlo_pi", "--points", "1000000"))
        check(f"monte_carlo_pi n={n}", code == 0 and re.search(r"pi is about 3.14.*, give or take 0.000", out), out + err)
        rows = [line.split() for line in out.splitlines()[1:5]]
        apart = [float(row[2]) for row in rows]
        better = [row[0] for row in rows] == ["1000", "10000", "100000", "1000000"] and apart[0] > 3 * apart[2]
        check(f"monte_carlo_pi n={n}: more points, less deviation", better, out)

        code, out, err = job(n, example("count", "--limit", "1000"), env={"LIMIT": "7"})
        check(f"count n={n}", code == 0 and out == "168 prime numbers up to 1000\n", out + err)
        code, out, err = job(n, example("count"), env={"LIMIT": "7"})
        check(f"count n={n}, by the environment", code == 0 and out == "4 prime numbers up to 7\n", out + err)

        code, out, err = job(n, example("matrix_vector", "--size", "37"))
        row = [sum((i + j) / (j + 1) for j in range(37)) for i in (0, 36)]
        want = f"37 x 37, row 0: {row[0]:.6f}, last row: {row[1]:.6f}\n"
        check(f"matrix_vector n={n}", code == 0 and out == want, out + err)

        code, out, err = job(n, example("heat", "--size", "23", "--steps", "40"))
        check(f"heat n={n}", code == 0 and out == heat(23, 40), out + err + heat(23, 40))

        code, out, err = job(n, example("word_count", "--top", "2", ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "LICENSE-MIT"))
        check(f"word_count n={n}", code == 0 and out == counted(2, "README.md", "ARCHITECTURE.md", "LICENSE-MIT"), out + err)

        code, out, err = job(n, example("statistics"))
        numbers = [i % 100 for i in range(250 * n)]
        want = f"mean {statistics.fmean(numbers):.2f}, deviation {statistics.pstdev(numbers):.2f}"
        check(f"statistics n={n}", code == 0 and want in out.splitlines(), out + err)

        code, out, err = job(n, example("uptime"))
        check(f"uptime n={n}", code == 0 and out.startswith("5 of 40 sites are not well\n"), out + err)


def heat(size, steps):
    """What the example prints, computed plainly."""
    plate = [[100.0] * (size + 2)] + [[0.0] * (size + 2) for _ in range(size + 1)]
    inside = [(i, j) for i in range(1, size + 1) for j in range(1, size + 1)]
    for _ in range(steps):
        before = [row[:] for row in plate]
        for i, j in inside:
            plate[i][j] = (before[i][j - 1] + before[i][j + 1] + before[i - 1][j] + before[i + 1][j]) / 4
        change = max(abs(plate[i][j] - before[i][j]) for i, j in inside)
    cells = [plate[i][j] for i, j in inside]
    result = f"hottest {max(cells):.6f}, last change {change:.6f}, mean {sum(cells) / size**2:.6f}"
    return f"{size} x {size} cells, {steps} steps\n{result}\n"


def counted(top, *files):
    """What the example prints, computed plainly."""
    text = " ".join((ROOT / file).read_text() for file in files)
    counts = collections.Counter(re.findall(r"[^\W_]+", text.lower()))
    best = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:top]
    lines = [f"{counts.total()} words, {len(counts)} different"] + [f"{count:8} {word}" for word, count in best]
    return "\n".join(lines) + "\n"


def documents():
    """The program in the README is the example, and its output is what it prints."""
    readme, source = (ROOT / "README.md").read_text(), (ROOT / "crates/ranks/examples/statistics.rs").read_text()
    program = source[source.index("use ranks::op;"):]
    check("the program in the README is an example", program in readme)
    code, out, err = job(4, example("statistics"))
    same = all(line in readme for line in out.splitlines())
    check("the README shows its output", code == 0 and len(out.splitlines()) == 5 and same, out + err)

    with tempfile.TemporaryDirectory() as folder:
        picture = pathlib.Path(folder, "pi.svg")
        code, out, err = job(2, example("monte_carlo_pi", "--points", "10000", "--svg", picture))
        drawn = picture.read_text() if picture.exists() else ""
        check("monte_carlo_pi draws", code == 0 and drawn.startswith("<svg") and drawn.count("<circle") == 2, out + err)
    code, out, err = job(3, example("word_count", "no-such-file"))
    check("word_count without its file", code != 0 and "cannot read no-such-file" in err and not out, out + err)


def fetch(urls):
    with tempfile.TemporaryDirectory() as folder:
        list_file, records = pathlib.Path(folder, "urls"), pathlib.Path(folder, "records.jsonl")
        server = start(example("fetch_check", list_file, str(urls)), stdin=subprocess.PIPE)
        try:
            assert server.stdout.readline().strip() == "ready"
            for n in (1, 4):
                with records.open("w") as out:
                    code, _, err = run([RANKS, "fetch", "-n", n, "--timeout", "2", list_file], stdout=out)
                same, out, diff = run(example("fetch_check", "--compare", list_file, records))
                check(f"fetch n={n}: {urls} URLs, each record right", code == 0 and same == 0, err + out + diff)
            for form in ("jsonl", "csv", "table"):
                code, out, err = run([RANKS, "fetch", "-n", "2", "--sample", "50", "--format", form])
                check(f"fetch --format {form}", code == 0 and len(out.splitlines()) >= 50, out + err)
            head = f"yes http://127.0.0.1:9/ | '{RANKS}' fetch -n 4 2>&1 | head -n 2"
            code, out, err = run(["sh", "-c", head], limit=20)
            check("fetch into head", code == 0 and len(out.splitlines()) == 2 and not err, out + err)
        finally:
            server.communicate("", timeout=20)


def bench(counts):
    """Figures are not judged here, but what is printed is whole and says what was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        table, picture = pathlib.Path(folder, "figures.csv"), pathlib.Path(folder, "figures.svg")
        for n in counts:
            files = ["--csv", table, "--svg", picture]
            code, out, err = run([RANKS, "bench", "-n", n, "--time", "1ms", "--sizes", "8,4k,1m", *files])
            with table.open(newline="") as lines:
                rows = list(csv.DictReader(lines))
            pairs = {"latency", "bandwidth", "bidirectional", "rate"} if n > 1 else set()
            all_ranks = {"bcast", "allreduce", "allgather", "alltoall", "gather", "scatter", "reduce"}
            want = {(name, size) for name in pairs | all_ranks for size in ("8", "4096", "1048576")} | {("barrier", "0")}
            found = {(row["operation"], row["bytes"]) for row in rows}
            figures = [[float(row[name]) for name in ("best", "median", "p99")] for row in rows]
            ordered = all(f == sorted(f, reverse=row["unit"] != "us") and min(f) > 0 for f, row in zip(figures, rows))
            check(f"bench n={n}: its file", code == 0 and found == want and len(rows) == len(want) and ordered, out + err)
            printed = [line.split() for line in out.splitlines() if line and not line.startswith("#")]
            check(f"bench n={n}: its tables", len(printed) == len(rows) and f"{n} rank" in out.splitlines()[0], out)
            panels = ElementTree.parse(picture).getroot().iter("{http://www.w3.org/2000/svg}polyline")
            check(f"bench n={n}: its picture", len(list(panels)) == len(pairs | all_ranks))
        check("bench leaves nothing else behind", sorted(os.listdir(folder)) == ["figures.csv", "figures.svg"])

        code, out, err = run([RANKS, "bench", "barrier", "bcast", "--sizes", "64", "--time", "1ms", "--csv", "-"])
        rows = list(csv.DictReader(out.splitlines()))
        check("bench --csv -", code == 0 and [row["operation"] for row in rows] == ["barrier", "bcast"], out + err)
        code, out, err = run(["sh", "-c", f"'{RANKS}' bench --time 1s | head -n 2"], limit=20)
        check("bench into head", code == 0 and len(out.splitlines()) == 2 and not err, out + err)


def surroundings():
    code, out, err = run(example("hello"))
    check("without the launcher: a job of one", (code, out) == (0, "Hello from rank 0 of 1\n"), out + err)

    jobs = [start([RANKS, "run", "-n", "3", *example("ring", "--count", "2000")]) for _ in range(2)]
    ends = [finish(process) for process in jobs]
    check("two jobs at once", all(e[0] == 0 and "6000" in e[1] for e in ends), str(ends))

    nested = job(2, [RANKS, "run", "-n", "2", *example("hello")])
    check("a job inside each rank", nested[0] == 0 and nested[1].count("of 2") == 4, str(nested))

    shell = job(3, ["sh", "-c", f"exec {EXAMPLES / 'hello'}"])
    check("sh -c exec", shell[0] == 0 and shell[1].count("of 3") == 3, str(shell))
    shell = job(3, ["sh", "-c", f"{EXAMPLES / 'hello'}; true"])
    check("sh -c as a parent", shell[0] == 0 and shell[1].count("of 3") == 3, str(shell))
    shell = job(3, ["sh", "-c", f"{EXAMPLES / 'hello'}; {EXAMPLES / 'hello'}"])
    refused = shell[0] == 1 and shell[1].count("of 3") == 3 and "a rank is one MPI program" in shell[2]
    check("a second program in the same rank is refused", refused, str(shell))
    env = job(2, ["env", "A=b", *example("hello")])
    check("env", env[0] == 0 and env[1].count("of 2") == 2, str(env))

    for name in ("mpiexec", "mpirun"):
        words = ["-np", "2", "--allow-run-as-root", "--oversubscribe", *example("hello")]
        code, out, err = run([ROOT / "target/release" / name, *words])
        check(f"the command called {name}", code == 0 and out.count("of 2") == 2, out + err)

    begun = time.monotonic()
    code, out, err = run(["sh", "-c", f"'{RANKS}' run -n 4 yes | head -n 3"])
    check("output into head", (code, out) == (0, "y\n" * 3) and time.monotonic() - begun < 60, out + err)

    for setting in ("RANKS_NO_CMA", "RANKS_FENCES", "RANKS_NO_MEMFD"):
        code, out, err = job(2, example("ping_pong"), env={setting: "1"})
        check(f"{setting}: the work is done all the same", code == 0 and len(out.splitlines()) == 9, out + err)

    code, out, err = job(2, example("trial", "huge", str(50 << 20)))
    check("50 MiB", code == 0 and "huge: 52428800 bytes" in out, out + err)
    code, out, err = job(2, example("trial", "flood", "100000"))
    check("100,000 unexpected messages", code == 0 and "flood: 100000" in out, out + err)


def mistakes():
    """One line each, which says what is wrong, and an exit status that is not 0."""
    wrong = [
        (["run", "-n", "0", "true"], 2, r"-n 0"),
        (["run", "-n", "abc", "true"], 2, r"abc"),
        (["run", "-n", "4"], 2, r"program"),
        (["run", "-n", "4", "./no-such-program"], 127, r"no-such-program"),
        (["run", "-n", "4", "--tag-outptu", "true"], 2, r"tag-outp"),
        (["run", "--wdir", "/no/such/folder", "-n", "1", "true"], 2, r"/no/such/folder"),
        (["fetch", "-n", "2", "no-such-file"], 2, r"no-such-file"),
        (["bench", "latnecy"], 2, r"did you mean latency"),
        (["bench", "-n", "1", "latency"], 2, r"latency: between two ranks.*-n 2"),
        (["bench", "--sizes", "8,x"], 2, r"--sizes.*x"),
        (["bench", "--time", "0ms"], 2, r"--time"),
        (["bench", "--csv", "/no/such/folder/f.csv"], 2, r"/no/such/folder/f.csv"),
    ]
    for words, want, says in wrong:
        code, out, err = run([RANKS, *words])
        one_line = len(err.splitlines()) == 1
        check(f"ranks {' '.join(words)}", code == want and one_line and re.search(says, err) and not out, f"{code}: {err}")

    mistake = "rank 0: send to rank 9, tag 0 on world: rank 9 does not exist: the communicator has 4 ranks, 0 to 3"
    code, out, err = job(4, example("wrong", "rank"))
    check("a send to rank 9 of 4", code != 0 and mistake in err, err)
    code, out, err = job(2, example("wrong", "truncate"))
    mistake = "rank 1: receive from rank 0, tag 0 on world: message of 40 bytes is longer than the receive buffer of 20 bytes"
    check("a receive shorter than its message", code != 0 and mistake in err, err)
    code, out, err = job(3, example("wrong", "vanish"))
    check("a rank that vanishes", code == 137 and "rank 1 (wrong" in err and "SIGKILL" in err and "wait in receive from rank 1" in err, err)

    code, out, err = run([RANKS, "run", "-n", "3", "--timeout", "1", *example("wrong", "barrier")], limit=10)
    says = re.search(r"ranks? .*wait.* barrier on world", err) and re.search(r"rank 2 .*computing", err)
    check("a time-out with a roll-call", code == 110 and says, err)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", default="1,2,4", help="numbers of ranks for the examples")
    parser.add_argument("--urls", type=int, default=2000)
    options = parser.parse_args()
    examples([int(n) for n in options.n.split(",")])
    documents()
    bench([1, 2, 4])
    surroundings()
    mistakes()
    fetch(options.urls)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(bool(failures))


main()
