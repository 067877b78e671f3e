"""Small graphs of one ai.onnx.ml node each, for what the exporters never or seldom write.

`entries()` lists them as models.entries() does. The numbers are drawn once from a fixed seed.
"""

import functools
import itertools

import numpy as np
from onnx import TensorProto, helper, numpy_helper

LISTED = []
TYPES = {"f": TensorProto.FLOAT, "d": TensorProto.DOUBLE, "l": TensorProto.INT64, "i": TensorProto.INT32,
         "O": TensorProto.STRING}


def entries():
    return list(LISTED)


def graph(name, operator, inputs, outputs, ml=1, **attributes):
    """Registers a model of one node."""
    LISTED.append(("by hand", name, functools.partial(made, operator, inputs, outputs, ml, attributes)))


def made(operator, inputs, outputs, ml, attributes):
    node = helper.make_node(operator, list(inputs), list(outputs), domain="ai.onnx.ml", **attributes)

    def declared(names, kinds):
        return [helper.make_tensor_value_info(name, TYPES[kind], [None] * rank) for name, (kind, rank) in
                zip(names, kinds)]

    given = declared(inputs, [(value.dtype.char, value.ndim) for value in inputs.values()])
    body = helper.make_graph([node], "graph", given, declared(outputs, outputs.values()))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", ml)]
    return helper.make_model(body, opset_imports=opsets, ir_version=8), dict(inputs)


random = np.random.default_rng(2024)
FLOATS = np.round(random.normal(size=(40, 4)), 1).astype(np.float32)
HOLES = FLOATS.copy()
HOLES[random.random(HOLES.shape) < 0.2] = np.nan
INTEGERS = random.integers(-2, 5, (40, 4))
WORDS = random.choice(["a", "b", "cé", "ce\u0301", ""], (40, 1)).astype(object)
CLASSES = {"label": ("l", 1), "scores": ("f", 2)}
NAMED = {"label": ("O", 1), "scores": ("f", 2)}
SCORES = {"y": ("f", 2)}


def trees(count, modes, targets, leaves, depth=3, missing=False, positive=False, prefix="target"):
    """Attributes of `count` full trees; `leaves(tree)` lists the targets that each leaf has a weight for."""
    columns = {key: [] for key in ("treeids", "nodeids", "featureids", "truenodeids", "falsenodeids", "modes",
                                   "values", "missing_value_tracks_true")}
    weights = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    inner = 2**depth - 1
    for place in range(count):
        for node in range(2 * inner + 1):
            leaf = node >= inner
            row = (place, node, int(random.integers(4)), 0 if leaf else 2 * node + 1, 0 if leaf else 2 * node + 2,
                   "LEAF" if leaf else str(random.choice(modes)), float(np.float32(np.round(random.normal(), 1))),
                   int(random.random() < 0.5))
            for key, value in zip(columns, row):
                columns[key].append(value)
            for target in leaves(place) if leaf else ():
                weight = random.normal() if not positive else random.random() / count
                for key, value in zip(weights, (place, node, target, float(np.float32(weight)))):
                    weights[key].append(value)
    if not missing:
        del columns["missing_value_tracks_true"]
    return {f"nodes_{key}": value for key, value in columns.items()} | {
        f"{prefix}_{key}": value for key, value in weights.items()}


MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]

for mode in MODES:
    graph(f"trees-{mode[7:].lower()}", "TreeEnsembleRegressor", {"x": HOLES}, SCORES, n_targets=1,
          **trees(11, [mode], 1, lambda tree: [0]))
    graph(f"trees-{mode[7:].lower()}-missing", "TreeEnsembleRegressor", {"x": HOLES}, SCORES, n_targets=1,
          **trees(11, [mode], 1, lambda tree: [0], missing=True))
graph("trees-ordered-modes", "TreeEnsembleRegressor", {"x": HOLES}, SCORES, n_targets=1,
      **trees(9, MODES[:4], 1, lambda tree: [0], missing=True))
graph("trees-all-modes", "TreeEnsembleRegressor", {"x": HOLES}, SCORES, n_targets=2,
      **trees(9, MODES, 2, lambda tree: [0, 1], missing=True))
graph("trees-integers", "TreeEnsembleClassifier", {"x": INTEGERS}, CLASSES, classlabels_int64s=[0, 1, 2],
      **trees(9, MODES, 3, lambda tree: [0, 1, 2], prefix="class"))
for aggregate, targets in itertools.product(["SUM", "AVERAGE", "MIN", "MAX"], [1, 3]):
    graph(f"trees-{aggregate.lower()}-{targets}", "TreeEnsembleRegressor", {"x": FLOATS}, SCORES, n_targets=targets,
          aggregate_function=aggregate, base_values=[0.5, -1.0, 2.0][:targets],
          **trees(7, MODES[:1], targets, lambda tree: [tree % targets]))
for transform, targets in itertools.product(TRANSFORMS, [1, 3]):
    graph(f"trees-regressor-{transform.lower()}-{targets}", "TreeEnsembleRegressor", {"x": FLOATS}, SCORES,
          n_targets=targets, post_transform=transform,
          **trees(4, MODES[:1], targets, lambda tree: range(targets), positive=True))
    if (transform, targets) == ("PROBIT", 1):  # ONNX Runtime leaves the second of two columns unwritten
        continue
    graph(f"trees-classifier-{transform.lower()}-{targets}", "TreeEnsembleClassifier", {"x": FLOATS}, CLASSES,
          classlabels_int64s=[3, 4, 5, 6][:targets + 1], post_transform=transform,
          **trees(6, MODES[:1], 3, lambda tree: [tree % targets], positive=True, prefix="class"))
    graph(f"trees-classifier-mixed-{transform.lower()}-{targets}", "TreeEnsembleClassifier", {"x": FLOATS}, NAMED,
          classlabels_strings=["p", "q", "r", "s"][:targets + 1], post_transform=transform,
          **trees(6, MODES[:1], 3, lambda tree: [tree % targets], prefix="class"))
for name, ids, base in [("zero", [0], []), ("one", [1], []), ("both", [0, 1], []), ("zero-base", [0], [0.1]),
                        ("zero-two-bases", [0], [0.1, 0.2]), ("both-two-bases", [0, 1], [0.1, 0.2]),
                        ("one-two-bases", [1], [0.1, 0.2]), ("both-one-base", [0, 1], [0.1])]:
    for positive in (True, False):
        options = {"base_values": base} if base else {}
        graph(f"trees-two-classes-{name}-{'positive' if positive else 'mixed'}", "TreeEnsembleClassifier",
              {"x": FLOATS}, CLASSES, classlabels_int64s=[0, 1], **options,
              **trees(6, MODES[:1], 2, lambda tree, ids=ids: ids, positive=positive, prefix="class"))
graph("trees-three-classes-base", "TreeEnsembleClassifier", {"x": FLOATS}, CLASSES, classlabels_int64s=[7, 8, 9],
      base_values=[0.1, 0.2, -0.3], **trees(6, MODES[:1], 3, lambda tree: [0, 1, 2], prefix="class"))
graph("trees-unseen-target", "TreeEnsembleRegressor", {"x": FLOATS}, SCORES, n_targets=3, base_values=[0.5, -1.0, 2.0],
      **trees(6, MODES[:1], 3, lambda tree: [tree % 2]))


def doubles(attributes, prefix, random):
    """Moves thresholds and weights to tensors of doubles that are no floats."""
    for name in ("nodes_values", f"{prefix}_weights"):
        values = np.array(attributes.pop(name)) + random.normal(size=len(attributes.get(name, [])) or 1)[0] * 1e-9
        attributes[name + "_as_tensor"] = numpy_helper.from_array(values, name)
    return attributes


DOUBLES = random.normal(size=(40, 4))
graph("trees-doubles", "TreeEnsembleRegressor", {"x": DOUBLES}, SCORES, ml=3, n_targets=1,
      **doubles(trees(9, MODES[:4], 1, lambda tree: [0]), "target", random))
graph("trees-doubles-classifier", "TreeEnsembleClassifier", {"x": DOUBLES}, CLASSES, ml=3,
      classlabels_int64s=[0, 1, 2],
      **doubles(trees(9, MODES[:1], 1, lambda tree: [tree % 3], prefix="class"), "class", random))
graph("trees-floats-read-by-doubles", "TreeEnsembleRegressor", {"x": FLOATS.astype(np.float64)}, SCORES, n_targets=1,
      **trees(9, MODES[:4], 1, lambda tree: [0]))


def ensemble(kind, targets, modes=(0, 1, 2, 3, 4, 5), members=False):
    """Attributes of TreeEnsemble for three trees of three inner nodes and four leaves."""
    inner, leaves = 9, 12
    chosen = [int(random.choice(modes)) for _ in range(inner)]
    if members:
        chosen[0] = chosen[4] = 6
    sets = np.array([-1, 0, 1, 2, np.nan, 0.5, 3, np.nan], kind)
    attributes = {
        "n_targets": targets, "tree_roots": [0, 3, 6],
        "nodes_featureids": [int(random.integers(4)) for _ in range(inner)],
        "nodes_modes": numpy_helper.from_array(np.array(chosen, np.uint8), "modes"),
        "nodes_splits": numpy_helper.from_array(np.round(random.normal(size=inner), 1).astype(kind), "splits"),
        "nodes_truenodeids": list(itertools.chain(*([3 * t + 1, 4 * t, 4 * t + 2] for t in range(3)))),
        "nodes_trueleafs": [0, 1, 1] * 3,
        "nodes_falsenodeids": list(itertools.chain(*([3 * t + 2, 4 * t + 1, 4 * t + 3] for t in range(3)))),
        "nodes_falseleafs": [0, 1, 1] * 3,
        "nodes_missing_value_tracks_true": [int(random.random() < 0.5) for _ in range(inner)],
        "leaf_targetids": [int(random.integers(targets)) for _ in range(leaves)],
        "leaf_weights": numpy_helper.from_array(random.normal(size=leaves).astype(kind), "weights"),
    }
    if members:
        attributes["membership_values"] = numpy_helper.from_array(sets, "members")
    return attributes


graph("tree-ensemble-floats", "TreeEnsemble", {"x": HOLES}, SCORES, ml=5, **ensemble(np.float32, 2))
graph("tree-ensemble-doubles", "TreeEnsemble", {"x": DOUBLES}, {"y": ("d", 2)}, ml=5, **ensemble(np.float64, 1))
graph("tree-ensemble-members", "TreeEnsemble", {"x": np.round(FLOATS)}, SCORES, ml=5,
      **ensemble(np.float32, 1, modes=(0,), members=True))
for aggregate in range(4):
    graph(f"tree-ensemble-aggregate-{aggregate}", "TreeEnsemble", {"x": FLOATS}, SCORES, ml=5,
          aggregate_function=aggregate, **ensemble(np.float32, 2, modes=(0,)))
# ONNX Runtime takes 1 for LOGISTIC and 2 for SOFTMAX, against the standard: those two cannot be compared.
for transform in range(3, 5):
    graph(f"tree-ensemble-transform-{transform}", "TreeEnsemble", {"x": FLOATS}, SCORES, ml=5,
          post_transform=transform, **ensemble(np.float32, 3, modes=(0,)))

# Linear models

COEFFICIENTS = [float(np.float32(value)) for value in random.normal(size=12) / 4]
for transform in TRANSFORMS:
    graph(f"linear-classifier-{transform.lower()}-3", "LinearClassifier", {"x": FLOATS}, CLASSES,
          classlabels_ints=[5, 6, 7], coefficients=COEFFICIENTS, intercepts=[0.1, 0.2, 0.3], post_transform=transform)
    graph(f"linear-classifier-{transform.lower()}-2", "LinearClassifier", {"x": FLOATS}, NAMED,
          classlabels_strings=["n", "p"], coefficients=COEFFICIENTS[:8], intercepts=[0.5, 0.4],
          post_transform=transform)
    graph(f"linear-regressor-{transform.lower()}", "LinearRegressor", {"x": FLOATS}, SCORES, targets=3,
          coefficients=COEFFICIENTS, intercepts=[0.1, 0.2, 0.3], post_transform=transform)
for transform in ("NONE", "LOGISTIC", "SOFTMAX"):
    graph(f"linear-classifier-{transform.lower()}-1", "LinearClassifier", {"x": FLOATS}, CLASSES,
          classlabels_ints=[5, 6], coefficients=COEFFICIENTS[:4], intercepts=[0.1], post_transform=transform)
for kind in (np.float64, np.int64, np.int32):
    graph(f"linear-classifier-{np.dtype(kind).name}", "LinearClassifier", {"x": INTEGERS.astype(kind)}, CLASSES,
          classlabels_ints=[5, 6, 7], coefficients=COEFFICIENTS, intercepts=[0.1, 0.2, 0.3])
graph("linear-regressor-no-intercept", "LinearRegressor", {"x": FLOATS}, SCORES, targets=1,
      coefficients=COEFFICIENTS[:4])

# Support vector machines

VECTORS = [float(np.float32(value)) for value in random.normal(size=24)]
WEIGHTS = [float(np.float32(value)) for value in random.normal(size=12)]
for kernel, transform in itertools.product(["LINEAR", "POLY", "RBF", "SIGMOID"], ["NONE", "LOGISTIC"]):
    graph(f"svm-{kernel.lower()}-{transform.lower()}-3", "SVMClassifier", {"x": FLOATS}, NAMED,
          classlabels_strings=["u", "v", "w"], coefficients=WEIGHTS, kernel_params=[0.3, 0.1, 3.0],
          kernel_type=kernel, rho=[0.1, -0.2, 0.3], support_vectors=VECTORS, vectors_per_class=[2, 1, 3],
          post_transform=transform)
    graph(f"svm-{kernel.lower()}-{transform.lower()}-2", "SVMClassifier", {"x": FLOATS}, CLASSES,
          classlabels_ints=[3, 9], coefficients=WEIGHTS[:6], kernel_params=[0.3, 0.1, 2.0], kernel_type=kernel,
          rho=[0.1], support_vectors=VECTORS, vectors_per_class=[2, 4], post_transform=transform)
    graph(f"svm-regressor-{kernel.lower()}-{transform.lower()}", "SVMRegressor", {"x": FLOATS}, SCORES,
          coefficients=WEIGHTS[:6], kernel_params=[0.3, 0.1, 3.0], kernel_type=kernel, rho=[0.1], n_supports=6,
          support_vectors=VECTORS, post_transform=transform)
for transform in ("NONE", "LOGISTIC", "SOFTMAX"):
    graph(f"svm-liblinear-{transform.lower()}", "SVMClassifier", {"x": FLOATS}, CLASSES, classlabels_ints=[3, 9, 4],
          coefficients=COEFFICIENTS, kernel_params=[0.3, 0.1, 2.0], kernel_type="LINEAR", rho=[0.1],
          post_transform=transform)
graph("svm-liblinear-two", "SVMClassifier", {"x": FLOATS}, CLASSES, classlabels_ints=[3, 9],
      coefficients=COEFFICIENTS[:8], kernel_params=[0.3, 0.1, 2.0], kernel_type="LINEAR", rho=[0.1])
graph("svm-probabilities", "SVMClassifier", {"x": FLOATS.astype(np.float64)}, CLASSES, classlabels_ints=[3, 9, 4],
      coefficients=WEIGHTS, kernel_params=[0.3, 0.1, 3.0], kernel_type="RBF", rho=[0.1, -0.2, 0.3],
      prob_a=[-1.0, -2.0, -0.5], prob_b=[0.1, 0.0, -0.1], support_vectors=VECTORS, vectors_per_class=[2, 1, 3])
graph("svm-one-class", "SVMRegressor", {"x": FLOATS}, SCORES, coefficients=WEIGHTS[:6], kernel_params=[0.3, 0.1, 3.0],
      kernel_type="RBF", rho=[0.1], n_supports=6, support_vectors=VECTORS, one_class=1)
graph("svm-regressor-liblinear", "SVMRegressor", {"x": FLOATS}, SCORES, coefficients=COEFFICIENTS[:4],
      kernel_params=[0.3, 0.1, 3.0], kernel_type="LINEAR", rho=[0.1])

# Preparation of features

for kind in (np.float32, np.float64, np.int64, np.int32):
    numbers, name = INTEGERS.astype(kind), np.dtype(kind).name
    graph(f"scaler-{name}", "Scaler", {"x": numbers}, SCORES, offset=[0.1, 0.2, 0.3, 0.4], scale=[1.0, 2.0, 3.0, 0.5])
    for norm in ("MAX", "L1", "L2"):
        graph(f"normalizer-{norm.lower()}-{name}", "Normalizer", {"x": numbers}, SCORES, norm=norm)
    if kind != np.int32:
        graph(f"one-hot-{name}", "OneHotEncoder", {"x": numbers}, {"y": ("f", 3)}, cats_int64s=[3, -1, 0])
graph("scaler-one-value", "Scaler", {"x": FLOATS}, SCORES, offset=[0.1], scale=[2.0])
graph("normalizer-max-negative", "Normalizer", {"x": -np.abs(FLOATS)}, SCORES, norm="MAX")
graph("one-hot-words", "OneHotEncoder", {"x": WORDS}, {"y": ("f", 3)}, cats_strings=["b", "cé", "z", "ce\u0301"])
graph("binarizer", "Binarizer", {"x": FLOATS}, SCORES, threshold=0.3)
graph("imputer-nan", "Imputer", {"x": HOLES}, SCORES, imputed_value_floats=[1.0, 2.0, 3.0, 4.0],
      replaced_value_float=float("nan"))
graph("imputer-one-value", "Imputer", {"x": np.round(FLOATS)}, SCORES, imputed_value_floats=[9.0],
      replaced_value_float=1.0)
graph("imputer-integers", "Imputer", {"x": INTEGERS}, {"y": ("l", 2)}, imputed_value_int64s=[9, 8, 7, 6],
      replaced_value_int64=2)
graph("feature-vectorizer", "FeatureVectorizer", {"x": FLOATS, "z": np.ascontiguousarray(FLOATS[:, :2])}, SCORES,
      inputdimensions=[4, 2])
graph("array-feature-extractor-words", "ArrayFeatureExtractor",
      {"x": np.hstack([WORDS, WORDS[::-1]]), "y": np.array([1, 0, 1])}, {"z": ("O", 2)})
graph("label-encoder-1-words", "LabelEncoder", {"x": WORDS}, {"y": ("l", 2)}, ml=1,
      classes_strings=["b", "a", "cé"], default_int64=-5, default_string="?")
graph("label-encoder-1-integers", "LabelEncoder", {"x": INTEGERS}, {"y": ("O", 2)}, ml=1,
      classes_strings=["b", "a", "cé"], default_int64=-5, default_string="?")
WORD_KEYS = {"keys_strings": ["a", "cé", ""]}
for name, values, kind in [("integers", {"values_int64s": [1, 2, 3], "default_int64": -9}, "l"),
                           ("floats", {"values_floats": [1.5, 2.5, 3.5], "default_float": -0.5}, "f"),
                           ("words", {"values_strings": ["x", "y", "z"], "default_string": "?"}, "O")]:
    for ml in (2, 4):
        graph(f"label-encoder-{ml}-words-to-{name}", "LabelEncoder", {"x": WORDS}, {"y": (kind, 2)}, ml=ml,
              **WORD_KEYS, **values)
        if name != "integers":
            graph(f"label-encoder-{ml}-integers-to-{name}", "LabelEncoder", {"x": INTEGERS}, {"y": (kind, 2)}, ml=ml,
                  keys_int64s=[0, 1, -2], **values)
        graph(f"label-encoder-{ml}-floats-to-{name}", "LabelEncoder", {"x": np.round(HOLES)}, {"y": (kind, 2)}, ml=ml,
              keys_floats=[0.0, float("nan"), -1.0], **values)
graph("label-encoder-4-tensors", "LabelEncoder", {"x": np.round(FLOATS).astype(np.float64)}, {"y": ("d", 2)}, ml=4,
      keys_tensor=numpy_helper.from_array(np.array([0.0, 1.0, -1.0]), "k"),
      values_tensor=numpy_helper.from_array(np.array([0.5, 1.5, 2.5]), "v"),
      default_tensor=numpy_helper.from_array(np.array([-7.5]), "d"))
graph("category-mapper-words", "CategoryMapper", {"x": WORDS}, {"y": ("l", 2)}, cats_strings=["a", "b"],
      cats_int64s=[10, 20], default_int64=-3)
graph("category-mapper-integers", "CategoryMapper", {"x": INTEGERS}, {"y": ("O", 2)}, cats_strings=["a", "b"],
      cats_int64s=[1, 2], default_string="none")
