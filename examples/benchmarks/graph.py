"""Writes graphs of ONNX node by node, with random weights where none are given."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(20)


class Graph:
    """Nodes and weights with names made up as they come."""

    def __init__(self):
        self.nodes, self.weights, self.inputs, self.count = [], [], [], 0

    def input(self, name, shape, kind=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def weight(self, array, name=None):
        if name is None:
            self.count += 1
            name = f"weight_{self.count}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def op(self, kind, *inputs, outputs=1, **attributes):
        self.count += 1
        names = [f"{kind.lower()}_{self.count}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"/{kind}_{self.count}", **attributes))
        return names[0] if outputs == 1 else names

    def dense(self, x, inputs, outputs):
        """A linear layer of PyTorch, which keeps its weight as [outputs, inputs]."""
        weight = self.weight(scaled(outputs, inputs))
        return self.op("Gemm", x, weight, self.weight(scaled(outputs)), transB=1)

    def convolution(self, x, inputs, outputs, size, stride=1, groups=1, padding=None):
        padding = size // 2 if padding is None else padding
        weight = self.weight(scaled(outputs, inputs // groups, size, size))
        return self.op(
            "Conv", x, weight, self.weight(scaled(outputs)), kernel_shape=[size, size], strides=[stride, stride],
            pads=[padding] * 4, group=groups, dilations=[1, 1])

    def model(self, output, shape):
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
        graph = helper.make_graph(self.nodes, "network", self.inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
        onnx.checker.check_model(model)
        return model


def scaled(*shape, fan=None):
    """Random weights of such a size that what goes through them stays as large as it is.

    `fan` is how many numbers each output is the sum of; all but the first extent when it is not given.
    """
    fan = fan or (int(np.prod(shape[1:])) if len(shape) > 1 else 100)
    return (RANDOM.standard_normal(shape) * np.sqrt(2 / fan)).astype(np.float32)
