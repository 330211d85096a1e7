"""What ``explain`` asks a model's networks about one film, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from medkd_core.bundles.schema import NetworkEntry
from medkd_core.errors import EngineError, ExplanationError, MedKDError
from medkd_core.evaluation.explained_film import FailedNetwork, Measured
from medkd_core.evaluation.map_measures import Masks
from medkd_core.imaging.frame import Frame
from medkd_core.serving.messages import Explain, Explained
from medkd_core.serving.model import OpenModel


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of every film.

    Attributes
    ----------
    networks : tuple of str
    class_index : int or None
        None: the class that the student decides for.
    dialect : str
        Of Score-CAM, or another method's name.
    preview : bool
    baseline : str
        What is seen under a mask, and where pixels are taken away to measure faithfulness.
    measure : bool
        Measure faithfulness.
    """

    networks: tuple[str, ...]
    class_index: int | None
    dialect: str
    preview: bool
    baseline: str
    measure: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """What the networks said of one film, in the order in which they were asked.

    Attributes
    ----------
    class_index : int
        The class that was explained.
    maps : list of (Explained, tuple of Measured)
        One or more.
    failed : list of FailedNetwork
    """

    class_index: int
    maps: list[tuple[Explained, tuple[Measured, ...]]]
    failed: list[FailedNetwork]


def ask_networks(
    opened: OpenModel,
    wish: Wish,
    file: Path,
    picture: Frame,
    masks: Masks,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Answers:
    """Ask each network for its map; one that cannot answer takes nothing from the others.

    Parameters
    ----------
    file : Path
        Where the picture is from, for errors.
    masks : Masks
        What was drawn on the film.
    seed : int
        Of random maps.
    progress : callable, optional
        Called for each network with the masked images finished and their total, and with zeros
        when its map is measured.

    Raises
    ------
    ExplanationError
        None of them can explain the film, or the student does not say which class to explain.
    """
    class_index = wish.class_index
    if class_index is None:
        class_index = _decision(opened, file, picture)
    answers = Answers(class_index, [], [])
    first_error: MedKDError | None = None
    for name in wish.networks:
        request = Explain(picture, name, class_index, wish.dialect, wish.preview, wish.baseline)
        try:
            found = opened.explain(0, request, progress=progress)
            if progress is not None and wish.measure:
                progress(0, 0)  # nobody knows how long measuring takes
            measures = opened.measures(request, masks, faithfulness=wish.measure, seed=seed)
        except MedKDError as error:
            answers.failed.append(_failed(opened.bundle.entry(name), error))
            first_error = first_error or error
        else:
            answers.maps.append((found, measures))
    if first_error is not None and not answers.maps:
        raise ExplanationError(
            "Cannot explain", path=file, because=first_error.because, cure=first_error.cure
        ) from first_error
    return answers


def _decision(opened: OpenModel, file: Path, picture: Frame) -> int:
    try:
        return opened.decision(picture)
    except EngineError as error:
        raise ExplanationError(
            "Cannot tell which class to explain in",
            path=file,
            because=error.because,
            cure="Name the class with --class.",
        ) from error


def _failed(entry: NetworkEntry, error: MedKDError) -> FailedNetwork:
    return FailedNetwork(
        network=entry.name, label=entry.label, role=entry.role, reason=error.reason
    )
