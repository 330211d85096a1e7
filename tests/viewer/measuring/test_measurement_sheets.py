from __future__ import annotations

import random

import pytest
from pydantic import ValidationError

from medkd_viewer.measuring.measurement import Kind, Measurement, kept_inside
from medkd_viewer.measuring.sheet import Sheet

FILM = (300, 200)


def length(number: float) -> Measurement:
    return Measurement(kind=Kind.LENGTH, points=((number, 0.0), (number, 10.0)))


def test_new_measurement_is_the_chosen_one(qtbot):
    sheet = Sheet()
    sheet.add(length(1))
    sheet.add(length(2))
    assert (sheet.measurements, sheet.chosen) == ((length(1), length(2)), 1)


def test_only_the_chosen_measurement_is_removed(qtbot):
    sheet = Sheet((length(1), length(2), length(3)))
    sheet.remove_chosen()
    assert len(sheet.measurements) == 3
    sheet.choose(1)
    sheet.remove_chosen()
    assert (sheet.measurements, sheet.chosen) == ((length(1), length(3)), None)


def test_choosing_is_seen_but_nothing_is_kept_for_it(qtbot):
    sheet = Sheet((length(1),))
    with qtbot.waitSignal(sheet.changed), qtbot.assertNotEmitted(sheet.edited):
        sheet.choose(0)
    assert not sheet.can_undo


def test_every_change_can_be_undone_and_done_again_whatever_they_are(qtbot):
    chance = random.Random(5)
    sheet = Sheet()
    states = [sheet.measurements]
    for number in range(60):
        count = len(sheet.measurements)
        deeds = [lambda number=number: sheet.add(length(number))]
        if count:
            at = chance.randrange(count)
            deeds.append(lambda at=at, n=number: sheet.replace(at, length(n + 100)))
            deeds.append(lambda at=at: sheet.remove(at))
        if count > 5:
            deeds.append(sheet.clear)
        chance.choice(deeds)()
        states.append(sheet.measurements)
    for state in reversed(states[:-1]):
        sheet.undo()
        assert sheet.measurements == state
    assert not sheet.can_undo
    for state in states[1:]:
        sheet.redo()
        assert sheet.measurements == state
    assert not sheet.can_redo


def test_new_change_after_an_undo_ends_what_could_be_done_again(qtbot):
    sheet = Sheet()
    sheet.add(length(1))
    sheet.undo()
    sheet.add(length(2))
    sheet.redo()
    assert sheet.measurements == (length(2),)


def test_undo_and_redo_without_history_do_nothing(qtbot):
    sheet = Sheet((length(1),))
    with qtbot.assertNotEmitted(sheet.changed):
        sheet.undo()
        sheet.redo()


@pytest.mark.parametrize(
    "points",
    [
        (),
        ((1.0, 1.0),),
        ((1.0, 1.0),) * 3,
        ((1.0, float("nan")), (1.0, 1.0)),
        ((1.0, float("inf")), (1.0, 1.0)),
        ((-0.5, 1.0), (1.0, 1.0)),
        ((1e300, 1.0), (1.0, 1.0)),
        ((1.0,), (1.0,)),
        (("here", 1.0), (1.0, 1.0)),
    ],
)
def test_length_without_two_sound_points_is_no_measurement(points):
    with pytest.raises(ValidationError):
        Measurement.model_validate({"kind": "length", "points": points})


@pytest.mark.parametrize("kind", list(Kind))
def test_every_handle_goes_where_it_is_pulled_and_nothing_else_moves_the_wrong_way(kind):
    points = ((50.0, 60.0), (150.0, 120.0), (80.0, 20.0), (10.0, 90.0))[: kind.points]
    before = Measurement(kind=kind, points=points)
    for number, (x, y) in enumerate(before.handles):
        after = before.reshaped(number, (x + 5, y + 3))
        moved = after.handles[number]
        if kind is Kind.ELLIPSE:
            # A side goes along one axis; along the other it stays in the middle.
            assert moved in ((x + 5, y), (x, y + 3))
        else:
            assert moved == (x + 5, y + 3)
        assert after.kind is kind


@pytest.mark.parametrize("kind", list(Kind))
def test_moved_measurement_keeps_its_shape_and_stays_on_the_film(kind):
    points = ((50.0, 60.0), (150.0, 120.0), (80.0, 20.0), (10.0, 90.0))[: kind.points]
    before = Measurement(kind=kind, points=points)
    for by in ((20.0, 10.0), (-1e6, 1e6), (1e6, -1e6)):
        after = before.moved(by, FILM)
        shifts = {
            (round(x1 - x0, 9), round(y1 - y0, 9))
            for (x0, y0), (x1, y1) in zip(before.points, after.points, strict=True)
        }
        assert len(shifts) == 1
        assert after.lies_on(FILM)
    assert before.moved((20.0, 10.0), FILM).points[0] == (70.0, 70.0)


def test_place_beside_the_film_comes_back_to_its_edge():
    assert kept_inside((-5.0, 250.0), FILM) == (0.0, 200.0)
    assert kept_inside((12.5, 7.25), FILM) == (12.5, 7.25)
