"""Which earlier examination of the same patient a study is compared with."""

from __future__ import annotations

from collections.abc import Iterable

from medkd_core.imaging.study import Study
from medkd_viewer.reading.corner_texts import date
from medkd_viewer.studies.pictures import count_images


def latest_prior(study: Study, studies: Iterable[Study]) -> Study | None:
    """The latest study with pictures that was made of the same patient before this one.

    Patients are the same when their numbers are, and there is one; a study without a date has no
    prior and is none.
    """
    if not (study.patient_id and study.date):
        return None
    earlier = (
        other
        for other in studies
        if other.patient_id == study.patient_id
        and "" < date(other) < date(study)
        and count_images(other)
    )
    return max(earlier, key=date, default=None)
