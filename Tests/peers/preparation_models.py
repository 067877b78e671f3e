"""Pipelines that prepare features: scaling, missing values, bins, words."""

import numpy as np
from sklearn import (
    compose,
    decomposition,
    ensemble,
    feature_selection,
    impute,
    linear_model,
    pipeline,
    preprocessing,
    svm,
)

from training import BINARY_LABELS, binary, holes, mixed, model, number, three


def chained(*steps):
    return pipeline.make_pipeline(*steps)


@model("scikit-learn", "scalers-union")
def _():
    rows, labels = number()
    union = pipeline.make_union(
        preprocessing.StandardScaler(), preprocessing.MinMaxScaler(), preprocessing.MaxAbsScaler(),
        preprocessing.RobustScaler(), decomposition.PCA(3))
    return chained(union, linear_model.Ridge()), rows, labels


@model("scikit-learn", "normalizers-union")
def _():
    rows, labels = three()
    union = pipeline.make_union(*(preprocessing.Normalizer(norm) for norm in ("l1", "l2", "max")))
    return chained(union, linear_model.LogisticRegression()), rows, labels


@model("scikit-learn", "binarizer-and-bins")
def _():
    rows, labels = binary()
    bins = preprocessing.KBinsDiscretizer(4, encode="ordinal", strategy="uniform")
    union = pipeline.make_union(preprocessing.Binarizer(threshold=0.2), bins)
    return chained(union, linear_model.LogisticRegression()), rows, labels


@model("scikit-learn", "bins-one-hot")
def _():
    bins = preprocessing.KBinsDiscretizer(4, encode="onehot-dense", strategy="uniform")
    return chained(bins, linear_model.Ridge()), *number()


@model("scikit-learn", "polynomial-features-pca")
def _():
    return chained(preprocessing.PolynomialFeatures(2), decomposition.PCA(5), linear_model.Ridge()), *number()


@model("scikit-learn", "imputers-missing")
def _():
    rows, labels = holes()
    union = pipeline.make_union(
        impute.SimpleImputer(strategy="mean"), impute.SimpleImputer(strategy="median"),
        impute.SimpleImputer(strategy="constant", fill_value=-1.0))
    return chained(union, linear_model.LogisticRegression(max_iter=500)), rows, labels


@model("scikit-learn", "select-best")
def _():
    rows, labels = three()
    return chained(feature_selection.SelectKBest(k=2), svm.SVC(probability=True, random_state=1)), rows, labels


@model("scikit-learn", "power-transform")
def _():
    return chained(preprocessing.PowerTransformer(), linear_model.Ridge()), *number()


def columns(words, final):
    """Two columns of numbers and two of words, each with their own preparation."""
    numbers = chained(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler())
    prepare = compose.ColumnTransformer([("numbers", numbers, [0, 1]), ("words", words, [2, 3])], sparse_threshold=0)
    return chained(prepare, final)


@model("scikit-learn", "columns-one-hot-logistic")
def _():
    return columns(preprocessing.OneHotEncoder(handle_unknown="ignore"), linear_model.LogisticRegression()), *mixed()


@model("scikit-learn", "columns-one-hot-boosting-zipmap", zipmap=True)
def _():
    table, labels, tried = mixed()
    boosting = ensemble.HistGradientBoostingClassifier(max_iter=30, random_state=1)
    words = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return columns(words, boosting), table, BINARY_LABELS[labels], tried


@model("scikit-learn", "columns-ordinal-forest")
def _():
    words = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return columns(words, ensemble.RandomForestClassifier(20, random_state=1)), *mixed()


@model("scikit-learn", "columns-impute-words")
def _():
    table, labels, tried = mixed()
    words = chained(
        impute.SimpleImputer(strategy="most_frequent", missing_values=""),
        preprocessing.OneHotEncoder(handle_unknown="ignore"))
    return columns(words, linear_model.LogisticRegression()), table, labels, tried


@model("scikit-learn", "columns-gradient-boosting-ml1", ml=1, opset=11)
def _():
    words = preprocessing.OneHotEncoder(handle_unknown="ignore")
    return columns(words, ensemble.GradientBoostingClassifier(n_estimators=20, random_state=1)), *mixed()


@model("scikit-learn", "integers-one-hot")
def _():
    random = np.random.default_rng(11)
    rows = random.integers(0, 5, (200, 3))
    tried = rows[:70].copy()
    tried[0, 0] = 9
    words = preprocessing.OneHotEncoder(handle_unknown="ignore")
    return chained(words, linear_model.LogisticRegression()), rows, (rows.sum(axis=1) > 6).astype(int), {"X": tried}


@model("scikit-learn", "words-only-forest")
def _():
    table, labels, tried = mixed()
    words = preprocessing.OneHotEncoder(handle_unknown="ignore")
    inputs = {"X": np.hstack([tried["job"], tried["town"]])}
    return chained(words, ensemble.RandomForestClassifier(15, random_state=1)), table[:, 2:], labels, inputs
