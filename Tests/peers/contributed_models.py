"""Small models as ONNX Runtime's quantisers and optimisers write them. `entries()` lists name and maker."""

import functools
import os
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic,
                                      quantize_static)
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.transformers import float16, optimizer

from contributed import model_of, session

F = np.float32
LISTED = []


def entries():
    return list(LISTED)


class Network:
    """Nodes and weights, drawn from a seed of the network's own."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes = []
        self.weights = {}

    def weight(self, *shape, scale=0.3):
        return self.constant((self.random.normal(size=shape) * scale).astype(F))

    def constant(self, value):
        name = f"w{len(self.weights)}"
        self.weights[name] = np.asarray(value)
        return name

    def add(self, operator, *inputs, outputs=1, **attributes):
        names = [f"{operator.lower()}_{len(self.nodes)}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names

    def model(self, inputs, output, opset=17):
        self.nodes.append(helper.make_node("Identity", [output], ["y"], name="last"))
        return model_of(self.nodes, inputs, ["y"], self.weights, opset), inputs


def perceptron():
    net = Network(1)
    x = net.add("Gemm", "x", net.weight(12, 16), net.weight(16))
    x = net.add("Relu", x)
    x = net.add("MatMul", x, net.weight(16, 16))
    x = net.add("Add", x, net.weight(16))
    x = net.add("Sigmoid", x)
    x = net.add("Gemm", x, net.weight(5, 16), net.weight(5), transB=1)
    return net.model({"x": net.random.normal(size=(6, 12)).astype(F)}, net.add("Softmax", x, axis=-1))


def convolutions():
    net = Network(2)
    x = net.add("Conv", "x", net.weight(8, 3, 3, 3), net.weight(8), pads=[1, 1, 1, 1])
    x = first = net.add("Relu", x)
    x = net.add("Conv", x, net.weight(8, 1, 3, 3), net.weight(8), pads=[1, 1, 1, 1], group=8)
    x = net.add("Clip", x, net.constant(F(0)), net.constant(F(6)))
    x = net.add("Conv", x, net.weight(8, 8, 1, 1), net.weight(8))
    x = net.add("Add", x, first)
    x = net.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    other = net.add("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    x = net.add("Concat", net.add("LeakyRelu", x, alpha=0.1), other, axis=1)
    x = net.add("Mul", x, net.add("Sigmoid", x))
    x = net.add("GlobalAveragePool", x)
    x = net.add("Flatten", x)
    x = net.add("Gemm", x, net.weight(16, 4), net.weight(4))
    return net.model({"x": net.random.normal(size=(2, 3, 12, 12)).astype(F)}, x)


def recurrent(direction="forward"):
    net = Network(3)
    count, hidden, size = (2 if direction == "bidirectional" else 1), 8, 6
    x, last, _ = net.add("LSTM", "x", net.weight(count, 4 * hidden, size), net.weight(count, 4 * hidden, hidden),
                         net.weight(count, 8 * hidden), outputs=3, hidden_size=hidden, direction=direction)
    x = net.add("Reshape", net.add("Transpose", last, perm=[1, 0, 2]), net.constant(np.array([0, -1])))
    x = net.add("MatMul", x, net.weight(count * hidden, 3))
    return net.model({"x": net.random.normal(size=(7, 1, size)).astype(F)}, x)


def transformer(batch=2, length=5, heads=2, size=8, words=20):
    """A block of BERT as PyTorch exports it."""
    net = Network(4)
    width = heads * size
    # What every exporter of Transformers writes for the mask: 0 for what is seen, -10000 for padding.
    mask = net.add("Unsqueeze", net.add("Unsqueeze", "mask", net.constant(np.array([1]))), net.constant(np.array([2])))
    mask = net.add("Sub", net.constant(F(1)), net.add("Cast", mask, to=1))
    mask = net.add("Mul", mask, net.constant(F(-10000)))
    x = net.add("Gather", net.weight(words, width, scale=1), "ids")
    x = net.add("Add", x, net.add("Gather", net.weight(8, width, scale=1), net.constant(np.arange(length)[None])))
    x = net.add("LayerNormalization", x, net.weight(width, scale=1), net.weight(width), epsilon=1e-12)

    def projected(x, order):
        y = net.add("Add", net.weight(width), net.add("MatMul", x, net.weight(width, width)))
        y = net.add("Reshape", y, net.constant(np.array([0, 0, heads, size])))
        return net.add("Transpose", y, perm=order)

    query, key, value = projected(x, [0, 2, 1, 3]), projected(x, [0, 2, 3, 1]), projected(x, [0, 2, 1, 3])
    scores = net.add("Div", net.add("MatMul", query, key), net.constant(F(np.sqrt(size))))
    scores = net.add("Softmax", net.add("Add", scores, mask), axis=-1)
    y = net.add("Transpose", net.add("MatMul", scores, value), perm=[0, 2, 1, 3])
    y = net.add("Reshape", y, net.constant(np.array([0, 0, width])))
    y = net.add("Add", net.weight(width), net.add("MatMul", y, net.weight(width, width)))
    x = net.add("LayerNormalization", net.add("Add", y, x), net.weight(width, scale=1), net.weight(width),
                epsilon=1e-12)
    y = net.add("Add", net.weight(4 * width), net.add("MatMul", x, net.weight(width, 4 * width)))
    erf = net.add("Add", net.add("Erf", net.add("Div", y, net.constant(F(np.sqrt(2))))), net.constant(F(1)))
    y = net.add("Mul", net.add("Mul", y, erf), net.constant(F(0.5)))
    y = net.add("Add", net.weight(width), net.add("MatMul", y, net.weight(4 * width, width)))
    x = net.add("LayerNormalization", net.add("Add", y, x), net.weight(width, scale=1), net.weight(width),
                epsilon=1e-12)
    ids = net.random.integers(0, words, (batch, length))
    seen = np.array([[1] * length, [1] * (length - 2) + [0, 0]])
    return net.model({"ids": ids, "mask": seen}, x)


def language_model(length=4, heads=2, size=16):
    """What a block of a language model has around its attention: RMS normalisation, gates, SiLU."""
    net = Network(5)
    width = heads * size

    def norm(x):
        root = net.add("Sqrt", net.add("Add", net.add("ReduceMean", net.add("Pow", x, net.constant(F(2))), axes=[-1]),
                                       net.constant(F(1e-6))))
        return net.add("Mul", net.weight(width, scale=1), net.add("Div", x, root))

    x = norm("x")
    gate = net.add("MatMul", x, net.weight(width, 2 * width))
    up = net.add("MatMul", x, net.weight(width, 2 * width))
    y = net.add("Mul", net.add("Mul", gate, net.add("Sigmoid", gate)), up)
    x = norm(net.add("Add", "x", net.add("MatMul", y, net.weight(2 * width, width))))
    x = net.add("MatMul", x, net.weight(width, 40))
    return net.model({"x": net.random.normal(size=(1, length, width)).astype(F)}, x)


class Samples(CalibrationDataReader):
    def __init__(self, inputs):
        self.left = [inputs]

    def get_next(self):
        return self.left.pop() if self.left else None


def through_files(model, convert):
    """What `convert(source, target)` makes of a model in a file."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "a.onnx"), os.path.join(folder, "b.onnx")
        onnx.save(model, source)
        convert(source, target)
        return onnx.load(target)


def optimized(model, level=onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED):
    return through_files(model, lambda source, target: session(source, level, target))


def dynamic(model, **options):
    # The type of what an operator of ONNX Runtime gives is not inferred.
    more = {"DefaultTensorType": onnx.TensorProto.FLOAT}
    return through_files(model, lambda source, target: quantize_dynamic(source, target, extra_options=more, **options))


def static(model, inputs, format, **options):
    return through_files(model, lambda source, target: quantize_static(
        source, target, Samples(inputs), quant_format=format, **options))


def blocks(model, **options):
    quantizer = MatMulNBitsQuantizer(model, block_size=16, **options)
    quantizer.process()
    return quantizer.model.model


def fused(model, **options):
    """The optimiser for transformers, which rewrites the graph itself."""
    return through_files(model, lambda source, target: optimizer.optimize_model(
        source, opt_level=0, **options).save_model_to_file(target))


def half(model):
    return float16.convert_float_to_float16(model, keep_io_types=True)


def register(name, network, *steps, tolerance=None):
    def make():
        model, inputs = network()
        for step in steps:
            model = step(model, inputs)
        return model, inputs, tolerance

    LISTED.append((name, make))


def step(function, **options):
    return lambda model, inputs: function(model, **options)


def calibrated(format, **options):
    return lambda model, inputs: static(model, inputs, format, **options)


NETWORKS = {"perceptron": perceptron, "convolutions": convolutions, "transformer": transformer,
            "language_model": language_model, "lstm": recurrent,
            "lstm_both_ways": functools.partial(recurrent, "bidirectional")}
for name, network in NETWORKS.items():
    register(f"{name}_optimized", network, step(optimized))
    for word, kind in [("int8", QuantType.QInt8), ("uint8", QuantType.QUInt8)]:
        if name != "convolutions":
            register(f"{name}_dynamic_{word}", network, step(dynamic, weight_type=kind))
            register(f"{name}_dynamic_{word}_columns", network, step(dynamic, weight_type=kind, per_channel=True))
    register(f"{name}_dynamic_optimized", network, step(dynamic), step(optimized))
for name in ("perceptron", "convolutions", "transformer"):
    network = NETWORKS[name]
    for word, format in [("qdq", QuantFormat.QDQ), ("qoperator", QuantFormat.QOperator)]:
        for kind, types in [("uint8", (QuantType.QUInt8, QuantType.QInt8)), ("int8", (QuantType.QInt8, QuantType.QInt8))]:
            quantised = calibrated(format, activation_type=types[0], weight_type=types[1])
            register(f"{name}_{word}_{kind}", network, quantised)
            register(f"{name}_{word}_{kind}_optimized", network, quantised, step(optimized))
        register(f"{name}_{word}_columns", network,
                 calibrated(format, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, per_channel=True))
    register(f"{name}_qdq_int16", network,
             calibrated(QuantFormat.QDQ, activation_type=QuantType.QUInt16, weight_type=QuantType.QInt8))
for name in ("perceptron", "transformer", "language_model"):
    for bits in (4, 8):
        for word, symmetric in [("", True), ("_zeros", False)]:
            register(f"{name}_{bits}_bits{word}", NETWORKS[name], step(blocks, bits=bits, is_symmetric=symmetric))
register("perceptron_4_bits_qdq", perceptron, step(blocks, quant_format=QuantFormat.QDQ))
BERT = {"model_type": "bert", "num_heads": 2, "hidden_size": 16}
register("transformer_fused", transformer, step(fused, **BERT))
register("transformer_fused_dynamic", transformer, step(fused, **BERT), step(dynamic))
register("transformer_fused_half", transformer, step(fused, **BERT), step(half), tolerance={"rtol": 1e-2, "atol": 1e-2})
register("transformer_optimized_dynamic", transformer, step(optimized), step(dynamic))
register("perceptron_half", perceptron, step(half))
register("convolutions_half", convolutions, step(half))
