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

Needs torch with a GPU, transformers, safetensors; 70 GB of disk and a GPU of 139 GiB with the numbers as they are. Writes its files to
--work; exit code 1 if a row FAILED, 2 if a library is missing.
"""

import argparse
import json
import pathlib
import sys

import compare
import generate
import torch
import transformers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

THETA = 500_000.0
EXTENDED = 8_000_000.0
HEAD_SIZE = 128
NEW = 24
STAGES = """[model]
checkpoint = {folder}

[feedForward]
block = 8192

[lossHead]
block = 4096

[train]
batch = 1
learningRate = 1e-5
warmupSteps = 0

[data]
path = {text}

[checkpoint]
keep = 1

[device]
kind = "cuda"

[output]
plots = false

[[stage]]
sequence = 8192
steps = 2

[[stage]]
sequence = {tokens}
steps = 3
ropeTheta = {theta}
checkpoint.every = 2
checkpoint.atEnd = false
output.model = "bf16"
"""


def write_model(folder, layers):
    keys = dict(
        vocab_size=256,
        hidden_size=4096,
        intermediate_size=14336,
        num_hidden_layers=layers,
        num_attention_heads=32,
        num_key_value_heads=8,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
    )
    if int(transformers.__version__.split(".")[0]) >= 5:
        keys["rope_parameters"] = {"rope_type": "default", "rope_theta": THETA}
    else:
        keys["rope_theta"] = THETA
    torch.manual_seed(1)
    with torch.device("cuda"):
        model = LlamaForCausalLM(LlamaConfig(**keys)).to(torch.bfloat16)
    model.save_pretrained(folder)
    del model
    torch.cuda.empty_cache()


def summary(folder):
    return json.loads((folder / "summary.json").read_text())


def train(table, arguments, work, folder):
    """The exported model's folder, or none."""
    config = work / "extend.toml"
    config.write_text(
        STAGES.format(
            folder=json.dumps(str(folder)), text=json.dumps(arguments.text), tokens=arguments.tokens, theta=EXTENDED
        )
    )
    output = work / "extended"
    command = ["train", str(config), "-o", str(output), "--resume"]
    fault = ["-D", "fault.rank=0", "-D", "stage.2.fault.step=3"]
    killed = compare.run(arguments, arguments.ranks, command + fault, work / "killed.log")
    table.add("stages", "killed in the last step: ended without a failure", 0 if killed else 1, 0)
    failure = compare.run(arguments, arguments.ranks, command, work / "resumed.log")
    if failure:
        table.failed("stages", "resumed", failure)
        return None
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


@torch.no_grad()
def logits(folder, dtype, tokens, last):
    """Of the last places, [last, vocabulary], float64."""
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="sdpa").to("cuda", dtype).eval()
    frequencies = [EXTENDED ** (-2.0 * i / HEAD_SIZE) for i in range(HEAD_SIZE // 2)]
    model.model.rotary_emb = compare.ExactRotary(torch.tensor(frequencies, dtype=torch.float64))
    ids = torch.tensor([tokens], device="cuda")
    rows = model(input_ids=ids, use_cache=False, logits_to_keep=last + 1).logits[0, :-1].double().cpu()
    del model
    torch.cuda.empty_cache()
    return rows


def log_probabilities(table, arguments, work, folder):
    text = b"".join(path.read_bytes() for path in sorted(pathlib.Path(arguments.text).rglob("*")) if path.is_file())
    prompt = list(text[: arguments.prompt])
    generate.NEW, generate.CHUNK = NEW, 65536
    made, failure = generate.answers(arguments, folder, work, [prompt], arguments.ranks, "bf16")
    if failure:
        table.failed("log-probabilities", "generate", failure)
        return
    answer, ours = made[0]
    exact = logits(folder, torch.float32, prompt + answer, NEW)
    theirs = logits(folder, torch.bfloat16, prompt + answer, NEW)
    own = generate.rms(generate.chosen(theirs, answer) - generate.chosen(exact, answer)) / generate.rms(exact)
    bound = compare.BF16_FACTOR * max(own, generate.rms(theirs - exact) / generate.rms(exact), compare.FLOOR)
    error = generate.rms(torch.tensor(ours, dtype=torch.float64) - generate.chosen(exact, answer)) / generate.rms(exact)
    table.add("log-probabilities", f"behind {len(prompt)} tokens", error, bound)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="command line of the program, with {ranks}")
    parser.add_argument("--ranks", type=int, default=torch.cuda.device_count())
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--csv", type=pathlib.Path, required=True)
    parser.add_argument("--text", default="build/text", help="folder of text to train on")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=212992)
    parser.add_argument("--prompt", type=int, default=200000)
    parser.add_argument("--timeout", type=float, default=500)
    arguments = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    folder = work / "published"
    write_model(folder, arguments.layers)
    table = compare.Table()
    exported = train(table, arguments, work, folder)
    if exported:
        configuration(table, exported, arguments.tokens)
        log_probabilities(table, arguments, work, exported)
    table.write(arguments.csv)
    print(f"{len(table.rows)} rows, {table.failures()} FAILED; torch {torch.__version__}")
    return 1 if table.failures() else 0


if __name__ == "__main__":
    sys.exit(main())
