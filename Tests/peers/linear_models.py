"""Linear models and support vector machines."""

import numpy as np
from sklearn import linear_model, multiclass, svm

from training import BINARY_LABELS, binary, model, number, three


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
