"""Reads the columns a model takes, and writes the fitted model as ONNX with one input per column."""

import csv

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

LABEL = "income"
NUMBERS = ["age", "education-num", "hours-per-week", "capital-gain", "capital-loss"]
WORDS = ["workclass", "occupation", "marital-status", "relationship"]

# What callers send. Every version takes all of it and uses what it likes, so that callers never change with a version.
COLUMNS = NUMBERS + WORDS


def read(path, columns=COLUMNS):
    """Returns the table of features and the labels."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    table = [[float(row[name]) if name in NUMBERS else row[name] for name in columns] for row in rows]
    return np.array(table, dtype=object), np.array([row[LABEL] for row in rows])


def places(names, columns=COLUMNS):
    """Returns where the named columns stand in the table of features."""
    return [columns.index(name) for name in names]


def save(model, path, columns=COLUMNS):
    """Writes the model: numbers and strings in, `label` and `probabilities` out."""
    kinds = [FloatTensorType if name in NUMBERS else StringTensorType for name in columns]
    exported = to_onnx(
        model,
        initial_types=[(name, kind([None, 1])) for name, kind in zip(columns, kinds)],
        name="income",  # the default is a random name; the same inputs must give the same bytes
        options={"zipmap": False},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    exported.opset_import.sort(key=lambda opset: opset.domain)  # comes out of a set, in any order
    name_inputs(exported.graph, columns)
    with open(path, "wb") as file:
        file.write(exported.SerializeToString(deterministic=True))


def name_inputs(graph, columns):
    """Gives the inputs their columns' names again: the exporter writes `education-num` as `education_num`."""
    names = {value.name: column for value, column in zip(graph.input, columns)}
    for value in graph.input:
        value.name = names[value.name]
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
