"""Trains small models of XGBoost and LightGBM and writes them in the libraries' own formats with their predictions.

Usage: python native_trees.py FOLDER [PART OF A NAME]

For each model FOLDER/NAME holds `model` (JSON, UBJSON or text: nothing but the content says which), `features.npy` with
10,000 rows, `prediction.npy` with what `Booster.predict` gives for them, `raw.npy` with its raw scores, and
`manifest.json`. Files of features that several models share lie in FOLDER itself.
"""

import functools
import hashlib
import json
import os
import sys
import time
import warnings

import lightgbm
import numpy as np
import pandas as pd
import xgboost

ROWS = 10_000
TRAINED = 1_500
THREADS = 2
COLUMNS = 8
LISTED = []


def model(name, *forms):
    """Registers a function that returns a booster and the rows to try it on, for each form that it is saved in."""

    def register(function):
        trained = functools.cache(function)
        for form in forms or ("json",):
            LISTED.append((name + ("" if len(forms) < 2 else "-" + form), form, trained))
        return trained

    return register


@functools.cache
def rows(kind="plain", precision=np.float32):
    """Numbers; with holes, with many zeros, or with two columns of categories."""
    random = np.random.default_rng({"plain": 1, "holes": 2, "zeros": 3, "categories": 4, "wide": 5}[kind])
    features = random.normal(size=(ROWS, COLUMNS)) * np.array([1, 10, 0.01, 1, 1000, 1, 1, 1])
    if kind == "wide":
        features = random.normal(size=(ROWS, 60))
    # Values that many rows share, so that some lie exactly on a threshold.
    features[:, 5] = np.round(features[:, 5], 1)
    features[:, 6] = random.integers(-3, 4, ROWS)
    if kind in ("holes", "categories"):
        features[random.random(features.shape) < 0.15] = np.nan
    if kind == "zeros":
        features[random.random(features.shape) < 0.4] = 0
    if kind == "categories":
        features[:, 0] = random.integers(0, 5, ROWS)
        features[:, 7] = random.integers(0, 90, ROWS)
        features[random.random(ROWS) < 0.1, 7] = np.nan
    return np.ascontiguousarray(features.astype(precision))


def signal(features):
    filled = np.nan_to_num(features.astype(np.float64))
    even = np.isin(filled[:, 0], [1, 3]) | np.isin(filled[:, 7] % 7, [2, 5])
    return (np.tanh(filled[:, 0]) + 0.1 * filled[:, 1] * (filled[:, 3] > 0) + 50 * filled[:, 2] * (filled[:, 6] > 0)
            + 0.001 * filled[:, 4] + even)


def target(features, kind):
    random = np.random.default_rng(9)
    score = signal(features) + random.normal(size=len(features)) * 0.3
    if kind == "binary":
        return (score > 0.5).astype(int)
    if kind == "share":
        return 1 / (1 + np.exp(-score))
    if kind == "classes":
        return np.digitize(score, [-0.5, 0.5, 1.5])
    if kind == "positive":
        return np.exp(np.clip(score, -3, 3)) + 0.01
    if kind == "count":
        return random.poisson(np.exp(np.clip(score, -2, 2)))
    if kind == "grade":
        return np.clip(np.digitize(score, [-0.5, 0.5, 1.5]), 0, 3)
    if kind == "several":
        return np.stack([score, score ** 2, -features[:, 5]], axis=1)
    if kind == "questions":
        return np.stack([score > 0, score > 1, features[:, 5] > 0], axis=1).astype(int)
    return score * (1000 if kind == "large" else 1)


# XGBoost


def boost(parameters, kind, target_kind, rounds=12, size=4, **options):
    features = rows(kind)
    names = [f"column {place}" for place in range(features.shape[1])] if options.pop("named", False) else None
    data = {"data": features[:TRAINED], "feature_names": names}
    if kind == "categories":
        data |= {"enable_categorical": True, "feature_types": ["c"] + ["q"] * 6 + ["c"]}
    labels = np.ones(TRAINED) if target_kind == "ones" else target(features[:TRAINED], target_kind)
    matrix = xgboost.DMatrix(**data)
    if target_kind == "survival":
        time_ = np.exp(np.clip(signal(features[:TRAINED]), -3, 3))
        matrix.set_float_info("label_lower_bound", time_)
        matrix.set_float_info("label_upper_bound", np.where(np.arange(TRAINED) % 4 == 0, np.inf, time_))
    elif target_kind == "hazard":
        time_ = np.exp(np.clip(signal(features[:TRAINED]), -3, 3))
        matrix.set_label(np.where(np.arange(TRAINED) % 4 == 0, -time_, time_))
    else:
        matrix.set_label(labels)
    if parameters["objective"].startswith("rank:"):
        matrix.set_group([50] * (TRAINED // 50))
    parameters = {"max_depth": size, "nthread": THREADS, "seed": 1} | parameters
    booster = xgboost.train(parameters, matrix, rounds, **options)
    return booster, features


def listed(name, parameters, kind, target_kind, *forms, **options):
    model(name, *forms)(functools.partial(boost, parameters, kind, target_kind, **options))


BOTH = ("json", "ubj")
listed("xgboost-binary", {"objective": "binary:logistic"}, "plain", "binary", *BOTH, rounds=40)
listed("xgboost-binary-missing", {"objective": "binary:logistic"}, "holes", "binary", *BOTH, rounds=30, named=True)
listed("xgboost-binary-base", {"objective": "binary:logistic", "base_score": 0.9}, "holes", "binary")
listed("xgboost-binary-weighted", {"objective": "binary:logistic", "scale_pos_weight": 3}, "plain", "binary", "ubj")
listed("xgboost-binary-ones", {"objective": "binary:logistic"}, "plain", "ones", rounds=2)
listed("xgboost-logitraw", {"objective": "binary:logitraw"}, "holes", "binary", *BOTH)
listed("xgboost-hinge", {"objective": "binary:hinge"}, "plain", "binary", *BOTH)
listed("xgboost-softmax", {"objective": "multi:softmax", "num_class": 4}, "plain", "classes", *BOTH)
listed("xgboost-softprob", {"objective": "multi:softprob", "num_class": 4}, "holes", "classes", *BOTH)
listed("xgboost-regression", {"objective": "reg:squarederror"}, "plain", "number", *BOTH, rounds=60, size=6)
listed("xgboost-regression-large", {"objective": "reg:squarederror"}, "holes", "large", "ubj", rounds=60)
listed("xgboost-regression-deep", {"objective": "reg:squarederror"}, "holes", "number", "json", rounds=8, size=12)
listed("xgboost-regression-stumps", {"objective": "reg:squarederror"}, "plain", "number", "json", rounds=90, size=1)
listed("xgboost-regression-constant", {"objective": "reg:squarederror", "gamma": 1e9}, "plain", "number", rounds=3)
listed("xgboost-regression-wide", {"objective": "reg:squarederror"}, "wide", "number", *BOTH)
listed("xgboost-regression-lossguide",
       {"objective": "reg:squarederror", "grow_policy": "lossguide", "max_leaves": 12, "max_depth": 0}, "holes", "number")
listed("xgboost-regression-pruned",
       {"objective": "reg:squarederror", "tree_method": "exact", "gamma": 2}, "holes", "number", size=6)
listed("xgboost-logistic", {"objective": "reg:logistic"}, "plain", "share", *BOTH)
listed("xgboost-squaredlog", {"objective": "reg:squaredlogerror"}, "plain", "positive")
listed("xgboost-pseudohuber", {"objective": "reg:pseudohubererror"}, "plain", "number")
listed("xgboost-absolute", {"objective": "reg:absoluteerror"}, "holes", "number", "ubj")
listed("xgboost-quantiles", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}, "plain", "number", *BOTH)
listed("xgboost-gamma", {"objective": "reg:gamma"}, "plain", "positive", *BOTH)
listed("xgboost-tweedie", {"objective": "reg:tweedie", "tweedie_variance_power": 1.3}, "holes", "positive")
listed("xgboost-poisson", {"objective": "count:poisson"}, "plain", "count", *BOTH)
listed("xgboost-ndcg", {"objective": "rank:ndcg"}, "plain", "grade", *BOTH)
listed("xgboost-map", {"objective": "rank:map"}, "plain", "binary")
listed("xgboost-pairwise", {"objective": "rank:pairwise"}, "holes", "grade")
listed("xgboost-cox", {"objective": "survival:cox"}, "plain", "hazard", *BOTH)
listed("xgboost-aft", {"objective": "survival:aft"}, "plain", "survival", *BOTH)
listed("xgboost-dart", {"booster": "dart", "objective": "binary:logistic", "rate_drop": 0.3}, "holes", "binary", *BOTH,
       rounds=25)
listed("xgboost-dart-classes",
       {"booster": "dart", "objective": "multi:softprob", "num_class": 4, "rate_drop": 0.3}, "plain", "classes")
listed("xgboost-linear", {"booster": "gblinear", "objective": "reg:squarederror"}, "plain", "number", *BOTH)
listed("xgboost-linear-classes", {"booster": "gblinear", "objective": "multi:softprob", "num_class": 4}, "plain", "classes")
listed("xgboost-forest",
       {"objective": "binary:logistic", "num_parallel_tree": 15, "subsample": 0.7, "eta": 1}, "holes", "binary", *BOTH,
       rounds=2)
listed("xgboost-several", {"objective": "reg:squarederror"}, "plain", "several", *BOTH)
listed("xgboost-several-vectors",
       {"objective": "reg:squarederror", "multi_strategy": "multi_output_tree", "tree_method": "hist"}, "plain", "several",
       *BOTH)
listed("xgboost-questions", {"objective": "binary:logistic"}, "plain", "questions")
listed("xgboost-categories", {"objective": "binary:logistic", "max_cat_to_onehot": 1}, "categories", "binary", *BOTH)
listed("xgboost-categories-onehot", {"objective": "reg:squarederror", "max_cat_to_onehot": 100}, "categories", "number")
listed("xgboost-categories-classes",
       {"objective": "multi:softprob", "num_class": 4, "max_cat_to_onehot": 1}, "categories", "classes", "ubj")


@model("xgboost-categories-named", "json", "ubj")
def _():
    """Categories that a table names: the file has the names, the rows their numbers."""
    features = rows("categories").copy()
    table = pd.DataFrame({f"c{place}": features[:TRAINED, place] for place in range(COLUMNS)})
    towns = np.array(["Aix", "Bonn", "Cork", "Dún Laoghaire", "Ely"])
    table["c0"] = pd.Categorical(towns[features[:TRAINED, 0].astype(int)], categories=list(towns))
    table["c7"] = pd.Categorical(np.where(np.isnan(features[:TRAINED, 7]), np.nan, features[:TRAINED, 7] % 9),
                                 categories=list(range(9)))
    features[:, 7] %= 9
    matrix = xgboost.DMatrix(table, target(features[:TRAINED], "binary"), enable_categorical=True)
    booster = xgboost.train({"objective": "binary:logistic", "max_cat_to_onehot": 1, "nthread": THREADS}, matrix, 10)
    return booster, features


@model("xgboost-early-stopped")
def _():
    features = rows("holes")
    labels = target(features, "binary")
    booster = xgboost.train(
        {"objective": "binary:logistic", "nthread": THREADS, "eta": 0.8}, xgboost.DMatrix(features[:300], labels[:300]), 60,
        evals=[(xgboost.DMatrix(features[300:900], labels[300:900]), "held")], early_stopping_rounds=4, verbose_eval=False)
    return booster, features


# LightGBM


def light(parameters, kind, target_kind, rounds=15, leaves=15, precision=np.float64):
    features = rows(kind, precision)
    labels = target(features[:TRAINED], target_kind)
    options = {"categorical_feature": [0, 7]} if kind == "categories" else {}
    if parameters["objective"] in ("lambdarank", "rank_xendcg"):
        options["group"] = [50] * (TRAINED // 50)
    parameters = {"num_leaves": leaves, "verbose": -1, "num_threads": THREADS, "deterministic": True, "seed": 1,
                  "force_row_wise": True} | parameters
    data = lightgbm.Dataset(features[:TRAINED], labels, params=parameters, free_raw_data=False, **options)
    return lightgbm.train(parameters, data, rounds), features


def lit(name, parameters, kind, target_kind, **options):
    model(name, "text")(functools.partial(light, parameters, kind, target_kind, **options))


lit("lightgbm-binary", {"objective": "binary"}, "plain", "binary", rounds=40)
lit("lightgbm-binary-sigmoid", {"objective": "binary", "sigmoid": 0.7}, "holes", "binary")
lit("lightgbm-binary-floats", {"objective": "binary"}, "holes", "binary", precision=np.float32)
lit("lightgbm-multiclass", {"objective": "multiclass", "num_class": 4}, "holes", "classes")
lit("lightgbm-multiclassova", {"objective": "multiclassova", "num_class": 4, "sigmoid": 1.4}, "plain", "classes")
lit("lightgbm-regression", {"objective": "regression"}, "plain", "number", rounds=60, leaves=31)
lit("lightgbm-regression-missing", {"objective": "regression"}, "holes", "large")
lit("lightgbm-regression-sqrt", {"objective": "regression", "reg_sqrt": True}, "plain", "large")
lit("lightgbm-regression-deep", {"objective": "regression", "min_data_in_leaf": 1}, "holes", "number", leaves=200)
lit("lightgbm-regression-stumps", {"objective": "regression"}, "plain", "number", leaves=2, rounds=90)
lit("lightgbm-regression-constant", {"objective": "regression", "min_data_in_leaf": 10_000}, "plain", "number")
lit("lightgbm-regression-wide", {"objective": "regression"}, "wide", "number")
lit("lightgbm-l1", {"objective": "regression_l1"}, "holes", "number")
lit("lightgbm-huber", {"objective": "huber"}, "plain", "number")
lit("lightgbm-fair", {"objective": "fair"}, "plain", "number")
lit("lightgbm-poisson", {"objective": "poisson"}, "plain", "count")
lit("lightgbm-quantile", {"objective": "quantile", "alpha": 0.8}, "holes", "number")
lit("lightgbm-mape", {"objective": "mape"}, "plain", "positive")
lit("lightgbm-gamma", {"objective": "gamma"}, "plain", "positive")
lit("lightgbm-tweedie", {"objective": "tweedie"}, "holes", "positive")
lit("lightgbm-cross-entropy", {"objective": "cross_entropy"}, "plain", "share")
lit("lightgbm-cross-entropy-lambda", {"objective": "cross_entropy_lambda"}, "plain", "share")
lit("lightgbm-lambdarank", {"objective": "lambdarank"}, "plain", "grade")
lit("lightgbm-xendcg", {"objective": "rank_xendcg"}, "holes", "grade")
lit("lightgbm-categories", {"objective": "binary"}, "categories", "binary")
lit("lightgbm-categories-onehot", {"objective": "regression", "max_cat_to_onehot": 100}, "categories", "number")
lit("lightgbm-categories-classes", {"objective": "multiclass", "num_class": 4, "min_data_per_group": 5}, "categories",
    "classes")
lit("lightgbm-zero-missing", {"objective": "binary", "zero_as_missing": True}, "zeros", "binary")
lit("lightgbm-zero-missing-holes", {"objective": "regression", "zero_as_missing": True}, "holes", "number")
lit("lightgbm-no-missing", {"objective": "regression", "use_missing": False}, "holes", "number")
lit("lightgbm-dart", {"objective": "binary", "boosting": "dart", "drop_rate": 0.3}, "plain", "binary", rounds=25)
lit("lightgbm-random-forest",
    {"objective": "regression", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}, "holes", "number")
lit("lightgbm-random-forest-classes",
    {"objective": "multiclass", "num_class": 4, "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}, "plain",
    "classes")
lit("lightgbm-random-forest-binary",
    {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}, "plain", "binary")
lit("lightgbm-linear", {"objective": "regression", "linear_tree": True}, "plain", "number")
lit("lightgbm-linear-missing", {"objective": "regression", "linear_tree": True}, "holes", "number")
lit("lightgbm-linear-binary", {"objective": "binary", "linear_tree": True}, "plain", "binary")
lit("lightgbm-linear-categories", {"objective": "regression", "linear_tree": True}, "categories", "number")
lit("lightgbm-goss", {"objective": "binary", "data_sample_strategy": "goss"}, "plain", "binary")


def predictions(booster, features):
    if isinstance(booster, lightgbm.Booster):
        options = {"num_threads": THREADS}
        return booster.predict(features, **options), booster.predict(features, raw_score=True, **options)
    types = booster.feature_types
    coded = "c" in (types or [])
    matrix = xgboost.DMatrix(
        features, feature_names=booster.feature_names, feature_types=types if coded else None,
        enable_categorical=coded)
    return booster.predict(matrix), booster.predict(matrix, output_margin=True)


def tried(features, name):
    """The rows to predict: now and then a value that training has not seen."""
    features = features.copy()
    if "categories" in name:
        features[::97, 0] = 77
        features[1::97, 7] = -1 if name.startswith("lightgbm") else 1000
        features[2::97, 7] = 4.75
    return features


def save(folder, name, form, function, shared):
    booster, features = function()
    features = tried(features, name)
    digest = hashlib.sha256(features.tobytes()).hexdigest()[:12] + ".npy"
    if digest not in shared:
        np.save(os.path.join(folder, digest), features)
        shared.add(digest)
    prediction, raw = predictions(booster, features)
    case = os.path.join(folder, name)
    os.makedirs(case)
    path = os.path.join(case, "model")
    if form == "text":
        booster.save_model(path)
    else:
        with open(path, "wb") as file:
            file.write(booster.save_raw(raw_format=form))
    np.save(os.path.join(case, "prediction.npy"), np.ascontiguousarray(prediction))
    np.save(os.path.join(case, "raw.npy"), np.ascontiguousarray(raw))
    objective = (json.loads(booster.save_config())["learner"]["objective"]["name"] if form != "text"
                 else booster.params["objective"])
    with open(os.path.join(case, "manifest.json"), "w") as file:
        json.dump({"library": "LightGBM" if form == "text" else "XGBoost", "form": form, "objective": objective,
                   "features": digest, "names": booster.feature_names if form != "text" else booster.feature_name()},
                  file, indent=1)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    warnings.filterwarnings("ignore")
    folder, part = sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else ""
    os.makedirs(folder, exist_ok=True)
    began, failures, shared, count = time.monotonic(), [], set(), 0
    for name, form, function in LISTED:
        if part not in name:
            continue
        try:
            save(folder, name, form, function, shared)
            count += 1
        except Exception as error:
            failures.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")
    print(f"{count} models of boosting libraries in {time.monotonic() - began:.0f} s")
    if failures:
        sys.exit("not written:\n" + "\n".join(failures))


if __name__ == "__main__":
    main()
