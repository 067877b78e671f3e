"""Writes conformance cases for ONNX Runtime's own operators, for models that its tools quantise and optimise, and for
versions of operators that ONNX's suite leaves out.

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
from onnx import TensorProto, helper, numpy_helper

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


def proto(value, name):
    """A value as a file has it: a tensor, or for a dictionary a map from integers or texts to numbers."""
    if isinstance(value, dict):
        is_text = isinstance(next(iter(value)), str)
        keys = [key.encode() for key in value] if is_text else list(value)
        entries = [tensor(np.array([entry]), "") for entry in value.values()]
        return helper.make_map(name, TensorProto.STRING if is_text else TensorProto.INT64, keys,
                               helper.make_sequence("", onnx.SequenceProto.TENSOR, entries))
    return tensor(value, name)


def declared(name, value):
    if isinstance(value, dict):
        key, entry = next(iter(value.items()))
        kind = helper.make_tensor_type_proto(helper.np_dtype_to_tensor_dtype(np.asarray(entry).dtype), [])
        keys = TensorProto.STRING if isinstance(key, str) else TensorProto.INT64
        return helper.make_value_info(name, helper.make_map_type_proto(keys, kind))
    value = np.asarray(value)
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def tensor(value, name):
    value = np.ascontiguousarray(value) if np.ndim(value) else np.asarray(value)
    return numpy_helper.from_array(value, name)


def write(folder, model, inputs, tolerance=None, judge=None):
    """Writes a case whose outputs are those of ONNX Runtime, for the model or for the one that judges it."""
    runner = session(judge or model)
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
                file.write(proto(value, name).SerializeToString())


def model_of(nodes, inputs, outputs, weights=None, opset=21):
    """A model of some nodes; the outputs get their types from ONNX Runtime."""
    graph = helper.make_graph(
        nodes, "graph", [declared(name, value) for name, value in inputs.items()], [helper.make_empty_tensor_value_info(name) for name in outputs],
        [value if isinstance(value, onnx.TensorProto) else tensor(value, name)
         for name, value in (weights or {}).items()])
    domains = {node.domain for node in nodes} - {""}
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, 1) for domain in sorted(domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def main():
    import contributed_models
    import contributed_operators
    import older_operators

    part = sys.argv[2] if len(sys.argv) > 2 else ""
    for group, entries in [("operators", contributed_operators.entries()), ("models", contributed_models.entries()),
                           ("versions", older_operators.entries())]:
        for name, make in entries:
            if part in name:
                write(os.path.join(sys.argv[1], group, name), *make())


if __name__ == "__main__":
    main()
