"""Trees and ensembles of them, by scikit-learn."""

import numpy as np
from sklearn import ensemble, tree

from training import binary, holes, model, number, three


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
