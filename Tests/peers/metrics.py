"""Writes synthetic score sets with their metrics by scikit-learn and Fairlearn.

Usage: python metrics.py FILE

The file is JSON: {"sets": [{"name", "labels", "scores", "predictions", "weights", "groups",
"expected"}]}. A metric that is not defined for a set is null. Numbers are written with `repr`, so
reading them back gives the same doubles.
"""

import json
import math
import sys
import warnings

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equalized_odds_difference,
    selection_rate,
)
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, log_loss, roc_auc_score

SEED = 20240229


def expected(labels, scores, predictions, weights, groups):
    """Computes every metric of one set with the peers; None where the peer has no number."""
    both_classes = len(set(labels.tolist())) == 2

    def number(metric):
        value = float(metric())
        return value if math.isfinite(value) else None

    weighted = {"sample_weight": weights}
    fair = {"sensitive_features": groups, "sample_weight": weights}
    rates = MetricFrame(
        metrics=selection_rate,
        y_true=labels,
        y_pred=predictions,
        sensitive_features=groups,
        sample_params=None if weights is None else {"sample_weight": weights},
    ).by_group
    # Equalised odds need both classes in every group; elsewhere Fairlearn divides by zero or substitutes 0.
    odds_defined = all(len(set(labels[groups == group].tolist())) == 2 for group in set(groups.tolist()))
    return {
        "roc_auc": number(lambda: roc_auc_score(labels, scores, **weighted)) if both_classes else None,
        "accuracy": number(lambda: accuracy_score(labels, predictions, **weighted)),
        "f1": number(lambda: f1_score(labels, predictions, zero_division=0, **weighted)),
        "log_loss": number(lambda: log_loss(labels, scores, labels=[0, 1], **weighted)),
        "brier": number(lambda: brier_score_loss(labels, scores, labels=[0, 1], **weighted)),
        "selection_rate": {str(group): float(rate) for group, rate in rates.items()},
        "demographic_parity_difference": number(
            lambda: demographic_parity_difference(labels, predictions, **fair)
        ),
        "demographic_parity_ratio": number(lambda: demographic_parity_ratio(labels, predictions, **fair)),
        "equalized_odds_difference": number(lambda: equalized_odds_difference(labels, predictions, **fair))
        if odds_defined
        else None,
    }


def made(name, labels, scores, groups, weights=None, threshold=0.5):
    labels = np.asarray(labels, dtype=int)
    scores = np.asarray(scores, dtype=float)
    groups = np.asarray(groups)
    weights = None if weights is None else np.asarray(weights, dtype=float)
    predictions = (scores >= threshold).astype(int)
    return {
        "name": name,
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "predictions": predictions.tolist(),
        "weights": None if weights is None else weights.tolist(),
        "groups": groups.tolist(),
        "expected": expected(labels, scores, predictions, weights, groups),
    }


def drawn(random, count, positives=0.4, sharpness=1.5, names=("a", "b"), shift=0.0):
    """Draws labels, scores in (0, 1) that know something of them, and groups."""
    groups = random.choice(list(names), size=count)
    labels = (random.random(count) < positives).astype(int)
    # Every set of some size holds both classes in every group.
    for place, group in enumerate(names):
        if count >= 4 * len(names):
            members = [2 * place, 2 * place + 1]
            groups[members] = group
            labels[members] = [0, 1]
    offset = shift * np.array([list(names).index(group) for group in groups])
    scores = 1 / (1 + np.exp(-(sharpness * (labels - 0.5) + offset + random.normal(size=count))))
    return labels, scores, groups


def all_sets():
    random = np.random.default_rng(SEED)

    def draw(*arguments, **options):
        return drawn(random, *arguments, **options)

    labels, scores, groups = draw(500)
    yield made("500 rows", labels, scores, groups)
    yield made("500 rows, weighted", labels, scores, groups, random.uniform(0.1, 5, 500))
    yield made("500 rows, whole weights", labels, scores, groups, random.integers(1, 6, 500))
    yield made("500 rows, all weights equal", labels, scores, groups, np.full(500, 0.3))
    yield made("scores tied on tenths", labels, np.round(scores, 1), groups)
    yield made("scores tied on tenths, weighted", labels, np.round(scores, 1), groups, random.uniform(0, 2, 500))
    yield made("scores with zeros and ones", labels, np.round(scores), groups)
    yield made("one score for all", labels, np.full(500, 0.5), groups)
    yield made("scores upside down", labels, 1 - scores, groups)
    yield made("threshold 0.2", labels, scores, groups, threshold=0.2)

    labels, scores, groups = draw(2000, positives=0.03, shift=0.8, names=("a", "b", "c", "d", "e"))
    yield made("rare positives, five groups", labels, scores, groups)
    labels, scores, groups = draw(1500, sharpness=6, shift=-1.2, names=("young", "middle", "old"))
    yield made("good scores, three shifted groups", labels, scores, groups, random.exponential(size=1500))
    labels, scores, groups = draw(300, names=("only",))
    yield made("one group", labels, scores, groups)
    labels, scores, groups = draw(10_000, sharpness=0.1)
    yield made("10000 rows, scores near chance", labels, np.round(scores, 3), groups)

    yield made("two rows", [0, 1], [0.3, 0.7], ["a", "b"])
    yield made("two rows, wrong way round", [0, 1], [0.7, 0.3], ["a", "a"])
    yield made("one positive among many", [0] * 29 + [1], np.linspace(0.05, 0.95, 30), list("ab" * 15))
    yield made("positives only", [1, 1, 1, 1], [0.2, 0.6, 0.9, 0.4], ["a", "b", "a", "b"])
    yield made("nobody selected in a group", [0, 1, 0, 1, 0, 1], [0.1, 0.2, 0.3, 0.9, 0.2, 0.8], list("aaabbb"))
    yield made("nobody selected at all", [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], list("abab"))
    tiny = [1e-300, 1e-17, 1 - 1e-16, 0.5, 5e-324, 1.0]
    yield made("scores at the edge of doubles", [0, 0, 1, 1, 0, 1], tiny, list("aabbab"), [1, 2, 3, 4, 5, 6])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    # The peers warn about sets without positives or negatives, which are here on purpose.
    warnings.filterwarnings("ignore")
    sets = list(all_sets())
    with open(sys.argv[1], "w") as file:
        json.dump({"sets": sets}, file, allow_nan=False)
    print(f"{len(sets)} score sets")


if __name__ == "__main__":
    main()
