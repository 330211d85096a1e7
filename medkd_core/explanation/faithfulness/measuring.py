"""How faithful the maps of one film are, all classes and nulls in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.errors import ExplanationError
from medkd_core.explanation.baselines import DEFAULT_BASELINE, baseline_image
from medkd_core.explanation.faithfulness import adcc
from medkd_core.explanation.faithfulness.curves import deletion_and_insertion
from medkd_core.explanation.faithfulness.ordering import (
    IndexArray,
    pixel_order,
    with_values_of,
)
from medkd_core.explanation.faithfulness.results import Faithfulness, Score
from medkd_core.explanation.faithfulness.road import road
from medkd_core.explanation.faithfulness.scoring import (
    NO_MAP_AGAIN,
    NOT_ASKED,
    Answers,
    class_faithfulness,
    without_map,
)
from medkd_core.explanation.faithfulness.views import Views
from medkd_core.explanation.null_maps import centre_blob, random_maps_like
from medkd_core.imaging.recipe import IMAGENET_MEAN, IMAGENET_STD

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
Explain = Callable[[FloatArray, int], FloatArray]

DEFAULT_STEPS = 32
"""Of deletion and insertion: about 3 % of the pixels each."""
DEFAULT_PERCENTAGES = (10.0, 30.0, 50.0, 70.0, 90.0)
"""Of the pixels that ROAD imputes."""

_TIES, _NOISE = range(2)
"""What a generator is for; its seed is made of the caller's and this."""
_ROUNDING = 1e-6


def faithfulness(
    engine: Engine,
    image: FloatArray,
    maps: Mapping[int, FloatArray],
    *,
    baseline: str = DEFAULT_BASELINE,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    steps: int = DEFAULT_STEPS,
    percentages: Sequence[float] = DEFAULT_PERCENTAGES,
    explain: Explain | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Faithfulness:
    """Measure the maps of one film beside a random map and a blob in the middle.

    The nulls, see `null_maps`, serve every class; the random map is as rough as the first of the
    maps. Where a measure depends on the values of a map and not only on their order (average drop,
    increase, ADCC), a null is given the map's own values, so that they differ in nothing but where
    they point. Coherency takes a null as a method that does not look: it gives the blob, or a
    fresh random map, whatever it is shown.

    Parameters
    ----------
    engine : Engine
    image : float32, (3, H, W)
        In the network's normalised units.
    maps : mapping of float32, (H, W), [0, 1]
        The input map of each class to be measured, by its index.
    baseline : {"mean", "black", "blurred"}
        What is seen where pixels are taken away; see `baselines`.
    mean, std : sequence of 3 floats
        Of the network's `InputRecipe`.
    steps : int, at least 2
        Of deletion and insertion.
    percentages : sequence of float, between 0 and 100
        Of the pixels that ROAD imputes, in both directions; none leaves ROAD out. At 224 pixels
        an imputation costs about as much as ten looks of a small network.
    explain : callable, optional
        Gives the map (H, W) of an image (3, H, W) for a class, for coherency and ADCC.
    seed : int
        Over a set of films, give each its own.
    progress : callable, optional
        Called with the pictures that the network saw so far and their total.
    cancelled : callable, optional
        Asked between chunks and between imputations; True ends the work.

    Returns
    -------
    Faithfulness
        All numbers are finite; what has none is listed with the reason.

    Raises
    ------
    ExplanationError
        A map of another shape, of a class that is not there, outside [0, 1] or with values that
        are not finite; a network that answers with such; no such baseline.
    OperationCancelled
        `cancelled` said so.
    """
    began = time.perf_counter()
    _check(image, maps, engine.input_shape)
    if steps < 2 or not all(0 < percentage < 100 for percentage in percentages):
        raise _cannot("it takes 2 or more steps, and percentages between 0 and 100")
    ground = baseline_image(baseline, image, mean, std)
    views = Views(engine, image, ground, progress, cancelled)
    pointing = {index: values for index, values in maps.items() if np.ptp(values) > 0}
    film = _Film(views, image, ground, pointing, seed)
    views.total = _passes(len(film.maps), steps, len(percentages))
    ends = views.through([np.ones(views.shape), np.zeros(views.shape)])
    if not all(0 <= index < ends.shape[1] for index in maps):
        raise _cannot(f"there are only the classes 0 to {ends.shape[1] - 1}")
    answers: Mapping[int, Answers] = {}
    if film.maps and ends.shape[1] > 1:
        answers = _answers(film, ends, steps, percentages, explain)
    return Faithfulness(
        baseline=baseline,
        of_class={
            index: class_faithfulness(index, values, answers.get(index))
            if index in film.maps
            else without_map(index)
            for index, values in maps.items()
        },
        passes=views.passes,
        seconds=time.perf_counter() - began,
        seed=seed,
    )


@dataclass(frozen=True, slots=True)
class _Film:
    """A film that is measured, and those of its maps that have something to show."""

    views: Views
    image: FloatArray
    ground: FloatArray
    maps: Mapping[int, FloatArray]
    seed: int

    def order(self, values: FloatArray) -> IndexArray:
        """Pixels of a map, highest first."""
        return pixel_order(values, np.random.default_rng((self.seed, _TIES)))

    def random_orders(self) -> list[IndexArray]:
        """Pixels of two random maps: the null, and what it would be another time."""
        first = next(iter(self.maps.values()))
        return [self.order(values) for values in random_maps_like(first, 2, seed=self.seed)]


def _answers(
    film: _Film,
    ends: DoubleArray,
    steps: int,
    percentages: Sequence[float],
    explain: Explain | None,
) -> dict[int, Answers]:
    """What the network makes of the film, by class: everything that costs passes."""
    drawn, redrawn = film.random_orders()
    nulls = drawn, film.order(centre_blob(film.views.shape))
    orders = [*map(film.order, film.maps.values()), *nulls]
    curves = deletion_and_insertion(film.views, orders, steps, ends)
    seen = film.views.through(_soft_masks(film, nulls)).reshape(len(film.maps), 3, -1)
    imputed = np.empty((len(orders), 2, 0, ends.shape[1]))
    if percentages:
        imputed = road(film.views, film.image, orders, percentages, (film.seed, _NOISE))
    shares = np.asarray(percentages, np.float64) / 100
    answers = {}
    for place, index in enumerate(film.maps):
        beside = [place, -2, -1]
        answers[index] = Answers(
            curves[beside],
            seen[place],
            imputed[beside],
            shares,
            *_coherency(film, index, explain, (drawn, redrawn)),
        )
    return answers


def _soft_masks(film: _Film, nulls: Sequence[IndexArray]) -> Iterator[FloatArray]:
    """Each map as it is, and its values laid out in the order of each null."""
    for values in film.maps.values():
        yield values
        for order in nulls:
            yield with_values_of(order, values)


def _coherency(
    film: _Film, index: int, explain: Explain | None, random_orders: Sequence[IndexArray]
) -> tuple[Score | None, str]:
    """Coherency of the map and its nulls, or why there is none."""
    if explain is None:
        return None, NOT_ASKED
    film.views.pause()
    values = film.maps[index]
    again = explain(film.ground + (film.image - film.ground) * values, index)
    _check_map(again, film.views.shape)
    of_map = adcc.coherency(values, again)
    of_random = adcc.coherency(*(with_values_of(order, values) for order in random_orders))
    if of_map is None or of_random is None:
        return None, NO_MAP_AGAIN
    return Score(of_map, of_random, 1.0), ""


def _passes(maps: int, steps: int, percentages: int) -> int:
    ends = 2
    if not maps:
        return ends
    return ends + (maps + 2) * 2 * (steps - 1 + percentages) + 3 * maps


def _check(image: FloatArray, maps: Mapping[int, FloatArray], shape: tuple[int, int]) -> None:
    if image.shape != (3, *shape):
        raise _cannot(f"the image is {image.shape}, the network takes {(3, *shape)}")
    if not np.isfinite(image).all():
        raise _cannot("the image has values that are not finite numbers")
    for values in maps.values():
        _check_map(values, shape)


def _check_map(values: FloatArray, shape: tuple[int, int]) -> None:
    if values.shape != shape:
        raise _cannot(f"the map is {values.shape}, the image {shape}")
    if not np.isfinite(values).all():
        raise _cannot("the map has values that are not finite numbers")
    if values.min() < -_ROUNDING or values.max() > 1 + _ROUNDING:
        raise _cannot("the map has values outside 0 to 1")


def _cannot(because: str) -> ExplanationError:
    return ExplanationError("Cannot measure how faithful a map is", because=because)
