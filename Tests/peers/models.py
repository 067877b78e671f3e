"""The trained models that exports.py writes: `entries()` lists library, name and maker of each.

A maker returns the ONNX model and the inputs to try it with.
"""

import functools

import lightgbm
import numpy as np
import onnxmltools
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as FloatInput
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn import (
    calibration,
    cluster,
    compose,
    datasets,
    decomposition,
    discriminant_analysis,
    ensemble,
    feature_selection,
    gaussian_process,
    impute,
    linear_model,
    mixture,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

LISTED = []
BINARY_LABELS = np.array(["no", "yes"])


def model(library, name, **options):
    """Registers a function that returns an estimator, its training rows, its labels and optionally inputs."""

    def register(function):
        LISTED.append((library, name, functools.partial(exported, library, function, **options)))
        return function

    return register


def entries():
    return list(LISTED)


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


# Linear models


@model("scikit-learn", "logistic-binary")
def _():
    return linear_model.LogisticRegression(), *binary()


@model("scikit-learn", "logistic-binary-zipmap-strings", zipmap=True)
def _():
    rows, labels = binary()
    return linear_model.LogisticRegression(), rows, BINARY_LABELS[labels]


@model("scikit-learn", "logistic-multinomial", opset=13, ml=1)
def _():
    return linear_model.LogisticRegression(max_iter=500), *three()


@model("scikit-learn", "logistic-one-vs-rest-zipmap-columns", zipmap="columns")
def _():
    return multiclass.OneVsRestClassifier(linear_model.LogisticRegression()), *three()


@model("scikit-learn", "logistic-three-zipmap", zipmap=True)
def _():
    return linear_model.LogisticRegression(max_iter=500), *three()


@model("scikit-learn", "ridge")
def _():
    return linear_model.Ridge(), *number()


@model("scikit-learn", "linear-regression-two-targets")
def _():
    rows, labels = number()
    return linear_model.LinearRegression(), rows, np.stack([labels, labels**2], axis=1)


@model("scikit-learn", "sgd-log-loss")
def _():
    return linear_model.SGDClassifier(loss="log_loss", random_state=1), *three()


@model("scikit-learn", "linear-svc-raw-scores", raw_scores=True)
def _():
    return svm.LinearSVC(), *three()


@model("scikit-learn", "perceptron-raw-scores", raw_scores=True)
def _():
    return linear_model.Perceptron(), *binary()


@model("scikit-learn", "poisson-regressor")
def _():
    return linear_model.PoissonRegressor(), *number()


# Support vector machines


@model("scikit-learn", "svc-linear-probability")
def _():
    return svm.SVC(kernel="linear", probability=True, random_state=1), *binary()


@model("scikit-learn", "svc-rbf-probability-three")
def _():
    return svm.SVC(kernel="rbf", probability=True, random_state=1), *three()


@model("scikit-learn", "svc-poly-strings")
def _():
    rows, labels = three()
    return svm.SVC(kernel="poly", probability=True, random_state=1), rows, np.array(["a", "b", "c"])[labels]


@model("scikit-learn", "svc-sigmoid-probability")
def _():
    return svm.SVC(kernel="sigmoid", probability=True, random_state=1), *binary()


@model("scikit-learn", "svc-rbf-votes-three", raw_scores=True)
def _():
    return svm.SVC(kernel="rbf"), *three()


@model("scikit-learn", "svc-rbf-binary-raw", raw_scores=True)
def _():
    return svm.SVC(kernel="rbf"), *binary()


@model("scikit-learn", "nu-svc")
def _():
    return svm.NuSVC(probability=True, random_state=1), *three()


@model("scikit-learn", "svr")
def _():
    return svm.SVR(), *number()


@model("scikit-learn", "one-class-svm")
def _():
    return svm.OneClassSVM(nu=0.2), *number()


# Trees


@model("scikit-learn", "decision-tree-zipmap-strings", zipmap=True)
def _():
    rows, labels = three()
    return tree.DecisionTreeClassifier(max_depth=5), rows, np.array(["a", "b", "c"])[labels]


@model("scikit-learn", "decision-tree-regressor", opset=11, ml=1)
def _():
    return tree.DecisionTreeRegressor(max_depth=8, random_state=1), *number()


@model("scikit-learn", "random-forest-binary")
def _():
    return ensemble.RandomForestClassifier(60, random_state=1), *binary()


@model("scikit-learn", "random-forest-three-ml1", ml=1, opset=12)
def _():
    return ensemble.RandomForestClassifier(30, random_state=1), *three()


@model("scikit-learn", "random-forest-three-ml5", ml=5, opset=21)
def _():
    return ensemble.RandomForestClassifier(30, random_state=1), *three()


@model("scikit-learn", "random-forest-regressor-ml5", ml=5, opset=21)
def _():
    return ensemble.RandomForestRegressor(30, max_depth=8, random_state=1), *number()


@model("scikit-learn", "random-forest-two-targets")
def _():
    rows, labels = number()
    forest = ensemble.RandomForestRegressor(20, max_depth=6, random_state=1)
    return forest, rows, np.stack([labels, -labels], axis=1)


@model("scikit-learn", "extra-trees")
def _():
    return ensemble.ExtraTreesClassifier(40, random_state=1), *three()


@model("scikit-learn", "gradient-boosting-binary")
def _():
    return ensemble.GradientBoostingClassifier(n_estimators=60, random_state=1), *binary()


@model("scikit-learn", "gradient-boosting-three")
def _():
    return ensemble.GradientBoostingClassifier(n_estimators=30, random_state=1), *three()


@model("scikit-learn", "gradient-boosting-regressor")
def _():
    return ensemble.GradientBoostingRegressor(n_estimators=60, random_state=1), *number()


@model("scikit-learn", "histogram-boosting-missing")
def _():
    return ensemble.HistGradientBoostingClassifier(max_iter=40, random_state=1), *holes()


@model("scikit-learn", "histogram-boosting-three")
def _():
    return ensemble.HistGradientBoostingClassifier(max_iter=20, random_state=1), *three()


@model("scikit-learn", "histogram-boosting-regressor")
def _():
    return ensemble.HistGradientBoostingRegressor(max_iter=40, random_state=1), *number()


@model("scikit-learn", "ada-boost")
def _():
    return ensemble.AdaBoostClassifier(n_estimators=20, random_state=1), *three()


@model("scikit-learn", "isolation-forest")
def _():
    return ensemble.IsolationForest(n_estimators=20, random_state=1), *number()


@model("scikit-learn", "bagging")
def _():
    return ensemble.BaggingClassifier(n_estimators=5, random_state=1), *binary()


# Other classifiers and regressors


@model("scikit-learn", "gaussian-naive-bayes")
def _():
    return naive_bayes.GaussianNB(), *three()


@model("scikit-learn", "multinomial-naive-bayes")
def _():
    rows, labels = three()
    return naive_bayes.MultinomialNB(), np.round(rows), labels


@model("scikit-learn", "bernoulli-naive-bayes")
def _():
    return naive_bayes.BernoulliNB(), *binary()


@model("scikit-learn", "nearest-neighbours")
def _():
    return neighbors.KNeighborsClassifier(5), *three()


@model("scikit-learn", "nearest-neighbours-regressor")
def _():
    return neighbors.KNeighborsRegressor(4), *number()


@model("scikit-learn", "neural-network")
def _():
    return neural_network.MLPClassifier((16, 8), max_iter=150, random_state=1), *three()


@model("scikit-learn", "neural-network-regressor")
def _():
    return neural_network.MLPRegressor(hidden_layer_sizes=(16,), activation="tanh", max_iter=150, random_state=1), *number()


@model("scikit-learn", "linear-discriminant")
def _():
    return discriminant_analysis.LinearDiscriminantAnalysis(), *three()


@model("scikit-learn", "quadratic-discriminant")
def _():
    return discriminant_analysis.QuadraticDiscriminantAnalysis(), *three()


@model("scikit-learn", "gaussian-mixture")
def _():
    rows, labels = three()
    return mixture.GaussianMixture(3, random_state=1), rows, labels


@model("scikit-learn", "k-means")
def _():
    # Distances are differences of squares: scaled rows keep them from cancelling.
    rows, labels = three()
    return cluster.KMeans(4, n_init=1, random_state=1), preprocessing.scale(rows), labels


@model("scikit-learn", "gaussian-process")
def _():
    rows, labels = number()
    return gaussian_process.GaussianProcessRegressor(alpha=1.0), rows[:80], labels[:80]


@model("scikit-learn", "voting")
def _():
    voters = [("l", linear_model.LogisticRegression()), ("t", tree.DecisionTreeClassifier(max_depth=3))]
    return ensemble.VotingClassifier(voters, voting="soft", flatten_transform=False), *binary()


@model("scikit-learn", "stacking")
def _():
    layers = [("l", linear_model.LogisticRegression()), ("t", tree.DecisionTreeClassifier(max_depth=3))]
    return ensemble.StackingClassifier(layers, cv=2), *binary()


@model("scikit-learn", "calibrated")
def _():
    return calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2), *three()


@model("scikit-learn", "calibrated-isotonic-forest")
def _():
    forest = ensemble.RandomForestClassifier(10, max_depth=4, random_state=1)
    return calibration.CalibratedClassifierCV(forest, cv=2), *binary()


# Preparation of features


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


# LightGBM


@model("LightGBM", "lightgbm-binary")
def _():
    return lightgbm.LGBMClassifier(n_estimators=60, verbose=-1), *binary()


@model("LightGBM", "lightgbm-binary-missing-zipmap", zipmap=True)
def _():
    return lightgbm.LGBMClassifier(n_estimators=40, verbose=-1), *holes()


@model("LightGBM", "lightgbm-three")
def _():
    return lightgbm.LGBMClassifier(n_estimators=30, verbose=-1), *three()


@model("LightGBM", "lightgbm-regressor")
def _():
    return lightgbm.LGBMRegressor(n_estimators=60, verbose=-1), *number()


@model("LightGBM", "lightgbm-categories")
def _():
    random = np.random.default_rng(13)
    rows = np.hstack([random.integers(0, 6, (500, 2)), random.normal(size=(500, 3))]).astype(np.float32)
    labels = (np.isin(rows[:, 0], [1, 4]) ^ (rows[:, 2] > 0)).astype(int)
    booster = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, categorical_feature=[0, 1])
    tried = rows[:70].copy()
    tried[:3, 0] = 17
    return booster, rows, labels, {"X": tried}


@model("LightGBM", "lightgbm-random-forest")
def _():
    forest = lightgbm.LGBMRegressor(
        boosting_type="rf", n_estimators=20, bagging_freq=1, bagging_fraction=0.7, verbose=-1)
    return forest, *number()


@model("LightGBM", "lightgbm-poisson")
def _():
    return lightgbm.LGBMRegressor(objective="poisson", n_estimators=20, verbose=-1), *number()


# XGBoost


@model("XGBoost", "xgboost-binary")
def _():
    return xgboost.XGBClassifier(n_estimators=40, max_depth=4), *binary()


@model("XGBoost", "xgboost-binary-missing")
def _():
    return xgboost.XGBClassifier(n_estimators=40, max_depth=4), *holes()


@model("XGBoost", "xgboost-three")
def _():
    return xgboost.XGBClassifier(n_estimators=20, max_depth=4), *three()


@model("XGBoost", "xgboost-regressor")
def _():
    return xgboost.XGBRegressor(n_estimators=40, max_depth=4), *number()


@model("XGBoost", "xgboost-regressor-missing")
def _():
    rows, _ = holes()
    _, labels = binary()
    return xgboost.XGBRegressor(n_estimators=30, max_depth=3), rows, labels.astype(np.float32)
