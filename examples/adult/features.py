"""Reads the columns a model uses, and writes the fitted model as ONNX with one input per column."""

import csv

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

LABEL = "income"


def read(path, numbers, words, extra=None):
    """Returns the feature table (numbers first), the labels and, if asked for, one column more."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    table = [[float(row[name]) for name in numbers] + [row[name] for name in words] for row in rows]
    columns = np.array(table, dtype=object), np.array([row[LABEL] for row in rows])
    return columns if extra is None else (*columns, np.array([row[extra] for row in rows]))


def places(numbers, words):
    """Returns the positions of the number columns and of the word columns in the feature table."""
    return list(range(len(numbers))), list(range(len(numbers), len(numbers) + len(words)))


def save(model, path, numbers, words):
    """Writes the model: strings and numbers in, `label` and `probabilities` out."""
    inputs = [(name, FloatTensorType([None, 1])) for name in numbers]
    inputs += [(name, StringTensorType([None, 1])) for name in words]
    graph = to_onnx(
        model,
        initial_types=inputs,
        name="income",  # the default is a random name; the same inputs must give the same bytes
        options={"zipmap": False},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    name_inputs(graph.graph, numbers + words)
    graph.opset_import.sort(key=lambda opset: opset.domain)  # comes out of a set, in any order
    with open(path, "wb") as file:
        file.write(graph.SerializeToString(deterministic=True))


def name_inputs(graph, columns):
    """Gives the inputs their columns' names again: the exporter writes `education-num` as `education_num`."""
    names = {value.name: column for value, column in zip(graph.input, columns)}
    for value in graph.input:
        value.name = names[value.name]
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
