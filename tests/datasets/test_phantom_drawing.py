"""The phantom: deterministic, honest masks, no cue but the disease."""

import numpy as np
import pytest

from medkd_core.datasets.phantom import PHANTOM_CLASSES, draw_phantom
from medkd_core.errors import DatasetError

SEEDS = range(12)
SIDE = 128


def test_equal_arguments_draw_equal_films() -> None:
    first, again = (draw_phantom(5, "COVID-19", SIDE) for _ in range(2))
    assert np.array_equal(first.film, again.film)
    assert np.array_equal(first.infection_mask, again.infection_mask)


def test_different_seeds_draw_different_people() -> None:
    one, other = (draw_phantom(seed, "Normal", SIDE) for seed in (1, 2))
    assert (one.lung_mask != other.lung_mask).mean() > 0.01


def test_film_is_float32_between_black_and_white() -> None:
    film = draw_phantom(3, "Normal", SIDE).film
    assert film.dtype == np.float32
    assert film.shape == (SIDE, SIDE)
    assert film.min() >= 0
    assert film.max() <= 1


def test_lungs_are_darker_than_the_heart_between_them() -> None:
    for seed in SEEDS:
        phantom = draw_phantom(seed, "Normal", SIDE)
        rows = np.flatnonzero(phantom.lung_mask.any(axis=1))
        row = int(np.percentile(rows, 70))
        lungs = np.flatnonzero(phantom.lung_mask[row])
        gap = np.argmax(np.diff(lungs))
        between = phantom.film[row, lungs[gap] + 2 : lungs[gap + 1] - 1]
        assert between.mean() > phantom.film[phantom.lung_mask].mean() + 0.2


def test_heart_lies_on_the_patients_left() -> None:
    for seed in SEEDS:
        mask = draw_phantom(seed, "Normal", SIDE).lung_mask
        row = mask[int(np.percentile(np.flatnonzero(mask.any(axis=1)), 75))]
        lungs = np.flatnonzero(row)
        gap = np.argmax(np.diff(lungs))
        right_lung, left_lung = gap + 1, len(lungs) - gap - 1
        assert left_lung < right_lung


def test_normal_films_have_no_infection() -> None:
    assert not any(draw_phantom(seed, "Normal", SIDE).infection_mask.any() for seed in SEEDS)


def test_covid_opacities_are_bilateral_and_lie_in_the_lungs() -> None:
    for seed in SEEDS:
        phantom = draw_phantom(seed, "COVID-19", SIDE)
        assert phantom.sides == ("R", "L")
        assert not (phantom.infection_mask & ~phantom.lung_mask).any()
        columns = np.flatnonzero(phantom.infection_mask.any(axis=0))
        middle = np.flatnonzero(phantom.lung_mask.any(axis=0)).mean()
        assert columns.min() < middle < columns.max()


def test_consolidation_is_one_sided() -> None:
    for seed in SEEDS:
        phantom = draw_phantom(seed, "Non-COVID", SIDE)
        middle = np.flatnonzero(phantom.lung_mask.any(axis=0)).mean()
        columns = np.flatnonzero(phantom.infection_mask.any(axis=0))
        assert len(phantom.sides) == 1
        assert (columns.max() < middle) if phantom.sides == ("R",) else (columns.min() > middle)


@pytest.mark.parametrize("label", ["COVID-19", "Non-COVID"])
def test_disease_brightens_what_its_mask_marks(label: str) -> None:
    for seed in SEEDS:
        ill, well = draw_phantom(seed, label, SIDE), draw_phantom(seed, "Normal", SIDE)
        change = ill.film - well.film
        assert change[ill.infection_mask].mean() > 0.02
        assert change[ill.infection_mask].mean() > 4 * abs(change[~ill.infection_mask].mean())


def test_nothing_but_the_disease_tells_the_class() -> None:
    for seed in SEEDS:
        films = [draw_phantom(seed, label, SIDE) for label in PHANTOM_CLASSES]
        for film in films[1:]:
            assert np.array_equal(film.lung_mask, films[0].lung_mask)
            # Markers, shutters and exposure show far from the lungs.
            margin = np.abs(film.film - films[0].film)[: SIDE // 8]
            assert margin.max() < 0.02


def test_anatomy_does_not_depend_on_resolution() -> None:
    small, large = (draw_phantom(9, "COVID-19", side) for side in (128, 512))
    for name in ("lung_mask", "infection_mask"):
        reduced = getattr(large, name).reshape(128, 4, 128, 4).mean(axis=(1, 3)) > 0.5
        # Where a border runs through a coarse pixel, both answers are right.
        assert (reduced != getattr(small, name)).mean() < 0.02
    assert large.pixel_spacing == pytest.approx(small.pixel_spacing / 4)


def test_more_dose_means_less_noise() -> None:
    def noise(dose: float) -> float:
        film = draw_phantom(4, "Normal", SIDE, dose=dose).film
        return float(np.abs(np.diff(film, n=2, axis=0))[-20:].mean())

    assert noise(0.05) > 2 * noise(5)


def test_unknown_class_is_refused_by_name() -> None:
    with pytest.raises(DatasetError, match=r"'Flu'.*COVID-19, Non-COVID, Normal"):
        draw_phantom(0, "Flu")
