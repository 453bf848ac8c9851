"""Parts of files, conditions and compression (RFC 9110, 8.8, 12.5, 13 and 14)."""
import email.utils
import gzip
import re
import time

from .site import DIGITS, TEXT
from .wire import check, get

# The whole is always allowed for what is invalid or too much (14.2), but a plain range must be served.
RANGES = {
    "bytes=0-0": (206, DIGITS[:1], "bytes 0-0/1000"),
    "bytes=0-": (206, DIGITS, "bytes 0-999/1000"),
    "bytes=10-19": (206, DIGITS[10:20], "bytes 10-19/1000"),
    "bytes=999-": (206, DIGITS[999:], "bytes 999-999/1000"),
    "bytes=990-2000": (206, DIGITS[990:], "bytes 990-999/1000"),
    "bytes=-1": (206, DIGITS[-1:], "bytes 999-999/1000"),
    "bytes=-1000": (206, DIGITS, "bytes 0-999/1000"),
    "bytes=-2000": (206, DIGITS, "bytes 0-999/1000"),
    "BYTES=10-19": (206, DIGITS[10:20], "bytes 10-19/1000"),
    "bytes=1000-": (416, None, "bytes */1000"),
    "bytes=2000-3000": (416, None, "bytes */1000"),
    "bytes=-0": (416, None, "bytes */1000"),
}
INVALID = [
    "bytes=", "bytes=-", "bytes=5-2", "bytes=--1", "bytes=1", "bytes=a-b", "bytes=0x0-0x5", "bytes=+1-5", "bytes=1-5-9", "bytes=1.0-5",
    "bytes=\u0661-5", "bytes 0-1", "bytes", "=0-1", "0-1", "bytes=,", "bytes=0-1;", "bytes=0 - 1", "bytes:0-1", "bytes=0-18446744073709551616",
    "bytes=0-99999999999999999999999999", "bytes=99999999999999999999999999-", "bytes=-99999999999999999999999999", "bytes=-18446744073709551615",
    "bytes=9223372036854775807-9223372036854775808", "bytes=18446744073709551615-", "bytes=0-1," * 200, "lines=1-2", "none", "bytes=0-1, lines=1-2",
]


def part(name, answer, whole):
    """Whether a 206 brings what it says."""
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer["content-range"])
    return found and int(found[3]) == len(whole) and answer.body == whole[int(found[1]) : int(found[2]) + 1]


def ranges(port):
    for text, (status, body, where) in RANGES.items():
        answer = get(port, "/digits.txt", f"Range: {text}")
        fine = answer and answer.status == status and answer["content-range"] == where and body in (None, answer.body)
        check(f"range {text}: {status}", fine, answer)
    for text in INVALID:
        answer = get(port, "/digits.txt", f"Range: {text}".encode().decode("latin-1"))
        fine = answer and answer.status in (200, 206, 400, 416)
        fine = fine and (answer.status != 200 or answer.body == DIGITS)
        several = fine and answer["content-type"].startswith("multipart/byteranges")
        fine = fine and (answer.status != 206 or several or part(text, answer, DIGITS))
        fine = fine and (answer.status != 206 or "lines" not in text or several is False)
        check(f"range {text[:40]!r}: nothing but what it says", fine, answer)
    answer = get(port, "/digits.txt", "Range: bytes=0-9,20-29,-5")
    found = multipart(answer)
    want = [(0, 9), (20, 29), (995, 999)]
    check("three ranges: multipart/byteranges", answer and answer.status == 206 and found == want, answer)
    for name, text in {
        "1000 times the whole": "bytes=" + ",".join(["0-"] * 1000),
        "5 times the whole": "bytes=0-,0-,0-,0-,0-",
        "1000 small ones": "bytes=" + ",".join(f"{i}-{i}" for i in range(0, 1000, 2)),
        "overlapping ones": "bytes=" + ",".join(f"{i}-" for i in range(100)),
        "the same one 500 times": "bytes=" + ",".join(["1-2"] * 500),
        "backwards": "bytes=" + ",".join(f"{i}-{i + 5}" for i in range(900, 0, -50)),
    }.items():
        answer = get(port, "/digits.txt", f"Range: {text}")
        fine = answer and answer.status in (200, 206, 400, 416, 431) and len(answer.body) < 6000
        check(f"ranges, {name}: no more than a few times the file", fine, answer and (answer.status, len(answer.body)))
    for head, name in (("HEAD", "ignored"), ("OPTIONS", "ignored")):
        answer = get(port, "/digits.txt", "Range: bytes=0-1", method=head)
        check(f"range with {head}: {name}", answer and answer.status in (200, 204) and not answer["content-range"], answer)
    answer = get(port, "/empty.txt", "Range: bytes=0-")
    check("range of an empty file: 416 or the whole", answer and answer.status in (200, 416) and answer["content-range"] in ("", "bytes */0"), answer)
    answer = get(port, "/nothing", "Range: bytes=0-")
    check("range of nothing: 404", answer and answer.status == 404, answer)
    answer = get(port, "/digits.txt")
    check("ranges are announced", answer["accept-ranges"] == "bytes", answer)
    answer = get(port, "/huge.bin", "Range: bytes=40000000-40000009")
    check("range far into a long file", answer and answer.status == 206 and len(answer.body) == 10, answer)


def multipart(answer):
    """The parts of a multipart/byteranges body, if each holds what it says."""
    boundary = re.search(r'boundary="?([^";]+)', answer["content-type"] if answer else "")
    if not boundary:
        return None
    parts = answer.body.split(b"--" + boundary[1].encode())[1:-1]
    found = []
    for one in parts:
        head, _, body = one.partition(b"\r\n\r\n")
        where = re.search(rb"(?i)content-range: bytes (\d+)-(\d+)/1000", head)
        first, last = int(where[1]), int(where[2])
        if body != DIGITS[first : last + 1] + b"\r\n":
            return None
        found.append((first, last))
    return found


def conditions(port):
    answer = get(port, "/digits.txt")
    tag, modified = answer["etag"], answer["last-modified"]
    stamp = email.utils.parsedate_to_datetime(modified)
    check("a strong ETag and a Last-Modified", re.fullmatch(r'"[^"]+"', tag) and modified.endswith(" GMT"), answer)
    again = get(port, "/digits.txt")
    check("the same ETag from every rank", all(get(port, "/digits.txt")["etag"] == again["etag"] for _ in range(10)), again)
    later, before = "Fri, 01 Jan 2100 00:00:00 GMT", "Mon, 01 Jan 1990 00:00:00 GMT"
    asctime = stamp.strftime("%a %b ") + f"{stamp.day:2}" + stamp.strftime(" %H:%M:%S %Y")
    old = stamp.strftime("%A, %d-%b-%y %H:%M:%S GMT")
    for name, lines, status in (
        ("its tag", [f"If-None-Match: {tag}"], 304),
        ("its tag, weak", [f"If-None-Match: W/{tag}"], 304),
        ("any tag", ["If-None-Match: *"], 304),
        ("its tag in a list", [f'If-None-Match: "a", "b,c" ,{tag}'], 304),
        ("its tag in a list of 500", ["If-None-Match: " + ", ".join(['"none"'] * 500 + [tag])], 304),
        ("its tag on a second line", ['If-None-Match: "a"', f"If-None-Match: {tag}"], 304),
        ("another tag", ['If-None-Match: "other"'], 200),
        ("a tag without quotes", [f"If-None-Match: {tag[1:-1]}"], 200),
        ("a tag half quoted", [f"If-None-Match: {tag[:-1]}"], 200),
        ("commas alone", ["If-None-Match: ,,,,"], 200),
        ("an empty tag list", ["If-None-Match:"], 200),
        ("quotes alone", ['If-None-Match: """'], 200),
        ("its time", [f"If-Modified-Since: {modified}"], 304),
        ("its time as asctime", [f"If-Modified-Since: {asctime}"], 304),
        ("its time in the old form", [f"If-Modified-Since: {old}"], 304),
        ("a time before", [f"If-Modified-Since: {before}"], 200),
        ("no time", ["If-Modified-Since: yesterday"], 200),
        ("an impossible time", ["If-Modified-Since: Mon, 99 Foo 2026 99:99:99 GMT"], 200),
        ("a year of many digits", ["If-Modified-Since: Mon, 01 Jan 99999999999 00:00:00 GMT"], 200),
        ("a year below zero", ["If-Modified-Since: Mon, 01 Jan -001 00:00:00 GMT"], 200),
        ("another tag and its time", ['If-None-Match: "other"', f"If-Modified-Since: {modified}"], 200),
        ("its tag and a time before", [f"If-None-Match: {tag}", f"If-Modified-Since: {before}"], 304),
        ("must match its tag", [f"If-Match: {tag}"], 200),
        ("must match any", ["If-Match: *"], 200),
        ("must match another", ['If-Match: "other"'], 412),
        ("must match its tag, weak", [f"If-Match: W/{tag}"], 412),
        ("must match garbage", ["If-Match: garbage"], 412),
        ("unmodified since its time", [f"If-Unmodified-Since: {modified}"], 200),
        ("unmodified since before", [f"If-Unmodified-Since: {before}"], 412),
        ("unmodified since later", [f"If-Unmodified-Since: {later}"], 200),
        ("unmodified since garbage", ["If-Unmodified-Since: garbage"], 200),
        ("must match its tag, and unmodified since before", [f"If-Match: {tag}", f"If-Unmodified-Since: {before}"], 200),
        ("must match another, and none like its own", ['If-Match: "other"', f"If-None-Match: {tag}"], 412),
        ("its tag and a range", [f"If-None-Match: {tag}", "Range: bytes=0-1"], 304),
        ("must match another, and a range", ['If-Match: "other"', "Range: bytes=0-1"], 412),
        ("a range if its tag", [f"If-Range: {tag}", "Range: bytes=0-1"], 206),
        ("a range if another tag", ['If-Range: "other"', "Range: bytes=0-1"], 200),
        ("a range if its tag, weak", [f"If-Range: W/{tag}", "Range: bytes=0-1"], 200),
        ("a range if before", [f"If-Range: {before}", "Range: bytes=0-1"], 200),
        ("a range if garbage", ["If-Range: garbage", "Range: bytes=0-1"], 200),
        ("a range beyond if another tag", ['If-Range: "other"', "Range: bytes=5000-"], 200),
    ):
        for method in ("GET", "HEAD"):
            found = get(port, "/digits.txt", *lines, method=method)
            expected = 200 if (method, status) == ("HEAD", 206) else status
            fine = found and found.status == expected and (expected != 304 or (found["etag"] == tag and found.body == b""))
            if method == "GET" or not fine:
                check(f"condition {name}: {status}", fine, f"{method}: {found}")


def compression(port):
    def asked(path, accept, *more):
        return get(port, path, f"Accept-Encoding: {accept}", *more)

    for accept, codings in (
        ("gzip", {"gzip"}),
        ("GZIP", {"gzip"}),
        ("gzip;q=0", {""}),
        ("gzip; q=0.000", {""}),
        ("identity", {""}),
        ("", {""}),
        ("gzip;q=0.5, identity", {"", "gzip"}),
        ("unknown", {""}),
        ("*;q=0, gzip", {"gzip"}),
        ("gzip;q=nonsense", {"", "gzip"}),
        (",,,gzip", {"gzip"}),
        ("x" * 5000, {""}),
        ("gzip," * 1000, {"gzip"}),
    ):
        answer = asked("/text.css", accept)
        body = answer and (gzip.decompress(answer.body) if answer["content-encoding"] == "gzip" else answer.body)
        check(f"Accept-Encoding: {accept[:30]!r}", answer and answer["content-encoding"] in codings and body == TEXT, answer)
    answer = asked("/text.css", "gzip")
    check("Vary names it", "accept-encoding" in answer["vary"].lower(), answer)
    plain = asked("/text.css", "identity")
    check("Vary names it without too", "accept-encoding" in plain["vary"].lower(), plain)
    check("the ETags of both differ", answer["etag"] != plain["etag"], (answer["etag"], plain["etag"]))
    again = asked("/text.css", "gzip", f"If-None-Match: {answer['etag']}")
    check("the compressed form is not sent again", again and again.status == 304, again)
    answer = asked("/text.css", "gzip", "Range: bytes=0-99")
    same = answer and (answer.status == 200 or (answer["content-encoding"] == "" and answer.body == TEXT[:100]) or answer["content-encoding"] == "gzip")
    check("a range of what could be compressed is one of a single form", same, answer)
    check("pictures are not compressed", asked("/image.png", "gzip, br, zstd")["content-encoding"] == "")
    for accept, coding, body in (
        ("br", "br", b"\x0b\x05\x80hello world\x03"),
        ("zstd", "zstd", b"\x28\xb5\x2f\xfd\x20\x0b\x59\0\0hello world"),
        ("gzip", "gzip", None),
        ("identity", "", b"plain javascript"),
        ("br;q=0, gzip;q=0, zstd;q=0", "", b"plain javascript"),
    ):
        answer = asked("/pre.js", accept)
        got = gzip.decompress(answer.body) if coding == "gzip" else answer.body
        fine = answer["content-encoding"] == coding and got == (body or b"packed javascript") and "javascript" in answer["content-type"]
        check(f"packed beforehand, {accept}", fine, answer)
    head = get(port, "/pre.js", "Accept-Encoding: br", method="HEAD")
    check("packed beforehand, HEAD", head and head["content-length"] == "15" and head["content-encoding"] == "br", head)


def changes(port, site):
    """What changes on disk is seen soon, and never half."""
    file = site / "changing.txt"
    file.write_bytes(b"first")
    first = get(port, "/changing.txt")
    file.write_bytes(b"second, longer")
    end, second = time.monotonic() + 30, first
    while time.monotonic() < end and second.body == b"first":
        time.sleep(0.1)
        second = get(port, "/changing.txt")
    fine = (first.body, second.body) == (b"first", b"second, longer") and first["etag"] != second["etag"]
    check("a changed file is served changed, with another ETag", fine, (first, second))
    file.unlink()
    end = time.monotonic() + 30
    while time.monotonic() < end and second.status != 404:
        time.sleep(0.1)
        second = get(port, "/changing.txt")
    check("a removed file is gone", second.status == 404, second)


def run(port, site):
    ranges(port)
    conditions(port)
    compression(port)
    changes(port, site)
