"""Draws how much longer the other MPIs take, as a picture that follows the reader's light or dark theme."""
import html

# Which of the measured points the picture shows: operation, bytes.
POINTS = [
    ("latency", 8), ("latency", 8192), ("latency", 524288), ("bandwidth", 8), ("bandwidth", 2097152), ("barrier", 0),
    ("bcast", 8), ("bcast", 2097152), ("allreduce", 8), ("allreduce", 131072), ("alltoall", 8), ("scan", 131072),
]
TITLES = {"openmpi": "Open MPI", "mpich": "MPICH", "intel": "Intel MPI"}
# One hue for each MPI, told apart by lightness too.
COLOURS = {"openmpi": "#d9822b", "mpich": "#2f7dc1", "intel": "#6a51a3"}
# A bar that would be longer ends here, with its number beside it.
LONGEST = 6.0
WIDTH, LEFT, BAR, ROW = 860, 190, 9, 44
STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f } .small { font-size: 11px; fill: #57606a }
.back { fill: #ffffff } .line { stroke: #d0d7de } .one { stroke: #57606a; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9198a1 }
 .back { fill: #0d1117 } .line { stroke: #30363d } .one { stroke: #9198a1 } }"""


def draw(rows, others, named):
    """An SVG of the ratios: `rows` as run.py makes them, `others` the names of the MPIs, `named` writes a size."""
    ratios = {(row[0], row[2]): row[-len(others):] for row in rows if row[1] == 2}
    points = [point for point in POINTS if point in ratios]
    scale = (WIDTH - LEFT - 70) / LONGEST
    height = 84 + ROW * len(points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="Time of other MPIs divided by the time of ranks">',
        f"<style>{STYLE}</style>",
        f'<rect class="back" width="{WIDTH}" height="{height}" rx="8"/>',
        '<text x="20" y="28">Time of each MPI divided by the time of ranks, 2 ranks: beyond 1, ranks is faster</text>',
    ]
    for at, name in enumerate(others):
        x = LEFT + at * 110
        parts.append(f'<rect x="{x}" y="42" width="12" height="12" rx="2" fill="{COLOURS[name]}"/>')
        parts.append(f'<text class="small" x="{x + 18}" y="52">{TITLES[name]}</text>')
    for tick in range(int(LONGEST) + 1):
        x = LEFT + tick * scale
        kind = "one" if tick == 1 else "line"
        parts.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="64" y2="{height - 24}"/>')
        parts.append(f'<text class="small" x="{x:.1f}" y="{height - 8}" text-anchor="middle">{tick}</text>')
    for at, (what, size) in enumerate(points):
        top = 70 + at * ROW
        label = f"{what} {named(size)}" if size else what
        parts.append(f'<text x="{LEFT - 12}" y="{top + 22}" text-anchor="end">{html.escape(label)}</text>')
        for line, (name, ratio) in enumerate(zip(others, ratios[what, size])):
            y = top + 2 + line * (BAR + 2)
            length = min(ratio, LONGEST) * scale
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" fill="{COLOURS[name]}"/>')
            parts.append(f'<text class="small" x="{LEFT + length + 5:.1f}" y="{y + 9}">{ratio:.1f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
