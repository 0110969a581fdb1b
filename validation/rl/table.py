#!/usr/bin/env python3
"""Tables and the plot of in-context reinforcement learning from the runs that tools/record-rl.sh keeps, on standard output.

    python3 validation/rl/table.py returns RUNS      act-METHOD-SEED: best, last and mean return of the trials, by method
    python3 validation/rl/table.py context RUNS      act-rooms-EARLIER, act-doors-EARLIER: mean return of each trial, by how many earlier trials are seen
    python3 validation/rl/table.py plot CONTEXT NAME  the same of rooms or doors as SVG, from the CSV

Of each roll-out first the mean over its sequences is taken, then mean and deviation over training seeds. effect is Cohen's d of the mean
of the trials against DT's, over training seeds: the difference of means over the pooled deviation. Needs Python 3.11 alone.
"""

import csv
import math
import pathlib
import statistics
import sys

METHODS = ("bc", "dt", "at", "at128")
PLACES = {"rooms": "dark rooms", "doors": "rooms with a key and a door"}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 900, 420, 60, 40, 210, 50
COLOURS = ("#7f8c8d", "#c0392b", "#b9770e", "#1e8449", "#2471a3", "#6c3483")


def rollouts(run):
    """Returns the return of every trial of every sequence, a list for each sequence."""
    with open(run / "rollouts.csv", encoding="utf-8") as table:
        sequences = {}
        for row in csv.DictReader(table):
            sequences.setdefault(int(row["seed"]), []).append((int(row["trial"]), float(row["return"])))
    return [[value for _, value in sorted(trials)] for trials in sequences.values()]


def deviation(numbers):
    return statistics.stdev(numbers) if len(numbers) > 1 else math.nan


def effect(numbers, others):
    if len(numbers) < 2 or len(others) < 2:
        return math.nan
    pooled = math.sqrt((statistics.variance(numbers) + statistics.variance(others)) / 2)
    return (statistics.mean(numbers) - statistics.mean(others)) / pooled if pooled > 0 else math.nan


def returns(runs):
    found = {}
    for method in METHODS:
        for run in sorted(runs.glob(f"act-{method}-*")):
            trials = rollouts(run)
            seed = run.name.rsplit("-", 1)[1]
            measures = [statistics.mean(measure(one) for one in trials) for measure in (max, lambda one: one[-1], statistics.mean)]
            found.setdefault(method, []).append((seed, len(trials), len(trials[0]), measures))
    head = ("method", "training_seeds", "sequences", "trials", "best", "best_dev", "last", "last_dev", "mean", "mean_dev", "effect_vs_dt")
    table = [head]
    of_dt = [measures[2] for *_, measures in found.get("dt", [])]
    for method, seeds in found.items():
        row = [method, len(seeds), seeds[0][1], seeds[0][2]]
        for column in range(3):
            numbers = [measures[column] for *_, measures in seeds]
            row += [f"{statistics.mean(numbers):.2f}", f"{deviation(numbers):.2f}"]
        row.append("" if method == "dt" else f"{effect([measures[2] for *_, measures in seeds], of_dt):.2f}")
        table.append(row)
    return table


def context(runs):
    table = [("environment", "earlier_trials", "trial", "mean_return", "standard_error", "sequences")]
    for name in PLACES:
        for run in sorted(runs.glob(f"act-{name}-*"), key=lambda one: int(one.name.rsplit("-", 1)[1])):
            sequences = rollouts(run)
            for trial in range(len(sequences[0])):
                numbers = [one[trial] for one in sequences]
                error = deviation(numbers) / math.sqrt(len(numbers))
                row = (name, run.name.rsplit("-", 1)[1], trial + 1, f"{statistics.mean(numbers):.4f}", f"{error:.4f}", len(numbers))
                table.append(row)
    return table


def smooth(values, width):
    """Returns means over the last so many trials: one trial is noisy."""
    return [statistics.mean(values[max(0, i + 1 - width) : i + 1]) for i in range(len(values))]


def plot(file, name):
    curves = {}
    with open(file, encoding="utf-8") as table:
        for row in csv.DictReader(table):
            if row["environment"] != name:
                continue
            curves.setdefault(int(row["earlier_trials"]), []).append(float(row["mean_return"]))
    trials = max(len(curve) for curve in curves.values())
    width = max(1, trials // 20)
    most = max(max(smooth(curve, width)) for curve in curves.values()) or 1.0

    def place(trial, value):
        return LEFT + (trial - 1) / max(1, trials - 1) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - value / most * (HEIGHT - TOP - BOTTOM)

    what = f", mean of {width} trials" if width > 1 else ""
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22">return in {PLACES[name]} never seen, by trial{what}; earlier trials in context</text>',
    ]
    for part in range(5):
        x, y = place(1, most * part / 4)
        out.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>')
        out.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{most * part / 4:.3g}</text>')
        trial = 1 + round((trials - 1) * part / 4)
        x, y = place(trial, 0)
        out.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{trial}</text>')
    for number, (earlier, curve) in enumerate(sorted(curves.items())):
        colour = COLOURS[number % len(COLOURS)]
        line = " ".join("{:.1f},{:.1f}".format(*place(i + 1, value)) for i, value in enumerate(smooth(curve, width)))
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + 20 * number
        out.append(f'<line x1="{WIDTH - RIGHT + 15}" y1="{y}" x2="{WIDTH - RIGHT + 40}" y2="{y}" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<text x="{WIDTH - RIGHT + 46}" y="{y + 4}">{earlier} earlier</text>')
    out.append("</svg>")
    return "\n".join(out)


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "plot" and arguments[2] in PLACES:
        print(plot(*arguments[1:]))
        return 0
    if len(arguments) != 2 or arguments[0] not in ("returns", "context"):
        sys.exit(__doc__)
    table = {"returns": returns, "context": context}[arguments[0]](pathlib.Path(arguments[1]))
    csv.writer(sys.stdout, lineterminator="\n").writerows(table)
    return 1 if len(table) == 1 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
