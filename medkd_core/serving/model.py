"""A bundle that is open for questions: its engines, opened when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.bundles.schema import NetworkEntry
from medkd_core.engines.protocol import Engine
from medkd_core.evaluation.explained_film import Measured
from medkd_core.evaluation.explaining import laid_over, picture_for
from medkd_core.evaluation.map_measures import Masks, faithfulness_measures, mask_measures
from medkd_core.evaluation.prediction import Prediction, predict
from medkd_core.explanation.any_method import Subject, check_method, explanations
from medkd_core.explanation.cache import MapCache, map_key
from medkd_core.explanation.other_methods import open_network
from medkd_core.explanation.score_cam import Explanation
from medkd_core.imaging.frame import Frame
from medkd_core.serving.messages import Explain, Explained, LoadModel, Predict

if TYPE_CHECKING:
    from torch import nn

FloatArray = NDArray[np.float32]


class OpenModel:
    """A verified bundle on a device, with the networks that were asked for so far."""

    def __init__(self, request: LoadModel) -> None:
        self.bundle: Bundle = open_bundle(request.bundle)
        self._device = request.device
        self._engines: dict[str, Engine] = {}
        self._networks: dict[str, nn.Module] = {}
        self._cache = MapCache()
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
        """
        class_index = request.class_index
        if class_index is None:
            class_index = self.decision(request.frame)
        asked = replace(request, class_index=class_index)
        found = self._maps(asked, class_index, shown is not None, progress, cancelled)
        for explanation in found:
            answer = self._answer(number, asked, explanation)
            if shown is not None and not (explanation.exact or request.preview):
                shown(answer)
        return answer

    def measures(
        self, request: Explain, masks: Masks, *, baseline: str | None, seed: int
    ) -> tuple[Measured, ...]:
        """What can be measured of a map; nothing where there is no map.

        Parameters
        ----------
        request : Explain
            With its class; a map that was computed already is not computed again.
        masks : Masks
        baseline : str or None
            Of `faithfulness_measures`, which are left out when None.
        seed : int
            Of random maps.
        """
        assert request.class_index is not None
        entry, engine = self.bundle.entry(request.network), self.engine(request.network)
        manifest = self.bundle.manifest
        *_, found = self._maps(request, request.class_index, False, None, None)
        if found.empty:
            return ()

        def explain(image: FloatArray, class_index: int) -> FloatArray:
            return self._computed(request, engine, image, class_index).input_map

        measured = mask_measures(laid_over(manifest, entry, found, request.frame), masks, seed=seed)
        if baseline is None:
            return measured
        image = picture_for(manifest, entry, request.frame)
        return measured + faithfulness_measures(
            found, engine, image, entry.recipe, baseline=baseline, explain=explain, seed=seed
        )

    def decision(self, frame: Frame) -> int:
        """Index of the class that the student decides for; the teachers are not asked."""
        student = self.bundle.manifest.student.name
        engines = {student: self.engine(student)}
        return predict(self.bundle.manifest, engines, frame).decision

    def _maps(
        self,
        request: Explain,
        class_index: int,
        in_stages: bool,
        progress: Callable[[int, int], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> Iterator[Explanation]:
        """The kept map, or those that are computed until there is one to keep."""
        check_method(request.dialect)
        entry = self.bundle.entry(request.network)
        engine = self.engine(request.network)
        image = picture_for(self.bundle.manifest, entry, request.frame)
        kept = self._kept(request, engine, image)
        if kept is not None:
            yield kept
            return
        for explanation in self._steps(
            request, engine, image, class_index, in_stages, progress, cancelled
        ):
            yield explanation
            if explanation.exact or request.preview:
                self._cache.put(self._key(request, engine, image), explanation)

    def _computed(
        self, request: Explain, engine: Engine, image: FloatArray, class_index: int
    ) -> Explanation:
        *_, found = self._steps(request, engine, image, class_index)
        return found

    def _steps(
        self,
        request: Explain,
        engine: Engine,
        image: FloatArray,
        class_index: int,
        in_stages: bool = False,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[Explanation]:
        entry = self.bundle.entry(request.network)
        subject = Subject(
            entry.name,
            entry.recipe.size,
            entry.target_layer,
            engine=lambda: engine,
            network=lambda: self._network(entry),
        )
        return explanations(
            subject,
            image,
            class_index,
            method=request.dialect,
            preview=request.preview,
            in_stages=in_stages,
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

    def _kept(self, request: Explain, engine: Engine, image: FloatArray) -> Explanation | None:
        """A map that was computed before; an exact one also answers for a preview."""
        exact = self._cache.get(self._key(replace(request, preview=False), engine, image))
        if exact is not None or not request.preview:
            return exact
        return self._cache.get(self._key(request, engine, image))

    def _key(self, request: Explain, engine: Engine, image: FloatArray) -> str:
        entry = self.bundle.entry(request.network)
        return map_key(
            image,
            bundle=self.bundle.digest,
            network=entry.name,
            layer=entry.target_layer,
            method=request.dialect,
            preview=request.preview,
            class_index=request.class_index,
            device=engine.device,
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
