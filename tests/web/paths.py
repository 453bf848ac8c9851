"""Ways out of the folder: every one must end in an error, and none may bring what lies outside."""
import os
import threading
import time

from .site import SECRET
from .wire import Unclear, check, exchange, get

# Dots as they are may be removed inside the root (RFC 3986, 5.2.4) or refused; what is left does not exist.
BAD, GONE, EITHER = {400}, {404}, {400, 404}
TARGETS = {
    "/../secret.txt": EITHER,
    "/../outside/secret.txt": EITHER,
    "/sub/../../secret.txt": EITHER,
    "/./../secret.txt": EITHER,
    "/sub/./.././../secret.txt": EITHER,
    "/sub//../../secret.txt": EITHER,
    "//../secret.txt": EITHER,
    "/%2e%2e/secret.txt": EITHER,
    "/%2E%2E/secret.txt": EITHER,
    "/%2e./secret.txt": EITHER,
    "/.%2e/secret.txt": EITHER,
    "/sub/%2e%2e/%2e%2e/secret.txt": EITHER,
    "/" + "../" * 500 + "secret.txt": EITHER,
    "/" + "%2e%2e/" * 300 + "secret.txt": EITHER,
    "/sub/index.html/../../../secret.txt": EITHER,
    # An encoded slash is not a slash.
    "/..%2fsecret.txt": BAD,
    "/%2e%2e%2fsecret.txt": BAD,
    "/%2e%2e%2Fsecret.txt": BAD,
    "/sub%2f..%2f..%2fsecret.txt": BAD,
    "/%2fetc%2fpasswd": BAD,
    "/..\\secret.txt": BAD,
    "/..%5csecret.txt": BAD,
    "/..%5Csecret.txt": BAD,
    "/%5c%5c..%5csecret.txt": BAD,
    "/C:%5cwindows": BAD,
    # Decoded once: what is left are names that nobody has.
    "/%252e%252e/secret.txt": GONE,
    "/%252e%252e%252fsecret.txt": GONE,
    "/..%252fsecret.txt": EITHER | {404},
    "/%25%32%65%25%32%65/secret.txt": GONE,
    "/%25252e%25252e/secret.txt": GONE,
    # Dots and slashes in more bytes than they need, and what only looks like them.
    "/%c0%ae%c0%ae/secret.txt": EITHER,
    "/%c0%ae%c0%ae%c0%afsecret.txt": EITHER,
    "/..%c0%afsecret.txt": EITHER,
    "/..%c1%9csecret.txt": EITHER,
    "/%e0%80%ae%e0%80%ae/secret.txt": EITHER,
    "/%f0%80%80%ae%f0%80%80%ae/secret.txt": EITHER,
    "/..%ef%bc%8fsecret.txt": EITHER,
    "/%ef%bc%8e%ef%bc%8e/secret.txt": EITHER,
    "/..%e2%88%95secret.txt": EITHER,
    "/..%u2215secret.txt": BAD,
    "/%u002e%u002e/secret.txt": BAD,
    # What other servers have taken for two dots.
    "/..;/secret.txt": EITHER,
    "/.../secret.txt": EITHER,
    "/....//secret.txt": EITHER,
    "/..../secret.txt": EITHER,
    "/.%20./secret.txt": EITHER,
    "/..%20/secret.txt": EITHER,
    "/..%09/secret.txt": BAD,
    # NUL and control characters.
    "/%00": BAD,
    "/..%00/secret.txt": BAD,
    "/hello.txt%00": BAD,
    "/hello.txt%00.html": BAD,
    "/hello.txt%0a": BAD,
    "/hello.txt%0d%0aX-Injected:%20yes": BAD,
    "/hello.txt%7f": BAD,
    # Escapes that are none.
    "/%": BAD,
    "/hello.txt%": BAD,
    "/%2": BAD,
    "/%zz": BAD,
    "/%-1": BAD,
    "/% 41": BAD | {505},
    "/%+5a": BAD,
    # Names from elsewhere.
    "//etc/passwd": EITHER,
    "///etc/passwd": EITHER,
    "/etc/passwd": GONE,
    "/file:///etc/passwd": EITHER,
    "/proc/self/environ": GONE,
    "/~root/.profile": GONE,
    "/c:/windows/win.ini": GONE,
    "/con": GONE,
    # Files that are not to be seen.
    "/.hidden": GONE,
    "/%2ehidden": GONE,
    "/.git/config": GONE,
    "/%2egit/config": GONE,
    "/.git": GONE,
    "/..more": GONE,
    "/plain/.secret": GONE,
    "/sub/../.hidden": EITHER,
    # Files that are no files, and folders that are none.
    "/fifo": GONE,
    "/socket": GONE,
    "/null": GONE,
    "/zero": GONE,
    "/loop": GONE,
    "/loop/loop/loop": GONE,
    "/dangling": GONE,
    "/hello.txt/": GONE,
    "/hello.txt/x": GONE,
    "/hello.txt/../hello.txt/x": EITHER,
    "/plain": {301, 308},
    "/plain/": {403, 404},
    # Links that lead out.
    "/link-out": GONE,
    "/link-absolute": GONE,
    "/chain": GONE,
    "/folder-out": GONE,
    "/folder-out/": GONE,
    "/folder-out/secret.txt": GONE,
    "/folder-absolute/secret.txt": GONE,
    "/to-root/etc/passwd": GONE,
    "/to-root/": GONE,
    "/to-self/environ": GONE,
    "/to-self/root/etc/passwd": GONE,
    "/to-self/cwd/": GONE,
    "/link-folder/../../secret.txt": EITHER,
    # Too long for any name, or any path.
    "/" + "a" * 300: EITHER,
    "/" + "a/" * 3000: EITHER | {414},
}
# A target that is no path at all (RFC 9112, 3.2): but for the absolute form, which names one.
FORMS = {
    "secret.txt": BAD,
    "../secret.txt": BAD,
    "*": BAD,
    "\\..\\secret.txt": BAD,
    "http://localhost/../secret.txt": EITHER,
    "http://localhost//etc/passwd": EITHER,
    "http://localhost/..%2fsecret.txt": BAD,
    "http://localhost/.hidden": GONE,
    "file:///etc/passwd": EITHER,
    "http:///etc/passwd": EITHER,
    "//localhost/../secret.txt": EITHER,
}
GOOD = {
    "/hello.txt": b"hello, world\n",
    "/hello.txt?../../secret.txt": b"hello, world\n",
    "/%68ello.txt": b"hello, world\n",
    "http://elsewhere.example/hello.txt": b"hello, world\n",
    "/sp%20ace.txt": b"space",
    "/100%25.txt": b"percent",
    "/a+b.txt": b"plus",
    "/a%2bb.txt": b"plus",
    "/semi;colon.txt": b"semicolon",
    "/%c3%bcml%c3%a4ut.txt": b"umlaut",
    "/link-in": b"hello, world\n",
    "/link-folder/deep/page.html": b"deep",
    "/sub/link-up": b"hello, world\n",
    "/sub/": b"sub home",
    "/?/../../secret.txt": b"<!doctype html><title>home</title>home",
}


def ways_out(port):
    for target, expected in {**TARGETS, **FORMS}.items():
        shown = target if len(target) < 60 else f"{target[:40]}... ({len(target)} bytes)"
        try:
            answer = get(port, target)
        except Unclear as error:
            check(f"path {shown}", False, f"no HTTP: {error}")
            continue
        status = answer and answer.status
        inside = answer and SECRET not in answer.body and b"root:" not in answer.body and not answer["x-injected"]
        check(f"path {shown!r}: {'/'.join(map(str, sorted(expected)))}", status in expected and inside, answer)
    # Two dots that stay inside are either followed or refused.
    for target in ("/sub/../hello.txt", "/./hello.txt", "/sub/%2e%2e/hello.txt"):
        answer = get(port, target)
        fine = answer and (answer.status == 400 or (answer.status, answer.body) == (200, b"hello, world\n"))
        check(f"path {target!r}: inside or 400", fine, answer)


def ways_in(port):
    for target, body in GOOD.items():
        answer = get(port, target)
        check(f"path {target!r}: 200", answer and (answer.status, answer.body) == (200, body), answer)
    # Bytes that are no ASCII do not belong there (RFC 3986, 2.1), but browsers of old sent them.
    answer = exchange(port, "GET /\u00fcml\u00e4ut.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    check("path in plain UTF-8: 200 or 400", answer and answer.status in (200, 400), answer)


def redirects(port):
    """A folder without its slash: to the same host, whatever the path looks like."""
    for target in ("/sub", "/sub?x=1", "/link-folder"):
        answer = get(port, target)
        to = answer and answer["location"]
        want = target.replace("?", "/?") if "?" in target else target + "/"
        fine = answer and answer.status in (301, 308) and to in (want, f"http://localhost{want}", target.split("?")[0] + "/")
        check(f"redirect of {target}", fine, answer)
    for target in ("//sub", "///sub", "//elsewhere.example", "//elsewhere.example/..", "/%2f/sub", "/\\elsewhere.example", "//sub/%2e%2e"):
        answer = get(port, target)
        to = answer and answer["location"]
        away = to is None or to.startswith(("//", "/\\")) or ("://" in to and not to.startswith("http://localhost/"))
        check(f"redirect of {target} stays here", answer and not away, answer)
    answer = get(port, "/sub", "Host: elsewhere.example")
    check("redirect with two hosts: 400", answer and answer.status == 400, answer)


def swapped(port, site):
    """A folder that becomes a link to the outside, and back, while it is asked for."""
    # A name each time, for a server may remember what it has opened.
    (site / "calm").mkdir()
    for number in range(2000):
        (site / f"calm/{number}.txt").write_bytes(b"harmless")
        (site.parent / f"outside/{number}.txt").write_bytes(SECRET)
    (site / "out").symlink_to("../outside")
    end, leaks, seen = time.monotonic() + 1.5, 0, {}

    def swap():
        while time.monotonic() < end:
            for source in ("out", "calm"):
                # Renaming a link over a folder is not allowed: the name is gone for a moment.
                os.rename(site / source, site / "swap")
                time.sleep(0.0005)
                os.rename(site / "swap", site / source)

    thread = threading.Thread(target=swap)
    thread.start()
    for number in range(2000):
        if time.monotonic() > end:
            break
        answer = get(port, f"/swap/{number}.txt")
        leaks += answer is not None and SECRET in answer.body
        status = answer and answer.status
        seen[status] = seen.get(status, 0) + 1
    thread.join()
    check(f"a folder swapped for a link that leads out ({seen})", leaks == 0 and set(seen) <= {200, 404}, seen)


def run(port, site):
    ways_in(port)
    ways_out(port)
    redirects(port)
    swapped(port, site)
