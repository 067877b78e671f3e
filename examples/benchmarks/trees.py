"""Makes the tree ensembles that the benchmark measures, their exports to ONNX and the rows to walk through.

    trees.py FOLDER

Regressions of a target with noise, so that trees grow wide and every peer gives the same: the sum of the leaves. Besides
the four that are timed there is a stump of each kind, whose load says what a process takes without a model.
"""

import json
import pathlib
import sys

import lightgbm
import numpy as np
import onnx
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

FEATURES = 30
TRAINING_ROWS = 100_000
# Many more than a branch predictor learns by heart.
MEASURED_ROWS = 16_384
# Name, trees, and leaves of a tree for LightGBM, levels for XGBoost.
LIGHTGBM = [("lightgbm-stump", 1, 2), ("lightgbm-100x63", 100, 63), ("lightgbm-1000x255", 1000, 255)]
XGBOOST = [("xgboost-stump", 1, 1), ("xgboost-100x6", 100, 6), ("xgboost-1000x8", 1000, 8)]


def draw():
    random = np.random.default_rng(30)
    x = random.standard_normal((TRAINING_ROWS + MEASURED_ROWS, FEATURES), np.float32)
    y = x[:, 0] * x[:, 1] + x[:, 2] - x[:, 3] ** 2 + np.sin(3 * x[:, 4]) + np.abs(x[:, 5:10]).sum(1)
    return x, (y + random.standard_normal(len(x))).astype(np.float32)


def train_lightgbm(path, x, y, trees, leaves):
    model = lightgbm.LGBMRegressor(
        n_estimators=trees, num_leaves=leaves, learning_rate=0.05, n_jobs=1, random_state=1, verbose=-1)
    model.fit(x, y)
    model.booster_.save_model(path.with_suffix(".txt"))
    save(convert_lightgbm(model, initial_types=inputs(), target_opset=15), path)
    return float(np.mean([tree["num_leaves"] for tree in model.booster_.dump_model()["tree_info"]]))


def train_xgboost(path, x, y, trees, levels):
    model = xgboost.XGBRegressor(
        n_estimators=trees, max_depth=levels, learning_rate=0.05, n_jobs=1, random_state=1)
    model.fit(x, y)
    model.save_model(path.with_suffix(".ubj"))
    save(convert_xgboost(model, initial_types=inputs(), target_opset=15), path)
    return float(np.mean([tree.count("leaf=") for tree in model.get_booster().get_dump()]))


def inputs():
    # The name that Headgate gives to the input of files that have none.
    return [("features", FloatTensorType([None, FEATURES]))]


def save(model, path):
    onnx.save(model, path.with_suffix(".onnx"))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    x, y = draw()
    training, rows = x[:TRAINING_ROWS], x[TRAINING_ROWS:]
    y = y[:TRAINING_ROWS]
    leaves = {}
    for train, models in ((train_lightgbm, LIGHTGBM), (train_xgboost, XGBOOST)):
        for name, trees, size in models:
            leaves[name] = train(folder / name, training, y, trees, size)
    # Thresholds are doubles in LightGBM's files and floats in XGBoost's and in ONNX; the rows are the same numbers.
    np.savez(folder / "rows-float.npz", features=rows)
    np.savez(folder / "rows-double.npz", features=rows.astype(np.float64))
    np.savez(folder / "row-float.npz", features=rows[:1])
    np.savez(folder / "row-double.npz", features=rows[:1].astype(np.float64))
    (folder / "leaves.json").write_text(json.dumps(leaves))


if __name__ == "__main__":
    main()
