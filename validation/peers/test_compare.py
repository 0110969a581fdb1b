#!/usr/bin/env python3
"""Tests of what compare.py reads and joins, on recorded tables; they need no GPU and no PyTorch.

    python3 -m unittest discover validation/peers
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import compare

RECORDS = pathlib.Path(__file__).resolve().parent.parent / "gpu"


def result(work, tokens, value, rotation="alltoall", ranks=2):
    return dict(work=work, tokens=tokens, ranks=ranks, value=value, rotation=rotation, backend="cudnn")


class CompareTest(unittest.TestCase):
    def test_reads_attention_of_all_ranks(self):
        rates = compare.ours_attention(RECORDS / "2xH200" / "runs" / "attention" / "attention.csv", 2)
        self.assertEqual([16384, 32768, 65536, 131072], sorted(rates))
        self.assertAlmostEqual(481, rates[16384], delta=1)
        alone = compare.ours_attention(RECORDS / "2xH200" / "runs" / "attention" / "attention.csv", 1)
        self.assertAlmostEqual(550, alone[16384], delta=1)

    def test_grouped_heads_are_another_problem(self):
        self.assertEqual({}, compare.ours_attention(RECORDS / "2xH200" / "runs" / "attention-grouped" / "attention.csv", 2))

    def test_rate_is_causal_flops_over_time(self):
        for row in compare.read_csv(RECORDS / "4xH200" / "attention.csv"):
            if row["pass"] == "forward+backward":
                flops = 3.5 * 2 * int(row["tokens"]) ** 2 * 32 * 128 / int(row["ranks"])
                self.assertAlmostEqual(1.0, flops / float(row["time_ms"]) / 1e9 / float(row["tflops_per_gpu"]), places=6)

    def test_wrong_elements_are_refused(self):
        text = (RECORDS / "2xH200" / "runs" / "attention" / "attention.csv").read_text()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "attention.csv"
            path.write_text("\n".join(line[:-1] + "3" if line.endswith(",0") else line for line in text.splitlines()))
            with self.assertRaisesRegex(ValueError, "3 wrong elements at"):
                compare.ours_attention(path, 2)

    def test_reads_steps_of_the_7b_model(self):
        self.assertEqual([65536], list(compare.ours_training(RECORDS / "4xH200" / "training.csv", 2)))
        self.assertAlmostEqual(6.565, compare.ours_training(RECORDS / "4xH200" / "training.csv", 2)[65536], places=3)
        self.assertEqual({}, compare.ours_training(RECORDS / "4xH200" / "none.csv", 2))

    def test_ratio_above_one_is_ours_faster(self):
        ours = {"attention": {16384: 480.0}, "training-7b": {65536: 6.0}}
        rows = compare.join(ours, [result("training-7b", 65536, 9.0), result("attention", 16384, 240.0)], "2.11.0")
        self.assertEqual(["attention", "training-7b"], [row[0] for row in rows])
        self.assertEqual([2.0, 1.5], [row[-1] for row in rows])
        self.assertEqual("PyTorch 2.11.0 context parallel (all-to-all; cuDNN)", rows[0][5])

    def test_no_room_and_no_match(self):
        ours = {"training-7b": {65536: 6.0}}
        rows = compare.join(ours, [result("training-7b", 65536, None), result("attention", 4096, 1.0)], "2.11.0")
        self.assertEqual(1, len(rows))
        self.assertIsNone(rows[0][-1])

    def test_table_of_a_folder(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for run, file in (("ours-attention", "attention.csv"), ("ours-training", "training.csv")):
                (folder / "runs" / run).mkdir(parents=True)
                (folder / "runs" / run / file).write_text((RECORDS / "4xH200" / file).read_text())
            (folder / "runs" / "pytorch").mkdir()
            results = [
                result("attention", 65536, 1.0), result("attention", 65536, 400.0), result("attention", 65536, 380.0, "allgather"),
                result("training-7b", 65536, 9.0), result("attention", 65536, 300.0, ranks=4),
            ]
            (folder / "runs" / "pytorch" / "results.jsonl").write_text("".join(json.dumps(r) + "\n" for r in results))
            (folder / "versions.txt").write_text("PyTorch     2.11.0\nGPUs        2 NVIDIA H200\n")
            script = pathlib.Path(compare.__file__)
            subprocess.run([sys.executable, script, "--join", "--ranks", "2", "--out", folder], check=True)
            rows = compare.read_csv(folder / "peers.csv")
            self.assertEqual(list(compare.COLUMNS), list(rows[0]))
            self.assertEqual(["380", "400", "9"], [row["peer"] for row in rows])
            self.assertAlmostEqual(548.4 / 400, float(rows[1]["ratio"]), places=3)
            self.assertEqual("alltoall", compare.faster_rotation(folder))

    def test_nothing_to_measure_on_is_one_line(self):
        script = pathlib.Path(compare.__file__)
        with tempfile.TemporaryDirectory() as folder:
            ended = subprocess.run([sys.executable, script, "--out", folder, "--ranks", "1"], capture_output=True, text=True)
        self.assertEqual(2, ended.returncode)
        self.assertEqual(1, len(ended.stderr.splitlines()), ended.stderr)


if __name__ == "__main__":
    unittest.main()
