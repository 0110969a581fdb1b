#!/usr/bin/env python3
"""Takes a model the whole way: written by transformers, imported, extended in stages, killed, resumed, exported, opened again.

    python3 validation/transformers/extend.py --run "bin/mpirun -np {ranks} bin/ringattention" --csv extend.csv

Writes a randomly initialised Llama of an 8B model's shape with some blocks, trains it for a few steps on 8K tokens and then, with a
larger rope theta, on --tokens; the second stage fails in its last step and goes on. Rows of the table:

    stages             both ended VALID, and measured memory is planned memory
    configuration      config.json of the exported model: theta, max_position_embeddings
    log-probabilities  of tokens generated behind --prompt tokens, in bf16, by ringattention with the exported model: root mean
                       square of (ours - exact) over that of the exact logits, at most 1.5 times the error of transformers' own
                       bf16 model; exact is transformers' model in fp32

Takes six minutes on two H200s. Needs torch, transformers, safetensors; with the numbers as they are 70 GB of disk and GPUs of 139 GiB.
--small is a tiny model on the CPU, in fp32 and exact in float64, to try the script. Writes its files to --work; exit code 1 if a row
FAILED, 2 if a library is missing.
"""

import argparse
import json
import pathlib
import sys
import time

import compare
import generate
import torch
import transformers
from transformers import AttentionInterface, AttentionMaskInterface, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from transformers.masking_utils import sdpa_mask

THETA = 500_000.0
EXTENDED = 8_000_000.0
NEW = 24
ROWS = 512  # of scores at a time


class Shape:
    """What is trained, where, and in what it is computed and compared."""

    def __init__(self, small):
        self.hidden, self.heads, self.key_value_heads, self.feed_forward = (64, 4, 2, 128) if small else (4096, 32, 8, 14336)
        self.head_size = self.hidden // self.heads
        self.block = 256 if small else 8192
        self.first = 128 if small else 8192
        self.chunk = 256 if small else 65536
        self.device = "cpu" if small else "cuda"
        self.precision = "fp32" if small else "bf16"
        self.exact, self.theirs = (torch.float64, torch.float32) if small else (torch.float32, torch.bfloat16)

    def magnitude(self):
        return 1.0

    def frequencies(self, _):
        """Radians per position in float64, [head size / 2], of texts of any length."""
        return torch.tensor([EXTENDED ** (-2.0 * i / self.head_size) for i in range(self.head_size // 2)], dtype=torch.float64)


STAGES = """[model]
checkpoint = {folder}

[feedForward]
block = {block}

[lossHead]
block = {block}

[train]
batch = 1
learningRate = 1e-5
warmupSteps = 0

[data]
path = {text}

[checkpoint]
keep = 1

[device]
kind = "{device}"
precision = "{precision}"

[output]
plots = false

[[stage]]
sequence = {first}
steps = 2

[[stage]]
sequence = {tokens}
steps = 5
ropeTheta = {theta}
checkpoint.every = 2
checkpoint.atEnd = false
output.model = "{precision}"
"""


def write_model(folder, shape, layers):
    keys = dict(
        vocab_size=256,
        hidden_size=shape.hidden,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        max_position_embeddings=shape.first,
        rms_norm_eps=1e-5,
    )
    if int(transformers.__version__.split(".")[0]) >= 5:
        keys["rope_parameters"] = {"rope_type": "default", "rope_theta": THETA}
    else:
        keys["rope_theta"] = THETA
    torch.manual_seed(1)
    with torch.device(shape.device):
        model = LlamaForCausalLM(LlamaConfig(**keys)).to(torch.bfloat16)
    model.save_pretrained(folder)
    del model
    forget()


def forget():
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def summary(folder):
    return json.loads((folder / "summary.json").read_text())


def train(table, arguments, shape, work, folder):
    """The exported model's folder, or none."""
    config = work / "extend.toml"
    config.write_text(
        STAGES.format(
            folder=json.dumps(str(folder)),
            text=json.dumps(arguments.text),
            tokens=arguments.tokens,
            theta=EXTENDED,
            block=shape.block,
            first=shape.first,
            device=shape.device,
            precision=shape.precision,
        )
    )
    output = work / "extended"
    command = ["train", str(config), "-o", str(output), "--resume"]
    fault = ["-D", "fault.rank=0", "-D", "stage.2.fault.step=5"]
    compare.run(arguments, arguments.ranks, command + fault, work / "killed.log")
    said = (work / "killed.log").read_text()
    named = "ringattention: rank 0 of" in said and "step 5: IllegalStateException" in said
    table.add("stages", "killed in the last step: rank not named", 0 if named else 1, 0)
    failure = compare.run(arguments, arguments.ranks, command, work / "resumed.log")
    if failure:
        table.failed("stages", "resumed", failure)
        return None
    middle = str(output / "stage-2" / "checkpoints" / "step_2")
    table.add("stages", "resumed: not from the middle of stage 2", 0 if middle in (work / "resumed.log").read_text() else 1, 0)
    for stage in (1, 2):
        ended = summary(output / f"stage-{stage}")
        planned, measured = ended["planned_peak_bytes"], ended["measured_peak_bytes"]
        table.add("stages", f"stage {stage}: not VALID", 0 if ended["verdict"] == "VALID" else 1, 0)
        table.add("stages", f"stage {stage}: bytes measured and not planned", abs(measured - planned), 0)
        print(f"stage {stage}: p50 {ended['step_p50_s']:.2f} s a step, {measured / 2**30:.1f} GiB, MFU {ended.get('mfu_causal')}")
    return output / "stage-2" / "model"


def configuration(table, folder, tokens):
    config = json.loads((folder / "config.json").read_text())
    table.add("configuration", "rope_theta - wanted", abs(config["rope_theta"] - EXTENDED), 0)
    table.add("configuration", "max_position_embeddings - trained", abs(config["max_position_embeddings"] - tokens), 0)


def attention(module, query, key, value, attention_mask, scaling, dropout=0.0, **_):
    """Causal attention of whole texts with keys repeated: of grouped heads in fp32 torch would keep all scores.

    Of long texts in fp32 it goes by rows: torch's own kernel takes minutes for what two products of matrices do in seconds.
    """
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    if query.dtype != torch.float32 or query.shape[2] <= ROWS:
        out = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling)
        return out.transpose(1, 2).contiguous(), None
    out = torch.empty_like(query)
    for first in range(0, query.shape[2], ROWS):
        last = min(first + ROWS, query.shape[2])
        scores = (query[:, :, first:last] * scaling) @ key[:, :, :last].transpose(2, 3)
        later = torch.ones(last - first, last - first, dtype=torch.bool, device=query.device).triu(1)
        scores[..., first:].masked_fill_(later, float("-inf"))
        out[:, :, first:last] = torch.softmax(scores, dim=-1) @ value[:, :, :last]
    return out.transpose(1, 2).contiguous(), None


@torch.no_grad()
def logits(folder, shape, dtype, tokens, last):
    """Of the last places, [last, vocabulary], float64."""
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="repeated").to(shape.device, dtype).eval()
    model.model.rotary_emb = compare.ExactRotary(shape)
    ids = torch.tensor([tokens], device=shape.device)
    rows = model(input_ids=ids, use_cache=False, logits_to_keep=last + 1).logits[0, :-1].double().cpu()
    del model
    forget()
    return rows


def log_probabilities(table, arguments, shape, work, folder):
    text = b"".join(path.read_bytes() for path in sorted(pathlib.Path(arguments.text).rglob("*")) if path.is_file())
    prompt = list(text[: arguments.prompt])
    generate.NEW, generate.CHUNK = NEW, shape.chunk
    made, failure = generate.answers(arguments, folder, work, [prompt], arguments.ranks, shape.precision)
    if failure:
        table.failed("log-probabilities", "generate", failure)
        return
    answer, ours = made[0]
    exact = logits(folder, shape, shape.exact, prompt + answer, NEW)
    theirs = logits(folder, shape, shape.theirs, prompt + answer, NEW)
    own = generate.rms(generate.chosen(theirs, answer) - generate.chosen(exact, answer)) / generate.rms(exact)
    bound = compare.LOGITS_FP32
    if shape.precision == "bf16":
        bound = compare.BF16_FACTOR * max(own, generate.rms(theirs - exact) / generate.rms(exact), compare.FLOOR)
    error = generate.rms(torch.tensor(ours, dtype=torch.float64) - generate.chosen(exact, answer)) / generate.rms(exact)
    table.add("log-probabilities", f"behind {len(prompt)} tokens", error, bound)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="command line of the program, with {ranks}")
    parser.add_argument("--ranks", type=int, default=max(1, torch.cuda.device_count()))
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--csv", type=pathlib.Path, required=True)
    parser.add_argument("--text", default="build/text", help="folder of text to train on")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=212992)
    parser.add_argument("--prompt", type=int, default=200000)
    parser.add_argument("--small", action="store_true", help="a tiny model on the CPU")
    parser.add_argument("--timeout", type=float, default=300, help="seconds of one run")
    arguments = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    AttentionInterface.register("repeated", attention)
    AttentionMaskInterface.register("repeated", sdpa_mask)
    if arguments.small:
        arguments.layers, arguments.tokens, arguments.prompt = 2, 512, 400
    shape = Shape(arguments.small)
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    folder = work / "published"
    begun = time.monotonic()

    def done(what):
        print(f"{time.monotonic() - begun:6.1f} s: {what}", flush=True)

    write_model(folder, shape, arguments.layers)
    done("written")
    table = compare.Table()
    exported = train(table, arguments, shape, work, folder)
    done("trained, killed, resumed, exported")
    if exported:
        configuration(table, exported, arguments.tokens)
        log_probabilities(table, arguments, shape, work, exported)
        done("compared")
    table.write(arguments.csv)
    print(f"{len(table.rows)} rows, {table.failures()} FAILED; torch {torch.__version__}")
    return 1 if table.failures() else 0


if __name__ == "__main__":
    sys.exit(main())
