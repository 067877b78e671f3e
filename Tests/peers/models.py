"""The trained models that exports.py writes: `entries()` lists library, name and maker of each.

A maker returns the ONNX model and the inputs to try it with. A family registers its models when it is imported.
"""

import boosting_models  # noqa: F401
import linear_models  # noqa: F401
import other_models  # noqa: F401
import preparation_models  # noqa: F401
import tree_models  # noqa: F401
from training import LISTED


def entries():
    return list(LISTED)
