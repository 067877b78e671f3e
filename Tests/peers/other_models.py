"""Classifiers and regressors that are neither linear nor trees, and models made of models."""

import numpy as np
from sklearn import (
    calibration,
    cluster,
    discriminant_analysis,
    ensemble,
    gaussian_process,
    linear_model,
    mixture,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    tree,
)

from training import binary, model, number, three


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
