"""A bundle that is open for questions: its engines, opened when they are first needed."""

from __future__ import annotations

from collections.abc import Callable

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.engines.protocol import Engine
from medkd_core.evaluation.explaining import explain_frame
from medkd_core.evaluation.prediction import Prediction, predict
from medkd_core.imaging.frame import Frame
from medkd_core.serving.messages import Explain, Explained, LoadModel, Predict


class OpenModel:
    """A verified bundle on a device, with the networks that were asked for so far."""

    def __init__(self, request: LoadModel) -> None:
        self.bundle: Bundle = open_bundle(request.bundle)
        self._device = request.device
        self._engines: dict[str, Engine] = {}
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
    ) -> Explained:
        """One network's map of a frame, for the student's decision unless a class is named."""
        class_index = request.class_index
        if class_index is None:
            class_index = self.decision(request.frame)
        explanation, overlay = explain_frame(
            self.bundle.manifest,
            self.engine(request.network),
            request.network,
            request.frame,
            class_index,
            dialect=request.dialect,
            preview=request.preview,
            progress=progress,
            cancelled=cancelled,
        )
        sensitivity = explanation.sensitivity
        return Explained(
            request=number,
            network=request.network,
            class_index=class_index,
            overlay=overlay,
            native=explanation.native,
            empty=explanation.empty,
            exact=explanation.exact,
            forwards=explanation.forwards,
            seconds=explanation.seconds,
            other_classes=None if sensitivity is None else sensitivity.other_classes,
            channel_mean=None if sensitivity is None else sensitivity.channel_mean,
            error=explanation.error,
        )

    def decision(self, frame: Frame) -> int:
        """Index of the class that the student decides for; the teachers are not asked."""
        student = self.bundle.manifest.student.name
        engines = {student: self.engine(student)}
        return predict(self.bundle.manifest, engines, frame).decision
