"""Models of LightGBM and XGBoost."""

import lightgbm
import numpy as np
import xgboost

from training import binary, holes, model, number, three


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
