"""A site of 200 files that one page loads and counts: style sheets, programs, pictures and fragments."""
import colorsys
import struct
import zlib

KINDS = {"css": 40, "js": 40, "svg": 40, "png": 40, "html": 39}

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>loading</title>
<style>
body { font: 13px sans-serif; margin: 16px; color: #222 }
h1 { font-size: 18px; margin: 0 0 4px } h2 { font-size: 13px; margin: 10px 0 4px }
.row { display: flex; flex-wrap: wrap; gap: 3px }
.tile { width: 26px; height: 26px; border-radius: 3px; background: #eee; font-size: 10px; line-height: 26px; text-align: center; overflow: hidden }
.tile img { width: 26px; height: 26px; display: block }
</style>
%(styles)s
</head><body><h1>200 files</h1><output id="result">loading</output>
%(rows)s
<script>
const expected = %(expected)d, loaded = new Set(), failed = new Set();
function tell() {
  const text = `${loaded.size + 1} loaded, ${failed.size} failed of ${expected + 1}`;
  document.getElementById("result").textContent = text;
  if (loaded.size + failed.size === expected) document.title = text;
}
function good(name) { loaded.add(name); tell(); }
function bad(name) { failed.add(name); tell(); }
const tile = name => document.getElementById(name);
for (const link of document.querySelectorAll("link[data-name]")) {
  const name = link.dataset.name;
  // Asked for whether the rules in it hold, not whether something came.
  const look = () => getComputedStyle(tile(name)).outlineStyle === "dashed" ? good(name) : bad(name);
  if (link.sheet) look(); else { link.onload = look; link.onerror = () => bad(name); }
}
for (const name of %(scripts)s) {
  const script = document.createElement("script");
  script.src = name;
  script.onload = () => tile(name).textContent ? good(name) : bad(name);
  script.onerror = () => bad(name);
  document.head.append(script);
}
for (const image of document.querySelectorAll("img")) {
  const name = image.dataset.name;
  const look = () => image.naturalWidth ? good(name) : bad(name);
  if (image.complete) look(); else { image.onload = look; image.onerror = () => bad(name); }
}
for (const name of %(fragments)s) {
  fetch(name).then(answer => answer.ok ? answer.text() : Promise.reject()).then(text => { tile(name).innerHTML = text; good(name); }).catch(() => bad(name));
}
tell();
</script></body></html>
"""


def colour(number):
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(number / 40, 0.55, 0.85))


def png(number):
    red, green, blue = colour(number)
    rows = b"".join(b"\0" + b"".join(bytes((red, green, blue)) if (x + y) % (2 + number % 7) else b"\xff\xff\xff" for x in range(32)) for y in range(32))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def svg(number):
    points = " ".join(f"{16 + 14 * (1 if corner % 2 else 0.4 + number / 100) * x:.1f},{16 + 14 * y:.1f}" for corner, (x, y) in enumerate(((0, -1), (1, 0), (0, 1), (-1, 0))))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" fill="#f4f4f4"/><polygon points="{points}" fill="rgb{colour(number)}"/></svg>\n'


def make(folder):
    """Writes the 200 files."""
    names = {kind: [f"part-{number}.{kind}" for number in range(count)] for kind, count in KINDS.items()}
    for number, name in enumerate(names["css"]):
        # The leading characters of a name are escaped, for it has a dot.
        rule = name.replace(".", "\\.")
        (folder / name).write_text(f"#{rule} {{ background: rgb{colour(number)}; outline: 1px dashed #0003 }}\n" + "/* filler */\n" * number * 20)
    for number, name in enumerate(names["js"]):
        (folder / name).write_text(f'"use strict";\ndocument.getElementById("{name}").textContent = {number} * {number};\n' + "// filler\n" * number * 20)
    for number, name in enumerate(names["svg"]):
        (folder / name).write_text(svg(number))
    for number, name in enumerate(names["png"]):
        (folder / name).write_bytes(png(number))
    for number, name in enumerate(names["html"]):
        (folder / name).write_text(f"<b>&frac{'12' if number % 2 else '14'};</b>")
    rows = []
    for kind, title in (("css", "style sheets"), ("js", "programs"), ("svg", "pictures, SVG"), ("png", "pictures, PNG"), ("html", "fragments")):
        image = '<img data-name="{0}" src="{0}" alt="">' if kind in ("svg", "png") else ""
        tiles = "".join(f'<div class="tile" id="{name}">{image.format(name)}</div>' for name in names[kind])
        rows.append(f'<h2>{len(names[kind])} {title}</h2><div class="row">{tiles}</div>')
    (folder / "index.html").write_text(PAGE % {
        "styles": "\n".join(f'<link rel="stylesheet" href="{name}" data-name="{name}">' for name in names["css"]),
        "rows": "\n".join(rows),
        "scripts": names["js"],
        "fragments": names["html"],
        "expected": sum(KINDS.values()),
    })
