"""What a server does on ordinary days, and what its options change."""
import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import time

from .site import HUGE, Server, refused
from .wire import Wire, check, exchange, get

LINK = b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
# From the published test vectors of bcrypt: the password is U*U.
BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"


def plain(port, place):
    answer = get(port, "/")
    check("the index", answer and answer.status == 200 and b"home" in answer.body and answer["content-type"] == "text/html; charset=utf-8", answer)
    for path, kind in (
        ("/hello.txt", "text/plain; charset=utf-8"),
        ("/text.css", "text/css; charset=utf-8"),
        ("/image.png", "image/png"),
        ("/data.json", "application/json"),
        ("/pre.js", "text/javascript; charset=utf-8"),
        ("/huge.bin", "application/octet-stream"),
    ):
        answer = get(port, path, method="HEAD")
        # JSON has no such parameter, and no reader minds it (RFC 8259, 11).
        same = answer and answer["content-type"].replace("json; charset=utf-8", "json") == kind
        check(f"content type of {path}", same and answer["x-content-type-options"] == "nosniff", answer)
    whole, head = get(port, "/text.txt"), get(port, "/text.txt", method="HEAD")
    alike = [(name, value) for name, value in whole.headers if name != "date"] == [(name, value) for name, value in head.headers if name != "date"]
    check("HEAD has the headers of GET", alike and head.body == b"", (whole.headers, head.headers))
    check("a Date", re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", whole["date"]), whole["date"])
    answer = get(port, "/empty.txt")
    check("an empty file", (answer.status, answer["content-length"], answer.body) == (200, "0", b""), answer)
    answer = get(port, "/huge.bin", patience=30)
    digest = hashlib.sha256(answer.body).digest() == hashlib.sha256((place / "huge.bin").read_bytes()).digest()
    check("a long file, whole", answer.status == 200 and len(answer.body) == HUGE and digest, (answer.status, len(answer.body)))
    answer = get(port, "/nothing")
    check("nothing: 404 in words", answer.status == 404 and answer.body and answer["content-type"].startswith("text/"), answer)
    for path in ("/nothing", "/%00", "/<script>alert(1)</script>"):
        answer = get(port, path)
        check(f"the error page of {path} repeats nothing that runs", b"<script>alert(1)" not in answer.body, answer)
    answer = get(port, "/plain/")
    check("a folder without an index and without --listing", answer.status in (403, 404) and b"one.txt" not in answer.body, answer)


def kept(port):
    """Connections that are kept."""
    with Wire(port) as wire:
        found = []
        for _ in range(5):
            wire.send(LINK)
            found.append(wire.answer())
        check("a connection is kept", all(one and one.body == b"hello, world\n" for one in found), found)
        announced = found[0] and found[0]["keep-alive"]
        check("Keep-Alive says how long", re.fullmatch(r"timeout=\d+, max=\d+", announced or ""), announced)
    with Wire(port) as wire:
        wire.send(b"GET /hello.txt HTTP/1.0\r\nHost: a\r\n\r\n")
        answer = wire.answer()
        check("HTTP/1.0 closes", answer and answer.status == 200 and wire.closed(), answer)
    with Wire(port) as wire:
        wire.send(b"GET /hello.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        first = wire.answer()
        wire.send(b"GET /hello.txt HTTP/1.0\r\n\r\n")
        second = first and first["connection"].lower() == "keep-alive" and wire.answer()
        check("HTTP/1.0 is kept on request, or closed", first and (second or wire.closed()), (first, second))
    answer = get(port, "/hello.txt")
    check("Connection: close is answered with the same", answer["connection"].lower() == "close", answer)


def ranks(server):
    """All ranks answer, and together they know what all of them did."""
    counted = sum(get(server.port, "/hello.txt") is not None for _ in range(60))
    found, end = 0, time.monotonic() + 30
    while found < counted and time.monotonic() < end:
        texts = [get(server.port, "/metrics").body.decode() for _ in range(4)]
        found = min(sum(float(value) for value in re.findall(r"^\w*requests_total(?:\{[^}]*\})? ([\d.e+]+)$", text, re.M)) for text in texts)
    check(f"metrics count the requests of all ranks ({found:.0f} of at least {counted})", found >= counted, texts[0][:2000])
    kinds = re.findall(r"^# TYPE (\S+) (\w+)$", texts[0], re.M)
    names = {re.sub(r"_(bucket|sum|count)$", "", line.split("{")[0].split(" ")[0]) for line in texts[0].splitlines() if line and line[0] != "#"}
    check("metrics have types and are well formed", kinds and names <= {name for name, _ in kinds} | {f"{name}_total" for name, _ in kinds}, texts[0][:500])


def idle(server):
    """An idle server uses no CPU."""
    def ticks():
        stats = [open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split() for pid in server.ranks()]
        return sum(int(fields[11]) + int(fields[12]) for fields in stats)

    # What the tests before this one left to do may take a while on a busy machine.
    for _ in range(20):
        before = ticks()
        time.sleep(2)
        used = (ticks() - before) * 1000 / os.sysconf("SC_CLK_TCK")
        if used == 0:
            break
    check(f"idle for two seconds: {used:.0f} ms of CPU in {len(server.ranks())} ranks", used == 0)


def listing(site):
    with Server(site, "--listing", n=1) as server:
        port = server.port
        answer = get(port, "/plain/")
        text = answer.body.decode()
        check("a listing", answer.status == 200 and "one.txt" in text and "two.txt" in text and ".secret" not in text, answer)
        check("a listing links up", re.search(r'href="(\.\./|/)"', text), text[:300])
        for by in ("name", "size", "date", "nonsense", "%00", "<script>"):
            found = get(port, f"/plain/?sort={by}")
            check(f"a listing by {by}", found and found.status in (200, 400) and b"<script>alert" not in found.body, found)
        odd = get(port, "/odd/").body.decode()
        check("names in a listing are text", "<script>alert" not in odd and '""quote' not in odd and 'href="javascript:' not in odd, odd)
        links = [link for link in re.findall(r'href="([^"]*)"', odd) if "script" in link or "quote" in link]
        bodies = [get(port, link if link.startswith("/") else "/odd/" + link.removeprefix("./")).body for link in links]
        check("links to odd names lead there", len(links) >= 3 and bodies == [b"odd"] * len(links), (links, bodies))
        answer = get(port, "/plain/", "Accept: application/json")
        names = {entry["name"] for entry in json.loads(answer.body)["entries"]}
        check("a listing as JSON", answer["content-type"].startswith("application/json") and "one.txt" in names and ".secret" not in names, answer)
        top = get(port, "/")
        check("an index goes before a listing", b"home" in top.body, top)
        answer = get(port, "/.git/")
        check("hidden folders are not listed", answer.status == 404, answer)
        answer = get(port, "/plain/", method="HEAD")
        check("HEAD of a listing", answer.status == 200 and answer.body == b"", answer)
    with Server(site, "--listing", "--hidden", n=1) as server:
        check("--hidden", get(server.port, "/.hidden").status == 200 and b".secret" in get(server.port, "/plain/").body)
    with Server(site, "--follow-links", n=1) as server:
        check("--follow-links", get(server.port, "/link-out").status == 200 and get(server.port, "/null").status == 404)
        check("--follow-links does not follow dots", get(server.port, "/../secret.txt").status in (400, 404))


def pages(site):
    with Server(site, "--error-page", f"404={site / 'not-found.html'}", "--cache-control", "max-age=60", "--header", "X-Frame-Options: DENY", n=1) as server:
        answer = get(server.port, "/nothing")
        check("a page for 404", (answer.status, answer.body) == (404, b"<p>nothing here") and answer["content-type"].startswith("text/html"), answer)
        answer = get(server.port, "/hello.txt")
        check("--cache-control and --header", (answer["cache-control"], answer["x-frame-options"]) == ("max-age=60", "DENY"), answer)
    with Server(site, "--fallback", site / "index.html", n=1) as server:
        answer = get(server.port, "/some/page/of/the/program")
        check("a fallback for unknown paths", answer.status == 200 and b"home" in answer.body, answer)
        answer = get(server.port, "/%00")
        check("no fallback for wrong paths", answer.status == 400, answer)
        answer = get(server.port, "/.hidden")
        check("a fallback tells nothing of hidden files", b"nobody" not in answer.body, answer)


def basic(user, password):
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def locked(site, place):
    sha = "{SHA256}" + base64.b64encode(hashlib.sha256(b"open sesame").digest()).decode()
    file = place / "users"
    file.write_text(f"# who may\nann:{BCRYPT}\nbob:{sha}\n")
    with Server(site, "--auth-file", file, n=1) as server:
        port = server.port
        answer = get(port, "/hello.txt")
        check("no name: 401 and how", answer.status == 401 and answer["www-authenticate"].lower().startswith("basic realm="), answer)
        for name, line, status in (
            ("bcrypt", basic("ann", "U*U"), 200),
            ("SHA-256", basic("bob", "open sesame"), 200),
            ("the scheme in small letters", basic("ann", "U*U").replace("Basic", "basic"), 200),
            ("a wrong word", basic("ann", "u*u"), 401),
            ("an empty word", basic("ann", ""), 401),
            ("an unknown user", basic("eve", "U*U"), 401),
            ("the hash for a word", basic("bob", sha), 401),
            ("no user", basic("", ""), 401),
            ("no colon", "Authorization: Basic " + base64.b64encode(b"ann").decode(), 401),
            ("no base64", "Authorization: Basic !!!", 401),
            ("no UTF-8", "Authorization: Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(), 401),
            ("a NUL in the word", basic("ann", "U*U\0more"), 401),
            ("a long word", basic("ann", "U*U" * 1000), 401),
            ("another scheme", "Authorization: Bearer abc", 401),
            ("an empty header", "Authorization:", 401),
        ):
            answer = get(port, "/hello.txt", line)
            check(f"auth, {name}: {status}", answer and answer.status == status, answer)
        for path in ("/nothing", "/.hidden", "/sub", "/../secret.txt"):
            answer = get(port, path)
            check(f"auth goes before {path}", answer.status in (400, 401), answer)
    for text in ("nonsense\n", "ann:\n", "ann:plain\n", ":x\n", "ann:$2a$99$x\n", "bob:{SHA256}!!!\n", "bob:{MD5}abcd\n", ""):
        file.write_text("# users\n" + text if text else "")
        code, words = refused(site, "--auth-file", file, "--listen", "127.0.0.1:0")
        place_named = str(file) in words and (not text or re.search(r"\b(line )?2\b", words)) and len(words.splitlines()) < 6
        check(f"auth file with {text!r} is refused with its place", code not in (0, None) and place_named, (code, words))


def origins(site):
    with Server(site, "--cors", "https://a.example", n=1) as server:
        answer = get(server.port, "/hello.txt", "Origin: https://a.example")
        check("CORS: an origin that may", answer["access-control-allow-origin"] == "https://a.example" and "origin" in answer["vary"].lower(), answer)
        for other in ("https://b.example", "https://a.example.evil", "null", "https://a.example/", "http://a.example"):
            answer = get(server.port, "/hello.txt", f"Origin: {other}")
            check(f"CORS: {other} may not", answer.status == 200 and not answer["access-control-allow-origin"], answer)
        answer = get(server.port, "/hello.txt", "Origin: https://a.example", "Access-Control-Request-Method: GET", method="OPTIONS")
        check("CORS: asked beforehand", answer.status in (200, 204) and "GET" in answer["access-control-allow-methods"], answer)
    with Server(site, "--cors", "*", n=1) as server:
        answer = get(server.port, "/hello.txt", "Origin: https://b.example")
        check("CORS: anyone", answer["access-control-allow-origin"] == "*", answer)


def logs(site, place):
    hostile = 'a" 200 "b \x1b[31m \\ \xe4'
    for form in ("combined", "json"):
        file = place / f"log-{form}"
        with Server(site, "--access-log", file, "--log-format", form, n=2) as server:
            for _ in range(20):
                get(server.port, "/hello.txt", f"User-Agent: {hostile}".replace("\x1b", "\t"), 'Referer: http://x/"')
            get(server.port, '/nothing"quoted')
            get(server.port, "/%00")
            code = server.end()
        lines = file.read_text(errors="replace").splitlines()
        check(f"log {form}: a line for each request", len(lines) == 22 and code == 0, (len(lines), code, lines[:2]))
        if form == "json":
            entries = [json.loads(line) for line in lines]
            statuses = sorted(str(entry.get("status")) for entry in entries)
            check("log json: objects with statuses", statuses[:20] == ["200"] * 20 and statuses[20:] in (["400", "404"], ["400", "400"]), entries[:1])
        else:
            shape = re.compile(r'\S+ \S+ \S+ \[[^\]]+\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"')
            check("log combined: nobody writes into it", all(shape.fullmatch(line) for line in lines), [line for line in lines if not shape.fullmatch(line)][:1])


def limits(site):
    with Server(site, "--keep-alive", 1, "--keep-alive-requests", 3, "--max-connections", 20, n=1) as server:
        with Wire(server.port) as wire:
            wire.send(LINK * 5)
            found = wire.answers()
            closing = [one["connection"].lower() for one in found]
            check("--keep-alive-requests 3", len(found) == 3 and closing[2] == "close" and "close" not in closing[:2], found)
        with Wire(server.port) as wire:
            wire.send(LINK)
            wire.answer()
            begun = time.monotonic()
            over = wire.closed(30)
            check("--keep-alive 1", over and 0.8 < time.monotonic() - begun, time.monotonic() - begun)
        time.sleep(0.3)
        wires = [Wire(server.port, patience=20) for _ in range(30)]
        for wire in wires:
            wire.send(LINK)
        statuses = [answer and answer.status for answer in (wire.answer() for wire in wires)]
        for wire in wires:
            wire.socket.close()
        fine = statuses.count(200) >= 19 and set(statuses) <= {200, 503, None} and statuses.count(200) <= 22
        check("--max-connections 20 of 30", fine, statuses)
        time.sleep(0.5)
        check("and others come in again", get(server.port, "/hello.txt").status == 200)


def drain(site):
    server = Server(site, "--drain", 20, n=2)
    with server, Wire(server.port, patience=20, receive=8192) as wire, Wire(server.port) as waiting:
        waiting.send(LINK)
        waiting.answer()
        wire.send(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        first = wire.exactly(1 << 20)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        check("TERM: it goes on while something runs", server.process.poll() is None)
        try:
            late = exchange(server.port, LINK, patience=2)
        except (ConnectionRefusedError, ConnectionResetError):
            late = None
        check("TERM: nothing new is taken", late is None or late.status == 503, late)
        check("TERM: a kept connection is closed", waiting.closed(30))
        while wire.more():
            pass
        check("TERM: the running download ends whole", len(first) + len(wire.bytes) > HUGE, len(first) + len(wire.bytes))
        code = server.end()
        check("TERM: then it ends with 0", code == 0, (code, server.said))
    with Server(site, "--drain", 1, n=2) as server, Wire(server.port, receive=8192) as wire:
        wire.send(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.exactly(1000)
        begun = time.monotonic()
        code = server.end()
        check("TERM: who does not end is cut off", code is not None and 0.5 < time.monotonic() - begun, (code, time.monotonic() - begun))
    with Server(site, "--access-log", "/dev/full", n=1) as server:
        exchange(server.port, LINK)
        server.end()
        server.listening.join(30)
        said = "".join(server.said)
        check("a log on a full disk is told", "the access log /dev/full cannot be written" in said, said)
    with Server(site, n=2) as server:
        server.process.send_signal(signal.SIGINT)
        try:
            code = server.process.wait(40)
        except subprocess.TimeoutExpired:
            code = None
        check("INT ends it", code in (0, 130), (code, server.said))
    # At any moment of its start: either it serves already and ends well, or it is ended by the signal. No rank is accused.
    for delay in (0.0, 0.005, 0.01, 0.015, 0.02, 0.04, 0.08):
        server = Server(site, n=2)
        time.sleep(delay)
        server.process.send_signal(signal.SIGINT)
        code = server.end()
        said = "".join(server.said)
        check(f"INT {delay} s after the start", code in (0, 130, -signal.SIGINT) and "killed" not in said, (code, said))


def starts(site, place):
    with Server(site, n=2) as server:
        check("it says where it serves", re.search(rf"serving .* on http://127\.0\.0\.1:{server.port} with 2 ranks", server.line), server.line)
        check("two ranks", len(server.ranks()) == 2, server.ranks())
        code, words = refused(site, "--listen", f"127.0.0.1:{server.port}")
        # Its own ranks share the port; others may not.
        check("a port in use is refused", code not in (0, None) and str(server.port) in words, (code, words))
    for name, words in {
        "no folder": [place / "nowhere"],
        "a file for a folder": [site / "hello.txt"],
        "a bad address": [site, "--listen", "nowhere"],
        "a key without its certificate": [site, "--tls-key", place / "key.pem"],
        "a certificate that is none": [site, "--tls-cert", site / "hello.txt", "--tls-key", site / "hello.txt"],
        "an error page that is not there": [site, "--error-page", "404=/no/such/file"],
        "an error page without a status": [site, "--error-page", "x"],
        "a header without a value": [site, "--header", "nonsense"],
        "a header with a line end": [site, "--header", "X: a\r\nY: b"],
        "an origin that is none": [site, "--cors", "not an origin"],
        "a log that cannot be written": [site, "--access-log", "/no/such/folder/log"],
    }.items():
        more = [] if "--listen" in words else ["--listen", "127.0.0.1:0"]
        try:
            code, said = refused(*words, *more)
        except Exception as error:
            code, said = None, str(error)
        check(f"refused: {name}", code not in (0, None) and said and "panicked" not in said, (code, said))


def run(site, place):
    with Server(site, "--metrics", "/metrics", n=2) as server:
        plain(server.port, site)
        kept(server.port)
        ranks(server)
        idle(server)
    listing(site)
    pages(site)
    locked(site, place)
    origins(site)
    logs(site, place)
    limits(site)
    drain(site)
    starts(site, place)
