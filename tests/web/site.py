"""The folder that is served, what lies beside it, and servers over it."""
import gzip
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RANKS = os.environ.get("RANKS", str(ROOT / "target/release/ranks"))
SECRET = b"nobody may read this"
DIGITS = bytes(b"0123456789"[i % 10] for i in range(1000))
TEXT = b"".join(b"line %d of a text that can be compressed\n" % i for i in range(2000))
HUGE = 48 << 20


def make(place):
    """Folders `site` (served) and `outside`; gives the first."""
    site, outside = place / "site", place / "outside"
    for folder in (site / "sub/deep", site / "plain", site / ".git", outside, site / "odd"):
        folder.mkdir(parents=True)
    (outside / "secret.txt").write_bytes(SECRET)
    (place / "secret.txt").write_bytes(SECRET)
    for name, data in {
        "index.html": b"<!doctype html><title>home</title>home",
        "hello.txt": b"hello, world\n",
        "digits.txt": DIGITS,
        "text.txt": TEXT,
        "text.css": TEXT,
        "empty.txt": b"",
        "image.png": b"\x89PNG\r\n\x1a\n" + bytes(5000),
        "data.json": b'{"a": 1}',
        "sp ace.txt": b"space",
        "100%.txt": b"percent",
        "a+b.txt": b"plus",
        "semi;colon.txt": b"semicolon",
        "\u00fcml\u00e4ut.txt": b"umlaut",
        "not-found.html": b"<p>nothing here",
        "sub/index.html": b"sub home",
        "sub/deep/page.html": b"deep",
        "plain/one.txt": b"1",
        "plain/two.txt": b"22",
        "plain/.secret": SECRET,
        "odd/<script>alert(1)<.txt": b"odd",
        'odd/"quote"&amp.txt': b"odd",
        "odd/javascript:alert(1)": b"odd",
        ".hidden": SECRET,
        ".git/config": SECRET,
        "..more": SECRET,
        "pre.js": b"plain javascript",
        "pre.js.gz": gzip.compress(b"packed javascript", mtime=0),
        "pre.js.br": b"\x0b\x05\x80hello world\x03",
        "pre.js.zst": b"\x28\xb5\x2f\xfd\x20\x0b\x59\0\0hello world",
    }.items():
        (site / name).write_bytes(data)
    with (site / "huge.bin").open("wb") as file:
        for number in range(HUGE >> 16):
            file.write(number.to_bytes(2, "big") * (1 << 15))
    links = {
        "link-in": "hello.txt",
        "link-folder": "sub",
        "sub/link-up": "../hello.txt",
        "link-out": "../outside/secret.txt",
        "folder-out": "../outside",
        "link-absolute": str(outside / "secret.txt"),
        "folder-absolute": str(outside),
        "chain": "chain-2",
        "chain-2": "link-out",
        "loop": "loop",
        "to-root": "/",
        "to-self": "/proc/self",
        "null": "/dev/null",
        "zero": "/dev/zero",
        "dangling": "no/such/file",
    }
    for name, target in links.items():
        (site / name).symlink_to(target)
    os.mkfifo(site / "fifo")
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(site)
        one.bind("socket")
        os.chdir(here)
    return site


class Server:
    """`ranks serve FOLDER`, until the end of a `with`."""

    def __init__(self, folder, *options, n=2):
        command = [RANKS, "serve", str(folder), "--listen", "127.0.0.1:0", "-n", str(n), *map(str, options)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said, self.ready, self.port, self.line = [], threading.Event(), None, ""
        self.listening = threading.Thread(target=self.listen, daemon=True)
        self.listening.start()
        # Nobody reads it otherwise, and a full pipe would stop it.
        self.out = []
        self.reading = threading.Thread(target=lambda: self.out.extend(self.process.stdout), daemon=True)
        self.reading.start()

    def listen(self):
        for line in self.process.stderr:
            text = line.decode(errors="replace")
            self.said.append(text)
            if found := re.search(r"serving .* on https?://\S+:(\d+)", text):
                self.port, self.line = int(found[1]), text
                self.ready.set()
        self.ready.set()

    def __enter__(self):
        self.ready.wait(20)
        if self.port is None:
            self.process.kill()
            raise SystemExit(f"the server did not start: {self.process.args}\n{''.join(self.said)}")
        return self

    def __exit__(self, *_):
        self.end()

    def end(self, patience=15):
        """Asks it to end; its exit code, or none if it did not in time."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
        self.reading.join(5)
        return code

    def ranks(self):
        """Its processes but for the launcher and its keeper."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children")
        found = [int(word) for file in children for word in file.read_text().split()]
        # By the environment: the keeper has the launcher's name in its first moment, and then one of its own.
        return [one for one in found if b"\0RANKS_RANK=" in b"\0" + pathlib.Path(f"/proc/{one}/environ").read_bytes()]


def refused(*arguments):
    """Exit code and words of a server that should not start."""
    done = subprocess.run([RANKS, "serve", *map(str, arguments)], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stderr
