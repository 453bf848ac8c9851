"""Requests that are wrong in their framing, their words or their size (RFC 9112; RFC 9110, 5 to 10)."""
import time

from .site import HUGE, SECRET
from .wire import Unclear, Wire, check, exchange, together

HOST = b"Host: localhost\r\n"
NEXT = b"GET /digits.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
HIDDEN = b"GET /smuggled.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"


def top(*lines, first=b"GET /hello.txt HTTP/1.1"):
    return b"\r\n".join([first, b"Host: localhost", *lines, b"", b""])


# A body whose length can be understood in two ways: refused, and nothing after it is believed (9112, 6.3 and 11.2).
SMUGGLED = {
    "length and chunked": top(b"Content-Length: 6", b"Transfer-Encoding: chunked") + b"0\r\n\r\n" + HIDDEN,
    "chunked and length": top(b"Transfer-Encoding: chunked", b"Content-Length: 60") + b"0\r\n\r\n" + HIDDEN,
    "two lengths": top(b"Content-Length: 0", b"Content-Length: 50") + HIDDEN,
    "two lengths in one": top(b"Content-Length: 0, 50") + HIDDEN,
    "length with a sign": top(b"Content-Length: +50") + HIDDEN,
    "length below zero": top(b"Content-Length: -1") + HIDDEN,
    "length in hexadecimal": top(b"Content-Length: 0x32") + HIDDEN,
    "length with a fraction": top(b"Content-Length: 50.0") + HIDDEN,
    "length with an exponent": top(b"Content-Length: 5e1") + HIDDEN,
    "length with a space": top(b"Content-Length: 5 0") + HIDDEN,
    "length of letters": top(b"Content-Length: many") + HIDDEN,
    "empty length": top(b"Content-Length:") + HIDDEN,
    "length beyond 64 bits": top(b"Content-Length: 99999999999999999999") + HIDDEN,
    "length in other digits": top("Content-Length: \u0665".encode()) + HIDDEN,
    "coding xchunked": top(b"Transfer-Encoding: xchunked") + b"0\r\n\r\n" + HIDDEN,
    "coding that does not end in chunked": top(b"Transfer-Encoding: chunked, gzip") + b"0\r\n\r\n" + HIDDEN,
    "coding identity": top(b"Transfer-Encoding: identity") + HIDDEN,
    "coding identity after chunked": top(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity") + b"0\r\n\r\n" + HIDDEN,
    "chunked twice": top(b"Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n" + HIDDEN,
    "coding in quotes": top(b'Transfer-Encoding: "chunked"') + b"0\r\n\r\n" + HIDDEN,
    "coding after a tab and a letter": top(b"Transfer-Encoding: \x0bchunked") + b"0\r\n\r\n" + HIDDEN,
    "empty coding": top(b"Transfer-Encoding:") + HIDDEN,
    "chunked in HTTP/1.0": top(b"Transfer-Encoding: chunked", first=b"GET /hello.txt HTTP/1.0") + b"0\r\n\r\n" + HIDDEN,
    "space before the colon of a length": top(b"Content-Length : 50") + HIDDEN,
    "space before the colon of a coding": top(b"Transfer-Encoding : chunked") + b"0\r\n\r\n" + HIDDEN,
    "length on a folded line": top(b"Content-Length:", b" 50") + HIDDEN,
    "coding on a folded line": top(b"Transfer-Encoding:", b"\tchunked") + b"0\r\n\r\n" + HIDDEN,
    "NUL in a coding": top(b"Transfer-Encoding: chun\0ked") + b"0\r\n\r\n" + HIDDEN,
    "bare CR before a length": top(b"X: 1\rContent-Length: 50") + HIDDEN,
}
CHUNKED = top(b"Transfer-Encoding: chunked")
# Chunks that are none (9112, 7.1). A server may also notice that they are too long, or answer before it reads them, but
# not read on as if nothing were wrong.
CHUNKS = {
    "size with a sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "size below zero": b"-5\r\nhello\r\n0\r\n\r\n",
    "size with a prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "size of letters": b"five\r\nhello\r\n0\r\n\r\n",
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "space in a size": b"1 0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "size beyond 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "size of many zeros": b"0" * 40000 + b"5\r\nhello\r\n0\r\n\r\n",
    "huge size": b"fffffffffffffff0\r\nhello\r\n0\r\n\r\n",
    "data longer than its size": b"3\r\nhello\r\n0\r\n\r\n",
    "data shorter than its size": b"9\r\nhello\r\n0\r\n\r\n",
    "no line end after data": b"5\r\nhello0\r\n\r\n",
    "line ends of one kind": b"5\nhello\n0\n\n",
    "an extension of 100 KiB": b"5;" + b"x" * 100_000 + b"\r\nhello\r\n0\r\n\r\n",
    "extensions on 20000 chunks": b"1;xxxxxxxx\r\na\r\n" * 20_000 + b"0\r\n\r\n",
    "20000 trailers": b"0\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(20_000)) + b"\r\n",
    "a trailer of 1 MiB": b"0\r\nX: " + b"x" * (1 << 20) + b"\r\n\r\n",
    "a bad trailer": b"0\r\nno colon\r\n\r\n",
}
# What a request begins with, and what is answered.
WORDS = {
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", {400}),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400}),
    "the same Host twice": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", {400}),
    "Host with a space": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", {400}),
    "Host with a slash": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", {400}),
    "Host with a user": (b"GET / HTTP/1.1\r\nHost: me@a\r\n\r\n", {400}),
    "Host with a wrong port": (b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", {400}),
    "an empty Host": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", {200, 400}),
    "no Host in HTTP/1.0": (b"GET /hello.txt HTTP/1.0\r\n\r\n", {200}),
    "HTTP/0.9": (b"GET /hello.txt\r\n\r\n", {None, 400, 505}),
    "HTTP/1.2": (top(first=b"GET /hello.txt HTTP/1.2"), {200, 400, 505}),
    "HTTP/2.0 on one line": (top(first=b"GET /hello.txt HTTP/2.0"), {400, 505}),
    "HTTP/9.9": (top(first=b"GET /hello.txt HTTP/9.9"), {400, 505}),
    "HTTP/1.10": (top(first=b"GET /hello.txt HTTP/1.10"), {400, 505}),
    "HTTP/11": (top(first=b"GET /hello.txt HTTP/11"), {400, 505}),
    "small letters": (top(first=b"GET /hello.txt http/1.1"), {400, 505}),
    "another protocol": (top(first=b"GET /hello.txt RTSP/1.0"), {400, 505}),
    "two spaces": (top(first=b"GET  /hello.txt HTTP/1.1"), {400}),
    "a tab": (top(first=b"GET\t/hello.txt\tHTTP/1.1"), {400}),
    "a word too many": (top(first=b"GET /hello.txt HTTP/1.1 now"), {400, 505}),
    "a space in the path": (top(first=b"GET /hello .txt HTTP/1.1"), {400, 505}),
    "a control character in the path": (top(first=b"GET /hello\x01.txt HTTP/1.1"), {400}),
    "NUL in the path": (top(first=b"GET /hello.txt\0 HTTP/1.1"), {400}),
    "no method": (top(first=b" /hello.txt HTTP/1.1"), {400}),
    "a method that is no word": (top(first=b"G@T /hello.txt HTTP/1.1"), {400}),
    "a method with a colon": (top(first=b"GET: /hello.txt HTTP/1.1"), {400}),
    "a method in small letters": (top(first=b"get /hello.txt HTTP/1.1"), {501}),
    "an unknown method": (top(first=b"BREW /hello.txt HTTP/1.1"), {501}),
    "a method of 1000 letters": (top(first=b"A" * 1000 + b" / HTTP/1.1"), {400, 501}),
    **{f"method {m}": (top(b"Content-Length: 0", first=m.encode() + b" /hello.txt HTTP/1.1"), {405})
       for m in "PUT POST PATCH DELETE PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK TRACE".split()},
    "method CONNECT": (b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n", {400, 405, 501}),
    "method PRI": (b"PRI * HTTP/1.1\r\nHost: a\r\n\r\n", {400, 501, 505}),
    "OPTIONS for all": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", {200, 204}),
    "OPTIONS for a path": (top(first=b"OPTIONS /hello.txt HTTP/1.1"), {200, 204}),
    "a space before a colon": (top(b"X : 1"), {400}),
    "a space in a name": (top(b"X Y: 1"), {400}),
    "a line without a colon": (top(b"nonsense"), {400}),
    "a line without a name": (top(b": 1"), {400}),
    "a name that is no word": (top(b"X(1): 1"), {400}),
    "a name with a high byte": (top(b"X\xe4: 1"), {400}),
    "NUL in a value": (top(b"X: a\0b"), {400}),
    "a control character in a value": (top(b"X: a\x01b"), {400}),
    "a bare CR in a value": (top(b"X: a\rb"), {400}),
    "a folded line": (top(b"X: a", b" b"), {200, 400}),
    "a space before the first header": (b"GET /hello.txt HTTP/1.1\r\n Host: a\r\n\r\n", {400}),
    "high bytes in a value": (top(b"X: \xe4\xff"), {200}),
    "line ends of LF alone": (b"GET /hello.txt HTTP/1.1\nHost: a\n\n", {200, 400}),
    "an empty line first": (b"\r\n" + top(), {200, 400}),
    "unknown expectation": (top(b"Expect: a-cat"), {417}),
    "upgrade to something": (top(b"Connection: Upgrade", b"Upgrade: websocket"), {200}),
    "binary garbage": (bytes(range(256)) * 8, {None, 400}),
    "a TLS greeting": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2, {None, 400}),
    "SMTP": (b"EHLO there\r\n\r\n", {None, 400, 505}),
}
SIZES = {
    "a path of 9000 bytes": (top(first=b"GET /" + b"a" * 9000 + b" HTTP/1.1"), {414}),
    "a path of 100 KiB": (top(first=b"GET /" + b"a" * 100_000 + b" HTTP/1.1"), {414, 431}),
    "a path of 2 MiB": (top(first=b"GET /" + b"a" * (2 << 20) + b" HTTP/1.1"), {414, 431}),
    "a path that does not end": (b"GET /" + b"a" * (2 << 20), {414, 431}),
    "a query of 9000 bytes": (top(first=b"GET /?" + b"a" * 9000 + b" HTTP/1.1"), {414}),
    "101 headers": (top(*[b"X-%d: 1" % i for i in range(100)]), {431}),
    "10000 headers": (top(*[b"X-%d: 1" % i for i in range(10_000)]), {431}),
    "one header of 20 KiB": (top(b"X: " + b"x" * 20_480), {431}),
    "one header of 2 MiB": (top(b"X: " + b"x" * (2 << 20)), {431}),
    "a header that does not end": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (2 << 20), {431}),
    "a name that does not end": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"x" * (2 << 20), {400, 431}),
    "90 headers of 300 bytes": (top(*[b"X-%d: " % i + b"x" * 300 for i in range(90)]), {431}),
    "a body beyond the limit": (top(b"Content-Length: 100000") + b"x" * 100_000, {413}),
    "a chunked body beyond the limit": (CHUNKED + b"400\r\n" + b"x" * 1024 + b"\r\n" + (b"400\r\n" + b"x" * 1024 + b"\r\n") * 99 + b"0\r\n\r\n", {413}),
    "a body of 8 EiB": (top(b"Content-Length: 9223372036854775807"), {413}),
}


def wrong(name, port, data, expected, closes=True):
    """One answer of those expected, or none where that is one; then, if it `closes`, the end."""
    with Wire(port) as wire:
        wire.send(data)
        try:
            answer = wire.answer()
            status = answer and answer.status
            more = wire.answer() if closes and answer else None
        except Unclear as error:
            return check(name, False, f"no HTTP: {error}")
        over = wire.closed() if closes else True
    shown = "/".join(sorted(str(one or "closed") for one in expected))
    fine = status in expected and more is None and over
    check(f"{name}: {shown}", fine, f"{answer}, then {more if more else 'end' if over else 'still open'}")


def framing(port):
    cases = []
    for name, data in SMUGGLED.items():
        expected = {400}
        if "coding" in name or "chunked twice" in name:
            expected = {400, 501}
        elif "64 bits" in name:
            expected = {400, 413}
        cases.append((f"body: {name}", port, data, expected))
    for name, data in CHUNKS.items():
        cases.append((f"chunks: {name}", port, CHUNKED + data, {400, 408, 413, 431}))
    together(wrong, *cases)


def words(port):
    together(wrong, *((f"request: {name}", port, data, expected, expected <= {None, 400, 505}) for name, (data, expected) in WORDS.items()))
    for method in ("PUT", "DELETE", "PROPFIND"):
        answer = exchange(port, top(first=method.encode() + b" /hello.txt HTTP/1.1"))
        allow = {word.strip() for word in (answer["allow"] if answer else "").split(",")}
        check(f"{method} says what is allowed", {"GET", "HEAD"} <= allow and not allow & {"PUT", "DELETE", "POST"}, answer)


def sizes(port):
    together(wrong, *((f"size: {name}", port, data, expected) for name, (data, expected) in SIZES.items()))


def bodies(port):
    """What a body holds is no request, whatever becomes of the body."""
    for method in (b"GET", b"POST", b"PUT", b"BREW", b"OPTIONS"):
        first = method + b" /hello.txt HTTP/1.1"
        chunked = top(b"Transfer-Encoding: chunked", first=first) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)
        plain = top(b"Content-Length: %d" % len(HIDDEN), first=first) + HIDDEN
        for kind, data in (("plain", plain), ("chunked", chunked)):
            with Wire(port) as wire:
                wire.send(data + NEXT)
                found = wire.answers()
            statuses = [one.status for one in found]
            fine = len(found) in (1, 2) and 404 not in statuses and (len(found) == 1 or statuses[1] == 200)
            fine = fine and (method != b"GET" or statuses == [200, 200])
            check(f"a {kind} body of {method.decode()} is not taken for a request", fine, found)
    with Wire(port) as wire:
        wire.send(top(b"Expect: 100-continue", b"Content-Length: 5"))
        first = wire.answer()
        if first and first.status == 100:
            wire.send(b"hello")
            first = wire.answer()
        check("Expect: 100-continue is answered", first and first.status in (200, 417), first)
    with Wire(port) as wire:
        wire.send(top(first=b"GET /hello.txt HTTP/1.1") * 20 + NEXT)
        found = [answer.body for answer in wire.answers(30)]
        check("21 requests at once are answered in order", found[:20] == [b"hello, world\n"] * 20 and len(found) == 21, found)


# Served with time limits of one second for headers and bodies, and two without progress when sending.
SLOW = (
    ("nothing", [b""], {None, 408}),
    ("half a line", [b"GET /hel"], {408}),
    ("headers without an end", [b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n"], {408}),
    ("a byte now and then", [b"GET /hello.txt HTTP/1.1\r\nX: "] + [b"x"] * 12, {408}),
    ("a header now and then", [b"GET /hello.txt HTTP/1.1\r\n"] + [b"X: 1\r\n"] * 12, {408}),
    ("half a body", [top(b"Content-Length: 10") + b"hello"], {200, 408}),
    ("a body byte by byte", [top(b"Content-Length: 60000")] + [b"x"] * 12, {200, 408}),
    ("half a chunk", [CHUNKED + b"a\r\nhel"], {200, 408}),
)


def slow(port):
    others = [(test, port) for test in (slow_readers, slow_but_reading)]
    together(lambda test, *case: test(*case), *others, *((slow_one, port, *one) for one in SLOW))


def slow_one(port, name, pieces, expected):
    begun = time.monotonic()
    with Wire(port) as wire:
        for piece in pieces:
            wire.send(piece)
            if len(pieces) > 2:
                time.sleep(0.25)
        answer = wire.answer()
        status, over = answer and answer.status, wire.closed()
    took = time.monotonic() - begun
    shown = "/".join(sorted(str(one or "closed") for one in expected))
    fine = status in expected and over and took < 30
    check(f"slow: {name}: {shown}, closed", fine, f"{answer} after {took:.1f} s, closed: {over}")


def slow_readers(port):
    with Wire(port, patience=20, receive=4096) as wire:
        wire.send(top(first=b"GET /huge.bin HTTP/1.1"))
        time.sleep(6)
        begun = time.monotonic()
        answer = wire.answer()
        length = int(answer["content-length"]) if answer else 0
        fine = answer and len(answer.body) < length and time.monotonic() - begun < 30
        check("slow: a reader that does not read is cut off", fine, answer and len(answer.body))


def slow_but_reading(port):
    """It takes longer than the limit, but there is progress."""
    with Wire(port, patience=20, receive=1 << 18) as wire:
        wire.send(top(b"Connection: close", first=b"GET /huge.bin HTTP/1.1"))
        got = 0
        for _ in range(20):
            got += len(wire.exactly(1 << 20))
            time.sleep(0.2)
        while wire.more():
            pass
        got += len(wire.bytes)
        check("slow: a reader that reads slowly gets all", HUGE < got < HUGE + 2000, got)


def run(port):
    framing(port)
    words(port)
    sizes(port)
    bodies(port)
    answer = exchange(port, NEXT)
    check("after all that it answers as before", answer and answer.status == 200 and SECRET not in answer.body, answer)
