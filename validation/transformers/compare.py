#!/usr/bin/env python3
"""Compares ringattention with Hugging Face's transformers (4 or 5), on one machine: Llama, Mistral, Qwen2, Qwen3.

    python3 validation/transformers/compare.py --run "bin/mpirun -np {ranks} bin/ringattention" --csv compare.csv

For each case it makes a randomly initialised model of several shards (save_pretrained), runs `ringattention gradients` on it,
and compares logits, loss and every parameter's gradient with a float64 model of the same weights, tokens and positions:

    fp32   |ours - exact| / |exact| (Euclidean) at most 1e-5 for logits and loss, 1e-4 for a gradient
    bf16   that error at most 1.5 times the one of transformers' own bf16 model, or of a floor where transformers' error is
           smaller by luck (FLOOR and loss_floor below)

Cases: 8 query heads with 8 and with 2 key/value heads; default and llama3 rotary embedding; tied and untied; 1 and 2 ranks;
from position 0 and from 500000. Four of the eight models by default, so that every value meets every other; --all takes all.
One model of each other family (FAMILIES) goes with them: Mistral with a window longer than all texts, Qwen2 with biases, Qwen3
with norms of queries and keys and heads of a size apart from hidden / heads.
Then the other rotary scalings (ROPES), one model each, from position 0 and behind the original context; the frequencies and
magnitude that transformers itself has of each folder are compared, too. Each is also given by keys of the input to a folder
that has no scaling, and must give the same; it is trained for two steps and exported, and what transformers has of the new
folder is compared with what it had. Last, a model trained here for two steps is exported, opened by transformers, and its
logits are compared.

transformers computes rotary angles, RMSNorm and eager softmax in fp32 even in a float64 model; at position 500000 the angles
alone are then off by 1e-2. Here every model gets cosines and sines of angles in float64, rounded to its own type, and the
float64 model a norm in float64; its attention is `sdpa`, which computes in the type of its arguments.

Weights are rounded to bf16 before they are saved: rounding them is then no part of anybody's error.
Tokens, labels and positions are those that ringattention says it has used (logits.safetensors).

Needs torch, transformers, safetensors. Writes its files to --work; exit code 1 if a row FAILED, 2 if a library is missing.
"""

import argparse
import csv
import functools
import itertools
import json
import math
import pathlib
import random
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

try:
    import torch
    import transformers
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config
except ImportError as missing:
    print(f"compare.py: {missing}", file=sys.stderr)
    sys.exit(2)

LOGITS_FP32 = 1e-5  # and the loss
GRADIENT_FP32 = 1e-4
BF16_FACTOR = 1.5
# A result whose every element was rounded to bf16 once, from the exact one, is this far off: an error uniform within half a
# unit in the last place is 2^-9 / sqrt(3) of the element where the unit is largest. No bf16 computation is held to less.
FLOOR = 2**-9 / math.sqrt(3)

OFFSETS = (0, 500_000)
RANKS = (1, 2)
VOCABULARY = 512  # at least the 256 tokens of bytes
HIDDEN = 256
LAYERS = 3
HEADS = 8
FEED_FORWARD = 688
INITIALIZER_RANGE = 0.1
NORM_EPSILON = 1e-5
THETA = 10_000.0
SHARD = "2MB"  # a model is 4 to 11 MB
# with heads of 32 some wavelengths are below 512 / 4, some above 512, some between: all three branches
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 512,
}


PAIRS = HIDDEN // HEADS // 2
# The scalings but those of Model.scaling: fields of rope_scaling. With heads of 32 and a context of 512 YaRN's ramp is from
# pair 1 to 8, and from 1.74 to 8.85 without whole ends.
ROPES = {
    "theta": {"rope_type": "default", "rope_theta": 500_000.0},
    "linear": {"rope_type": "linear", "factor": 4.0},
    "yarn": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512},
    "yarn-factor": {
        "rope_type": "yarn",
        "factor": 8.0,
        "original_max_position_embeddings": 512,
        "attention_factor": 1.0,
    },
    "yarn-untruncated": {
        "rope_type": "yarn",
        "factor": 4.0,
        "original_max_position_embeddings": 512,
        "beta_fast": 30.0,
        "beta_slow": 0.5,
        "truncate": False,
    },
    "longrope": {
        "rope_type": "longrope",
        "factor": 8.0,
        "original_max_position_embeddings": 512,
        "short_factor": [1.0 + 0.125 * i for i in range(PAIRS)],
        "long_factor": [1.0 + 0.5 * i * i for i in range(PAIRS)],
    },
}
# our keys for their fields
KEYS = {
    "rope_type": "ropeScaling",
    "rope_theta": "ropeTheta",
    "factor": "ropeFactor",
    "low_freq_factor": "ropeLowFrequency",
    "high_freq_factor": "ropeHighFrequency",
    "original_max_position_embeddings": "ropeOriginalContext",
    "attention_factor": "ropeAttentionFactor",
    "beta_fast": "ropeBetaFast",
    "beta_slow": "ropeBetaSlow",
    "truncate": "ropeTruncate",
    "short_factor": "ropeShortFactors",
    "long_factor": "ropeLongFactors",
}
# transformers makes its frequencies in fp32: of powers, products and quotients each is a rounding or two
FREQUENCIES_FP32 = 1e-6


FAMILIES = {"llama": LlamaConfig, "mistral": MistralConfig, "qwen2": Qwen2Config, "qwen3": Qwen3Config}
WINDOW = 8192  # of the Mistral
OWN_HEAD_SIZE = 48  # of the Qwen3


class Model:
    """One of the models compared: what is varied."""

    def __init__(self, key_value_heads, scaling, tied, sequence, saved, family="llama"):
        self.family = family
        self.pairs = OWN_HEAD_SIZE // 2 if family == "qwen3" else PAIRS
        self.key_value_heads = key_value_heads
        self.scaling = scaling
        self.tied = tied
        self.sequence = sequence
        self.saved = saved  # element type of its files
        self.name = f"kv{key_value_heads}-{scaling}-{'tied' if tied else 'untied'}"
        if family != "llama":
            self.name = family + "-" + self.name

    def config(self):
        keys = dict(
            vocab_size=VOCABULARY,
            hidden_size=HIDDEN,
            intermediate_size=FEED_FORWARD,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            num_key_value_heads=self.key_value_heads,
            max_position_embeddings=4096,
            rms_norm_eps=NORM_EPSILON,
            initializer_range=INITIALIZER_RANGE,
            tie_word_embeddings=self.tied,
        )
        rope = self.rope()
        theta = rope.pop("rope_theta", THETA)
        if rope["rope_type"] == "longrope":  # where transformers 4 looks
            keys["original_max_position_embeddings"] = rope["original_max_position_embeddings"]
        if int(transformers.__version__.split(".")[0]) >= 5:
            keys["rope_parameters"] = {**rope, "rope_theta": theta}
        else:
            keys["rope_theta"] = theta
            keys["rope_scaling"] = None if rope["rope_type"] == "default" else rope
        if self.family == "mistral":
            keys["sliding_window"] = WINDOW
        if self.family == "qwen3":
            keys["head_dim"] = OWN_HEAD_SIZE
        return FAMILIES[self.family](**keys)

    def rope(self):
        """The fields of rope_scaling, and a rope_theta that is another."""
        known = {"default": {"rope_type": "default"}, "llama3": LLAMA3, **ROPES}
        return dict(known[self.scaling])

    def keys(self):
        """The same as keys of section [model]."""
        lines = []
        for field, value in self.rope().items():
            lines.append(f"{KEYS[field]} = {json.dumps(value)}")
        return "\n".join(lines)

    def frequencies(self, positions):
        """Radians per position in float64, [head size / 2]: transformers' formulas, written again.

        positions: how many a text has; longrope goes by it
        """
        rope = self.rope()
        theta = rope.get("rope_theta", THETA)
        plain = [theta ** (-2.0 * i / (2 * self.pairs)) for i in range(self.pairs)]
        kind = rope["rope_type"]
        if kind == "linear":
            plain = [frequency / rope["factor"] for frequency in plain]
        elif kind == "llama3":
            plain = [llama3(frequency) for frequency in plain]
        elif kind == "yarn":
            plain = yarn(plain, theta, rope)
        elif kind == "longrope":
            longer = positions > rope["original_max_position_embeddings"]
            factors = rope["long_factor" if longer else "short_factor"]
            plain = [frequency / factor for frequency, factor in zip(plain, factors)]
        return torch.tensor(plain, dtype=torch.float64)

    def magnitude(self):
        """What cosines and sines are multiplied by: transformers' formulas, written again."""
        rope = self.rope()
        if "attention_factor" in rope:
            return rope["attention_factor"]
        if rope["rope_type"] == "yarn":
            return 0.1 * math.log(rope["factor"]) + 1
        if rope["rope_type"] == "longrope":
            return math.sqrt(1 + math.log(rope["factor"]) / math.log(rope["original_max_position_embeddings"]))
        return 1.0


def llama3(frequency):
    factor, low, high = LLAMA3["factor"], LLAMA3["low_freq_factor"], LLAMA3["high_freq_factor"]
    context = LLAMA3["original_max_position_embeddings"]
    wavelength = 2 * math.pi / frequency
    if wavelength < context / high:
        return frequency
    if wavelength > context / low:
        return frequency / factor
    smooth = (context / wavelength - low) / (high - low)
    return (1 - smooth) * frequency / factor + smooth * frequency


def yarn(plain, theta, rope):
    """Pairs that turn often in the old context stay, those that turn seldom are divided, by a ramp over their number."""

    def pair(turns):
        wavelength = rope["original_max_position_embeddings"] / (turns * 2 * math.pi)
        return len(plain) * math.log(wavelength) / math.log(theta)

    low, high = pair(rope.get("beta_fast", 32)), pair(rope.get("beta_slow", 1))
    if rope.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, 2 * len(plain) - 1)
    made = []
    for i, frequency in enumerate(plain):
        divided = min(max((i - low) / (high - low), 0), 1)
        made.append(frequency / rope["factor"] * divided + frequency * (1 - divided))
    return made


def models(every):
    kinds = list(itertools.product((8, 2), ("default", "llama3"), (False, True)))
    sequences = (384, 1024, 501, 640, 768, 385, 512, 896)
    made = [
        Model(heads, scaling, tied, sequences[i], torch.bfloat16 if i % 4 == 3 else torch.float32)
        for i, (heads, scaling, tied) in enumerate(kinds)
    ]
    # one half of the eight: every pair of values occurs
    half = [m for m in made if (m.key_value_heads == 2) ^ (m.scaling == "llama3") ^ m.tied]
    chosen = made if every else half
    chosen.insert(-1, Model(2, "default", False, 640, torch.float32, "mistral"))  # the last is a Llama: check_export
    chosen.insert(-1, Model(2, "default", False, 501, torch.float32, "qwen2"))
    chosen.insert(-1, Model(4, "default", True, 384, torch.float32, "qwen3"))
    return chosen


class ExactRotary(torch.nn.Module):
    """In place of the rotary embedding of transformers: angles in float64, their cosines and sines in the model's type."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    @torch.no_grad()
    def forward(self, x, position_ids):
        frequencies = self.model.frequencies(position_ids.max().item() + 1).to(x.device)
        angles = position_ids.to(torch.float64)[:, :, None] * frequencies[None, None, :]
        angles = torch.cat((angles, angles), dim=-1)  # [batch, sequence, head size]
        magnitude = self.model.magnitude()
        return (magnitude * angles.cos()).to(x.dtype), (magnitude * angles.sin()).to(x.dtype)


def norm_in_own_type(norm, x):
    mean = x.pow(2).mean(-1, keepdim=True)
    return norm.weight * (x * torch.rsqrt(mean + norm.variance_epsilon))


def make(model, folder, seed):
    """Writes a folder as save_pretrained does, of several shards."""
    torch.manual_seed(seed)
    llama = AutoModelForCausalLM.from_config(model.config())
    with torch.no_grad():
        for name, parameter in llama.named_parameters():
            if name.endswith(".bias"):  # starts as zeros
                parameter.normal_(0, 0.5)
            elif parameter.dim() == 1:  # a norm: its weights start as ones
                parameter.uniform_(0.5, 1.5)
            else:
                parameter.normal_(0, INITIALIZER_RANGE)
            parameter.copy_(parameter.to(torch.bfloat16).to(parameter.dtype))
    llama.to(model.saved).save_pretrained(folder, max_shard_size=SHARD)
    shards = list(folder.glob("*.safetensors"))
    if len(shards) < 2:
        raise SystemExit(f"compare.py: {folder} has {len(shards)} shards, should have several")


def opened(folder, model, dtype, device):
    """The folder's model in this type, with exact rotary angles."""
    llama = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="sdpa")
    llama = llama.to(device=device, dtype=dtype)
    llama.model.rotary_emb = ExactRotary(model)
    if dtype == torch.float64:
        norms = [module for module in llama.modules() if type(module).__name__.endswith("RMSNorm")]
        if len(norms) != (4 if model.family == "qwen3" else 2) * LAYERS + 1:
            raise SystemExit(f"compare.py: transformers {transformers.__version__} has other norms: {len(norms)}")
        for norm in norms:
            norm.forward = functools.partial(norm_in_own_type, norm)
    return llama.train()


class Result:
    """Logits, loss and gradients of one batch, as float64 on the host."""

    def __init__(self, logits, loss, gradients):
        self.logits = logits
        self.loss = loss
        self.gradients = gradients


def computed(llama, tokens, labels, positions, device):
    """By transformers; the loss is the mean over labels that are not -1, in float64 of the logits."""
    output = llama(
        input_ids=tokens.long().to(device), position_ids=positions.long().to(device), use_cache=False
    )
    logits = output.logits
    wide = logits if logits.dtype == torch.float64 else logits.float()
    loss = torch.nn.functional.cross_entropy(
        wide.flatten(0, 1), labels.long().to(device).flatten(), ignore_index=-1
    )
    loss.backward()
    gradients = {name: p.grad.double().cpu() for name, p in llama.named_parameters()}
    logits = logits.detach().double().cpu()
    labels = labels.long().flatten()
    exact_loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels, ignore_index=-1)
    return Result(logits, exact_loss.item(), gradients)


def run(arguments, ranks, words, log):
    """Runs the program; the text of the failure, or None."""
    command = shlex.split(arguments.run.format(ranks=ranks)) + words
    with open(log, "w") as out:
        out.write(" ".join(command) + "\n")
        out.flush()
        try:
            code = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, timeout=arguments.timeout).returncode
        except subprocess.TimeoutExpired:
            return f"still running after {arguments.timeout:.0f} s"
    if code != 0:
        lines = log.read_text(errors="replace").strip().splitlines()
        own = [line for line in lines if line.startswith(("ringattention:", "INVALID:"))]
        return f"exit code {code}: {(own or lines)[-1][:200]}"
    return None


def write_input(path, folder, model, data, offset, precision, more="", keys=""):
    path.write_text(
        f"""[model]
checkpoint = {json.dumps(str(folder))}
{keys}

[train]
sequence = {model.sequence}
steps = 2
learningRate = 1e-3
{more}
[data]
path = {json.dumps(str(data))}
firstPosition = {offset}

{device_section(precision)}"""
    )


def device_section(precision):
    """On the GPU where there is one, and never quietly on the CPU instead: ranks may share it."""
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    return f"""[device]
kind = "{kind}"
precision = "{precision}"
shared = true
"""


def ours(output):
    """What `gradients` has written: the result, and the batch it took."""
    file = load_file(str(output / "logits.safetensors"))
    gradients = load_file(str(output / "gradients.safetensors"))
    summary = json.loads((output / "summary.json").read_text())
    result = Result(
        file["logits"].double(), summary["final_loss"], {name: g.double() for name, g in gradients.items()}
    )
    return result, (file["tokens"], file["labels"], file["positions"])


def relative(found, exact):
    return ((found - exact).norm() / exact.norm()).item()


def loss_floor(theirs, exact):
    """Of the loss, one number that may be right by luck: it is a mean over tokens of errors like those of the logits, so three
    standard deviations of that mean, relative to the loss."""
    error = (theirs.logits - exact.logits).pow(2).mean().sqrt().item()
    tokens = exact.logits[..., 0].numel()
    return 3 * error / math.sqrt(tokens) / abs(exact.loss)


class Table:
    """Rows as they come; the printed ones are the worst gradient of a case, all else, and all that failed."""

    HEADER = ("case", "quantity", "value", "threshold", "verdict")

    def __init__(self):
        self.rows = []
        print(f"{'case':58s} {'quantity':58s} {'value':>10s}    {'threshold':>10s}  verdict")

    def add(self, case, quantity, value, threshold, show=True):
        passed = value <= threshold  # false for NaN
        verdict = "PASSED" if passed else "FAILED"
        self.rows.append((case, quantity, f"{value:.6e}", f"{threshold:.6e}", verdict))
        if show or not passed:
            print(f"{case:58s} {quantity:58s} {value:10.3e} <= {threshold:10.3e}  {verdict}", flush=True)

    def failed(self, case, quantity, why):
        """A row without a value."""
        self.rows.append((case, quantity, "nan", "0", "FAILED"))
        print(f"{case:58s} {quantity}: {why}  FAILED", flush=True)

    def failures(self):
        return sum(row[-1] == "FAILED" for row in self.rows)

    def write(self, path):
        with open(path, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.HEADER)
            writer.writerows(self.rows)


def compare(table, case, found, exact, theirs):
    """theirs: transformers' bf16 result, or None for the thresholds of fp32."""
    if found.logits.shape != exact.logits.shape:
        table.failed(case, "logits", f"shape {tuple(found.logits.shape)}, not {tuple(exact.logits.shape)}")
        return
    own, threshold = relative(found.logits, exact.logits), LOGITS_FP32
    if theirs is not None:
        threshold = BF16_FACTOR * max(relative(theirs.logits, exact.logits), FLOOR)
    table.add(case, "logits", own, threshold)
    own, threshold = abs(found.loss - exact.loss) / abs(exact.loss), LOGITS_FP32
    if theirs is not None:
        error = abs(theirs.loss - exact.loss) / abs(exact.loss)
        threshold = BF16_FACTOR * max(error, loss_floor(theirs, exact))
    table.add(case, "loss", own, threshold)
    differing = set(found.gradients) ^ set(exact.gradients)
    table.add(case, "parameters without a counterpart", float(len(differing)), 0.0)
    rows = []
    for name, gradient in exact.gradients.items():
        if name not in found.gradients:
            continue
        if found.gradients[name].shape != gradient.shape:
            table.failed(case, name, f"shape {tuple(found.gradients[name].shape)}, not {tuple(gradient.shape)}")
            continue
        threshold = GRADIENT_FP32
        if theirs is not None:
            threshold = BF16_FACTOR * max(relative(theirs.gradients[name], gradient), FLOOR)
        rows.append((name, relative(found.gradients[name], gradient), threshold))
    worst = max(rows, key=lambda row: row[1] / row[2], default=None)
    for row in rows:
        table.add(case, "gradient of " + row[0], row[1], row[2], show=row is worst)


def references(folder, model, batch, device, cache):
    """float64 and bf16 results of transformers for a batch, computed once."""
    key = (str(folder),) + tuple(part.numpy().tobytes() for part in batch)
    if key not in cache:
        cache.clear()  # a model's runs take the same batch, but for the positions
        cache[key] = tuple(
            computed(opened(folder, model, dtype, device), *batch, device)
            for dtype in (torch.float64, torch.bfloat16)
        )
    return cache[key]


def check(table, arguments, model, folder, data, device):
    cache = {}

    def gradients(case):
        """What is wrong with its run, or none, and the run's folder."""
        offset, precision, ranks = case
        stem = f"{model.name}-{offset}-{precision}-{ranks}"
        path, output = arguments.work / (stem + ".toml"), arguments.work / stem
        write_input(path, folder, model, data, offset, precision)
        words = ["gradients", str(path), "-o", str(output)]
        return run(arguments, ranks, words, arguments.work / (stem + ".log")), output

    cases = list(itertools.product(OFFSETS, arguments.precisions, arguments.ranks))
    with ThreadPoolExecutor(arguments.jobs) as pool:
        runs = list(pool.map(gradients, cases))
    for (offset, precision, ranks), (failure, output) in zip(cases, runs):
        case = f"{model.name}, {model.sequence} tokens at {offset}, {precision}, {ranks} ranks"
        if failure:
            table.failed(case, "run", failure)
            continue
        found, batch = ours(output)
        table.add(case, "first position off by", float(abs(batch[2].min().item() - offset)), 0.0, show=False)
        exact, theirs = references(folder, model, batch, device, cache)
        compare(table, case, found, exact, theirs if precision == "bf16" else None)


def check_rotary(table, case, folder, model):
    """What transformers itself makes of a folder, in and behind the original context, is what model says."""
    rotary = AutoModelForCausalLM.from_pretrained(folder).float().model.rotary_emb
    for positions in (512, 513):
        rotary(torch.zeros(1), torch.tensor([[positions - 1]]))  # longrope takes its list
        exact = model.frequencies(positions)
        off = ((rotary.inv_freq.double() - exact) / exact).abs().max().item()
        table.add(case, f"frequencies of transformers, {positions} positions", off, FREQUENCIES_FP32, show=False)
    off = abs(rotary.attention_scaling - model.magnitude())
    table.add(case, "magnitude of transformers", off, 1e-12, show=False)


def check_rope(table, arguments, model, data, device, seed):
    """A scaling in a folder, by the keys of an input, and exported."""
    folder = arguments.work / ("llama-" + model.name)
    make(model, folder, seed)
    check_rotary(table, model.name, folder, model)
    plain = Model(model.key_value_heads, "default", model.tied, model.sequence, model.saved)
    bare = arguments.work / ("llama-bare-" + model.name)
    make(plain, bare, seed)  # the same weights
    cache = {}
    wheres = (("its folder", ""), ("keys", model.keys()))
    for offset, (where, keys), precision in itertools.product((0, 512, 100_000), wheres, arguments.precisions):
        case = f"{model.name} by {where}, {model.sequence} tokens at {offset}, {precision}"
        stem = f"{model.name}-{where.split()[-1]}-{offset}-{precision}"
        path, output = arguments.work / (stem + ".toml"), arguments.work / stem
        write_input(path, bare if keys else folder, model, data, offset, precision, keys=keys)
        words = ["gradients", str(path), "-o", str(output)]
        failure = run(arguments, max(arguments.ranks), words, arguments.work / (stem + ".log"))
        if failure:
            table.failed(case, "run", failure)
            continue
        found, batch = ours(output)
        exact, theirs = references(folder, model, batch, device, cache)
        compare(table, case, found, exact, theirs if precision == "bf16" else None)
    case = f"{model.name} by keys, exported"
    path, output = arguments.work / f"{model.name}-export.toml", arguments.work / f"{model.name}-export"
    more = '\n[output]\nmodel = "fp32"\nplots = false\n'
    write_input(path, bare, model, data, 0, "fp32", more=more, keys=model.keys())
    failure = run(arguments, 1, ["train", str(path), "-o", str(output)], arguments.work / f"{model.name}-export.log")
    configs = sorted(output.glob("**/config.json"))
    if failure or not configs:
        table.failed(case, "export", failure or f"no config.json below {output}")
        return
    check_rotary(table, case, configs[-1].parent, model)


def check_export(table, arguments, model, folder, data, device):
    """A folder that `train` has written: transformers' logits of it are ours of it, and it is not the one it began with."""
    case = f"{model.name}, exported"
    path, output = arguments.work / "export.toml", arguments.work / "export"
    write_input(path, folder, model, data, 0, "fp32", more='\n[output]\nmodel = "fp32"\nplots = false\n')
    ranks = max(arguments.ranks)
    failure = run(arguments, ranks, ["train", str(path), "-o", str(output)], arguments.work / "export.log")
    configs = sorted(output.glob("**/config.json"))
    if failure or not configs:
        table.failed(case, "export", failure or f"no config.json below {output}")
        return
    exported = configs[-1].parent
    before = AutoModelForCausalLM.from_pretrained(folder).float().model.embed_tokens.weight
    after = AutoModelForCausalLM.from_pretrained(exported).float().model.embed_tokens.weight
    moved = relative(after.detach().double(), before.detach().double())
    table.add(case, "unchanged by training", float(moved < 1e-6), 0.0)
    path, output = arguments.work / "exported.toml", arguments.work / "exported"
    write_input(path, exported, model, data, 0, "fp32")
    failure = run(arguments, 1, ["gradients", str(path), "-o", str(output)], arguments.work / "exported.log")
    if failure:
        table.failed(case, "run", failure)
        return
    found, batch = ours(output)
    exact = computed(opened(exported, model, torch.float64, device), *batch, device)
    compare(table, case, found, exact, None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="starts the program, with {ranks}")
    parser.add_argument("--csv", required=True, type=pathlib.Path, help="gets all rows")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("outputs/transformers"), help="new folder")
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"], choices=["fp32", "bf16"])
    parser.add_argument("--ranks", nargs="+", type=int, default=list(RANKS))
    parser.add_argument("--all", action="store_true", help="all eight models")
    parts = ["models", "rope", "export"]
    parser.add_argument("--parts", nargs="+", default=parts, choices=parts, help="rope: the scalings of ROPES")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="of transformers")
    parser.add_argument("--jobs", type=int, default=1, help="runs of a model at the same time")
    parser.add_argument("--timeout", type=float, default=300, help="seconds of one run")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=False)
    torch.backends.cuda.matmul.allow_tf32 = False
    transformers.utils.logging.disable_progress_bar()
    print(f"# transformers {transformers.__version__}, torch {torch.__version__}, {arguments.device}")
    data = arguments.work / "random.txt"
    letters = [chr(code) for code in range(32, 127)] + ["\n"]
    data.write_text("".join(random.Random(7).choices(letters, k=1 << 16)))
    table = Table()
    chosen = models(arguments.all)
    for number, model in enumerate(chosen):
        folder = arguments.work / ("llama-" + model.name)
        make(model, folder, seed=number)
        if "models" in arguments.parts:
            check(table, arguments, model, folder, data, arguments.device)
    for number, scaling in enumerate(ROPES if "rope" in arguments.parts else ()):
        model = Model(2, scaling, False, 320, torch.float32)
        check_rope(table, arguments, model, data, arguments.device, seed=100 + number)
    if "export" in arguments.parts:
        model = chosen[-1]
        check_export(table, arguments, model, arguments.work / ("llama-" + model.name), data, arguments.device)
    table.write(arguments.csv)
    print(f"{len(table.rows)} rows, {table.failures()} FAILED, in {arguments.csv}")
    return 1 if table.failures() else 0


if __name__ == "__main__":
    sys.exit(main())
