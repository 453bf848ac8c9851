"""Bytes to a server and what comes back: requests as they are written here, answers taken apart."""
import concurrent.futures
import contextlib
import socket
import time

passed, failures = [], []


def check(name, holds, text=""):
    if holds:
        passed.append(name)
        print(f"ok      {name}", flush=True)
    else:
        failures.append(name)
        print(f"FAILED  {name}\n        {text}", flush=True)


def together(test, *cases):
    """Runs `test` on each case, some at a time: most of them wait."""
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for one in [pool.submit(test, *case) for case in cases]:
            one.result()


class Answer:
    def __init__(self, version, status, headers, body):
        self.version, self.status, self.headers, self.body = version, status, headers, body

    def all(self, name):
        return [value for key, value in self.headers if key == name]

    def __getitem__(self, name):
        return ", ".join(self.all(name))

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:200]!r}"


class Unclear(Exception):
    """What came is not HTTP."""


class Wire:
    """One connection."""

    def __init__(self, port, patience=8, wrap=None, receive=None):
        self.socket = socket.socket()
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.settimeout(patience)
        self.socket.connect(("127.0.0.1", port))
        if wrap:
            self.socket = wrap(self.socket)
        self.bytes, self.over = bytearray(), False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """A server may answer and close before it has read all."""
        with contextlib.suppress(OSError):
            self.socket.sendall(data)

    def more(self):
        """Reads on; false at the end, or when nothing comes."""
        if self.over:
            return False
        try:
            piece = self.socket.recv(1 << 16)
        except ConnectionError:
            piece = b""
        except TimeoutError:
            return False
        self.over = not piece
        self.bytes += piece
        return bool(piece)

    def until(self, mark):
        looked = 0
        while self.bytes.find(mark, looked) < 0:
            looked = max(0, len(self.bytes) - len(mark))
            if not self.more():
                return None
        end = self.bytes.index(mark)
        return self.exactly(end + len(mark))[:end]

    def exactly(self, length):
        while len(self.bytes) < length and self.more():
            pass
        body = bytes(self.bytes[:length])
        del self.bytes[:length]
        return body

    def answer(self, head=False):
        """The next answer; none if the connection ended or nothing came."""
        top = self.until(b"\r\n\r\n")
        if top is None:
            return None
        first, *lines = top.decode("latin-1").split("\r\n")
        words = first.split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise Unclear(first)
        headers = []
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or name != name.strip():
                raise Unclear(line)
            headers.append((name.lower(), value.strip()))
        answer = Answer(words[0], int(words[1]), headers, b"")
        if 100 <= answer.status < 200:
            return answer
        if head or answer.status in (204, 304):
            return answer
        if answer["transfer-encoding"].lower() == "chunked":
            answer.body = self.chunks()
        elif answer["content-length"]:
            answer.body = self.exactly(int(answer["content-length"]))
        else:
            while self.more():
                pass
            answer.body = self.exactly(len(self.bytes))
        return answer

    def chunks(self):
        body = b""
        while (line := self.until(b"\r\n")) is not None:
            length = int(line.split(b";")[0], 16)
            body += self.exactly(length)
            if self.exactly(2) != b"\r\n" or length == 0:
                break
        return body

    def answers(self, most=20):
        """All answers until the server closes or is silent."""
        found = []
        while len(found) < most and (answer := self.answer()) is not None:
            found.append(answer)
        return found

    def closed(self, within=20):
        """Whether the server ends the connection, sending nothing more that is an answer."""
        end = time.monotonic() + within
        self.socket.settimeout(within)
        while not self.over and time.monotonic() < end:
            self.more()
        return self.over


def exchange(port, data, head=False, **how):
    with Wire(port, **how) as wire:
        wire.send(data)
        return wire.answer(head)


def get(port, path, *headers, method="GET", body=b"", **how):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "Connection: close", "", ""]
    return exchange(port, "\r\n".join(lines).encode("latin-1") + body, head=method == "HEAD", **how)
