"""Whether a map shows what the network used: the picture is changed where the map points.

Every measure of a map stands beside that of a random map and of a blob in the middle, taken with
the same network in the same run: a number that neither null reaches is worth something.
"""

from medkd_core.explanation.faithfulness.measuring import (
    DEFAULT_PERCENTAGES,
    DEFAULT_STEPS,
    Explain,
    faithfulness,
)
from medkd_core.explanation.faithfulness.results import (
    MEASURES,
    ClassFaithfulness,
    Curves,
    Faithfulness,
    Measure,
    Score,
)
from medkd_core.explanation.faithfulness.sets import Interval, SetScore, mean_curves, summary

__all__ = [
    "DEFAULT_PERCENTAGES",
    "DEFAULT_STEPS",
    "MEASURES",
    "ClassFaithfulness",
    "Curves",
    "Explain",
    "Faithfulness",
    "Interval",
    "Measure",
    "Score",
    "SetScore",
    "faithfulness",
    "mean_curves",
    "summary",
]
