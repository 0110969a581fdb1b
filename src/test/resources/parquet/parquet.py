"""Writes Parquet files as published data sets have them, and what is in them as JSON lines (needs pyarrow; 25.0.1 wrote these).

Every texts-*.parquet has the rows of texts.jsonl, every talks-*.parquet those of talks.jsonl; they differ in how they are
packed, encoded and cut into row groups. In JSON, what is null is left out. Run in this folder: python3 parquet.py
"""

import json

import pyarrow as pa
import pyarrow.parquet as pq

TEXTS = [
    {"id": 1, "text": "The first text.", "score": 0.5, "tags": ["a", "b"], "when": b"\x00" * 12},
    {"id": 2, "text": "Grüße, 世界 and 𝄞\nin a second line", "score": None, "tags": [], "when": None},
    {"id": 3, "text": "", "score": 1.5, "tags": None, "when": None},
    {"id": 4, "text": "word " * 300, "score": -2.0, "tags": [None, "c"], "when": None},
    {"id": 5, "text": "The first text.", "score": 0.0, "tags": ["a"], "when": None},
    {"id": 6, "text": "The first text, and more.", "score": 0.0, "tags": ["a"], "when": None},
]
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("text", pa.string()),
        ("score", pa.float64()),
        ("tags", pa.list_(pa.string())),
        ("when", pa.binary(12)),  # a type that JSON has not
    ]
)
CALL = {"name": "add", "arguments": '{"a": 1}'}
TALKS = [
    {
        "messages": [
            {"role": "system", "content": "Be kind.", "tool_calls": None},
            {"role": "user", "content": "1 + 1?", "tool_calls": None},
            {"role": "assistant", "content": "2", "tool_calls": None},
        ],
        "source": {"name": "made", "year": 2026},
    },
    {
        "messages": [
            {"role": "user", "content": "Add.", "tool_calls": None},
            {"role": "assistant", "content": None, "tool_calls": [{"type": "function", "function": CALL}]},
        ],
        "source": None,
    },
]


def without_null(value):
    """A list keeps its nulls, an object does not."""
    if isinstance(value, dict):
        return {key: without_null(inner) for key, inner in value.items() if inner is not None}
    return [without_null(inner) for inner in value] if isinstance(value, list) else value


def lines(name, rows):
    with open(name, "w") as file:
        for row in rows:
            row = {key: value for key, value in row.items() if key != "when"}
            file.write(json.dumps(without_null(row), ensure_ascii=False) + "\n")


def write(name, table, **options):
    pq.write_table(table, name + ".parquet", **options)


texts = pa.Table.from_pylist(TEXTS, SCHEMA)
write("texts-snappy", texts, compression="snappy")
write("texts-zstd", texts, compression="zstd", row_group_size=4, data_page_version="2.0")
write("texts-gzip", texts, compression="gzip", use_dictionary=False)
write("texts-lz4", texts, compression="lz4", row_group_size=1)
write("texts-none", texts, compression="none", use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY"})
write("texts-brotli", texts, compression="brotli")
write("texts-delta", texts, use_dictionary=False, column_encoding={"text": "DELTA_LENGTH_BYTE_ARRAY", "id": "DELTA_BINARY_PACKED"})
large = texts.set_column(1, "text", texts.column("text").cast(pa.large_string()))
write("texts-large", large, compression="zstd")
talks = pa.Table.from_pylist(TALKS)
write("talks-snappy", talks, compression="snappy")
write("talks-old", talks, compression="zstd", use_compliant_nested_type=False, row_group_size=1)
lines("texts.jsonl", TEXTS)
lines("talks.jsonl", TALKS)
