#!/usr/bin/env python3
"""Tables of line retrieval from the runs that tools/record-retrieval.sh keeps, as CSV on standard output.

    python3 validation/retrieval/table.py accuracy RUNS      evaluate-MODEL-LENGTH: share of questions answered exactly
    python3 validation/retrieval/table.py parity RUNS RANKS  parity-*: the same weights and steps on one rank and on RANKS; of what was run
    python3 validation/retrieval/table.py ablation RUNS      ablation-WITHOUT-SEED: steps of the first stage, all levels of 1024 tokens

low and high are Wilson's 95% interval. parity exits with 1 if a row is FAILED. Needs Python 3.11 alone.
"""

import csv
import json
import math
import pathlib
import statistics
import sys
import tomllib

Z = 1.959964  # of 95%
LOSSES = 2e-2  # relative, of bf16


def wilson(correct, cases):
    share, z2 = correct / cases, Z * Z
    middle = (share + z2 / (2 * cases)) / (1 + z2 / cases)
    half = Z / (1 + z2 / cases) * math.sqrt(share * (1 - share) / cases + z2 / (4 * cases * cases))
    return middle - half, middle + half


def summary(run):
    return json.loads((run / "summary.json").read_text(encoding="utf-8"))


def rows(file):
    with open(file, encoding="utf-8") as table:
        return list(csv.DictReader(table))


def used(run, section, key):
    """A value of the inputs of a run: of its last stage, if that has one of its own."""
    inputs = tomllib.loads((run / "used_inputs.toml").read_text(encoding="utf-8"))
    last = inputs.get("stage", [{}])[-1]
    return last.get(section, {}).get(key, inputs.get(section, {}).get(key))


def accuracy(runs):
    table = [("model", "trained_tokens", "length", "cases", "correct", "accuracy", "low", "high", "ranks", "device")]
    found = []
    for run in runs.glob("evaluate-*-*"):
        _, model, length = run.name.split("-")
        found.append((used(runs / f"train-{model}", "train", "sequence"), int(length), model, summary(run), run))
    for trained, length, model, ended, run in sorted(found, key=lambda one: one[:2]):
        cases, correct = ended["questions"], ended["exact"]
        interval = (f"{bound:.4f}" for bound in wilson(correct, cases))
        device = used(run, "device", "kind")
        table.append((model, trained, length, cases, correct, f"{correct / cases:.4f}", *interval, ended["ranks"], device))
    return table, 0


def parity(runs, ranks):
    table = [("check", "one", f"{ranks} ranks", "allowed", "verdict")]
    if (runs / "parity-fp32-1").exists():
        answers(table, runs, ranks)
    if (runs / "parity-losses-1").exists():
        losses(table, runs, ranks)
    return table, any(row[-1] == "FAILED" for row in table)


def answers(table, runs, ranks):
    one, all_ranks = (summary(runs / f"parity-fp32-{count}") for count in ("1", ranks))
    same = one["exact"] == all_ranks["exact"] and one["questions"] == all_ranks["questions"]
    table.append(("exact answers, fp32", one["exact"], all_ranks["exact"], "the same", "PASSED" if same else "FAILED"))
    one, all_ranks = (summary(runs / f"parity-default-{count}") for count in ("1", ranks))
    low, high = wilson(one["exact"], one["questions"])
    near = one["questions"] == all_ranks["questions"] and low <= all_ranks["exact"] / all_ranks["questions"] <= high
    precision = used(runs / "parity-default-1", "device", "precision")
    row = (f"exact answers, {precision}", one["exact"], all_ranks["exact"], f"{low:.4f} to {high:.4f} of {one['questions']}")
    table.append((*row, "PASSED" if near else "FAILED"))


def losses(table, runs, ranks):
    steps = [[float(row["loss"]) for row in rows(runs / f"parity-losses-{count}" / "steps.csv")] for count in ("1", ranks)]
    worst = max(abs(a - b) / max(abs(a), 1e-3) for a, b in zip(*steps))
    good = len(steps[0]) == len(steps[1]) > 0 and worst <= LOSSES
    table.append(("losses of the same steps, relative", 0, f"{worst:.2e}", LOSSES, "PASSED" if good else "FAILED"))


def shown(steps):
    return "never" if steps == math.inf else int(steps)


def ablation(runs):
    table = [("without", "seed", "steps", "steps_to_half_exact", "last_level", "gate_passed")]
    medians = {}
    for run in sorted(runs.glob("ablation-*-*")):
        _, without, seed = run.name.split("-")
        first = run / "stage-1"
        steps = rows(first / "steps.csv")
        jump = next((int(row["step"]) for row in steps if float(row["exact_rate"] or 0) >= 0.5), math.inf)
        passed = summary(first)["gate_passed"]
        table.append((without, seed, len(steps), shown(jump), steps[-1]["level"], passed))
        medians.setdefault(without, []).append((len(steps) if passed else math.inf, jump))
    for without, numbers in medians.items():
        passed, jump = (statistics.median(column) for column in zip(*numbers))
        table.append((without, "median", shown(passed), shown(jump), "", ""))
    return table, 0


def main(arguments):
    kinds = {"accuracy": accuracy, "parity": parity, "ablation": ablation}
    if len(arguments) < 2 or arguments[0] not in kinds:
        sys.exit(__doc__)
    table, failed = kinds[arguments[0]](pathlib.Path(arguments[1]), *arguments[2:])
    csv.writer(sys.stdout, lineterminator="\n").writerows(table)
    return 1 if failed or len(table) == 1 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
