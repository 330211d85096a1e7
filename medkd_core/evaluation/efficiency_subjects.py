"""What can be profiled: the networks of a bundle, or the published ones with fresh weights."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medkd_core.bundles.read import Bundle
from medkd_core.bundles.schema import NetworkEntry
from medkd_core.engines.choice import EngineChoice
from medkd_core.engines.protocol import Engine
from medkd_core.evaluation.efficiency_schema import Score
from medkd_core.networks.creation import create_network, without_training_packages
from medkd_core.networks.registry import network_facts

PUBLISHED = ("ofa_595", "densenet201", "visformer_s", "autoformer_v2_t")
"""The paper's student and teachers."""

_CLASSES = 1000

Announce = Callable[[str], None]
"""Told in a few words what is done next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A network with its files, ready to be opened in any process.

    Attributes
    ----------
    name, label : str
        In the registry, and for the screen.
    role : str
        ``student`` or ``teacher``.
    width : float
        Channel scale.
    classes : int
    image_size : int
        Side of the square input in pixels.
    target_layer : str
    parameters, macs : int
        As the bundle or the registry says.
    weights_path, onnx_path : Path
    score : Score or None
    """

    name: str
    label: str
    role: Literal["student", "teacher"]
    width: float
    classes: int
    image_size: int
    target_layer: str
    parameters: int
    macs: int
    weights_path: Path
    onnx_path: Path
    score: Score | None = None

    def engine(self, choice: EngineChoice) -> Engine:
        """Open the network on an engine."""
        from medkd_core.engines.opening import open_engine

        return open_engine(
            self.onnx_path,
            self.weights_path,
            name=self.name,
            width=self.width,
            classes=self.classes,
            image_size=self.image_size,
            target_layer=self.target_layer,
            choice=choice,
        )


def bundle_subjects(bundle: Bundle, names: Sequence[str] = ()) -> list[Subject]:
    """The student of a bundle and its teachers.

    Parameters
    ----------
    bundle : Bundle
    names : sequence of str
        Only these teachers; all when empty. The student is always there: it is the measure.

    Raises
    ------
    BundleError
        The bundle has no network of that name.
    """
    wanted = {bundle.entry(name).name for name in names}
    student = bundle.manifest.student.name
    return [
        _of_bundle(bundle, entry)
        for entry in bundle.manifest.networks
        if not wanted or entry.name in wanted | {student}
    ]


def _of_bundle(bundle: Bundle, entry: NetworkEntry) -> Subject:
    return Subject(
        name=entry.name,
        label=entry.label,
        role=entry.role,
        width=entry.width,
        classes=len(bundle.manifest.classes),
        image_size=entry.recipe.size,
        target_layer=entry.target_layer,
        parameters=entry.parameters,
        macs=entry.macs,
        weights_path=bundle.weights_path(entry.name),
        onnx_path=bundle.onnx_path(entry.name),
        score=_score(bundle, entry),
    )


def _score(bundle: Bundle, entry: NetworkEntry) -> Score | None:
    # The student's intervals stand apart from its entry.
    metrics = entry.metrics
    if entry.role == "student":
        metrics = {**metrics, **bundle.manifest.metrics}
    macro_f1 = metrics.get("macro_f1")
    if not macro_f1:
        return None
    return Score(
        macro_f1=macro_f1,
        low=metrics.get("macro_f1_low"),
        high=metrics.get("macro_f1_high"),
        macs_per_point=entry.macs / (100 * macro_f1),
    )


def published_names(names: Sequence[str] = ()) -> list[str]:
    """The student first, then the paper's teachers, or those that are named.

    Raises
    ------
    NetworkError
        There is no network of that name.
    """
    student, *teachers = PUBLISHED
    wanted = [network_facts(name).name for name in names] or teachers
    return list(dict.fromkeys([student, *wanted]))


def published_subjects(
    names: Sequence[str], announce: Announce = lambda _: None
) -> Generator[Subject]:
    """Networks as published, at full width, with fresh weights and 1000 classes.

    Each is exported into a temporary folder when its turn comes (up to a minute on two cores);
    the folder is gone when the iterator is closed.

    Raises
    ------
    NetworkError
        A package that training needs is not installed.
    EngineError
        The temporary folder cannot hold the files.
    """
    with tempfile.TemporaryDirectory(prefix="medkd-profile-") as folder:
        for name in names:
            announce(f"Exporting {network_facts(name).label}")
            # A folder each, for names may hold what file names may not.
            yield _exported(name, Path(tempfile.mkdtemp(dir=folder)))


def _exported(name: str, folder: Path) -> Subject:
    try:
        from medkd_core.engines.export import export_onnx
        from medkd_core.networks.weights import save_weights
    except ModuleNotFoundError as error:
        raise without_training_packages(name, error) from error

    facts = network_facts(name)
    weights, graph = folder / "network.safetensors", folder / "network.onnx"
    network = create_network(name, _CLASSES).eval()
    save_weights(network, weights)
    export_onnx(network, name, facts.native_size, weights, graph)
    return Subject(
        name=name,
        label=facts.label,
        role="student" if name == PUBLISHED[0] else "teacher",
        width=1.0,
        classes=_CLASSES,
        image_size=facts.native_size,
        target_layer=facts.target_layer,
        parameters=facts.parameters,
        macs=facts.macs,
        weights_path=weights,
        onnx_path=graph,
    )
