#!/usr/bin/env python3
"""Measures ringattention beside PyTorch's context parallelism, on the same GPUs, in one run.

    python3 validation/peers/compare.py --out FOLDER        (tools/record-peers.sh adds the machine and the versions)

It needs PyTorch 2.6 or newer with CUDA, two or more GPUs of one host, and the program: a checkout after make build, or a bundle.
It runs `bench attention`, PyTorch's attention, `bench training` and PyTorch's training steps, one after the other, and writes

    peers.csv           one row a comparison: work, tokens, ranks, ours, peer, peer_name, ratio
    versions.txt        PyTorch, CUDA, cuDNN, NCCL, GPUs
    runs/               what every run said, our tables, PyTorch's results as JSON lines

`ours` and `peer` of attention are TFLOP/s of a GPU: causal FLOPs, the backward 2.5 times the forward. Those of training-7b are
seconds of a step. `ratio` is above 1 where ours is faster. A row without `peer` had no room on these GPUs.

The program checks its results against float64 and its loss; context_parallel.py checks PyTorch's before it times them. A run that
fails has no rows. Exit code 0: everything was measured; 1: a run failed or was not started in time; 2: nothing can be measured.
"""

import argparse
import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parent.parent
COLUMNS = ("work", "tokens", "ranks", "ours", "peer", "peer_name", "ratio")
ROTATIONS = {"alltoall": "all-to-all", "allgather": "all-gather"}
BACKENDS = {"cudnn": "cuDNN", "flash": "flash"}
MORE_IS_FASTER = {"attention": True, "training-7b": False}


def ours_attention(path, ranks):
    """Returns {tokens: TFLOP/s a GPU} of the rows of an attention.csv that PyTorch's attention compares with."""
    found = {}
    for row in read_csv(path):
        wanted = dict(mask="causal", heads="32", key_value_heads="32", head_size="128", dtype="bf16")
        wanted["pass"] = "forward+backward"
        if int(row["ranks"]) == ranks and all(row[key] == value for key, value in wanted.items()):
            if int(row["wrong"]) != 0:
                raise ValueError(f"{path}: {row['wrong']} wrong elements at {row['tokens']} tokens")
            found[int(row["tokens"])] = float(row["tflops_per_gpu"])
    return found


def ours_training(path, ranks):
    """Returns {tokens: seconds of a step} of the rows of a training.csv with the whole 7B model."""
    return {
        int(row["tokens"]): float(row["step_s"])
        for row in read_csv(path)
        if row["model"] == "7B" and int(row["layers"]) == 32 and int(row["ranks"]) == ranks
    }


def read_csv(path):
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_results(path):
    """Returns what context_parallel.py has written, of results of one kind the last."""
    if not path.is_file():
        return []
    latest = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            result = json.loads(line)
            latest[result["work"], result["tokens"], result["ranks"], result["rotation"]] = result
    return list(latest.values())


def peer_name(result, version):
    name = f"PyTorch {version} context parallel ({ROTATIONS[result['rotation']]}; {BACKENDS[result['backend']]})"
    if result["work"] == "training-7b":
        name += " with FSDP2 and checkpointed blocks"
    return name


def join(ours, results, version):
    """Returns the rows of peers.csv.

    ours: {work: {tokens: number}}; a result whose work and tokens are not there has no row.
    """
    rows = []
    for result in results:
        work, tokens, peer = result["work"], result["tokens"], result["value"]
        own = ours.get(work, {}).get(tokens)
        if own is None:
            continue
        if peer is None:
            ratio = None
        else:
            ratio = own / peer if MORE_IS_FASTER[work] else peer / own
        rows.append((work, tokens, result["ranks"], own, peer, peer_name(result, version), ratio))
    return sorted(rows, key=lambda row: (row[0], row[1], row[5]))


def write_rows(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow("" if cell is None else f"{cell:.5g}" if isinstance(cell, float) else cell for cell in row)


def write_table(folder, ranks):
    """Makes peers.csv of a folder from what its runs have left; returns its rows."""
    runs = folder / "runs"
    ours = {
        "attention": ours_attention(runs / "ours-attention" / "attention.csv", ranks),
        "training-7b": ours_training(runs / "ours-training" / "training.csv", ranks),
    }
    results = [r for r in read_results(runs / "pytorch" / "results.jsonl") if r["ranks"] == ranks]
    rows = join(ours, results, read_versions(folder / "versions.txt").get("PyTorch", "?"))
    write_rows(folder / "peers.csv", rows)
    return rows


def read_versions(path):
    if not path.is_file():
        return {}
    words = (line.partition(" ") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value.strip() for name, _, value in words}


def as_list(numbers):
    return "[" + ", ".join(map(str, numbers)) + "]"


class Run:
    """Starts programs one after the other, keeps what they say, and stops them when the time is over."""

    def __init__(self, folder, minutes):
        self.folder = folder
        self.began = time.monotonic()
        self.minutes = minutes
        self.failed = []

    def left(self):
        return self.minutes * 60 - (time.monotonic() - self.began)

    def say(self, text):
        print(f"peers {time.monotonic() - self.began:5.0f} s: {text}", flush=True)

    def start(self, name, command, seconds, environment=None):
        """Returns whether the command ended well; it is not started if less than so many seconds are left."""
        folder = self.folder / "runs" / name.split(" ")[0]
        folder.mkdir(parents=True, exist_ok=True)
        if self.left() < seconds:
            self.say(f"{name}: NOT RUN: {self.left():.0f} s are left, it takes about {seconds} s")
            self.failed.append(name)
            return False
        self.say(f"{name}: about {seconds} s")
        log = folder / ("output.log" if " " not in name else name.split(" ")[1] + ".log")
        with open(log, "w", encoding="utf-8") as file:
            process = subprocess.Popen(
                command, cwd=HOME, stdout=file, stderr=subprocess.STDOUT, env=environment, start_new_session=True
            )
            try:
                status = process.wait(timeout=max(1.0, self.left()))
            except BaseException as problem:
                stop(process)
                if not isinstance(problem, subprocess.TimeoutExpired):
                    raise
                status = "out of time"
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        if status == 0:
            self.say(f"{name}: PASSED, {lines[-1] if lines else ''}")
            return True
        self.say(f"{name}: FAILED ({status}); the end of {log}:")
        print("\n".join(lines[-12:]), flush=True)
        self.failed.append(name)
        return False


def stop(process):
    """Ends a process and all that it has started."""
    for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=seconds)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def ours(run, name, table, options, arguments, seconds):
    """Runs the program on all ranks and keeps its table and its inputs; a run that fails leaves none."""
    kept = run.folder / "runs" / name
    shutil.rmtree(kept, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch) / name
        command = [HOME / "tools" / "mpirun.sh", "-np", str(options.ranks), HOME / "bin" / "ringattention", *arguments, "-o", out]
        if run.start(name, list(map(str, command)), seconds):
            for file in (table, "used_inputs.toml", "summary.json"):
                if (out / file).is_file():
                    shutil.copy(out / file, kept / file)


def pytorch(run, work, options, arguments, seconds):
    environment = {"OMP_NUM_THREADS": "4", **os.environ}
    results = run.folder / "runs" / "pytorch" / "results.jsonl"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(options.ranks)]
    command = [*launcher, str(HERE / "context_parallel.py"), work, "--out", str(results), *arguments]
    run.start(f"pytorch {work}", command, seconds, environment)


def attention(run, options):
    tokens = options.attention_tokens
    settings = {
        "tokens": as_list(tokens), "heads": 32, "keyValueHeads": 32, "headSize": 128, "masks": '["causal"]',
        "layouts": '["zigzag"]', "forward": "false", "warmup": 1, "repeats": options.repeats, "rest": options.rest,
        "boundTokens": min(tokens),
    }
    overrides = [word for key, value in settings.items() for word in ("-D", f"benchAttention.{key}={value}")]
    ours(run, "ours-attention", "attention.csv", options, ["bench", "attention", "inputs/bench-gpu.toml", *overrides], 90)
    words = ["--tokens", *map(str, tokens), "--repeats", str(options.repeats), "--rest", str(options.rest)]
    pytorch(run, "attention", options, words, 60)


def training(run, options):
    tokens = options.training_tokens
    settings = {"tokens": as_list(tokens), "deviceGiB": "[]", "warmup": 1, "steps": options.steps}
    overrides = [word for key, value in settings.items() for word in ("-D", f"benchTraining.{key}={value}")]
    ours(run, "ours-training", "training.csv", options, ["bench", "training", "inputs/train-7b.toml", *overrides], 90)
    words = ["--tokens", *map(str, tokens), "--steps", str(options.steps), "--rotation", faster_rotation(run.folder)]
    pytorch(run, "training", options, words, 90)


def faster_rotation(folder):
    """Returns the way of moving keys and values that was faster at the longest attention measured, or all-to-all."""
    results = [r for r in read_results(folder / "runs" / "pytorch" / "results.jsonl") if r["work"] == "attention"]
    longest = max((r["tokens"] for r in results), default=0)
    return max((r for r in results if r["tokens"] == longest), key=lambda r: r["value"], default={"rotation": "alltoall"})["rotation"]


def versions(torch):
    """Returns the lines of versions.txt."""
    nccl = ".".join(map(str, torch.cuda.nccl.version())) if torch.distributed.is_nccl_available() else "none"
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    lines = [
        ("PyTorch", torch.__version__.split("+")[0]),
        ("CUDA", f"{torch.version.cuda} (PyTorch's)"),
        ("cuDNN", f"{torch.backends.cudnn.version()} (PyTorch's)"),
        ("NCCL", f"{nccl} (PyTorch's)"),
        ("GPUs", ", ".join(f"{names.count(name)} {name}" for name in sorted(set(names)))),
        ("Python", sys.version.split()[0]),
    ]
    return [f"{name:<11} {value}" for name, value in lines]


def refuse(reason):
    print(f"compare.py: {reason}", file=sys.stderr)
    sys.exit(2)


def needed(options):
    """Returns torch; ends with one line and exit code 2 where nothing can be measured."""
    try:
        import torch
        import torch.distributed
    except ImportError as missing:
        refuse(f"{missing}; it needs PyTorch 2.6 or newer with CUDA")
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6):
        refuse(f"PyTorch is {torch.__version__}, 2.6 or newer is needed")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    options.ranks = options.ranks or count
    if options.ranks < 2 or options.ranks > count:
        refuse(f"{count} GPUs here, needs two or more, and as many as ranks ({options.ranks})")
    if not (HOME / "target" / "ringattention.jar").is_file():
        refuse(f"no program in {HOME}: run make build, or use a bundle")
    if not (HOME / "build" / "mpi" / "env").is_file():
        refuse(f"no MPI for {HOME}: run make setup, or use a bundle")
    return torch


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the record")
    parser.add_argument("--ranks", type=int, default=0, help="GPUs; 0: all that are visible")
    parser.add_argument("--attention-tokens", type=int, nargs="*", default=[16384, 65536], help="tokens over all ranks; none: left out")
    parser.add_argument("--training-tokens", type=int, nargs="*", default=[65536], help="tokens over all ranks; none: left out")
    parser.add_argument("--repeats", type=int, default=5, help="timed repeats of attention")
    parser.add_argument("--rest", type=float, default=0.6, help="seconds that GPUs idle before each, in both programs")
    parser.add_argument("--steps", type=int, default=1, help="timed training steps, after one that is not timed")
    parser.add_argument("--minutes", type=float, default=8.0, help="what has no time left is not started, or is stopped")
    parser.add_argument("--join", action="store_true", help="only makes peers.csv again from the runs of the folder")
    options = parser.parse_args()
    folder = options.out.resolve()
    if options.join:
        if not options.ranks:
            refuse("--join needs --ranks")
        write_table(folder, options.ranks)
        return
    torch = needed(options)
    os.environ.setdefault("NCCL_NVLS_ENABLE", "0")  # of both programs: multicast is not everywhere; what is set stays
    shutil.rmtree(folder / "runs", ignore_errors=True)
    (folder / "runs" / "pytorch").mkdir(parents=True)
    (folder / "versions.txt").write_text("\n".join(versions(torch)) + "\n", encoding="utf-8")
    run = Run(folder, options.minutes)
    if options.attention_tokens:
        attention(run, options)
    if options.training_tokens:
        training(run, options)
    rows = write_table(folder, options.ranks)
    for work, tokens, ranks, own, peer, name, ratio in rows:
        shown = "no room" if peer is None else f"{peer:.4g}, ratio {ratio:.2f}"
        run.say(f"{work}, {tokens} tokens, {ranks} GPUs: ours {own:.4g}, {name} {shown}")
    if not rows:
        run.failed.append("no rows")
    run.say(f"FAILED: {', '.join(run.failed)}" if run.failed else f"PASSED: {folder / 'peers.csv'}")
    sys.exit(1 if run.failed else 0)


if __name__ == "__main__":
    main()
