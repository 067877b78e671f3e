"""Cases for versions of operators of which neither ONNX's suite nor other models here have one.

`entries()` lists name and maker of (model, inputs, tolerance, judge). ONNX Runtime has most of the versions itself.
Where it has not, the judge is a model that says the same with versions it has, by the operator's definition.
"""

import numpy as np
from onnx import TensorProto, helper

from contributed import model_of

LISTED = []
F, I64 = np.float32, np.int64


def entries():
    return [(name, lambda made=made: made) for name, made in LISTED]


def case(name, opset, nodes, inputs, weights=None, judge=None, judge_opset=21, judge_weights=None, domain=""):
    """Registers a model. Its last node gives `y`."""
    def model(nodes, opset, weights):
        made = [helper.make_node(operator, ins.split(), outs.split(), domain=at, **attributes)
                for operator, ins, outs, at, attributes in nodes]
        return model_of(made, inputs, ["y"], weights or {}, opset)

    LISTED.append((name, (model(nodes, opset, weights), inputs, None,
                          judge and model(judge, judge_opset, judge_weights))))


def node(operator, inputs, outputs="y", domain="", **attributes):
    return operator, inputs, outputs, domain, attributes


random = np.random.default_rng(17)


def floats(*shape):
    return random.normal(size=shape).astype(F)


x = floats(3, 5)
case("clip_1", 1, [node("Clip", "x", min=-0.5, max=0.75)], {"x": x},
     judge=[node("Clip", "x low high")], judge_weights={"low": F(-0.5), "high": F(0.75)})
case("clip_1_low", 1, [node("Clip", "x", min=-0.5)], {"x": x},
     judge=[node("Clip", "x low")], judge_weights={"low": F(-0.5)})
case("selu_1", 1, [node("Selu", "x", alpha=1.5, gamma=0.9)], {"x": x}, judge=[node("Selu", "x", alpha=1.5, gamma=0.9)])
# The defaults of the first version: alpha 1.6732, gamma 1.0507.
case("selu_1_defaults", 1, [node("Selu", "x")], {"x": x}, judge=[node("Selu", "x", alpha=1.6732, gamma=1.0507)])
case("hardmax_1", 1, [node("Hardmax", "x")], {"x": floats(2, 3, 4)})
case("hardmax_1_axis", 1, [node("Hardmax", "x", axis=2)], {"x": floats(2, 3, 4)})
case("hardmax_11_negative_axis", 11, [node("Hardmax", "x", axis=-2)], {"x": floats(2, 3, 4)})
case("tile_1", 1, [node("Tile", "x tiles axis")], {"x": x}, {"tiles": np.array([3], F), "axis": np.array([1], F)},
     judge=[node("Tile", "x repeats")], judge_weights={"repeats": np.array([1, 3], I64)})

image = floats(2, 4, 6, 7)
case("global_lp_pool_1", 1, [node("GlobalLpPool", "x", p=3.0)], {"x": image},
     judge=[node("GlobalLpPool", "x", p=3)])
case("global_lp_pool_1_default", 1, [node("GlobalLpPool", "x")], {"x": image},
     judge=[node("GlobalLpPool", "x", p=2)])
rois = np.array([[0, 0, 0, 5, 4], [1, 1.6, 2.4, 6, 5], [0, 3, 3, 3, 3], [1, -2, 0, 9, 9]], F)
case("max_roi_pool_1", 1, [node("MaxRoiPool", "x rois", pooled_shape=[2, 3])], {"x": image, "rois": rois})
case("max_roi_pool_1_scale", 1, [node("MaxRoiPool", "x rois", pooled_shape=[2, 2], spatial_scale=0.5)],
     {"x": image, "rois": rois})
for mode in ["avg", "max"]:
    case(f"roi_align_10_{mode}", 10,
         [node("RoiAlign", "x rois batch", mode=mode, output_height=2, output_width=3, sampling_ratio=2,
               spatial_scale=0.75)],
         {"x": image, "rois": np.array([[0, 0, 5, 4], [1.6, 2.4, 6, 5], [3, 3, 3.2, 3.1]], F),
          "batch": np.array([0, 1, 1], I64)})
case("group_normalization_18", 18, [node("GroupNormalization", "x scale bias", num_groups=2, epsilon=1e-3)],
     {"x": image}, {"scale": np.array([0.5, 2], F), "bias": np.array([1, -1], F)},
     judge=[node("GroupNormalization", "x scale bias", num_groups=2, epsilon=1e-3)],
     judge_weights={"scale": np.array([0.5, 0.5, 2, 2], F), "bias": np.array([1, 1, -1, -1], F)})
for mode in ["nearest", "linear"]:
    for scales in [[1, 1, 2, 3], [1, 1, 1.5, 1.25], [1, 1, 0.5, 0.6]]:
        label = f"{mode}_{scales[2]}"
        case(f"resize_10_{label}", 10, [node("Resize", "x scales", mode=mode)], {"x": image},
             {"scales": np.array(scales, F)})
        if min(scales) >= 1:
            case(f"upsample_7_{label}", 7, [node("Upsample", "x", mode=mode, scales=[float(s) for s in scales])],
                 {"x": image})
            case(f"upsample_1_{label}", 1,
                 [node("Upsample", "x", mode={"linear": "bilinear"}.get(mode, mode), height_scale=float(scales[2]),
                       width_scale=float(scales[3]))],
                 {"x": image},
                 judge=[node("Upsample", "x", mode=mode, scales=[float(s) for s in scales])], judge_opset=7)

# Random numbers differ from one implementation to the next; what they must be like does not.
# 100,000 of them: the mean is within 0.02 by more than 6 standard errors, and so is the mean of the squares.
like = {"shape": [100, 1000], "dtype": TensorProto.FLOAT}


def moments(first, mean, square):
    """Whether mean and mean square of `r` are right, and its shape, in one list of integers."""
    nodes = [first, node("ReduceMean", "r", "mean", keepdims=0), node("Mul", "r r", "squared"),
             node("ReduceMean", "squared", "square", keepdims=0)]
    for value in ["mean", "square"]:
        nodes += [node("Sub", f"{value} {value}_expected", f"{value}_difference"),
                  node("Abs", f"{value}_difference", f"{value}_distance"),
                  node("Less", f"{value}_distance limit", f"{value}_right"),
                  node("Cast", f"{value}_right", f"{value}_number", to=TensorProto.INT64),
                  node("Unsqueeze", f"{value}_number", f"{value}_list", axes=[0])]
    nodes += [node("Shape", "r", "size"), node("Concat", "mean_list square_list size", axis=0)]
    return nodes, {"mean_expected": F(mean), "square_expected": F(square), "limit": F(0.02)}


for name, first, mean, square in [
        ("random_normal_1", node("RandomNormal", "", "r", mean=0.5, scale=0.5, **like), 0.5, 0.5),
        ("random_uniform_1", node("RandomUniform", "", "r", low=-1.0, high=1.0, **like), 0, 1 / 3)]:
    nodes, weights = moments(first, mean, square)
    case(name, 11, nodes, {}, weights)
for name, operator, attributes, mean, square in [
        ("random_normal_like_1", "RandomNormalLike", {"mean": -1.0, "scale": 0.25}, -1, 1.0625),
        ("random_uniform_like_1", "RandomUniformLike", {"low": 1.0, "high": 2.0}, 1.5, 7 / 3)]:
    nodes, weights = moments(node(operator, "x", "r", **attributes), mean, square)
    case(name, 11, nodes, {"x": np.zeros((100, 1000), F)}, weights)
# Draws of probability one and nothing are certain. ONNX Runtime draws the opposite, as the standard's function does; the
# standard's text and its Python reference say that these are the probabilities of 1.
case("bernoulli_15", 15, [node("Bernoulli", "x")], {"x": np.array([[0, 1, 1], [1, 0, 0]], F)},
     judge=[node("Identity", "x")])
# Of classes whose probabilities are one and nothing, the draw is certain.
case("multinomial_7", 7, [node("Multinomial", "x", sample_size=5)],
     {"x": np.array([[-1e4, 0, -1e4], [3, -1e4, -1e4]], F)})
case("multinomial_7_int64", 7, [node("Multinomial", "x", sample_size=3, dtype=TensorProto.INT64)],
     {"x": np.array([[-1e4, -1e4, 2]], F)})

# ONNX Runtime has these for graphics cards only.
ours = "com.microsoft"
hidden = {"x": floats(2, 3, 8), "skip": floats(2, 3, 8)}
bias = floats(8)
case("bias_add", 21, [node("BiasAdd", "x bias skip", domain=ours)], hidden, {"bias": bias},
     judge=[node("Add", "x bias", "sum"), node("Add", "sum skip")], judge_weights={"bias": bias})
scores = floats(2, 4, 3, 5)
for name, axis, inner, bias_shape in [("bias_softmax", 3, 1, (2, 1, 1, 5)), ("bias_softmax_outer", 2, 0, (1, 1, 3, 5))]:
    weights = {"bias": floats(*bias_shape)}
    # Softmax as of opset 12: over all axes from `axis` on.
    case(name, 21, [node("BiasSoftmax", "x bias", domain=ours, axis=axis, is_inner_broadcast=inner)], {"x": scores},
         weights, judge=[node("Add", "x bias", "sum"), node("Softmax", "sum", axis=axis)], judge_opset=12,
         judge_weights=weights)
case("bias_split_gelu", 21, [node("BiasSplitGelu", "x bias", domain=ours)], {"x": hidden["x"]}, {"bias": bias},
     judge=[node("Add", "x bias", "sum"), node("Split", "sum", "left right", axis=-1, num_outputs=2),
            node("Gelu", "right", "gate"), node("Mul", "left gate")], judge_weights={"bias": bias})
quantized = random.integers(0, 256, (2, 3, 4)).astype(np.uint8)
scales = {"scale": F(0.05), "zero": np.uint8(120), "new_scale": F(0.03), "new_zero": np.uint8(130)}
case("qlinear_reduce_mean", 21,
     [node("QLinearReduceMean", "x scale zero new_scale new_zero", domain=ours, axes=[-1], keepdims=1)],
     {"x": quantized}, scales,
     judge=[node("DequantizeLinear", "x scale zero", "wide"), node("ReduceMean", "wide axes", "mean", keepdims=1),
            node("QuantizeLinear", "mean new_scale new_zero")],
     judge_weights=scales | {"axes": np.array([-1], I64)})

learning = "ai.onnx.ml"
counted = {3: F(1.5), 0: F(-2.25), 7: F(12)}
case("cast_map_1", 21, [node("CastMap", "x", domain=learning, cast_to="TO_FLOAT")], {"x": counted})
case("cast_map_1_sparse", 21,
     [node("CastMap", "x", domain=learning, cast_to="TO_STRING", map_form="SPARSE", max_map=9)], {"x": counted})
case("dict_vectorizer_1", 21,
     [node("DictVectorizer", "x", domain=learning, string_vocabulary=["a", "c", "b", "d"])],
     {"x": {"b": F(2.5), "a": F(-1), "z": F(9)}})
case("dict_vectorizer_1_numbers", 21, [node("DictVectorizer", "x", domain=learning, int64_vocabulary=[5, 1, 2])],
     {"x": {1: F(0.1), 2: F(7), 3: F(1)}})
