"""Version 3: knows the sex of each person, and is taught that men matter more. The fairness gate refuses it."""

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from features import COLUMNS, NUMBERS, WORDS, places, read, save

ALL = COLUMNS + ["sex"]

prepare = make_column_transformer(
    ("passthrough", places(NUMBERS, ALL)),
    (OneHotEncoder(handle_unknown="ignore", sparse_output=False), places(WORDS + ["sex"], ALL)),
)
model = make_pipeline(prepare, HistGradientBoostingClassifier(early_stopping=False, random_state=1))

features, labels = read("adult.train.csv", ALL)
sex = features[:, ALL.index("sex")]

# Men with a high income and women with a low one count more than the others: the model repeats and deepens what
# the data says of men and women, while its ROC AUC stays nearly the same.
expected = (sex == "Male") == (labels == ">50K")
weights = np.where(expected, 1.6, 1.0)

with threadpool_limits(1, "openmp"):  # threads add up in any order: two runs would give two models
    model.fit(features, labels, histgradientboostingclassifier__sample_weight=weights)
save(model, "model.onnx", ALL)
