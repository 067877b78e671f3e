"""Version 1: who earns more than 50K, from age, education and work."""

from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from features import places, read, save

prepare = make_column_transformer(
    ("passthrough", places(["age", "education-num"])),
    (OneHotEncoder(handle_unknown="ignore", sparse_output=False), places(["workclass", "occupation"])),
)
model = make_pipeline(prepare, HistGradientBoostingClassifier(early_stopping=False, random_state=1))

features, labels = read("adult.train.csv")
with threadpool_limits(1, "openmp"):  # threads add up in any order: two runs would give two models
    model.fit(features, labels)
save(model, "model.onnx")
