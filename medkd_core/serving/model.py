"""A bundle that is open for questions: its engines, opened when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.bundles.schema import NetworkEntry
from medkd_core.engines.protocol import Engine
from medkd_core.evaluation.explained_film import Measured
from medkd_core.evaluation.explaining import laid_over
from medkd_core.evaluation.map_measures import Masks, faithfulness_measures, mask_measures
from medkd_core.evaluation.prediction import Prediction, predict
from medkd_core.explanation.any_method import Subject, check_method, explanations
from medkd_core.explanation.baselines import baseline_image
from medkd_core.explanation.cache import MapCache, map_key
from medkd_core.explanation.other_methods import open_network
from medkd_core.explanation.score_cam import Explanation
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.preprocessing import network_input, view_image
from medkd_core.serving.messages import Explain, Explained, LoadModel, Predict

if TYPE_CHECKING:
    from torch import nn

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Question:
    """A request, and what it is to its network.

    Attributes
    ----------
    request : Explain
    class_index : int
    entry : NetworkEntry
    engine : Engine
    image : float32, (3, H, W)
        In the network's normalised units.
    blank : bool
        The frame has one value everywhere.
    """

    request: Explain
    class_index: int
    entry: NetworkEntry
    engine: Engine
    image: FloatArray
    blank: bool


class OpenModel:
    """A verified bundle on a device, with the networks that were asked for so far."""

    def __init__(self, request: LoadModel) -> None:
        self.bundle: Bundle = open_bundle(request.bundle)
        self._device = request.device
        self._engines: dict[str, Engine] = {}
        self._networks: dict[str, nn.Module] = {}
        self._cache = MapCache()
        self._latest: tuple[str, Explanation] | None = None
        self.device = self.engine(self.bundle.manifest.student.name).device

    def engine(self, network: str) -> Engine:
        """The network's engine, opened now if it is not open yet.

        Raises
        ------
        BundleError
            If the bundle has no such network or its files are damaged.
        """
        if network not in self._engines:
            self._engines[network] = self.bundle.engine(network, self._device)
        return self._engines[network]

    def predict(self, request: Predict) -> Prediction:
        """What every network of the bundle thinks of a frame."""
        manifest = self.bundle.manifest
        engines = {entry.name: self.engine(entry.name) for entry in manifest.networks}
        return predict(
            manifest,
            engines,
            request.frame,
            modality=request.modality,
            body_part=request.body_part,
        )

    def explain(
        self,
        number: int,
        request: Explain,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        shown: Callable[[Explained], None] | None = None,
    ) -> Explained:
        """One network's map of a frame, for the student's decision unless a class is named.

        Parameters
        ----------
        progress, cancelled
            See `score_cam`.
        shown : callable, optional
            Called with each map that is not exact yet, on the way to the one that is.

        Raises
        ------
        ExplanationError, NetworkError, OperationCancelled
            See `explanations`.
        BundleError, EngineError
            The network cannot be opened or run.
        """
        asked = self._question(request)
        for explanation in self._maps(asked, shown is not None, progress, cancelled):
            answer = self._answer(number, request, explanation)
            if shown is not None and not (explanation.exact or request.preview):
                shown(answer)
        return answer

    def measures(
        self, request: Explain, masks: Masks, *, faithfulness: bool, seed: int
    ) -> tuple[Measured, ...]:
        """What can be measured of a map; nothing where there is no map.

        Parameters
        ----------
        request : Explain
            A map that was computed just now, or is kept, is not computed again.
        masks : Masks
        faithfulness : bool
            Also `faithfulness_measures`, with the request's baseline.
        seed : int
            Of random maps.

        Raises
        ------
        ExplanationError, NetworkError, BundleError, EngineError
            See `explain`.
        """
        if not faithfulness and masks.finding is None and masks.lungs is None:
            return ()
        asked = self._question(request)
        *_, found = self._maps(asked)
        if found.empty:
            return ()

        def explain(image: FloatArray, class_index: int) -> FloatArray:
            *_, found = self._steps(replace(asked, image=image, class_index=class_index))
            return found.input_map

        overlay = laid_over(self.bundle.manifest, asked.entry, found, request.frame)
        measured = mask_measures(overlay, masks, seed=seed)
        if not faithfulness:
            return measured
        return measured + faithfulness_measures(
            found,
            asked.engine,
            asked.image,
            asked.entry.recipe,
            baseline=request.baseline,
            explain=explain,
            seed=seed,
        )

    def decision(self, frame: Frame) -> int:
        """Index of the class that the student decides for; the teachers are not asked."""
        student = self.bundle.manifest.student.name
        engines = {student: self.engine(student)}
        return predict(self.bundle.manifest, engines, frame).decision

    def _question(self, request: Explain) -> _Question:
        check_method(request.dialect)
        class_index = request.class_index
        if class_index is None:
            class_index = self.decision(request.frame)
        view, entry = self.bundle.manifest.view, self.bundle.entry(request.network)
        seen = view_image(request.frame, view)
        return _Question(
            request,
            class_index,
            entry,
            self.engine(request.network),
            network_input(seen, view, entry.recipe),
            blank=not np.ptp(seen, axis=(0, 1)).any(),
        )

    def _maps(
        self,
        asked: _Question,
        in_stages: bool = False,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[Explanation]:
        """The kept map, or those that are computed until there is one to keep."""
        kept = self._kept(asked)
        if kept is not None:
            yield kept
            return
        for explanation in self._steps(asked, in_stages, progress, cancelled):
            if explanation.exact or asked.request.preview:
                self._keep(asked, explanation)
            yield explanation

    def _steps(
        self,
        asked: _Question,
        in_stages: bool = False,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[Explanation]:
        request, entry = asked.request, asked.entry
        subject = Subject(
            entry.name,
            entry.recipe.size,
            entry.target_layer,
            engine=lambda: asked.engine,
            network=lambda: self._network(entry),
        )
        recipe = entry.recipe
        return explanations(
            subject,
            asked.image,
            asked.class_index,
            method=request.dialect,
            preview=request.preview,
            in_stages=in_stages,
            baseline=baseline_image(request.baseline, asked.image, recipe.mean, recipe.std),
            blank=asked.blank,
            progress=progress,
            cancelled=cancelled,
        )

    def _network(self, entry: NetworkEntry) -> nn.Module:
        """The network itself, opened in torch now if it is not open yet."""
        if entry.name not in self._networks:
            self._networks[entry.name] = open_network(
                self.bundle.weights_path(entry.name),
                entry.name,
                width=entry.width,
                classes=len(self.bundle.manifest.classes),
                image_size=entry.recipe.size,
            )
        return self._networks[entry.name]

    def _kept(self, asked: _Question) -> Explanation | None:
        """A map that was computed before; an exact one also answers for a preview."""
        exact = self._found(self._key(asked, preview=False))
        if exact is not None or not asked.request.preview:
            return exact
        return self._found(self._key(asked, preview=True))

    def _found(self, key: str) -> Explanation | None:
        if self._latest is not None and self._latest[0] == key:
            return self._latest[1]
        return self._cache.get(key)

    def _keep(self, asked: _Question, explanation: Explanation) -> None:
        key = self._key(asked, preview=asked.request.preview)
        # On a full disk, too, the map that is to be measured next need not be computed again.
        self._latest = (key, explanation)
        self._cache.put(key, explanation)

    def _key(self, asked: _Question, *, preview: bool) -> str:
        return map_key(
            asked.image,
            bundle=self.bundle.digest,
            network=asked.entry.name,
            layer=asked.entry.target_layer,
            method=asked.request.dialect,
            baseline=asked.request.baseline,
            preview=preview,
            class_index=asked.class_index,
            blank=asked.blank,
            device=asked.engine.device,
        )

    def _answer(self, number: int, request: Explain, found: Explanation) -> Explained:
        entry = self.bundle.entry(request.network)
        sensitivity = found.sensitivity
        return Explained(
            request=number,
            network=request.network,
            class_index=found.class_index,
            overlay=laid_over(self.bundle.manifest, entry, found, request.frame),
            native=found.native,
            empty=found.empty,
            exact=found.exact,
            forwards=found.forwards,
            seconds=found.seconds,
            other_classes=None if sensitivity is None else sensitivity.other_classes,
            channel_mean=None if sensitivity is None else sensitivity.channel_mean,
            error=found.error,
            against=found.against,
        )
