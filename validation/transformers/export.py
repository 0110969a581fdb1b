#!/usr/bin/env python3
"""Opens what ringattention exports with AutoTokenizer and AutoModelForCausalLM of Hugging Face's transformers (4 or 5).

    python3 validation/transformers/export.py --run "bin/mpirun -np {ranks} bin/ringattention" --csv export.csv

Makes a folder as others publish them: a randomly initialised Llama (as compare.py does), a byte-level BPE tokenizer with a chat
template, several end tokens, a field of its own in config.json. Trains two steps from it, exports the run as fp32, fp16 and
bf16, and compares, each number being how many are not as they should be unless it says otherwise:

    files              `export` on every number of ranks has written what `train` has; files that are only copied are those of
                       the folder that training began with
    tokenizer          tokens of texts, and the text and tokens of a chat, as by the tokenizer that training began with; the
                       begin token stands once
    configuration      end tokens of model and generation, the field of its own, the longest text, the type of the weights
    weights            fp16 and bf16 are the fp32 ones, rounded
    generate           fp32: `ringattention generate` reads as many tokens of a prompt, and answers greedily with the tokens of
                       transformers' `generate`; where one is another, by how much the exact logits of both differ, as in
                       generate.py

Needs torch, transformers, tokenizers, safetensors. Writes its files to --work; exit code 1 if a row FAILED, 2 if a library is
missing.
"""

import argparse
import json
import pathlib
import random
import sys

import compare
import generate
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

BEGIN, END, TURN = "<|begin|>", "<|end|>", "<|turn|>"
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '<|turn|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)
CHAT = [{"role": "user", "content": "What is a ring?"}, {"role": "assistant", "content": "A list without an end."}] * 2
TEXTS = ("", "a", "One ring, two  rings;\n\tthree: é 環 \U0001f48d", "What is<|turn|>left")
PROMPTS = ("a", "One ring, two rings", "Blocks of keys and values travel around a ring. " * 20)
WORDS = "a ring of ranks passes blocks of keys and values on while it computes what attention asks of them".split()
COPIED = ("tokenizer.json", "special_tokens_map.json", "chat_template.jinja", "generation_config.json")
DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
LONGEST = 100  # tokens, of the tokenizer that training begins with


def text(seed, words):
    draw = random.Random(seed)
    return " ".join(draw.choice(WORDS) for _ in range(words)) + ".\n"


def make_tokenizer(folder):
    """Saves a tokenizer; returns how many tokens it has."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[BEGIN, END, TURN],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator([text(i, 50) for i in range(20)], trainer)
    made.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A $B", special_tokens=[(BEGIN, made.token_to_id(BEGIN))]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=made, bos_token=BEGIN, eos_token=END, model_max_length=LONGEST)
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    return len(fast)


def make_origin(folder):
    """A folder to train from; returns model, tokenizer and the end tokens."""
    folder.mkdir(parents=True)
    compare.VOCABULARY = make_tokenizer(folder)  # no more: transformers would choose tokens that are only padding
    model = compare.Model(2, "llama3", True, 384, torch.float32)
    compare.make(model, folder, 0)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ends = [tokenizer.convert_tokens_to_ids(token) for token in (END, TURN)]
    begin = tokenizer.convert_tokens_to_ids(BEGIN)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config.update(bos_token_id=begin, eos_token_id=ends, field_of_its_own={"kept": [1, "two"]})
    path.write_text(json.dumps(config, indent=2))
    generation = {"bos_token_id": begin, "eos_token_id": ends, "do_sample": True, "temperature": 0.6}
    (folder / "generation_config.json").write_text(json.dumps(generation))
    return model, tokenizer, ends


def train(arguments, origin, model, work):
    """Two steps; returns the folder of the run and the text of a failure, or None."""
    data = work / "text.txt"
    data.write_text("".join(text(100 + i, 60) for i in range(200)))
    config = work / "train.toml"
    config.write_text(
        f"""[model]
checkpoint = {json.dumps(str(origin))}

[train]
sequence = {model.sequence}
steps = 2
learningRate = 1e-3

[data]
path = {json.dumps(str(data))}
tokenizer = {json.dumps(str(origin))}

[checkpoint]
atEnd = true

[output]
model = "fp32"
plots = false

{compare.device_section("fp32")}"""
    )
    output = work / "run"
    words = ["train", str(config), "-o", str(output)]
    return output, compare.run(arguments, max(arguments.ranks), words, work / "train.log")


def differing(one, other, names=None):
    """How many files are not the same in both folders."""
    names = names or {path.name for path in one.iterdir()} | {path.name for path in other.iterdir()}

    def contents(path):
        return path.read_bytes() if path.exists() else None

    different = sorted(name for name in names if contents(one / name) != contents(other / name))
    if different:
        print(f"{one} and {other} differ in {', '.join(different)}")
    return float(len(different))


def check_tokenizer(table, case, folder, before):
    after = AutoTokenizer.from_pretrained(folder)
    table.add(case, "texts with other tokens", float(sum(before(t).input_ids != after(t).input_ids for t in TEXTS)), 0.0)
    for prompt in (False, True):
        chats = [
            (
                tokenizer.apply_chat_template(CHAT, tokenize=False, add_generation_prompt=prompt),
                tokenizer.apply_chat_template(CHAT, tokenize=True, add_generation_prompt=prompt, return_dict=False),
            )
            for tokenizer in (before, after)
        ]
        what = f"chat, {'for an answer' if prompt else 'whole'}"
        table.add(case, what + ": differs", float(chats[0] != chats[1]), 0.0)
        begins = chats[1][1].count(after.bos_token_id)
        table.add(case, what + ": begin tokens more or less than one", float(abs(begins - 1)), 0.0)
    return after


def opened(folder):
    """With the type of its config.json."""
    key = "dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype"
    return AutoModelForCausalLM.from_pretrained(folder, **{key: "auto"})


def check_configuration(table, case, llama, tokenizer, ends, dtype):
    table.add(case, "type of the weights is another", float(llama.dtype != dtype), 0.0)
    table.add(case, "end tokens of the model differ", float(llama.config.eos_token_id != ends), 0.0)
    table.add(case, "end tokens of generation differ", float(llama.generation_config.eos_token_id != ends), 0.0)
    kept = getattr(llama.config, "field_of_its_own", None) == {"kept": [1, "two"]}
    table.add(case, "field of its own is not kept", float(not kept), 0.0)
    short = llama.config.max_position_embeddings - tokenizer.model_max_length
    table.add(case, "positions that the tokenizer does not reach", float(max(0, short)), 0.0)


def check_weights(table, case, llama, exact, dtype):
    theirs = dict(llama.named_parameters())
    other = [n for n, p in exact.named_parameters() if n not in theirs or not torch.equal(theirs[n], p.to(dtype))]
    table.add(case, "weights that are not the fp32 ones, rounded", float(len(other)), 0.0)


def ours(arguments, folder, work):
    """Tokens of the prompt and of the answer, by prompt; or the text of a failure."""
    requests = work / "prompts.jsonl"
    requests.write_text("".join(json.dumps({"id": str(i), "prompt": p}) + "\n" for i, p in enumerate(PROMPTS)))
    config = work / "generate.toml"
    config.write_text(
        f"""[model]
checkpoint = {json.dumps(str(folder))}

[generate]
prompts = {json.dumps(str(requests))}
maxNewTokens = {generate.NEW}
ignoreEnd = true

{compare.device_section("fp32")}"""
    )
    output = work / "generated"
    words = ["generate", str(config), "-o", str(output)]
    failure = compare.run(arguments, max(arguments.ranks), words, work / "generate.log")
    if failure:
        return None, failure
    lines = [json.loads(line) for line in (output / "generations.jsonl").read_text().splitlines()]
    by_id = {int(line["id"]): line for line in lines}
    return [(by_id[i]["prompt_tokens"], by_id[i]["tokens"]) for i in range(len(PROMPTS))], None


def check_generate(table, arguments, folder, model, tokenizer, llama, work):
    made, failure = ours(arguments, folder, work)
    if failure:
        table.failed("fp32", "generate", failure)
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    theirs = llama.to(device).eval()
    exact = compare.opened(folder, model, torch.float64, device).eval()
    for i, (prompt, (length, answer)) in enumerate(zip(PROMPTS, made)):
        tokens = tokenizer(prompt).input_ids
        table.add("fp32", f"prompt {i}: tokens more or less", float(abs(length - len(tokens))), 0.0)
        other = generate.theirs_greedy(theirs, tokens, device)
        gap = 0.0
        first = next((k for k in range(generate.NEW) if answer[k] != other[k]), None)
        if first is not None:
            rows = generate.logits(exact, tokens, answer, device)
            row = rows[first]
            gap = abs(row[answer[first]] - row[other[first]]).item() / generate.rms(rows)
            print(f"prompt {i}: token {first} of transformers' generate is another, {gap:.1e} below or above")
        table.add("fp32", f"prompt {i}: against generate", gap, 8 * compare.LOGITS_FP32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="how to start the program; {ranks} is the number of ranks")
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--work", default="build/transformers-export", help="new folder")
    parser.add_argument("--csv", default=None)
    parser.add_argument("--timeout", type=float, default=300)
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work).absolute()
    work.mkdir(parents=True, exist_ok=False)
    torch.backends.cuda.matmul.allow_tf32 = False
    print(f"# transformers {transformers.__version__}, torch {torch.__version__}")
    table = compare.Table()
    origin = work / "origin"
    model, before, ends = make_origin(origin)
    run, failure = train(arguments, origin, model, work)
    if failure:
        table.failed("train", "run", failure)
    exact = None
    for kind, dtype in DTYPES.items() if not failure else ():
        folder = work / kind
        for ranks in arguments.ranks:
            words = ["export", str(run), "-o", str(folder), "--type", kind]
            failure = compare.run(arguments, ranks, words, work / f"export-{kind}-{ranks}.log")
            if failure:
                table.failed(kind, f"export on {ranks} ranks", failure)
            elif kind == "fp32":
                table.add(kind, f"files of {ranks} ranks unlike train's", differing(folder, run / "model"), 0.0)
        if failure:
            continue
        copied = [name for name in COPIED if (origin / name).exists()]
        table.add(kind, "copied files that differ", differing(folder, origin, copied), 0.0)
        after = check_tokenizer(table, kind, folder, before)
        llama = opened(folder)
        check_configuration(table, kind, llama, after, ends, dtype)
        exact = exact or llama
        check_weights(table, kind, llama, exact, dtype)
    if exact is not None:
        check_generate(table, arguments, work / "fp32", model, AutoTokenizer.from_pretrained(work / "fp32"), exact, work)
    if arguments.csv:
        table.write(arguments.csv)
    failures = table.failures()
    print(f"{len(table.rows)} rows, {failures} FAILED; transformers {transformers.__version__}, torch {torch.__version__}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
