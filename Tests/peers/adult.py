"""Trains the four versions of examples/adult as their build step does, and writes what ONNX Runtime predicts with them.

Usage: python adult.py FOLDER PYTHON

PYTHON has examples/adult/requirements.txt installed. FOLDER/adult-vN is laid out as exports.py lays out its models; the
cases are batches that together hold every held-out row.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from exports import session, write

EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "adult")
SCRIPTS = {"v1": "train.py", "v2": "story/v2/train.py", "v3": "story/v3/train.py", "v4": "story/v4/train.py"}
HELD_OUT = 16281  # rows of the file adult.test that UCI publishes
# A batch keeps the activations of version 4, 4,096 wide, at 64 MB each.
BATCH = 4096
# As specs/adult.yaml has it: `exclude`, and the column of the split.
HIDDEN = {"fnlwgt", "split"}


def split(name):
    with open(os.path.join(EXAMPLE, "adult.csv"), newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == name]


def train(version, rows, python, scratch):
    """Runs the version's script where it sees what the build step shows it, and returns the path of the model."""
    folder = os.path.join(scratch, version)
    os.makedirs(folder)
    shutil.copy(os.path.join(EXAMPLE, SCRIPTS[version]), os.path.join(folder, "train.py"))
    shutil.copy(os.path.join(EXAMPLE, "features.py"), folder)
    with open(os.path.join(folder, "adult.train.csv"), "w", newline="") as file:
        names = [name for name in rows[0] if name not in HIDDEN]
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    subprocess.run([python, "-W", "ignore", "train.py"], cwd=folder, check=True)
    return os.path.join(folder, "model.onnx")


def value(rows, declared):
    column = [row[declared.name] for row in rows]
    if declared.type == "tensor(string)":
        return np.array(column, dtype=object).reshape(-1, 1)
    return np.array(column, dtype=np.float32).reshape(-1, 1)


def export(folder, version, trained, rows):
    os.makedirs(folder)
    shutil.move(trained, os.path.join(folder, "model.onnx"))
    runner = session(os.path.join(folder, "model.onnx"))
    outputs = [output.name for output in runner.get_outputs()]
    cases = []
    for start in range(0, len(rows), BATCH):
        given = {declared.name: value(rows[start : start + BATCH], declared) for declared in runner.get_inputs()}
        answers = runner.run(outputs, given)
        name = f"rows-{start}"
        cases.append({
            "name": name,
            "inputs": {key: write(folder, f"{name}.in.{place}", array)
                       for place, (key, array) in enumerate(given.items())},
            "outputs": {key: write(folder, f"{name}.out.{place}", array)
                        for place, (key, array) in enumerate(zip(outputs, answers))},
        })
    with open(os.path.join(folder, "manifest.json"), "w") as file:
        json.dump({"name": f"adult-{version}", "library": "examples/adult", "cases": cases}, file, indent=1)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, python = sys.argv[1], os.path.abspath(sys.argv[2])
    rows = split("test")
    if len(rows) != HELD_OUT:
        sys.exit(f"adult.csv holds {len(rows)} held-out rows instead of {HELD_OUT}")
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        shown = split("train")
        # Version 4 takes as long as the others together: it goes first.
        runs = {version: pool.submit(train, version, shown, python, scratch) for version in reversed(SCRIPTS)}
        for version in SCRIPTS:
            export(os.path.join(folder, f"adult-{version}"), version, runs[version].result(), rows)
    print(f"{len(SCRIPTS)} examples/adult, {len(rows)} rows each")


if __name__ == "__main__":
    main()
