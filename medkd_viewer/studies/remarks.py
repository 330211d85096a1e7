"""What the networks' answer says about a study, in the few words that a list has room for."""

from __future__ import annotations

from medkd_core.evaluation.prediction import Prediction
from medkd_viewer.studies.library import Sign


def remark_of(prediction: Prediction) -> tuple[str, Sign]:
    """Words and sign for the list; both empty when there is nothing to point out."""
    if prediction.familiarity == "not applicable":
        return "Not applicable", Sign.HOLLOW
    if teachers_disagree(prediction):
        return "Teachers disagree", Sign.CAUTION
    if prediction.familiarity == "unusual":
        return "Unusual film", Sign.HOLLOW
    return "", Sign.NONE


def teachers_disagree(prediction: Prediction) -> bool:
    """A teacher would have decided for another class than the student."""
    teachers = prediction.opinions[1:]
    return any(
        max(range(len(t.probabilities)), key=t.probabilities.__getitem__) != prediction.decision
        for t in teachers
    )
