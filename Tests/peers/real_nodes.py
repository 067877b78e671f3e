"""Takes a network apart: what ONNX Runtime gives for its nodes, each on the values that ONNX Runtime has there.

For quantized networks. A number that lies half way between two steps is rounded up by one implementation and down by
another after one rounding of a float more or less, and some answers of a network of many layers have little in common:
to smart-turn's speech ONNX Runtime's own differ by 0.1 with and without fusions. Node by node they must agree.
"""

import onnx
from onnx import helper, numpy_helper
import onnxruntime

from real_inputs import options


def values(model, inputs):
    """All values of a run, weights among them, by name."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    known = {output.name for output in model.graph.output}
    opened.graph.output.extend(helper.make_empty_tensor_value_info(name) for node in model.graph.node
                               for name in node.output if name and name not in known)
    runner = onnxruntime.InferenceSession(opened.SerializeToString(), options(plain=True),
                                          providers=["CPUExecutionProvider"])
    outputs = [output.name for output in runner.get_outputs()]
    weights = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    return weights | inputs | dict(zip(outputs, runner.run(outputs, inputs)))


def alone(model, node, given):
    """A model of one node, whose inputs and outputs are as in `given`."""
    def declared(names):
        return [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(given[name].dtype),
                                              given[name].shape) for name in dict.fromkeys(names) if name]
    graph = helper.make_graph([node], "node", declared(node.input), declared(node.output))
    made = helper.make_model(graph, opset_imports=model.opset_import)
    made.ir_version = model.ir_version
    return made


def nodes(path, inputs):
    """The first node of each operator, types and shapes: its place, its operator, the model of it, all values."""
    model = onnx.load(path)
    given, seen = values(model, inputs), set()
    for place, node in enumerate(model.graph.node):
        kind = node.op_type, tuple((given[name].dtype, given[name].shape) for name in node.input if name)
        if kind not in seen:
            seen.add(kind)
            yield place, node.op_type, alone(model, node, given), given
