"""Writes the tokens and the mask of conversations (needs jinja2 3.1 and tokenizers).

What is learned is found as people find it who know a template: an answer stands between the header
of the assistant's turns and the token that ends a turn. The program under test knows neither, and
finds answers by rendering conversations. Templates are rendered by Python's Jinja as transformers
does, texts are tokenized by Hugging Face's library, bytes by Python. Vicuna's words are put together
here, as FastChat does.

Lines of masks.jsonl: {"kind", "template", "tokenizer", "record", "tokens": [...], "learned": "01..."}.
To add a case, add to RECORDS or TEMPLATES and run this script in its folder: python3 masks.py
"""

import json

import jinja2
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

IM = ("<|im_start|>assistant\n", "<|im_end|>")
LLAMA = ("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>")
EOS = None  # what the tokenizer has for it
TEMPLATES = {  # header of an answer, and its end
    "chatml": IM,
    "llama3": LLAMA,
    "mistral": ("[/INST]", EOS),
    "vicuna": ("ASSISTANT:", EOS),
    "qwen3.jinja": IM,
    "deepseek.jinja": ("<|Assistant|>", "<|end|>"),
    "llama3-base.jinja": LLAMA,
    "asks.jinja": IM,
    "marked.jinja": ("### Answer:\n", EOS),
}
SPECIAL = {"pairs": ("<s>", "</s>"), "bytes": ("", "\n")}
ROLES = {
    "human": "user",
    "gpt": "assistant",
    "observation": "tool",
    "function": "tool",
    "function_call": "assistant",
}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"city": "text é"}}}

CALLS = ("chatml", "qwen3.jinja")
ALTERNATING = tuple(TEMPLATES)
RECORDS = [  # kind, templates that have words for it, record
    (
        "sharegpt",
        ALTERNATING,
        {
            "id": "x",
            "conversations": [
                {"from": "system", "value": "Be kind."},
                {"from": "human", "value": "Is no yes? 😀"},
                {"from": "gpt", "value": "no, yes is yes 😀 ok"},
                {"from": "human", "value": "ok"},
                {"from": "gpt", "value": "ok"},
                {"from": "human", "value": "nobody answers"},
            ],
        },
    ),
    (
        "messages",
        ALTERNATING,
        {
            "messages": [
                {"role": "user", "content": "yes"},
                {"role": "assistant", "content": "yes"},
                {"role": "user", "content": "yes</s>no"},
                {"role": "assistant", "content": "Zürich no yes"},
                {"role": "user", "content": "q"},
                {"role": "assistant", "content": "a"},
            ]
        },
    ),
    ("alpaca", ALTERNATING, {"instruction": "Say it.", "input": "yes", "output": "ok yes"}),
    (
        "alpaca with history",
        ALTERNATING,
        {
            "instruction": "Again!",
            "input": "",
            "output": "no",
            "system": "Short.",
            "history": [["one", "ok"], ["two", "yes"]],
        },
    ),
    (
        "weights",
        ALTERNATING,
        {
            "messages": [
                {"role": "user", "content": "q"},
                {"role": "assistant", "content": "no", "weight": 0},
                {"role": "user", "content": "r"},
                {"role": "assistant", "content": "no", "weight": 1},
                {"role": "user", "content": "s"},
                {"role": "assistant", "content": "yes", "loss_weight": 0},
            ]
        },
    ),
    (
        "parts",
        ALTERNATING,
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "ok"}, {"type": "text", "text": " no"}]},
            ]
        },
    ),
    (
        "thoughts",
        ("qwen3.jinja", "deepseek.jinja"),
        {
            "messages": [
                {"role": "user", "content": "yes?"},
                {"role": "assistant", "content": "<think>\nhm yes\n</think>\n\nyes"},
                {"role": "user", "content": "no? yes"},
                {"role": "assistant", "content": "<think>\nno ok\n</think>\n\nno"},
            ]
        },
    ),
    (
        "reasoning parts",
        ("chatml", "qwen3.jinja"),
        {
            "messages": [
                {"role": "user", "content": "q"},
                {
                    "role": "assistant",
                    "content": [{"type": "reasoning", "text": "no ok"}, {"type": "text", "text": "yes"}],
                },
                {"role": "user", "content": "r"},
                {
                    "role": "assistant",
                    "content": [{"type": "reasoning", "text": "ok no"}, {"type": "text", "text": "no"}],
                },
            ]
        },
    ),
    (
        "tool calls",
        CALLS,
        {
            "tools": [WEATHER],
            "messages": [
                {"role": "system", "content": "S"},
                {"role": "user", "content": "Weather?"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "1",
                            "type": "function",
                            "function": {"name": "weather", "arguments": '{"city": "Zürich", "n": 1.5}'},
                        },
                        {"id": "2", "type": "function", "function": {"name": "weather", "arguments": {"city": "ok"}}},
                    ],
                },
                {"role": "tool", "content": "yes"},
                {"role": "tool", "content": "no"},
                {"role": "assistant", "content": "yes and no"},
                {"role": "user", "content": "ok"},
                {"role": "assistant", "content": "ok"},
            ],
        },
    ),
    (
        "sharegpt tool calls",
        CALLS,
        {
            "tools": json.dumps([WEATHER]),
            "conversations": [
                {"from": "human", "value": "Weather?"},
                {"from": "function_call", "value": '{"name": "weather", "arguments": {"city": "no"}}'},
                {"from": "observation", "value": "ok"},
                {"from": "gpt", "value": "ok yes"},
            ],
        },
    ),
    (
        "answers in a row",
        ("chatml", "llama3", "llama3-base.jinja", "asks.jinja", "marked.jinja"),
        {
            "messages": [
                {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hello"},
                {"role": "assistant", "content": "ok"},
            ]
        },
    ),
]


class Generation(Extension):
    """The blocks {% generation %}, which change no text."""

    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(["name:endgeneration"], drop_needle=True)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def call(given):
    function = dict(given.get("function", given))
    if isinstance(function["arguments"], str):
        function["arguments"] = json.loads(function["arguments"])
    return {"type": "function", "function": function}


def messages(record):
    """Returns messages as transformers takes them, and of each whether it is learned."""
    if "instruction" in record:
        made = [{"role": "system", "content": record["system"]}] if record.get("system") else []
        for question, answer in record.get("history", []):
            made += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        question = "\n".join(text for text in (record["instruction"], record["input"]) if text)
        made += [{"role": "user", "content": question}, {"role": "assistant", "content": record["output"]}]
        return made, [True] * len(made)
    made, learned = [], []
    for given in record.get("messages") or record["conversations"]:
        role = given.get("role") or given["from"]
        content = given.get("content", given.get("value"))
        message = {"role": ROLES.get(role, role), "content": content or ""}
        if isinstance(content, list):
            message["content"] = "".join(part["text"] for part in content if part["type"] == "text")
            thought = "".join(part["text"] for part in content if part["type"] == "reasoning")
            if thought:
                message["reasoning_content"] = thought
        if role == "function_call":
            message["content"] = ""
            message["tool_calls"] = [call(json.loads(content))]
        elif "tool_calls" in given:
            message["tool_calls"] = [call(each) for each in given["tool_calls"]]
        made.append(message)
        learned.append(given.get("weight", given.get("loss_weight", 1)) == 1)
    while made[-1]["role"] != "assistant":
        made.pop()
        learned.pop()
    return made, learned


def vicuna(chat, eos):
    text = "A chat between a curious user and an artificial intelligence assistant. The assistant gives"
    text += " helpful, detailed, and polite answers to the user's questions."
    if chat[0]["role"] == "system":
        text = chat[0]["content"]
        chat = chat[1:]
    text += " "
    for message in chat:
        text += "USER: " if message["role"] == "user" else "ASSISTANT: "
        text += message["content"] + (" " if message["role"] == "user" else eos)
    return text


def spans(text, header, end, learned):
    found = []
    at = text.find(header)
    while at >= 0:
        start = at + len(header)
        stop = text.find(end, start)
        if stop < 0:
            break  # a header that nobody answers
        found.append((start, stop + len(end)))
        at = text.find(header, stop)
    assert len(found) == len(learned), (text, found, learned)
    return [span for span, own in zip(found, learned) if own]


def main():
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    pairs = Tokenizer.from_file("../tokenizers/pairs/tokenizer.json")
    with open("masks.jsonl", "w") as file:
        for kind, names, record in RECORDS:
            chat, weights = messages(record)
            tools = record.get("tools")
            tools = json.loads(tools) if isinstance(tools, str) else tools
            learned = [own for own, message in zip(weights, chat) if message["role"] == "assistant"]
            for name in names:
                for tokenizer, (bos, eos) in SPECIAL.items():
                    if name == "vicuna":
                        text = vicuna(chat, eos)
                    else:
                        path = name if name.endswith(".jinja") else f"../../../main/resources/templates/{name}.jinja"
                        with open(path) as source:
                            template = environment.from_string(source.read())
                        context = {"bos_token": bos, "eos_token": eos, "messages": chat, "tools": tools}
                        text = template.render(add_generation_prompt=False, **context)
                    header, end = TEMPLATES[name]
                    answers = spans(text, header, eos if end is EOS else end, learned)
                    if tokenizer == "bytes":
                        tokens = list(text.encode())
                        starts = [i for i, c in enumerate(text) for _ in c.encode()]
                    else:
                        encoded = pairs.encode(text, add_special_tokens=False)
                        tokens = encoded.ids
                        starts = [start for start, _ in encoded.offsets]
                    mask = "".join(str(int(any(a <= at < b for a, b in answers))) for at in starts)
                    if name == "vicuna" and tokenizer == "pairs":  # FastChat's begins with one
                        tokens, mask = [1] + tokens, "0" + mask
                    case = {"kind": kind, "template": name, "tokenizer": tokenizer, "record": record}
                    case.update(tokens=tokens, learned=mask)
                    file.write(json.dumps(case, ensure_ascii=False) + "\n")


main()
