"""Models of one node each, of ONNX Runtime's own operators. `entries()` lists name and maker."""

import functools
import zlib

import numpy as np
from onnx import TensorProto, helper

from contributed import model_of

LISTED = []
F, U8, I8, I32, I64 = np.float32, np.uint8, np.int8, np.int32, np.int64


def entries():
    return list(LISTED)


def case(name, operator, inputs, outputs=1, weights=(), domain="com.microsoft", imports=21, tolerance=None,
         **attributes):
    """Registers a model of one node. Inputs are absent where None; `weights` names those that are constants."""
    LISTED.append((name, functools.partial(
        made, operator, inputs, outputs, weights, domain, imports, tolerance, attributes)))


def made(operator, inputs, outputs, weights, domain, imports, tolerance, attributes):
    outputs = [f"y{place}" for place in range(outputs)] if isinstance(outputs, int) else outputs
    node = helper.make_node(
        operator, [name if value is not None else "" for name, value in inputs.items()], outputs, domain=domain,
        **attributes)
    given = {name: value for name, value in inputs.items() if value is not None and name not in weights}
    constants = {name: inputs[name] for name in weights if inputs[name] is not None}
    return model_of([node], given, [name for name in outputs if name], constants, imports), given, tolerance


random = np.random.default_rng(7)


def floats(*shape, scale=1.0):
    return (random.normal(size=shape) * scale).astype(F)


def bytes_of(kind, *shape):
    return random.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, shape).astype(kind)


def one(value, kind=F):
    return np.array(value, dtype=kind)


# Products and convolutions with what is around them
case("fused_matmul", "FusedMatMul", {"a": floats(3, 4), "b": floats(5, 4)}, transB=1, alpha=0.5)
case("fused_matmul_batched", "FusedMatMul", {"a": floats(2, 4, 3), "b": floats(2, 4, 5)}, transA=1, alpha=2.0)
case("fused_matmul_batch_axis", "FusedMatMul", {"a": floats(3, 2, 4), "b": floats(5, 2, 4)}, transBatchA=1,
     transBatchB=1, transB=1)
case("fused_matmul_half", "FusedMatMul", {"a": floats(3, 4).astype(np.float16), "b": floats(4, 2).astype(np.float16)},
     alpha=0.25)
case("transpose_matmul", "TransposeMatMul", {"a": floats(2, 4, 3), "b": floats(2, 4, 5)}, transA=1)
for activation, parameters in [("Relu", {}), ("LeakyRelu", {"activation_alpha": 0.2}), ("Tanh", {}), ("Sigmoid", {}),
                               ("Elu", {"activation_alpha": 0.7}), ("Softplus", {}), ("Softsign", {}),
                               ("HardSigmoid", {"activation_alpha": 0.3, "activation_beta": 0.4}),
                               ("ThresholdedRelu", {"activation_alpha": 0.5}),
                               ("Selu", {"activation_alpha": 1.5, "activation_gamma": 1.1})]:
    case(f"fused_gemm_{activation.lower()}", "FusedGemm", {"a": floats(4, 3), "b": floats(3, 5), "c": floats(5)},
         activation=activation, alpha=0.9, **parameters)
case("fused_gemm_transposed", "FusedGemm", {"a": floats(3, 4), "b": floats(5, 3), "c": floats(4, 1)},
     activation="Relu", transA=1, transB=1, beta=0.5)
case("fused_conv", "FusedConv", {"x": floats(1, 3, 7, 7), "w": floats(4, 3, 3, 3), "b": floats(4)},
     activation="Relu", pads=[1, 1, 1, 1])
case("fused_conv_clip", "FusedConv", {"x": floats(1, 4, 6, 6), "w": floats(4, 2, 3, 3), "b": floats(4)},
     activation="Clip", activation_params=[-0.5, 0.75], group=2, strides=[2, 2])
case("fused_conv_leaky", "FusedConv", {"x": floats(2, 2, 5, 5), "w": floats(3, 2, 2, 2), "b": None},
     activation="LeakyRelu", activation_params=[0.1])
case("fused_conv_hard_sigmoid", "FusedConv", {"x": floats(2, 2, 5, 5), "w": floats(3, 2, 2, 2), "b": floats(3)},
     activation="HardSigmoid", activation_params=[0.3, 0.4])
case("fused_conv_sum", "FusedConv",
     {"x": floats(1, 2, 5, 5), "w": floats(3, 2, 3, 3), "b": floats(3), "z": floats(1, 3, 3, 3)}, activation="Relu")
case("fused_conv_1d", "FusedConv", {"x": floats(1, 2, 9), "w": floats(3, 2, 3), "b": floats(3)},
     activation="Tanh", auto_pad="SAME_UPPER")

# Activation functions
case("bias_gelu", "BiasGelu", {"a": floats(2, 3, 8), "b": floats(8)})
case("fast_gelu", "FastGelu", {"x": floats(2, 3, 8)})
case("fast_gelu_bias", "FastGelu", {"x": floats(2, 3, 8), "bias": floats(8)})
case("gelu", "Gelu", {"x": floats(3, 7)})
case("quick_gelu", "QuickGelu", {"x": floats(3, 7)})
case("quick_gelu_silu", "QuickGelu", {"x": floats(3, 7)}, alpha=1.0)

# Normalisation and embeddings
case("skip_layer_normalization", "SkipLayerNormalization",
     {"x": floats(2, 3, 8), "skip": floats(2, 3, 8), "gamma": floats(8), "beta": floats(8), "bias": floats(8)},
     ["y", "", "", "sum"])
case("skip_layer_normalization_plain", "SkipLayerNormalization",
     {"x": floats(2, 3, 8), "skip": floats(3, 8), "gamma": floats(8), "beta": floats(8)}, epsilon=1e-5)
case("skip_layer_normalization_half", "SkipLayerNormalization",
     {name: value.astype(np.float16) for name, value in
      {"x": floats(2, 3, 8), "skip": floats(1, 3, 8), "gamma": floats(8)}.items()}, epsilon=1e-5,
     tolerance={"rtol": 2e-3, "atol": 1e-3})
case("simplified_layer_normalization", "SimplifiedLayerNormalization", {"x": floats(2, 3, 8), "scale": floats(8)},
     2, domain="", imports=17, axis=-1, epsilon=1e-5)
case("simplified_layer_normalization_double", "SimplifiedLayerNormalization",
     {"x": floats(2, 3, 8).astype(np.float64), "scale": floats(8).astype(np.float64)}, domain="", imports=17)
case("skip_simplified_layer_normalization", "SkipSimplifiedLayerNormalization",
     {"x": floats(2, 3, 8), "skip": floats(2, 3, 8), "gamma": floats(8), "bias": floats(8)}, ["y", "", "", "sum"])
case("skip_simplified_layer_normalization_plain", "SkipSimplifiedLayerNormalization",
     {"x": floats(6, 8), "skip": floats(6, 8), "gamma": floats(8)}, epsilon=1e-6)
IDS = random.integers(0, 10, (2, 5)).astype(I32)
SEGMENTS = random.integers(0, 2, (2, 5)).astype(I32)
MASK = np.array([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]], dtype=I32)
case("embed_layer_normalization", "EmbedLayerNormalization",
     {"ids": IDS, "segments": SEGMENTS, "words": floats(10, 8), "positions": floats(6, 8), "types": floats(2, 8),
      "gamma": floats(8), "beta": floats(8), "mask": MASK}, ["y", "lengths", "sum"])
case("embed_layer_normalization_positions", "EmbedLayerNormalization",
     {"ids": IDS, "segments": None, "words": floats(10, 8), "positions": floats(6, 8), "types": None,
      "gamma": floats(8), "beta": floats(8), "mask": None, "places": np.array([[4, 3, 2, 1, 0]], dtype=I32)},
     ["y", "lengths"])
case("q_embed_layer_normalization", "QEmbedLayerNormalization",
     {"ids": IDS, "segments": SEGMENTS, "words": bytes_of(U8, 10, 8), "positions": bytes_of(U8, 6, 8),
      "types": bytes_of(U8, 2, 8), "gamma": bytes_of(U8, 8), "beta": bytes_of(U8, 8), "mask": MASK,
      "words_scale": one(0.03), "positions_scale": one(0.02), "types_scale": one(0.01), "gamma_scale": one(0.02),
      "beta_scale": one(0.05), "words_zero": one(120, U8), "positions_zero": one(130, U8), "types_zero": one(127, U8),
      "gamma_zero": one(10, U8), "beta_zero": one(128, U8)}, ["y", "lengths"],
     weights=("words_scale", "positions_scale", "types_scale", "gamma_scale", "beta_scale", "words_zero",
              "positions_zero", "types_zero", "gamma_zero", "beta_zero"))

# Attention
def attention(name, length=4, past=0, outputs=1, mask=None, bias=None, sizes=(8, 8, 8), heads=2, **attributes):
    inputs = {"x": floats(2, length, 6), "w": floats(6, sum(sizes)), "b": floats(sum(sizes)), "mask": mask,
              "past": floats(2, 2, heads, past, sizes[0] // heads) if past else None, "bias": bias}
    while list(inputs.values())[-1] is None:
        inputs.popitem()
    case(f"attention_{name}", "Attention", inputs, outputs, num_heads=heads, **attributes)


attention("plain")
attention("causal", unidirectional=1)
attention("lengths", mask=np.array([4, 2], dtype=I32))
attention("ends_and_starts", mask=np.array([4, 3, 1, 0], dtype=I32))
attention("padding", mask=np.array([[1, 1, 1, 0], [0, 1, 1, 1]], dtype=I32))
attention("padding_of_all", mask=np.array([[0, 0, 0, 0], [0, 1, 1, 1]], dtype=I32))
attention("padding_causal", mask=np.array([[1, 1, 1, 0], [1, 1, 0, 0]], dtype=I32), unidirectional=1)
attention("mask_of_queries", mask=random.integers(0, 2, (2, 4, 4)).astype(I32), mask_filter_value=-100.0)
attention("past", length=2, past=3, outputs=2, unidirectional=1)
attention("past_padding", length=2, past=3, outputs=2, mask=np.array([[1, 1, 0, 1, 1], [0, 1, 1, 1, 1]], dtype=I32))
attention("bias", bias=floats(2, 2, 4, 4), scale=0.3)
attention("wide_values", sizes=(8, 8, 12), qkv_hidden_sizes=[8, 8, 12])


def multi_head(name, inputs, outputs=1, heads=2, **attributes):
    names = ["q", "k", "v", "b", "padding", "bias", "past_k", "past_v"]
    inputs = {key: inputs.get(key) for key in names}
    while list(inputs.values())[-1] is None:
        inputs.popitem()
    case(f"multi_head_attention_{name}", "MultiHeadAttention", inputs, outputs, num_heads=heads, **attributes)


QKV = {"q": floats(2, 3, 8), "k": floats(2, 5, 8), "v": floats(2, 5, 8)}
SELF = {"q": floats(2, 3, 8), "k": floats(2, 3, 8), "v": floats(2, 3, 8)}
multi_head("cross", QKV)
multi_head("bias_of_projections", {**QKV, "b": floats(24)})
multi_head("causal", SELF, unidirectional=1)
multi_head("scale", SELF, scale=0.1)
multi_head("lengths", {**QKV, "padding": np.array([5, 2], dtype=I32)})
multi_head("padding", {**QKV, "padding": np.array([[1, 1, 1, 0, 1], [1, 0, 0, 0, 0]], dtype=I32)})
multi_head("mask_of_queries", {**QKV, "padding": random.integers(0, 2, (2, 3, 5)).astype(I32)})
multi_head("bias", {**QKV, "bias": floats(1, 2, 3, 5)})
multi_head("heads_apart", {"q": floats(2, 3, 8), "k": floats(2, 2, 5, 4), "v": floats(2, 2, 5, 4)})
multi_head("heads_apart_bias", {"q": floats(2, 3, 8), "k": floats(2, 2, 5, 4), "v": floats(2, 2, 5, 4),
                                "b": np.concatenate([floats(8), np.zeros(16, dtype=F)])})
multi_head("past", {**SELF, "past_k": floats(2, 2, 4, 4), "past_v": floats(2, 2, 4, 4)}, 3)
multi_head("past_causal", {**SELF, "past_k": floats(2, 2, 4, 4), "past_v": floats(2, 2, 4, 4)}, 3, unidirectional=1)
multi_head("present", SELF, 3)
multi_head("wide_values", {**QKV, "v": floats(2, 5, 12)})


def grouped(name, batch=2, length=3, room=0, last=None, total=None, heads=4, key_heads=2, size=16, packed=False,
            outputs=3, more=None, **attributes):
    names = ["q", "k", "v", "past_k", "past_v", "last", "total", "cos", "sin", "positions", "bias", "sink"]
    total = total or length + room
    inputs = {key: None for key in names} | {
        "q": floats(batch, length, (heads + 2 * key_heads if packed else heads) * size),
        "k": None if packed else floats(batch, length, key_heads * size),
        "v": None if packed else floats(batch, length, key_heads * size),
        "past_k": floats(batch, key_heads, room, size) if room else None,
        "past_v": floats(batch, key_heads, room, size) if room else None,
        "last": np.array(last if last is not None else [total - 1] * batch, dtype=I32), "total": one(total, I32)}
    if attributes.get("do_rotary"):
        angles = random.uniform(0, 3, (16, size // 2))
        inputs |= {"cos": np.cos(angles).astype(F), "sin": np.sin(angles).astype(F)}
    inputs |= more or {}
    while list(inputs.values())[-1] is None:
        inputs.popitem()
    case(f"group_query_attention_{name}", "GroupQueryAttention", inputs, outputs, num_heads=heads,
         kv_num_heads=key_heads, **attributes)


grouped("prompt")
grouped("packed", packed=True)
grouped("rotary", do_rotary=1)
grouped("rotary_interleaved", do_rotary=1, rotary_interleaved=1, packed=True)
grouped("one_more", length=1, room=4, last=[4, 2], do_rotary=1)
grouped("more_of_the_prompt", batch=1, length=3, room=4, do_rotary=1)
grouped("room_to_spare", length=1, room=8, last=[5, 3], total=6)
grouped("window", length=6, local_window_size=2)
grouped("window_one_more", length=1, room=6, local_window_size=3)
grouped("softcap", softcap=2.0, scale=0.5)
grouped("smooth", smooth_softmax=1)
grouped("sink", more={"sink": floats(4)})
grouped("bias", more={"bias": floats(2, 1, 3, 3)})
grouped("bias_softcap", more={"bias": floats(1, 4, 3, 3)}, softcap=1.5)
grouped("scores", batch=1, outputs=4, qk_output=1)
grouped("weights", batch=1, outputs=4, qk_output=2)
grouped("positions", batch=1, length=1, room=3, do_rotary=1, more={"positions": np.array([[3]], dtype=I64)})

ANGLES = random.uniform(0, 3, (10, 4))
COS, SIN = np.cos(ANGLES).astype(F), np.sin(ANGLES).astype(F)
for name, shape, positions, attributes in [
    ("rows", (2, 3, 16), random.integers(0, 10, (2, 3)), {}),
    ("start", (2, 3, 16), np.array([4]), {}),
    ("heads_apart", (2, 2, 3, 8), random.integers(0, 10, (2, 3)), {"interleaved": 1}),
    ("part", (2, 3, 24), np.array([0]), {"num_heads": 2, "rotary_embedding_dim": 8}),
]:
    case(f"rotary_embedding_{name}", "RotaryEmbedding",
         {"x": floats(*shape), "positions": positions.astype(I64), "cos": COS, "sin": SIN}, **attributes)
case("q_attention", "QAttention",
     {"x": bytes_of(U8, 2, 4, 6), "w": bytes_of(I8, 6, 24), "b": floats(24), "x_scale": one(0.01),
      "w_scale": one(0.02), "mask": np.array([4, 2], dtype=I32), "x_zero": one(120, U8), "w_zero": one(0, I8)},
     num_heads=2, weights=("w", "w_scale", "w_zero"))
case("q_attention_causal", "QAttention",
     {"x": bytes_of(U8, 2, 3, 6), "w": bytes_of(U8, 6, 24), "b": floats(24), "x_scale": one(0.01),
      "w_scale": one(0.01), "mask": None, "x_zero": one(128, U8), "w_zero": one(128, U8),
      "past": floats(2, 2, 2, 2, 4)}, 2, num_heads=2, unidirectional=1, weights=("w", "w_scale", "w_zero"))


# Weights in blocks
def n_bits(name, rows, k, n, block, bits=4, zeros=None, bias=False, half=False, groups=False):
    blocks = -(-k // block)
    kind = np.float16 if half else F
    inputs = {"a": floats(*rows, k).astype(kind), "b": bytes_of(U8, n, blocks, block * bits // 8),
              "scales": (np.abs(floats(n, blocks)) * 0.1).astype(kind).ravel(), "zeros": None, "groups": None,
              "bias": floats(n).astype(kind) if bias else None}
    if zeros == "packed":
        inputs["zeros"] = bytes_of(U8, n * -(-blocks * bits // 8))
    elif zeros == "floats":
        inputs["zeros"] = random.uniform(0, 2**bits - 1, (n, blocks)).astype(kind)
    if groups:
        inputs["groups"] = random.permutation(np.arange(k) // block).astype(I32)
    while list(inputs.values())[-1] is None:
        inputs.popitem()
    case(f"matmul_nbits_{name}", "MatMulNBits", inputs, weights=("b", "scales") + (("zeros",) if zeros else ()),
         K=k, N=n, block_size=block, bits=bits, tolerance={"atol": 1e-2 if half else 1e-4})


n_bits("4", (3,), 64, 70, 32)
n_bits("4_zeros", (2, 3), 64, 9, 16, zeros="packed")
n_bits("4_odd_blocks", (3,), 80, 5, 32, zeros="packed")
n_bits("4_float_zeros", (3,), 64, 5, 32, zeros="floats")
n_bits("4_bias", (1,), 64, 8, 32, bias=True)
n_bits("4_half", (3,), 64, 8, 32, half=True)
n_bits("4_odd", (3,), 67, 5, 16, zeros="packed")
n_bits("2", (3,), 64, 8, 32, bits=2)
n_bits("2_zeros", (2,), 96, 8, 16, bits=2, zeros="packed")
n_bits("8", (3,), 64, 8, 32, bits=8)
n_bits("8_zeros", (3,), 64, 8, 16, bits=8, zeros="packed")
n_bits("4_groups", (3,), 64, 8, 16, groups=True)


def packed4(kind, name, *shape):
    low, high = (0, 16) if kind == TensorProto.UINT4 else (-8, 8)
    return helper.make_tensor(name, kind, shape, random.integers(low, high, shape).ravel().tolist())


for name, kind in [("uint4", TensorProto.UINT4), ("int4", TensorProto.INT4)]:
    for zeros in (False, True):
        case(f"gather_block_quantized_{name}{'_zeros' if zeros else ''}", "GatherBlockQuantized",
             {"data": packed4(kind, "data", 5, 32), "indices": np.array([[4, 0], [2, -1]], dtype=I64),
              "scales": floats(5, 2)} | ({"zeros": packed4(kind, "zeros", 5, 2)} if zeros else {}),
             weights=("data", "zeros")[:1 + zeros], block_size=16)
case("gather_block_quantized_axes", "GatherBlockQuantized",
     {"data": packed4(TensorProto.UINT4, "data", 32, 3, 5), "indices": np.array([4, 0], dtype=I32),
      "scales": floats(2, 3, 5)}, weights=("data",), block_size=16, gather_axis=2, quantize_axis=0)
for bits in (4, 8):
    case(f"gather_block_quantized_uint8_{bits}", "GatherBlockQuantized",
         {"data": bytes_of(U8, 5, 32 * bits // 8), "indices": np.array([4, 0], dtype=I64), "scales": floats(5, 2)},
         weights=("data",), block_size=16, bits=bits)
    case(f"gather_block_quantized_uint8_{bits}_zeros", "GatherBlockQuantized",
         {"data": bytes_of(U8, 5, 48 * bits // 8), "indices": np.array([4, 0], dtype=I64), "scales": floats(5, 3),
          "zeros": bytes_of(U8, 5, -(-3 * bits // 8))}, weights=("data", "zeros"), block_size=16, bits=bits)

# Products of integers
for name, a, b in [("u8u8", U8, U8), ("u8s8", U8, I8), ("s8s8", I8, I8)]:
    case(f"matmul_integer_to_float_{name}", "MatMulIntegerToFloat",
         {"a": bytes_of(a, 2, 3, 6), "b": bytes_of(b, 6, 5), "a_scale": one(0.02), "b_scale": one(0.03),
          "a_zero": one(7, a), "b_zero": one(-3 if b == I8 else 130, b), "bias": floats(5)})
case("matmul_integer_to_float_columns", "MatMulIntegerToFloat",
     {"a": bytes_of(U8, 3, 6), "b": bytes_of(I8, 6, 5), "a_scale": one(0.02), "b_scale": np.abs(floats(5)) * F(0.1),
      "a_zero": one(7, U8), "b_zero": bytes_of(I8, 5)})
case("dynamic_quantize_matmul", "DynamicQuantizeMatMul",
     {"a": floats(2, 3, 6), "b": bytes_of(I8, 6, 5), "b_scale": one(0.02), "b_zero": one(3, I8), "bias": floats(5)})
case("dynamic_quantize_matmul_columns", "DynamicQuantizeMatMul",
     {"a": floats(3, 6), "b": bytes_of(U8, 6, 5), "b_scale": np.abs(floats(5)) * F(0.1), "b_zero": bytes_of(U8, 5)})
case("q_gemm", "QGemm",
     {"a": bytes_of(U8, 4, 6), "a_scale": one(0.013), "a_zero": one(120, U8), "b": bytes_of(I8, 6, 5),
      "b_scale": one(0.017), "b_zero": one(3, I8), "c": random.integers(-5000, 5000, (5,)).astype(I32),
      "y_scale": one(0.07), "y_zero": one(119, U8)}, weights=("b", "b_scale", "b_zero"))
case("q_gemm_columns", "QGemm",
     {"a": bytes_of(I8, 6, 4), "a_scale": one(0.013), "a_zero": one(-5, I8), "b": bytes_of(I8, 5, 6),
      "b_scale": np.abs(floats(5)) * F(0.02), "b_zero": np.zeros(5, dtype=I8), "c": None,
      "y_scale": one(0.09), "y_zero": one(-7, I8)}, transA=1, transB=1, alpha=0.7, weights=("b", "b_scale", "b_zero"))
case("q_gemm_floats", "QGemm",
     {"a": bytes_of(U8, 4, 6), "a_scale": one(0.013), "a_zero": one(120, U8), "b": bytes_of(U8, 6, 5),
      "b_scale": one(0.017), "b_zero": one(130, U8)}, weights=("b", "b_scale", "b_zero"))


def lstm(name, batch=1, directions=1, columns=False, kind=I8, **attributes):
    hidden, size = 4, 3
    scales = (directions, 4 * hidden) if columns else (directions,)
    zero = np.zeros(scales, dtype=kind) if kind == I8 else np.full(scales, 128, dtype=kind)
    case(f"dynamic_quantize_lstm_{name}", "DynamicQuantizeLSTM",
         {"x": floats(5, batch, size), "w": bytes_of(kind, directions, size, 4 * hidden),
          "r": bytes_of(kind, directions, hidden, 4 * hidden), "b": floats(directions, 8 * hidden), "lengths": None,
          "h": floats(directions, batch, hidden, scale=0.5), "c": floats(directions, batch, hidden), "p": None,
          "w_scale": np.abs(floats(*scales)) * F(0.02) + F(0.001), "w_zero": zero,
          "r_scale": np.abs(floats(*scales)) * F(0.02) + F(0.001), "r_zero": zero}, 3,
         weights=("w", "r", "w_scale", "w_zero", "r_scale", "r_zero"), hidden_size=hidden, **attributes)


lstm("forward")
lstm("unsigned", kind=U8)
lstm("both_ways", directions=2, direction="bidirectional")
lstm("columns", columns=True)
lstm("batch", batch=3)
lstm("reverse", batch=2, direction="reverse", input_forget=1)

# Elementwise operators on integers
for kind in (U8, I8):
    word, middle = np.dtype(kind).name, 128 if kind == U8 else 0
    for operator in ("QLinearAdd", "QLinearMul"):
        for name, shapes in [("", ((3, 37), (3, 37))), ("_broadcast", ((2, 3, 5), (3, 1))), ("_scalar", ((33,), (1,)))]:
            case(f"{operator.lower()}_{word}{name}", operator,
                 {"a": bytes_of(kind, *shapes[0]), "a_scale": one(0.0173), "a_zero": one(middle - 9, kind),
                  "b": bytes_of(kind, *shapes[1]), "b_scale": one(0.0291), "b_zero": one(middle + 5, kind),
                  "y_scale": one(0.0417), "y_zero": one(middle - 3, kind)})
    x = {"x": np.arange(np.iinfo(kind).min, np.iinfo(kind).max + 1).astype(kind).reshape(2, 128),
         "x_scale": one(0.0431), "x_zero": one(middle + 3, kind)}
    case(f"qlinear_sigmoid_{word}", "QLinearSigmoid", x | {"y_scale": one(0.00391), "y_zero": one(middle - 128, kind)})
    case(f"qlinear_leaky_relu_{word}", "QLinearLeakyRelu", x | {"y_scale": one(0.0317), "y_zero": one(middle, kind)},
         alpha=0.13)
    for version, axis in [(21, -1), (21, 1), (12, 1)]:
        case(f"qlinear_softmax_{word}_{version}_{axis % 3}", "QLinearSoftmax",
             {"x": bytes_of(kind, 3, 4, 9), "x_scale": one(0.031), "x_zero": one(middle, kind),
              "y_scale": one(1 / 256), "y_zero": one(middle - 128, kind)}, opset=version, axis=axis)
    case(f"qlinear_concat_{word}", "QLinearConcat",
         {"y_scale": one(0.05), "y_zero": one(middle, kind), "a": bytes_of(kind, 2, 3, 4), "a_scale": one(0.0371),
          "a_zero": one(middle - 4, kind), "b": bytes_of(kind, 2, 5, 4), "b_scale": one(0.05),
          "b_zero": one(middle, kind), "c": bytes_of(kind, 2, 1, 4), "c_scale": one(0.11),
          "c_zero": one(middle + 9, kind)}, axis=1)
    case(f"qlinear_where_{word}", "QLinearWhere",
         {"condition": random.random((3, 1, 5)) < 0.5, "a": bytes_of(kind, 4, 5), "a_scale": one(0.0371),
          "a_zero": one(middle - 4, kind), "b": bytes_of(kind, 3, 4, 1), "b_scale": one(0.013),
          "b_zero": one(middle, kind), "y_scale": one(0.043), "y_zero": one(middle + 2, kind)})
    # No sum of elements lies halfway between two steps of the output, where the last bit of a mean would decide.
    pool = {"x": bytes_of(kind, 2, 3, 7, 7), "x_scale": one(0.03**0.5 / 10), "x_zero": one(middle - 9, kind),
            "y_scale": one(0.02**0.5 / 10), "y_zero": one(middle - 3, kind)}
    last = pool | {"x": pool["x"].transpose(0, 2, 3, 1)}
    for name, inputs, more in [("", pool, {}), ("_last", last, {"channels_last": 1})]:
        case(f"qlinear_average_pool_{word}{name}", "QLinearAveragePool", inputs, kernel_shape=[3, 2], strides=[2, 2],
             pads=[1, 0, 1, 1], **more)
        case(f"qlinear_global_average_pool_{word}{name}", "QLinearGlobalAveragePool", inputs, **more)
    case(f"qlinear_average_pool_{word}_pads", "QLinearAveragePool", pool, kernel_shape=[3, 3], pads=[1, 1, 1, 1],
         count_include_pad=1)
    case(f"nhwc_max_pool_{word}", "NhwcMaxPool", {"x": last["x"]}, kernel_shape=[3, 2], strides=[2, 1],
         pads=[1, 0, 1, 1])
    case(f"qlinear_conv_{word}_last", "QLinearConv",
         {"x": bytes_of(kind, 2, 6, 6, 4), "x_scale": one(0.0173), "x_zero": one(middle - 9, kind),
          "w": bytes_of(I8, 6, 2, 3, 3), "w_scale": np.abs(floats(6)) * F(0.01) + F(0.001), "w_zero": np.zeros(6, I8),
          "y_scale": one(0.0341), "y_zero": one(middle - 3, kind), "b": random.integers(-900, 900, 6).astype(I32)},
         channels_last=1, group=2, pads=[1, 1, 1, 1], weights=("w", "w_scale", "w_zero", "b"))
case("qlinear_conv_first", "QLinearConv",
     {"x": bytes_of(U8, 1, 2, 5, 5), "x_scale": one(0.0173), "x_zero": one(119, U8), "w": bytes_of(U8, 3, 2, 3, 3),
      "w_scale": one(0.011), "w_zero": one(129, U8), "y_scale": one(0.0341), "y_zero": one(125, U8)},
     weights=("w", "w_scale", "w_zero"))
case("quantize_linear", "QuantizeLinear", {"x": floats(3, 5, scale=3), "scale": one(0.031), "zero": one(3, I8)})
case("quantize_linear_uint16", "QuantizeLinear",
     {"x": floats(3, 5, scale=3), "scale": one(0.00031), "zero": one(30000, np.uint16)})
case("dequantize_linear_rows", "DequantizeLinear",
     {"x": bytes_of(U8, 3, 5), "scale": np.abs(floats(3)), "zero": bytes_of(U8, 3)}, axis=0)

# What ONNX took over, or left behind
case("trilu", "Trilu", {"x": floats(2, 4, 5), "k": one(1, I64)}, upper=0)
case("range", "Range", {"start": one(2, I64), "limit": one(9, I64)})
case("range_lists", "Range", {"start": one([0.5]), "limit": one([3]), "delta": one([0.75])})
case("pad", "Pad", {"x": floats(2, 3), "pads": np.array([[0, 1, 1, -1]], dtype=I64), "value": one([0.5])})
case("pad_reflect", "Pad", {"x": floats(4, 5), "pads": np.array([1, 2, 0, 1], dtype=I64)}, mode="reflect")
case("pad_edge", "Pad", {"x": floats(4, 5), "pads": np.array([1, 2, 0, 1], dtype=I64)}, mode="edge")
case("unique", "Unique", {"x": np.array([2, 1, 1, 3, 4, 3], dtype=F)}, 3)
case("expand_dims", "ExpandDims", {"x": floats(2, 3), "axis": one(-1, I32)})
case("expand_dims_front", "ExpandDims", {"x": floats(2, 3), "axis": one(0, I32)})
case("gather_nd", "GatherND", {"x": floats(3, 4, 2), "indices": np.array([[0, 1], [2, 3]], dtype=I64)})
case("cdist", "CDist", {"a": floats(4, 3), "b": floats(5, 3)})
case("cdist_euclidean", "CDist", {"a": floats(4, 3), "b": floats(5, 3)}, metric="euclidean")
# Bicubic samples at borders are not those of ONNX's reference, and so not a model for others.
for mode, padding in [("bilinear", "border"), ("nearest", "reflection"), ("bicubic", "zeros")]:
    case(f"grid_sample_{mode}", "GridSample",
         {"x": floats(1, 2, 4, 5), "grid": random.uniform(-1.2, 1.2, (1, 3, 4, 2)).astype(F)}, mode=mode,
         padding_mode=padding, align_corners=1)
case("inverse", "Inverse", {"x": floats(2, 4, 4) + 3 * np.eye(4, dtype=F)})
case("inverse_double", "Inverse", {"x": floats(3, 3).astype(np.float64)})
for mode in ("bilinear", "nearest"):
    case(f"crop_and_resize_{mode}", "CropAndResize",
         {"x": floats(2, 3, 6, 7), "regions": random.uniform(-0.2, 1.2, (5, 4)).astype(F),
          "places": np.array([0, 1, 1, 0, 1], dtype=I32), "size": np.array([4, 3], dtype=I32)}, mode=mode,
         extrapolation_value=0.5)
case("crop_and_resize_one", "CropAndResize",
     {"x": floats(1, 2, 6, 7), "regions": random.uniform(0, 1, (2, 4)).astype(F), "places": np.array([0, 0], dtype=I32),
      "size": np.array([1, 1], dtype=I32)})
case("ngram_repeat_block", "NGramRepeatBlock",
     {"ids": np.array([[0, 1, 2, 3, 1, 2], [4, 4, 4, 4, 4, 4]], dtype=I64), "scores": floats(2, 6)}, ngram_size=3)
for name, values in [("strings", np.array(["", "a", "ab", "abc", "abcd", "日本 語"], dtype=object)),
                     ("int32", np.array([0, 1, -7], dtype=I32)), ("int64", np.array([5, -9], dtype=I64)),
                     ("floats", floats(4)), ("double", floats(3).astype(np.float64))]:
    case(f"murmur_hash_{name}", "MurmurHash3", {"x": values}, positive=int(name != "int32"), seed=zlib.crc32(b"x") % 99)
TEXTS = np.array(["ab cd-e  f", "x", "日本 語", "", "abab"], dtype=object)
for name, attributes in [
    ("spaces", {"separators": [" "]}), ("marks", {"separators": [" ", "-"], "mark": 1}),
    ("characters", {"separators": [""], "mark": 1}), ("character", {"tokenexp": "."}),
    ("longer", {"separators": ["[ -]"], "mincharnum": 2}), ("longest_separator", {"separators": ["b|ab"]}),
    ("words", {"tokenexp": "[a-z]+"}), ("longer_words", {"tokenexp": "[a-z]+", "mincharnum": 2, "mark": 1}),
    ("longest", {"tokenexp": "a|ab"}), ("empty_matches", {"tokenexp": "[a-d]?"}), ("nothing", {"tokenexp": "z+"}),
]:
    case(f"tokenizer_{name}", "Tokenizer", {"x": TEXTS}, **({"mark": 0, "pad_value": "#", "mincharnum": 1} | attributes))
case("tokenizer_rows", "Tokenizer", {"x": np.array([["a b", "c"], ["d e f", ""]], dtype=object)}, separators=[" "],
     mark=0, pad_value="#", mincharnum=1)
early = functools.partial(case, domain="", imports=8)
early("affine", "Affine", {"x": floats(3, 4)}, alpha=0.5, beta=2.0)
early("scaled_tanh", "ScaledTanh", {"x": floats(3, 4)}, alpha=0.5, beta=2.0)
early("parametric_softplus", "ParametricSoftplus", {"x": floats(3, 4)}, alpha=0.5, beta=2.0)
early("image_scaler", "ImageScaler", {"x": floats(1, 3, 2, 2)}, scale=0.5, bias=[0.1, 0.2, 0.3])
early("crop", "Crop", {"x": floats(1, 2, 6, 6)}, border=[1, 2, 2, 1])
early("crop_scale", "Crop", {"x": floats(1, 2, 6, 6)}, border=[1, 2, 2, 1], scale=[2, 3])
early("scale", "Scale", {"x": floats(3, 4)}, scale=0.25)
early("thresholded_relu", "ThresholdedRelu", {"x": floats(3, 4)}, alpha=0.5)
early("dynamic_slice", "DynamicSlice",
      {"x": floats(4, 5), "starts": np.array([1, 0], dtype=I64), "ends": np.array([3, 4], dtype=I64),
       "axes": np.array([0, 1], dtype=I64)})
early("mean_variance_normalization", "MeanVarianceNormalization", {"x": floats(2, 3, 4, 4)}, across_channels=1)
early("mean_only_normalization", "MeanVarianceNormalization", {"x": floats(2, 3, 4, 4)}, normalize_variance=0)
