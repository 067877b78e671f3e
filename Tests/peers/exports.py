"""Trains small models, exports them as ONNX, and writes what ONNX Runtime predicts with them.

Usage: python exports.py FOLDER [PART OF A NAME]

For each model FOLDER/NAME holds `model.onnx` and `manifest.json`, which lists the cases: 64 rows, one
row, and none where ONNX Runtime accepts it. Numbers are stored as .npy, strings as JSON
(`{"shape", "strings"}`), maps by ZipMap as their keys with one .npy of scores.
"""

import json
import os
import sys
import time
import warnings

import numpy as np

import handmade
import models
import onnxruntime

ROWS = 64
# ONNX Runtime does not refuse an empty batch for these, it aborts.
ABORT_ON_EMPTY = {"FeatureVectorizer"}


def session(path):
    options = onnxruntime.SessionOptions()
    # One thread adds the trees of an ensemble in the order of the file.
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def write(folder, stem, value):
    """Writes one value of an input or output and returns how the manifest names it."""
    if isinstance(value, list):  # ZipMap gives a list of dictionaries with the same keys
        keys = sorted(value[0]) if value else []
        scores = np.array([[row[key] for key in keys] for row in value], dtype=np.float32)
        np.save(os.path.join(folder, stem + ".npy"), scores.reshape(len(value), len(keys)))
        return {"kind": "maps", "file": stem + ".npy", "keys": keys}
    if value.dtype.kind in "OUS":
        with open(os.path.join(folder, stem + ".json"), "w") as file:
            json.dump({"shape": value.shape, "strings": [str(text) for text in value.ravel()]}, file)
        return {"kind": "strings", "file": stem + ".json"}
    np.save(os.path.join(folder, stem + ".npy"), np.ascontiguousarray(value))
    return {"kind": "numbers", "file": stem + ".npy"}


def export(folder, model, inputs):
    os.makedirs(folder)
    path = os.path.join(folder, "model.onnx")
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    runner = session(path)
    outputs = [output.name for output in runner.get_outputs()]
    rows = min(len(value) for value in inputs.values())
    aborts = any(node.op_type in ABORT_ON_EMPTY for node in model.graph.node)
    cases = []
    for name, count in [("rows", min(rows, ROWS)), ("one", 1), ("none", 0)]:
        if count == 0 and aborts:
            continue
        given = {key: value[:count] for key, value in inputs.items()}
        try:
            answers = runner.run(outputs, given)
        except Exception:
            if name == "none":  # several of its operators refuse an empty batch
                continue
            raise
        cases.append({
            "name": name,
            "inputs": {key: write(folder, f"{name}.in.{place}", value)
                       for place, (key, value) in enumerate(given.items())},
            "outputs": {key: write(folder, f"{name}.out.{place}", value)
                        for place, (key, value) in enumerate(zip(outputs, answers))},
        })
    return {"cases": cases, "opsets": {entry.domain: entry.version for entry in model.opset_import}}


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    warnings.filterwarnings("ignore")
    folder, part = sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else ""
    os.makedirs(folder, exist_ok=True)
    failures, counts = [], {}
    for library, name, make in models.entries() + handmade.entries():
        if part not in name:
            continue
        began = time.monotonic()
        try:
            model, inputs = make()
            manifest = export(os.path.join(folder, name), model, inputs)
        except Exception as error:
            failures.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")
            continue
        manifest |= {"name": name, "library": library}
        with open(os.path.join(folder, name, "manifest.json"), "w") as file:
            json.dump(manifest, file, indent=1)
        counts[library] = counts.get(library, 0) + 1
        if os.environ.get("VERBOSE"):
            print(f"{time.monotonic() - began:6.2f} s  {name}  {[case['name'] for case in manifest['cases']]}")
    print(", ".join(f"{count} {library}" for library, count in counts.items()))
    if failures:
        sys.exit("not exported:\n" + "\n".join(failures))


if __name__ == "__main__":
    main()
