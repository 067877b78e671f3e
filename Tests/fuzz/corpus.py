"""Writes the seeds of the fuzz targets.

    python Tests/fuzz/corpus.py own            the small corpus that the repository keeps, into Tests/fuzz/corpus
    python Tests/fuzz/corpus.py suite DIR      from the cases of the installed onnx package, into DIR (HEADGATE_FUZZ_SEEDS)

Needs onnx 1.22.0 and numpy. A case of the suite becomes one file: the model with its inputs as weights, so that changed
bytes reach data, shapes and attributes alike; in every other one they are defaults of inputs, which keeps them from being
folded when the model is loaded.
"""

import base64
import gzip
import io
import json
import pathlib
import re
import struct
import sys
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parent
MAX_BYTES = 4096


def models():
    """Graphs of several operators each, so that a changed name or attribute meets others."""
    rng = np.random.default_rng(7)

    def weight(name, *shape, dtype=np.float32):
        return numpy_helper.from_array((rng.integers(-3, 4, shape) * 0.5).astype(dtype), name)

    def made(name, nodes, inputs, outputs, weights=(), opset=23, functions=(), ml=4):
        opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml)]
        if functions:
            opsets.append(helper.make_opsetid("own", 1))
        graph = helper.make_graph(nodes, "g", inputs, outputs, list(weights))
        return name, helper.make_model(graph, opset_imports=opsets, ir_version=10, functions=list(functions))

    def info(name, shape, kind=TensorProto.FLOAT):
        return helper.make_tensor_value_info(name, kind, shape)

    node = helper.make_node
    yield made(
        "network",
        [node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1], strides=[2, 1]), node("Relu", ["c"], ["r"]),
         node("MaxPool", ["r"], ["m"], kernel_shape=[2, 2], ceil_mode=1), node("Flatten", ["m"], ["f"]),
         node("Gemm", ["f", "v"], ["g"], transB=1, alpha=0.5), node("Softmax", ["g"], ["y"], axis=-1)],
        [info("x", ["n", 1, 4, 4])], [info("y", None)],
        [weight("w", 2, 1, 3, 3), weight("b", 2), weight("v", 3, 4)])
    yield made(
        "shapes",
        [node("Shape", ["x"], ["s"], start=0, end=1), node("Concat", ["s", "k"], ["t"], axis=0),
         node("Reshape", ["x", "t"], ["r"], allowzero=0), node("Transpose", ["r"], ["p"], perm=[1, 0]),
         node("Slice", ["p", "a", "e", "z", "st"], ["q"]), node("Pad", ["q", "pads"], ["y"], mode="reflect")],
        [info("x", [2, 3, 2])], [info("y", None)],
        [numpy_helper.from_array(np.array(v, np.int64), n) for n, v in
         [("k", [-1]), ("a", [0]), ("e", [9223372036854775807]), ("z", [0]), ("st", [2]), ("pads", [0, 1, 0, 1])]])
    body = helper.make_graph(
        [node("Add", ["a", "one"], ["b"]), node("Identity", ["c"], ["d"])], "body",
        [info("i", [], TensorProto.INT64), info("c", [], TensorProto.BOOL), info("a", [2])],
        [info("d", [], TensorProto.BOOL), info("b", [2]), info("b", [2])], [weight("one", 1)])
    yield made("loop", [node("Loop", ["n", "", "x"], ["y", "z"], body=body)], [info("x", [2])],
               [info("y", None), info("z", None)], [numpy_helper.from_array(np.array(3, np.int64), "n")])
    branch = [helper.make_graph([node(op, ["x"], ["o"])], op, [], [info("o", None)]) for op in ("Neg", "Abs")]
    yield made("choice", [node("If", ["c"], ["y"], then_branch=branch[0], else_branch=branch[1])],
               [info("c", [], TensorProto.BOOL), info("x", [2])], [info("y", None)])
    scan = helper.make_graph([node("Add", ["s", "v"], ["t"]), node("Identity", ["t"], ["u"])], "scan",
                             [info("s", [2]), info("v", [2])], [info("t", [2]), info("u", [2])])
    yield made("scan", [node("Scan", ["i", "x"], ["y", "z"], body=scan, num_scan_inputs=1, scan_input_axes=[0])],
               [info("i", [2]), info("x", [3, 2])], [info("y", None), info("z", None)])
    function = helper.make_function(
        "own", "Twice", ["a"], ["b"], [node("Mul", ["a", "k"], ["b"]), ], [helper.make_opsetid("", 23)], ["factor"])
    function.node.insert(0, node("Constant", [], ["k"]))
    reference = onnx.AttributeProto(name="value_float", ref_attr_name="factor", type=onnx.AttributeProto.FLOAT)
    function.node[0].attribute.append(reference)
    yield made("function", [node("Twice", ["x"], ["y"], domain="own", factor=2.0)], [info("x", [2])],
               [info("y", None)], functions=[function])
    yield made(
        "trees",
        [node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1, nodes_treeids=[0, 0, 0, 1],
              nodes_nodeids=[0, 1, 2, 0], nodes_featureids=[1, 0, 0, 0], nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF", "LEAF"],
              nodes_values=[0.5, 0, 0, 0], nodes_truenodeids=[1, 0, 0, 0], nodes_falsenodeids=[2, 0, 0, 0],
              target_treeids=[0, 0, 1], target_nodeids=[1, 2, 0], target_ids=[0, 0, 0], target_weights=[1.0, 2, 4])],
        [info("x", [3, 2])], [info("y", None)], ml=3)
    yield made(
        "quantized",
        [node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=1), node("DequantizeLinear", ["q", "s", "z"], ["d"], axis=1),
         node("ReduceSum", ["d", "axes"], ["r"], keepdims=0), node("TopK", ["r", "k"], ["y", "i"], axis=0)],
        [info("x", [2, 3])], [info("y", None), info("i", None, TensorProto.INT64)],
        [weight("s", 3), numpy_helper.from_array(np.zeros(3, np.int8), "z"),
         numpy_helper.from_array(np.array([1], np.int64), "axes"), numpy_helper.from_array(np.array([1], np.int64), "k")])
    yield made(
        "text",
        [node("StringNormalizer", ["t"], ["n"], case_change_action="LOWER", stopwords=["a"]),
         node("RegexFullMatch", ["n"], ["y"], pattern="[a-c]+|\\d{2,3}"), node("StringSplit", ["n"], ["p", "c"], delimiter=",")],
        [info("t", [3], TensorProto.STRING)], [info("y", None, TensorProto.BOOL), info("p", None, TensorProto.STRING)])
    yield made(
        "sequences",
        [node("SplitToSequence", ["x"], ["s"], axis=0, keepdims=1), node("SequenceAt", ["s", "i"], ["a"]),
         node("SequenceInsert", ["s", "a", "i"], ["u"]), node("ConcatFromSequence", ["u"], ["y"], axis=1, new_axis=0)],
        [info("x", [2, 2])], [info("y", None)], [numpy_helper.from_array(np.array(1, np.int64), "i")])
    yield made(
        "einsum", [node("Einsum", ["x", "w"], ["y"], equation="...ij,jk->...ik")], [info("x", [2, 2, 3])], [info("y", None)],
        [weight("w", 3, 2)])
    yield made(
        "inverted-region",
        [node("RoiAlign", ["x", "r", "b"], ["y"], output_height=2, output_width=2, sampling_ratio=0)],
        [info("x", [1, 1, 2, 2])], [info("y", None)],
        [numpy_helper.from_array(np.array([[0, 0, -1e30, -1e30]], np.float32), "r"),
         numpy_helper.from_array(np.array([0], np.int64), "b")])
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0]),
        helper.make_tensor("i", TensorProto.INT64, [2], [1, 3]), [2, 3])
    name, model = made("sparse", [node("Add", ["x", "w"], ["y"])], [info("x", [2, 3])], [info("y", None)])
    model.graph.sparse_initializer.append(sparse)
    yield name, model


def values():
    """Values as test cases keep them, each after the byte that chooses the declared type."""
    tensor = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3), "t")
    typed = helper.make_tensor("t", TensorProto.INT32, [3], [1, -2, 3])
    text = helper.make_tensor("t", TensorProto.STRING, [2], [b"a", "é".encode()])
    packed = helper.make_tensor("t", TensorProto.INT4, [3], [1, -2, 3])
    half = helper.make_tensor("t", TensorProto.FLOAT16, [2], [0.5, -2])
    for index, each in enumerate([tensor, typed, text, packed, half]):
        yield f"tensor{index}", b"\0" + each.SerializeToString()
    sequence = numpy_helper.from_list([np.ones(2, np.float32), np.zeros((1, 2), np.float32)], "s")
    yield "sequence", b"\1" + sequence.SerializeToString()
    optional = numpy_helper.from_optional(np.ones(2, np.float32), "o")
    yield "optional", b"\2" + optional.SerializeToString()
    yield "optional-sequence", b"\3" + numpy_helper.from_optional([np.ones(2, np.float32)], "o").SerializeToString()
    scores = onnx.SequenceProto(elem_type=onnx.SequenceProto.TENSOR)
    scores.tensor_values.extend([helper.make_tensor("", TensorProto.FLOAT, [1], [value]) for value in (1.0, 2.0)])
    words = onnx.MapProto(key_type=TensorProto.STRING, string_keys=[b"a", b"b"], values=scores)
    yield "map", b"\4" + words.SerializeToString()
    maps = onnx.SequenceProto(elem_type=onnx.SequenceProto.MAP)
    for _ in range(2):
        maps.map_values.append(onnx.MapProto(key_type=TensorProto.INT64, keys=[1, 5], values=scores))
    yield "maps", b"\5" + maps.SerializeToString()


def safetensors():
    def file(header, data=b""):
        text = header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))
        return struct.pack("<Q", len(text)) + text.encode() + data

    yield "weights", file(
        {"__metadata__": {"format": "pt"}, "b": {"dtype": "I64", "shape": [1], "data_offsets": [8, 16]},
         "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
         "c": {"dtype": "BOOL", "shape": [2], "data_offsets": [16, 18]}}, bytes(18))
    yield "scalar", file('{"s":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}   ', bytes(8))
    yield "packed", file('{"\\u00e9":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]}}', bytes(3))
    yield "nothing", file("{}")


def arrays():
    def file(array):
        stream = io.BytesIO()
        np.save(stream, array, allow_pickle=False)
        return stream.getvalue()

    yield "floats", file(np.arange(6, dtype=np.float32).reshape(2, 3))
    yield "columns", file(np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)))
    yield "bools", file(np.array([True, False]))
    yield "bytes", file(np.array([b"a", b"bc"]))
    yield "texts", file(np.array(["a", "\u00e9\U0001f44d"]))
    yield "scalar", file(np.float64(2))
    yield "complex", file(np.zeros(2, np.complex64))
    for name, save in [("stored", np.savez), ("packed", np.savez_compressed)]:
        stream = io.BytesIO()
        save(stream, x=np.ones(3, np.int64), y=np.zeros((2, 2), np.float16))
        yield name, stream.getvalue()


def deflated():
    text = b"".join(bytes([i % 7]) * (i % 5 + 1) for i in range(60))
    for name, strategy in [("dynamic", zlib.Z_DEFAULT_STRATEGY), ("fixed", zlib.Z_FIXED), ("letters", zlib.Z_HUFFMAN_ONLY)]:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy)
        yield name, packer.compress(text) + packer.flush()
    packer = zlib.compressobj(0, zlib.DEFLATED, -15)
    yield "stored", packer.compress(text[:40]) + packer.flush()
    yield "gzip", gzip.compress(text[:40], mtime=0)


def patterns():
    source = (TESTS / "HeadgateOperatorsTests/PatternTests.swift").read_text()
    rows = re.findall(r'^ *\("((?:[^"\\]|\\.)*)", \[(?:"((?:[^"\\]|\\.)*)")?', source, re.M)

    def plain(text):
        text = re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda m: chr(int(m[1], 16)), text)
        return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "0": "\0"}.get(m[1], m[1]), text)

    for index, (pattern, text) in enumerate(rows):
        if "\0" not in plain(pattern):
            yield f"{index:03}", f"{plain(pattern)}\0{plain(text)}".encode()


def images():
    source = (TESTS / "HeadgateOperatorsTests/ImageFile.swift").read_text()
    for name, text in re.findall(r'name: "([^"]+)".*?base64: """(.*?)"""', source, re.S):
        yield name.lower().replace(" ", "-"), base64.b64decode(re.sub(r"[\\\s]", "", text))
    for kind, data in {
        "pbm": b"P1\n# a\n3 2\n1 0 1\n0 1 0\n", "pgm": b"P2 2 2 15\n0 5 10 15\n", "ppm": b"P3 1 1 255\n1 2 3\n",
        "pbm-raw": b"P4 9 1\n\xaa\x80", "pgm-wide": b"P5 2 1 65535\n\0\1\2\3",
    }.items():
        yield kind, data


def trees():
    source = (TESTS / "HeadgateRuntimeTests/TreeFiles.swift").read_text()
    blocks = re.findall(r'"""\n(.*?)"""', source, re.S)
    blocks = ["\n".join(line[8 if "base64" in block else 4 :] for line in block.split("\n")) for block in blocks]
    as_json = next(b for b in blocks if b.startswith("{")).replace("\\\n", "").strip()
    binary = next(b for b in blocks if b.lstrip().startswith("e0w"))
    text = next(b for b in blocks if b.startswith("tree"))
    return as_json.encode(), base64.b64decode("".join(binary.split())), text.encode()


NUMBERS = ["", "0", "-1", "1.5", "1e10", "-1.5E-300", "inf", "-Infinity", "nan", "9223372036854775807", "0x1p3", " 1",
           "99999999999999999999", "1e400", "true", "1_000", "3.4028235e38", "a,b c", "-0", "+5", ".5", "5."]


def write(folder, target, files):
    for name, data in files:
        path = folder / target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def own():
    folder = HERE / "corpus"
    made = [(name, model.SerializeToString()) for name, model in models()]
    write(folder, "model", made)
    write(folder, "values", values())
    write(folder, "safetensors", safetensors())
    write(folder, "arrays", arrays())
    write(folder, "deflate", deflated())
    write(folder, "pattern", patterns())
    write(folder, "image", images())
    write(folder, "numbers", [(f"{i:02}", text.encode()) for i, text in enumerate(NUMBERS)])
    as_json, binary, text = trees()
    write(folder, "xgboost", [("categories", as_json)])
    write(folder, "ubjson", [("categories", binary)])
    write(folder, "lightgbm", [("categories", text)])


def suite(folder):
    data = pathlib.Path(onnx.__file__).parent / "backend/test/data"
    for index, case in enumerate(sorted(data.glob("*/*/model.onnx"))):
        inputs = sorted(case.parent.glob("test_data_set_0/input_*.pb"), key=lambda p: int(p.stem[6:]))
        if case.stat().st_size + sum(p.stat().st_size for p in inputs) > MAX_BYTES - 200:
            continue
        model = onnx.load(str(case))
        for file, info in zip(inputs, list(model.graph.input)):
            if not info.type.HasField("tensor_type"):
                continue
            tensor = TensorProto()
            tensor.ParseFromString(file.read_bytes())
            tensor.name = info.name
            model.graph.initializer.append(tensor)
            if index % 2 == 0:
                model.graph.input.remove(info)
        model.graph.ClearField("doc_string")
        write(folder, "model", [(case.parent.name, model.SerializeToString())])
        if case.parent.name.startswith("test_image_decoder"):
            tensor = TensorProto()
            tensor.ParseFromString(inputs[0].read_bytes())
            write(folder, "image", [(case.parent.name, numpy_helper.to_array(tensor).tobytes())])


if sys.argv[1:] == ["own"]:
    own()
elif sys.argv[1:2] == ["suite"] and len(sys.argv) == 3:
    suite(pathlib.Path(sys.argv[2]))
else:
    sys.exit(__doc__)
