#!/usr/bin/env python3
"""Compares what ringattention generates with Hugging Face's transformers (4 or 5), on one machine: the models of compare.py.

    python3 validation/transformers/generate.py --run "bin/mpirun -np {ranks} bin/ringattention" --csv generate.csv

For each case it makes a randomly initialised model (as compare.py does), lets `ringattention generate` answer prompts of 1 to
4000 tokens greedily, side by side, and runs a float64 model of the same weights once over prompt and answer:

    log-probabilities  root mean square of (ours - exact) over that of the exact logits: at most 1e-5 in fp32; in bf16 at most
                       1.5 times the error of transformers' own bf16 model, or of one rounding to bf16
    tokens             how far the exact logit of a token of ours is below the largest one, over the same: at most 8 times
                       that bound, for two logits may both be off
    against generate   fp32: where transformers' `generate` first has another token, by how much the exact logits of both
                       differ, over the same: at most that bound of tokens, for either may be the largest within rounding
    other answers      fp32: that differ between numbers of ranks: none

Needs torch, transformers, safetensors. Writes its files to --work; exit code 1 if a row FAILED, 2 if a library is missing.
"""

import argparse
import json
import pathlib
import sys

import compare
import torch

compare.VOCABULARY = 256  # a folder without a tokenizer means bytes, and only their tokens are chosen
PROMPTS = (1, 2, 7, 333, 1501, 4000)
NEW = 24
CHUNK = 512  # so that prompts are read in one chunk, in several, and in none


def prompts(seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(0, compare.VOCABULARY, (length,), generator=generator).tolist() for length in PROMPTS]


def answers(arguments, folder, work, texts, ranks, precision):
    """Our tokens and log-probabilities, by prompt; or the text of a failure."""
    case = f"{folder.name}-{precision}-{ranks}"
    requests = work / f"{case}.jsonl"
    requests.write_text("".join(json.dumps({"id": str(i), "tokens": text}) + "\n" for i, text in enumerate(texts)))
    config = work / f"{case}.toml"
    config.write_text(
        f"""[model]
checkpoint = {json.dumps(str(folder))}

[infer]
chunk = {CHUNK}

[generate]
prompts = {json.dumps(str(requests))}
maxNewTokens = {NEW}
logProbabilities = true
ignoreEnd = true
batch = {len(texts)}

{compare.device_section(precision)}"""
    )
    output = work / f"{case}-out"
    failure = compare.run(arguments, ranks, ["generate", str(config), "-o", str(output)], work / f"{case}.log")
    if failure:
        return None, failure
    lines = [json.loads(line) for line in (output / "generations.jsonl").read_text().splitlines()]
    by_id = {int(line["id"]): line for line in lines}
    return [(by_id[i]["tokens"], by_id[i]["log_probabilities"]) for i in range(len(texts))], None


@torch.no_grad()
def logits(llama, text, answer, device):
    """Of the answer's places, [answer, vocabulary], float64."""
    tokens = torch.tensor([text + answer], device=device)
    positions = torch.arange(tokens.shape[1], device=device)[None]
    all_logits = llama(input_ids=tokens, position_ids=positions, use_cache=False).logits[0].double().cpu()
    return all_logits[len(text) - 1 : -1]


def chosen(rows, answer):
    return torch.log_softmax(rows, dim=-1)[torch.arange(len(answer)), torch.tensor(answer)]


def rms(x):
    return x.pow(2).mean().sqrt().item()


@torch.no_grad()
def theirs_greedy(llama, text, device):
    tokens = torch.tensor([text], device=device)
    llama.generation_config.eos_token_id = None  # an end token is a token like others
    made = llama.generate(
        tokens,
        attention_mask=torch.ones_like(tokens),
        do_sample=False,
        max_new_tokens=NEW,
        eos_token_id=None,
        pad_token_id=0,
    )
    return made[0, len(text) :].tolist()


def check(table, arguments, model, folder, work, seed):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    texts = prompts(seed)
    exact = compare.opened(folder, model, torch.float64, device).eval()
    for precision in ("fp32", "bf16"):
        if precision == "bf16" and device == "cpu":
            continue
        dtype = torch.float32 if precision == "fp32" else torch.bfloat16
        theirs = compare.opened(folder, model, dtype, device).eval()
        first = None
        for ranks in arguments.ranks:
            case = f"{model.name}, {precision}, {ranks} ranks"
            made, failure = answers(arguments, folder, work, texts, ranks, precision)
            if failure:
                table.failed(case, "generate", failure)
                continue
            for text, (answer, log_probabilities) in zip(texts, made):
                what = f"prompt of {len(text)}"
                rows = logits(exact, text, answer, device)
                bound = compare.LOGITS_FP32
                if precision == "bf16":
                    error = logits(theirs, text, answer, device)
                    own = rms(chosen(error, answer) - chosen(rows, answer)) / rms(rows)
                    bound = compare.BF16_FACTOR * max(own, rms(error - rows) / rms(rows), compare.FLOOR)
                error = rms(torch.tensor(log_probabilities, dtype=torch.float64) - chosen(rows, answer)) / rms(rows)
                table.add(case, f"{what}: log-probabilities", error, bound)
                best = rows.max(dim=-1).values - rows[torch.arange(len(answer)), torch.tensor(answer)]
                table.add(case, f"{what}: tokens", best.max().item() / rms(rows), 8 * bound)
                if precision == "fp32":
                    other = theirs_greedy(theirs, text, device)
                    first_other = next((i for i in range(NEW) if answer[i] != other[i]), None)
                    gap = 0.0
                    if first_other is not None:
                        row = rows[first_other]
                        gap = abs(row[answer[first_other]] - row[other[first_other]]).item() / rms(rows)
                        print(f"{case}, {what}: token {first_other} of generate is another, {gap:.1e} below or above")
                    table.add(case, f"{what}: against generate", gap, 8 * bound)
            if first is None:
                first = made
            elif precision == "fp32":
                other = sum(a[0] != b[0] for a, b in zip(first, made))
                table.add(case, "answers that differ from those of fewer ranks", float(other), 0.0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="how to start the program; {ranks} is the number of ranks")
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--work", default="build/transformers-generate")
    parser.add_argument("--csv", default=None)
    parser.add_argument("--timeout", type=float, default=300)
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work).absolute()
    work.mkdir(parents=True, exist_ok=True)
    torch.backends.cuda.matmul.allow_tf32 = False
    table = compare.Table()
    for seed, model in enumerate(compare.models(False)):
        folder = work / model.name
        compare.make(model, folder, seed)
        check(table, arguments, model, folder, work, seed)
    if arguments.csv:
        table.write(arguments.csv)
    failures = table.failures()
    print(f"{len(table.rows)} rows, {failures} FAILED; torch {torch.__version__}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
