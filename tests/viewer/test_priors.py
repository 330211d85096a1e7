from __future__ import annotations

from films_in_memory import study_of

from medkd_viewer.studies.priors import latest_prior

NOW = study_of(date="20240611")


def test_prior_is_the_latest_earlier_study_of_the_same_patient():
    older, old = study_of(date="20150302"), study_of(date="2019.03.02")
    later, other = study_of(date="20250101"), study_of(number="MK-0002", date="20240101")
    assert latest_prior(NOW, [older, old, NOW, later, other]) is old
    assert latest_prior(old, [older, old, NOW]) is older


def test_study_of_the_same_day_is_no_prior():
    assert latest_prior(NOW, [study_of(date="20240611", modality="DX")]) is None


def test_nobody_without_a_number_has_a_prior():
    unnamed = study_of(number="", date="20240611")
    assert latest_prior(unnamed, [study_of(number="", date="20190302")]) is None


def test_study_without_a_date_has_no_prior_and_is_none():
    undated = study_of(date="", uid="undated")
    assert latest_prior(undated, [study_of(date="20190302")]) is None
    assert latest_prior(NOW, [undated]) is None


def test_study_without_pictures_is_no_prior():
    assert latest_prior(NOW, [study_of(date="20190302", images=0)]) is None
