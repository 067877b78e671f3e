"""How a trained model becomes an export, and the data the models are trained on.

A maker returns the ONNX model and the inputs to try it with.
"""

import functools

import numpy as np
import onnxmltools
from onnxmltools.convert.common.data_types import FloatTensorType as FloatInput
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn import datasets, preprocessing, svm

LISTED = []
BINARY_LABELS = np.array(["no", "yes"])


def model(library, name, **options):
    """Registers a function that returns an estimator, its training rows, its labels and optionally inputs."""

    def register(function):
        LISTED.append((library, name, functools.partial(exported, library, function, **options)))
        return function

    return register


@functools.cache
def binary():
    features, labels = datasets.load_breast_cancer(return_X_y=True)
    return preprocessing.scale(features[:400, :12]).astype(np.float32), labels[:400]


@functools.cache
def three():
    features, labels = datasets.load_iris(return_X_y=True)
    order = np.random.default_rng(3).permutation(len(labels))
    return features[order].astype(np.float32), labels[order]


@functools.cache
def number():
    features, labels = datasets.load_diabetes(return_X_y=True, scaled=False)
    return preprocessing.scale(features[:300]).astype(np.float32), labels[:300].astype(np.float32) / 100


@functools.cache
def holes():
    """The binary rows with a tenth of the values missing."""
    features, labels = binary()
    features = features.copy()
    features[np.random.default_rng(5).random(features.shape) < 0.1] = np.nan
    return features, labels


@functools.cache
def mixed():
    """Named columns of numbers with missing values and of words with missing and unseen ones."""
    random = np.random.default_rng(7)
    count = 400
    age = random.integers(18, 80, (count, 1)).astype(np.float32)
    hours = random.normal(40, 10, (count, 1)).astype(np.float32)
    hours[random.random((count, 1)) < 0.15] = np.nan
    job = random.choice(["clerk", "farmer", "nurse", "véterinaire", "teacher"], (count, 1)).astype(object)
    town = random.choice(["Aix", "Bonn", "Cork"], (count, 1)).astype(object)
    town[random.random((count, 1)) < 0.15] = ""
    labels = ((age[:, 0] > 40) ^ (job[:, 0] == "nurse") ^ (random.random(count) < 0.1)).astype(int)
    table = np.hstack([age.astype(object), hours.astype(object), job, town])
    tried = {"age": age[:80].copy(), "hours": hours[:80].copy(), "job": job[:80].copy(), "town": town[:80].copy()}
    tried["job"][3:6] = "astronaut"
    tried["town"][7] = "Paris"
    tried["hours"][9] = np.nan
    return table, labels, tried


def exported(library, function, opset=17, ml=3, zipmap=False, **options):
    made = function()
    estimator, rows, labels = made[:3]
    inputs = made[3] if len(made) == 4 else {"X": rows[:80]}
    estimator.fit(rows, labels)
    if library == "LightGBM":
        types = [("X", FloatInput([None, rows.shape[1]]))]
        graph = onnxmltools.convert_lightgbm(estimator, initial_types=types, zipmap=zipmap, target_opset=15)
    elif library == "XGBoost":
        types = [("X", FloatInput([None, rows.shape[1]]))]
        graph = onnxmltools.convert_xgboost(estimator, initial_types=types, target_opset=15)
    else:
        kinds = {"O": StringTensorType, "U": StringTensorType, "i": Int64TensorType, "f": FloatTensorType}
        types = [(name, kinds[value.dtype.kind]([None, value.shape[1]])) for name, value in inputs.items()]
        last = getattr(estimator, "_final_estimator", estimator)
        extra = options | ({"zipmap": zipmap} if hasattr(last, "classes_") and not isinstance(last, svm.LinearSVC) else {})
        graph = to_onnx(
            estimator, initial_types=types, target_opset={"": opset, "ai.onnx.ml": ml},
            options={id(estimator): extra} if extra else None)
    return graph, inputs
