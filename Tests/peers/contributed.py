"""Writes conformance cases for ONNX Runtime's own operators and for models that its tools quantise and optimise.

Usage: python contributed.py FOLDER [PART OF A NAME]

The layout is that of ONNX's backend data: FOLDER/GROUP/CASE holds `model.onnx`, `data.json` with the tolerances,
and `test_data_set_0` with a file for each input and output. The outputs are ONNX Runtime's, computed without
any optimisation and on one thread.
"""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

# Sums of products that cancel out differ by more than the suite's 1e-7.
TOLERANCE = {"rtol": 1e-3, "atol": 1e-5}


def session(model, level=onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL, optimized=None):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if optimized:
        options.optimized_model_filepath = optimized
    bytes_or_path = model if isinstance(model, str) else model.SerializeToString()
    return onnxruntime.InferenceSession(bytes_or_path, options, providers=["CPUExecutionProvider"])


def tensor(value, name):
    value = np.ascontiguousarray(value) if np.ndim(value) else np.asarray(value)
    return numpy_helper.from_array(value, name)


def write(folder, model, inputs, tolerance=None):
    """Writes a case whose outputs are those of ONNX Runtime."""
    runner = session(model)
    names = [output.name for output in runner.get_outputs()]
    answers = runner.run(names, inputs)
    for output, answer in zip(model.graph.output, answers):
        kind = helper.np_dtype_to_tensor_dtype(answer.dtype)
        output.CopyFrom(helper.make_tensor_value_info(output.name, kind, [None] * answer.ndim))
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data)
    with open(os.path.join(folder, "model.onnx"), "wb") as file:
        file.write(model.SerializeToString())
    with open(os.path.join(folder, "data.json"), "w") as file:
        json.dump(TOLERANCE | (tolerance or {}), file)
    for stem, values in [("input", inputs.items()), ("output", zip(names, answers))]:
        for place, (name, value) in enumerate(values):
            with open(os.path.join(data, f"{stem}_{place}.pb"), "wb") as file:
                file.write(tensor(value, name).SerializeToString())


def model_of(nodes, inputs, outputs, weights=None, opset=21):
    """A model of some nodes; the outputs get their types from ONNX Runtime."""
    given = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype),
                                           np.shape(value)) for name, value in inputs.items()]
    graph = helper.make_graph(
        nodes, "graph", given, [helper.make_empty_tensor_value_info(name) for name in outputs],
        [value if isinstance(value, onnx.TensorProto) else tensor(value, name)
         for name, value in (weights or {}).items()])
    domains = {node.domain for node in nodes} - {""}
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, 1) for domain in sorted(domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def main():
    import contributed_models
    import contributed_operators

    part = sys.argv[2] if len(sys.argv) > 2 else ""
    for group, entries in [("operators", contributed_operators.entries()), ("models", contributed_models.entries())]:
        for name, make in entries:
            if part in name:
                model, inputs, tolerance = make()
                write(os.path.join(sys.argv[1], group, name), model, inputs, tolerance)


if __name__ == "__main__":
    main()
