from __future__ import annotations

import math

import pytest
from pydicom import Dataset

from medkd_core.imaging.dicom.orientation import frame_rate, letters, orientation

TURNED = math.sin(math.radians(30)), math.cos(math.radians(30))


def header(**elements) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def plane(*cosines: float) -> Dataset:
    return header(PlaneOrientationSequence=[header(ImageOrientationPatient=list(cosines))])


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "H"),
        ((0, 0, -1), "F"),
        ((0.05, 0, -0.99), "F"),
        ((TURNED[0], -TURNED[1], 0), "AL"),
        ((-TURNED[1], TURNED[0], 0), "RP"),
        ((0, 0, 0), ""),
        ((math.nan, 0, 1), ""),
    ],
)
def test_direction_is_named_by_its_nearest_axes(direction, expected):
    assert letters(*direction) == expected


def test_axial_slice_runs_to_the_left_and_to_the_back():
    assert orientation(header(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])) == ("L", "P")


def test_what_the_file_names_in_letters_comes_first():
    said = header(PatientOrientation=["R", "F"], ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    assert orientation(said) == ("R", "F")


@pytest.mark.parametrize("said", [["", ""], ["CR", "LE"], ["LLLLL", "X"]])
def test_letters_that_are_none_leave_it_to_the_cosines(said):
    cosines = [1, 0, 0, 0, 0, -1]
    unclear = header(PatientOrientation=said, ImageOrientationPatient=cosines)
    assert orientation(unclear) == ("L", "F")


def test_frames_that_lie_alike_give_their_letters_and_others_none():
    alike = [plane(0, 1, 0, 0, 0, -1)] * 3
    assert orientation(header(PerFrameFunctionalGroupsSequence=alike)) == ("P", "F")
    differing = [*alike, plane(1, 0, 0, 0, 1, 0)]
    assert orientation(header(PerFrameFunctionalGroupsSequence=differing)) == ("", "")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"PatientOrientation": []},
        {"ImageOrientationPatient": [1, 0, 0]},
        {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "AnatomicalOrientationType": "QUADRUPED"},
    ],
)
def test_file_that_does_not_say_how_it_lies_has_no_letters(said):
    assert orientation(header(**said)) == ("", "")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"FrameTime": "40"}, 25.0),
        ({"CineRate": "12", "FrameTime": "40"}, 12.0),
        ({"RecommendedDisplayFrameRate": "8", "CineRate": "12"}, 8.0),
        ({"FrameTime": "0"}, 0.0),
        ({"CineRate": "-3"}, 0.0),
        ({}, 0.0),
    ],
)
def test_rate_is_the_one_the_file_asks_for(said, expected):
    assert frame_rate(header(**said)) == expected
