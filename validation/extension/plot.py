#!/usr/bin/env python3
"""Draws held-out loss by position before and after extending a context, as SVG on standard output.

    python3 validation/extension/plot.py RUNS WAY...

RUNS has folders before-WAY and after-WAY with positions.csv, as tools/record-extension.sh keeps them. Needs Python alone.
"""

import csv
import math
import pathlib
import sys

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 900, 440, 60, 40, 130, 50
COLOURS = ("#444444", "#c0392b", "#2471a3", "#1e8449", "#b9770e")


def losses(folder):
    """Positions (the middle of a bucket) and losses in nats."""
    with open(folder / "positions.csv", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    return [(math.sqrt(max(1, int(row["from"])) * (int(row["to"]) + 1)), float(row["loss"])) for row in rows]


def main(runs, ways):
    curves = {
        (when, way): losses(pathlib.Path(runs) / f"{when}-{way}") for when in ("before", "after") for way in ways
    }
    points = [point for curve in curves.values() for point in curve]
    first, last = (math.log2(pick(x for x, _ in points)) for pick in (min, max))
    low = min(y for _, y in points) - 0.1
    high = min(max(y for _, y in points), low + 4) + 0.1

    def place(x, y):
        across = (math.log2(x) - first) / (last - first)
        up = (min(y, high) - low) / (high - low)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22">held-out loss in nats by position: dashed before, solid after training on 32K tokens</text>',
    ]
    for power in range(math.ceil(first), math.floor(last) + 1, 2):
        x, y = place(2**power, low)
        out.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{y:.1f}" stroke="#dddddd"/>')
        out.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{2**power}</text>')
    step = 0.5
    for number in range(math.ceil(low / step), math.floor(high / step) + 1):
        x, y = place(2**first, number * step)
        out.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>')
        out.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{number * step:g}</text>')
    for (when, way), curve in curves.items():
        colour = COLOURS[ways.index(way) % len(COLOURS)]
        line = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in curve)
        dash = ' stroke-dasharray="5 4"' if when == "before" else ""
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>')
    for number, way in enumerate(ways):
        colour = COLOURS[number % len(COLOURS)]
        y = TOP + 20 + 22 * number
        out.append(f'<line x1="{WIDTH - RIGHT + 14}" y1="{y}" x2="{WIDTH - RIGHT + 40}" y2="{y}" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<text x="{WIDTH - RIGHT + 46}" y="{y + 4}">{way}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">position</text></svg>')
    print("\n".join(out))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
