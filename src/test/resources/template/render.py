"""Writes what Python's Jinja makes of every template of renderings.jsonl (needs jinja2 3.1).

A line is {"template": ..., "expected": text} or {"template": ..., "fails": true}, and may have a
"context" of its own instead of context.json, and "spans" of its generation blocks. To add a case,
append a line with the template and run this script in its folder: python3 render.py
"""

import datetime
import json

import jinja2
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    """The blocks {% generation %} as transformers has them: their places in the text."""

    tags = {"generation"}
    written = []
    spans = []

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_place"), [], [], body).set_lineno(line)

    def _place(self, caller):
        text = caller()
        start = len("".join(self.written))
        self.spans.append([start, start + len(text)])
        return text


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def main():
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    now = datetime.datetime(2024, 7, 6, 9, 5, 7)
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = now.strftime
    with open("context.json") as file:
        common = json.load(file)
    with open("renderings.jsonl") as file:
        cases = [json.loads(line) for line in file]
    with open("renderings.jsonl", "w") as file:
        for case in cases:
            for key in ("expected", "spans", "fails"):
                case.pop(key, None)
            Generation.written.clear()
            Generation.spans.clear()
            try:
                template = environment.from_string(case["template"])
                for piece in template.generate(**case.get("context", common)):
                    Generation.written.append(piece)
                case["expected"] = "".join(Generation.written)
                if Generation.spans:
                    case["spans"] = list(Generation.spans)
            except Exception:
                case["fails"] = True
            file.write(json.dumps(case, ensure_ascii=False) + "\n")


main()
