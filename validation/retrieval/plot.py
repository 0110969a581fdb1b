#!/usr/bin/env python3
"""Draws accuracy of line retrieval by length, with the curves of the paper's figure 3 beside, as SVG on standard output.

    python3 validation/retrieval/plot.py retrieval.csv

The paper's values (Liu, Zaharia, Abbeel 2023) are read off its plot, within 0.02. Needs Python alone.
"""

import csv
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 960, 460, 60, 40, 230, 50
COLOURS = ("#c0392b", "#2471a3", "#1e8449", "#b9770e")
K = 1000
PAPER = {
    "Ring Attention 13B, 512K": {4 * K: 0.97, 8 * K: 0.95, 12 * K: 0.94, 16 * K: 0.92, 64 * K: 0.94, 100 * K: 0.93, 200 * K: 0.92, 500 * K: 0.90},
    "Claude 2, 100K": {4 * K: 0.98, 8 * K: 0.98, 12 * K: 0.98, 16 * K: 0.97, 64 * K: 0.98, 100 * K: 0.97},
    "GPT-3.5, 16K": {4 * K: 0.99, 8 * K: 0.98, 12 * K: 0.97, 16 * K: 0.96},
    "Vicuna 13B, 16K": {4 * K: 0.98, 8 * K: 0.95, 12 * K: 0.82, 16 * K: 0.60},
}


def main(file):
    ours = {}
    with open(file, encoding="utf-8") as table:
        for row in csv.DictReader(table):
            point = tuple(float(row[key]) for key in ("length", "accuracy", "low", "high"))
            ours.setdefault(f"ours, trained to {row['model'].upper()}", []).append(point)
    lengths = [point[0] for curve in ours.values() for point in curve] + [length for curve in PAPER.values() for length in curve]
    first, last = math.log2(min(lengths)), math.log2(max(lengths))

    def place(x, y):
        across = (math.log2(x) - first) / (last - first)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22">line retrieval: questions answered exactly; solid a small model trained from scratch, dashed the paper</text>',
    ]
    for power in range(math.ceil(first), math.floor(last) + 1):
        x, y = place(2**power, 0)
        name = f"{2 ** (power - 10)}K" if power >= 10 else str(2**power)
        out.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{y:.1f}" stroke="#dddddd"/>')
        out.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{name}</text>')
    for tenth in range(0, 11, 2):
        x, y = place(2**first, tenth / 10)
        out.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>')
        out.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{tenth / 10:g}</text>')
    drawn = [(name, [(x, y, y, y) for x, y in curve.items()], "5 4") for name, curve in PAPER.items()]
    drawn += [(name, sorted(curve), "") for name, curve in ours.items()]
    for number, (name, curve, dash) in enumerate(drawn):
        colour = COLOURS[number % len(COLOURS)]
        style = f'stroke="{colour}" stroke-width="2"' + (f' stroke-dasharray="{dash}"' if dash else "")
        line = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y, _, _ in curve)
        out.append(f'<polyline points="{line}" fill="none" {style}/>')
        for x, _, low, high in curve:
            if low < high:
                (across, bottom), (_, top) = place(x, low), place(x, high)
                out.append(f'<line x1="{across:.1f}" y1="{bottom:.1f}" x2="{across:.1f}" y2="{top:.1f}" stroke="{colour}"/>')
        y = TOP + 20 + 22 * number
        out.append(f'<line x1="{WIDTH - RIGHT + 14}" y1="{y}" x2="{WIDTH - RIGHT + 46}" y2="{y}" {style}/>')
        out.append(f'<text x="{WIDTH - RIGHT + 52}" y="{y + 4}">{name}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">tokens</text></svg>')
    print("\n".join(out))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
