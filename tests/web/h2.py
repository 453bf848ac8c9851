"""TLS, and HTTP/2 spoken frame by frame (RFC 9113)."""
import contextlib
import socket
import ssl
import struct
import subprocess

from .site import RANKS, SECRET
from .wire import Unclear, Wire, check, exchange, together

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, AWAY, WINDOW, MORE = range(10)
# Statuses that HPACK has an index for.
INDEXED = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
DIGITS = {"00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4", "011011": "5", "011100": "6", "011101": "7", "011110": "8", "011111": "9"}


def tls(protocols):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    return lambda plain: context.wrap_socket(plain, server_hostname="localhost")


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    """A header field without compression."""
    return b"".join([b"\0", *(bytes([len(part)]) + part if len(part) < 127 else b"\x7f" + number(len(part) - 127) + part for part in (name, value))])


def number(rest):
    out = b""
    while rest >= 128:
        out, rest = out + bytes([rest & 127 | 128]), rest >> 7
    return out + bytes([rest])


def request(path, *more, method=b"GET", end=True, stream=1):
    fields = [(b":method", method), (b":scheme", b"https"), (b":path", path), (b":authority", b"localhost"), *more]
    return frame(HEADERS, 4 | end, stream, b"".join(literal(*field) for field in fields))


def status(block):
    """The status at the beginning of a header block."""
    first = block[0]
    if first & 0x80:
        return INDEXED.get(first & 0x7F)
    while block and block[0] & 0xE0 == 0x20:
        block = block[1:]
        if block and block[0] & 0x80:
            return INDEXED.get(block[0] & 0x7F)
    length, text = block[1] & 0x7F, block[2 : 2 + (block[1] & 0x7F)]
    if not block[1] & 0x80:
        return int(text)
    bits, found = "".join(f"{byte:08b}" for byte in text[:length]), ""
    while len(found) < 3:
        code = next(code for code in DIGITS if bits.startswith(code))
        found, bits = found + DIGITS[code], bits[len(code) :]
    return int(found)


def talk(port, *pieces, patience=4, wait_for=None):
    """Sends the pieces after a preface; what came until the server closed or was silent: frames, and whether it closed."""
    wire = Wire(port, patience=patience, wrap=tls(["h2"]))
    found = []
    with wire:
        if wire.socket.selected_alpn_protocol() != "h2":
            return None, True
        wire.send(PREFACE + frame(SETTINGS, 0, 0))
        for piece in pieces:
            wire.send(piece)
        with contextlib.suppress(ssl.SSLError, OSError):
            while (head := wire.exactly(9)) and len(head) == 9:
                length, kind, flags, stream = int.from_bytes(head[:3], "big"), head[3], head[4], int.from_bytes(head[5:], "big")
                found.append((kind, flags, stream, wire.exactly(length)))
                if wait_for and wait_for(found[-1]):
                    break
        return found, wire.over


def ended(one):
    return one[0] in (DATA, HEADERS) and one[1] & 1 or one[0] in (AWAY, RESET)


def answers(port, path, *more, **how):
    """Status and body of one request; the kind of frame that refused it, where one did."""
    found, _ = talk(port, request(path, *more, **how), wait_for=ended)
    heads = [status(payload) for kind, _, stream, payload in found or [] if kind == HEADERS and stream == 1]
    body = b"".join(payload for kind, _, stream, payload in found or [] if kind == DATA)
    refused = [kind for kind, *_ in found or [] if kind in (AWAY, RESET)]
    return (heads or [None])[0], body, (refused or [None])[0]


def abused(name, port, *pieces):
    """It may say so or close, but not go on as if nothing were wrong; others are served as before."""
    found, over = talk(port, *pieces)
    said = [one for one in found or [] if one[0] in (AWAY, RESET)]
    alive = answers(port, b"/hello.txt")[:2] == (200, b"hello, world\n")
    refused = any(one[0] == HEADERS and one[2] == 1 and (status(one[3]) or 0) >= 400 for one in found or [])
    check(f"HTTP/2: {name}", (said or over or refused) and alive, f"{[one[:3] for one in found or []][:10]}, closed: {over}, serves others: {alive}")


def endured(name, port, *pieces):
    """Lawful, but much: others are served as before."""
    talk(port, *pieces, patience=1)
    check(f"HTTP/2: {name}", answers(port, b"/hello.txt")[:2] == (200, b"hello, world\n"))


def requests(port):
    for path, expected in {
        b"/hello.txt": {200},
        b"/../secret.txt": {400, 404},
        b"/%2e%2e/secret.txt": {400, 404},
        b"/..%2fsecret.txt": {400},
        b"/..\\secret.txt": {400, None},
        b"/%00": {400},
        b"/.hidden": {404},
        b"/link-out": {404},
        b"hello.txt": {400, None},
        b"": {400, None},
        b"/" + b"a" * 9000: {414, 431, None},
    }.items():
        found, body, refused = answers(port, path)
        fine = found in expected and SECRET not in body and (found or refused is not None)
        check(f"HTTP/2: path {path[:30]!r}: {expected}", fine, (found, body[:100], refused))
    for name, more, method, expected in (
        ("PUT", [], b"PUT", {405}),
        ("an unknown method", [], b"BREW", {501}),
        ("a name in capitals", [(b"X-Y", b"1")], b"GET", {400, None}),
        ("a name with a space", [(b"x y", b"1")], b"GET", {400, None}),
        ("a line end in a value", [(b"x", b"1\r\ny: 2")], b"GET", {400, None}),
        ("a connection's header", [(b"connection", b"close")], b"GET", {400, None}),
        ("a transfer coding", [(b"transfer-encoding", b"chunked")], b"GET", {400, None}),
        ("an unknown pseudo-header", [(b":cat", b"1")], b"GET", {400, None}),
        ("a second path", [(b":path", b"/.hidden")], b"GET", {400, None}),
        ("a length without a body", [(b"content-length", b"5")], b"GET", {400, None}),
        ("another host than its authority", [(b"host", b"elsewhere")], b"GET", {200, 400}),
        ("200 headers", [(b"x-%d" % i, b"1") for i in range(200)], b"GET", {431, None}),
        ("a header of 15 KiB beside another", [(b"x", b"x" * 7500), (b"y", b"y" * 7500), (b"z", b"z" * 2000)], b"GET", {431, None}),
    ):
        found, body, refused = answers(port, b"/hello.txt", *more, method=method)
        check(f"HTTP/2: {name}: {expected}", found in expected and (found or refused is not None), (found, body[:100], refused))


def abuse(port):
    with Wire(port, wrap=tls(["h2"])) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with contextlib.suppress(ssl.SSLError, OSError):
            while wire.more():
                pass
        check("HTTP/2: no preface: closed", wire.over and b"home" not in wire.bytes, wire.bytes[:200])
    cases = []
    cases.append((abused, "a preface, then garbage", port, b"\xff" * 1000))
    cases.append((abused, "a frame beyond the limit", port, struct.pack(">I", 1 << 20)[1:] + bytes([DATA, 0, 0, 0, 0, 1]) + b"x" * 20_000))
    cases.append((abused, "headers on stream 0", port, frame(HEADERS, 5, 0, literal(b":path", b"/"))))
    cases.append((abused, "headers on an even stream", port, request(b"/hello.txt", stream=2)))
    cases.append((abused, "data before headers", port, frame(DATA, 1, 1, b"hello")))
    cases.append((abused, "settings of a wrong length", port, frame(SETTINGS, 0, 0, b"12345")))
    cases.append((abused, "a ping of a wrong length", port, frame(PING, 0, 0, b"123")))
    cases.append((abused, "a window that overflows", port, frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff") * 2))
    cases.append((abused, "a window grown by nothing", port, frame(WINDOW, 0, 0, bytes(4))))
    cases.append((abused, "a broken header block", port, frame(HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff")))
    cases.append((abused, "an index that does not exist", port, frame(HEADERS, 5, 1, b"\xfe")))
    cases.append((abused, "another frame within a header block", port, frame(HEADERS, 0, 1, literal(b":path", b"/")) + frame(PING, 0, 0, bytes(8))))
    cases.append((abused, "continuations without an end", port, frame(HEADERS, 1, 1, literal(b":path", b"/")) + frame(MORE, 0, 1, literal(b"x", b"y" * 100) * 150) * 200))
    cases.append((abused, "a push from a client", port, frame(PUSH, 4, 1, b"\0\0\0\2" + literal(b":path", b"/"))))
    cases.append((abused, "a stream that depends on itself", port, frame(PRIORITY, 0, 1, b"\0\0\0\1\x10") + request(b"/%00")))
    heads = [request(b"/hello.txt", stream=2 * i + 1) + frame(RESET, 0, 2 * i + 1, b"\0\0\0\x08") for i in range(5000)]
    cases.append((endured, "5000 requests taken back at once", port, b"".join(heads)))
    cases.append((endured, "2000 streams left open", port, b"".join(request(b"/hello.txt", end=False, stream=2 * i + 1) for i in range(2000))))
    cases.append((endured, "20000 pings", port, frame(PING, 0, 0, bytes(8)) * 20_000))
    cases.append((endured, "20000 settings", port, frame(SETTINGS, 0, 0) * 20_000))
    cases.append((endured, "20000 empty frames", port, request(b"/hello.txt", end=False) + frame(DATA, 0, 1) * 20_000))
    closed = frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
    cases.append((endured, "windows closed for a long file", port, closed + b"".join(request(b"/huge.bin", stream=2 * i + 1) for i in range(50))))
    together(lambda test, *case: test(*case), *cases)


def plain(port):
    """A TLS port that hears something else, and the other way round."""
    for name, data in (("a request", b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n"), ("garbage", bytes(range(256)) * 10)):
        with Wire(port) as wire:
            wire.send(data)
            over = wire.closed()
            check(f"TLS: {name} in plain text: closed", over and b"hello, world" not in wire.bytes, wire.bytes[:200])
    with Wire(port, patience=6) as wire:
        over = wire.closed(6)
        check("TLS: no greeting: closed in time", over, wire.bytes[:100])
    with Wire(port) as wire, contextlib.suppress(ssl.SSLError, OSError):
        wrap = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        wrap.check_hostname, wrap.verify_mode, wrap.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_1
        wrap.wrap_socket(wire.socket)
        check("TLS 1.1 is refused", False)
    check("TLS 1.1 is refused", True)


def over_tls(port, certificate):
    answer = exchange(port, b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", wrap=tls(["http/1.1"]))
    check("HTTP/1.1 over TLS", answer and (answer.status, answer.body) == (200, b"hello, world\n"), answer)
    for version in ("1.1", "2"):
        command = [RANKS, "fetch", "--cacert", certificate, "--http", version, "--expect", "status=200", f"https://localhost:{port}/hello.txt"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        check(f"ranks fetch --http {version} --cacert", done.returncode == 0 and '"bytes":13' in done.stdout, done.stdout + done.stderr)


def in_plain(port):
    """A server without TLS hears HTTP/2 at once: it may serve it, or refuse, in either protocol."""
    try:
        with Wire(port) as wire:
            wire.send(PREFACE + frame(SETTINGS, 0, 0) + request(b"/hello.txt"))
            wire.socket.settimeout(2)
            while wire.more():
                pass
            fine = wire.over or b"hello, world" in wire.bytes
            check("HTTP/2 without TLS: served or refused", fine, wire.bytes[:200])
    except (Unclear, socket.timeout) as error:
        check("HTTP/2 without TLS: served or refused", False, error)


def run(port, certificate):
    over_tls(port, certificate)
    plain(port)
    requests(port)
    abuse(port)
