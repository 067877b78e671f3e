"""Writes rows.csv, small ONNX models, and expected.json: what onnxruntime, scikit-learn and Fairlearn say of them.

Needs numpy, onnx, onnxruntime, scikit-learn, fairlearn.
"""

import csv
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equalized_odds_difference,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from onnx import TensorProto, helper, numpy_helper
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, log_loss, roc_auc_score

here = pathlib.Path(__file__).parent


def write_rows():
    rng = np.random.default_rng(7)
    rows = []
    for number in range(600):
        label = rng.random() < 0.4
        sex = "m" if rng.random() < 0.55 else "f"
        strong = np.clip(rng.normal(0.65 if label else 0.35, 0.18) + (0.05 if sex == "m" else 0), 0.001, 0.999)
        weak = np.clip(rng.normal(0.55 if label else 0.45, 0.25), 0.001, 0.999)
        age = int(rng.integers(18, 80))
        rows.append(
            {
                "id": number,
                "strong": f"{strong:.4f}",
                "weak": f"{weak:.4f}",
                "sex": sex,
                "age": "" if number % 50 == 3 else age,
                "count": int(rng.integers(0, 9)),
                "word": "yes" if strong > 0.5 else "no",
                "part": "test" if number % 3 else "train",
                "y": "yes" if label else "no",
            }
        )
    with open(here / "rows.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows


def tensor(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, values, dtype):
    if dtype == "text":
        return helper.make_tensor(name, TensorProto.STRING, [len(values)], [v.encode() for v in values])
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def save(name, nodes, inputs, outputs, constants):
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model)
    (here / f"{name}.onnx").write_bytes(model.SerializeToString())


def two_columns(score):
    """Probabilities [rows, 2] from a score [rows, 1]."""
    return [
        helper.make_node("Sub", ["one", score], ["rest"]),
        helper.make_node("Concat", ["rest", score], ["probabilities"], axis=1),
    ], [constant("one", [[1.0]], np.float32)]


def write_models():
    FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
    columns, one = two_columns("score")
    number = [
        helper.make_node("GreaterOrEqual", ["score", "half"], ["chosen"]),
        helper.make_node("Cast", ["chosen"], ["wide"], to=INT64),
        helper.make_node("Squeeze", ["wide", "axis"], ["index"]),
    ]
    cut = number + [helper.make_node("Gather", ["classes", "index"], ["label"])]
    half, axis = constant("half", [[0.5]], np.float32), constant("axis", [1], np.int64)
    cutting = [half, axis, constant("classes", ["no", "yes"], "text")]

    # One score column and a class, from the column of the input's name.
    for name in ["strong", "weak"]:
        save(
            name,
            [helper.make_node("Identity", [name], ["score"])] + cut,
            [tensor(name, FLOAT, ["N", 1])],
            [tensor("label", STRING, ["N"]), tensor("score", FLOAT, ["N", 1])],
            cutting,
        )
    # A class 0 or 1, which says nothing about labels that are texts.
    save(
        "numbered",
        [helper.make_node("Identity", ["strong"], ["score"])]
        + number
        + [helper.make_node("Identity", ["index"], ["label"])],
        [tensor("strong", FLOAT, ["N", 1])],
        [tensor("label", INT64, ["N"]), tensor("score", FLOAT, ["N", 1])],
        [half, axis],
    )
    # Two columns and a class of text, in either order of classes.
    for name, classes, order in [("texts", ["no", "yes"], ["rest", "strong"]), ("swapped", ["yes", "no"], ["strong", "rest"])]:
        save(
            name,
            [
                helper.make_node("Sub", ["one", "strong"], ["rest"]),
                helper.make_node("Concat", order, ["probabilities"], axis=1),
                helper.make_node("ArgMax", ["probabilities"], ["index"], axis=1, keepdims=0),
                helper.make_node("Gather", ["classes", "index"], ["label"]),
            ],
            [tensor("strong", FLOAT, ["N", 1])],
            [tensor("label", STRING, ["N"]), tensor("probabilities", FLOAT, ["N", 2])],
            one + [constant("classes", classes, "text")],
        )
    # Scores as maps from class to probability, as scikit-learn's converter gives by default.
    element = helper.make_tensor_type_proto(FLOAT, [])
    maps = onnx.TypeProto()
    maps.sequence_type.elem_type.map_type.key_type = STRING
    maps.sequence_type.elem_type.map_type.value_type.CopyFrom(element)
    save(
        "zipmap",
        [
            helper.make_node("Sub", ["one", "strong"], ["rest"]),
            helper.make_node("Concat", ["rest", "strong"], ["probabilities"], axis=1),
            helper.make_node("ArgMax", ["probabilities"], ["index"], axis=1, keepdims=0),
            helper.make_node("Gather", ["classes", "index"], ["label"]),
            helper.make_node(
                "ZipMap", ["probabilities"], ["maps"], domain="ai.onnx.ml", classlabels_strings=["no", "yes"]),
        ],
        [tensor("strong", FLOAT, ["N", 1])],
        [tensor("label", STRING, ["N"]), helper.make_value_info("maps", maps)],
        one + [constant("classes", ["no", "yes"], "text")],
    )
    # Text classes that do not follow the largest score.
    save(
        "disagreeing",
        [
            helper.make_node("Sub", ["one", "strong"], ["rest"]),
            helper.make_node("Concat", ["rest", "strong"], ["probabilities"], axis=1),
            helper.make_node("Identity", ["word"], ["label"]),
        ],
        [tensor("strong", FLOAT, ["N", 1]), tensor("word", STRING, ["N", 1])],
        [tensor("label", STRING, ["N", 1]), tensor("probabilities", FLOAT, ["N", 2])],
        one,
    )
    # One matrix of columns; logits beside the probability.
    save(
        "matrix",
        [
            helper.make_node("Gemm", ["features", "weights", "bias"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["score"]),
        ]
        + cut,
        [tensor("features", FLOAT, ["N", 3])],
        [tensor("label", STRING, ["N"]), tensor("score", FLOAT, ["N", 1]), tensor("logit", FLOAT, ["N", 1])],
        [constant("weights", [[6.0], [1.5], [-0.01]], np.float32), constant("bias", [-3.4], np.float32)]
        + cutting,
    )
    # A whole-number vector, and a matrix whose number of rows is fixed.
    save(
        "whole",
        [
            helper.make_node("Cast", ["count"], ["real"], to=FLOAT),
            helper.make_node("Div", ["real", "nine"], ["score"]),
        ],
        [tensor("count", INT64, ["N"])],
        [tensor("score", FLOAT, ["N"])],
        [constant("nine", [9.0], np.float32)],
    )
    save(
        "fixed",
        [helper.make_node("Identity", ["strong"], ["score"])] + cut,
        [tensor("strong", FLOAT, [7, 1])],
        [tensor("label", STRING, [7]), tensor("score", FLOAT, [7, 1])],
        cutting,
    )
    # A score that is not a number where the age is missing.
    save(
        "undefined",
        [
            helper.make_node("Mul", ["age", "zero"], ["nothing"]),
            helper.make_node("Add", ["strong", "nothing"], ["score"]),
        ]
        + cut,
        [tensor("strong", FLOAT, ["N", 1]), tensor("age", FLOAT, ["N", 1])],
        [tensor("label", STRING, ["N"]), tensor("score", FLOAT, ["N", 1])],
        [constant("zero", [[0.0]], np.float32)] + cutting,
    )
    # Weights in another file, outside of the model's folder and inside.
    for name, location in [("outside", "../weights.bin"), ("beside", "weights.bin")]:
        weight = TensorProto(name="w", data_type=FLOAT, dims=[1, 1], data_location=TensorProto.EXTERNAL)
        weight.external_data.add(key="location", value=location)
        graph = helper.make_graph(
            [helper.make_node("MatMul", ["strong", "w"], ["score"])], name,
            [tensor("strong", FLOAT, ["N", 1])], [tensor("score", FLOAT, ["N", 1])], [weight])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        (here / f"{name}.onnx").write_bytes(model.SerializeToString())


def column(rows, name, dtype):
    values = [np.nan if dtype != object and row[name] == "" else row[name] for row in rows]
    return np.array(values, dtype=dtype).reshape(-1, 1)


def expect(rows, name, feeds):
    session = onnxruntime.InferenceSession(here / f"{name}.onnx")
    output = {"texts": "probabilities", "swapped": "probabilities", "zipmap": "maps"}.get(name, "score")
    label, scores = session.run(["label", output], feeds)
    if output == "maps":
        scores = [[row["no"], row["yes"]] for row in scores]
    label, scores = np.asarray(label).reshape(-1), np.asarray(scores, dtype=np.float64)
    predicted = (label == "yes").astype(int) if label.dtype == object else label
    score = scores[:, {"texts": 1, "swapped": 0}.get(name, -1)]
    truth = np.array([int(row["y"] == "yes") for row in rows])
    sex = np.array([row["sex"] for row in rows])
    frame = MetricFrame(
        metrics={"selection": selection_rate, "tpr": true_positive_rate, "fpr": false_positive_rate},
        y_true=truth, y_pred=predicted, sensitive_features=sex).by_group
    fair = {"y_true": truth, "y_pred": predicted, "sensitive_features": sex}
    return {
        "metrics": {
            "roc_auc": roc_auc_score(truth, score),
            "accuracy": accuracy_score(truth, predicted),
            "f1": f1_score(truth, predicted),
            "log_loss": log_loss(truth, score),
            "brier": brier_score_loss(truth, score),
            "demographic_parity_difference": demographic_parity_difference(**fair),
            "demographic_parity_ratio": demographic_parity_ratio(**fair),
            "equalized_odds_difference": equalized_odds_difference(**fair),
        },
        "rates": {group: dict(frame.loc[group]) for group in sorted(set(sex))},
    }


rows = write_rows()
write_models()
test = [row for row in rows if row["part"] == "test"]
strong, weak = column(test, "strong", np.float32), column(test, "weak", np.float32)
features = np.hstack([strong, weak, column(test, "count", np.float32)])
expected = {
    "count": len(test),
    "positives": sum(row["y"] == "yes" for row in test),
    "models": {
        "strong": expect(test, "strong", {"strong": strong}),
        "weak": expect(test, "weak", {"weak": weak}),
        "texts": expect(test, "texts", {"strong": strong}),
        "swapped": expect(test, "swapped", {"strong": strong}),
        "zipmap": expect(test, "zipmap", {"strong": strong}),
        "matrix": expect(test, "matrix", {"features": features}),
    },
}
(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
