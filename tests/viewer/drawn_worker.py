"""A worker's client that answers at once from drawn maps: the tests' process border."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from medkd_core.bundles.schema import (
    AgreementYardstick,
    BundleManifest,
    NetworkEntry,
    OperatingPoint,
)
from medkd_core.evaluation.prediction import NetworkOpinion, Prediction
from medkd_core.imaging.recipe import InputRecipe, View
from medkd_core.serving.messages import (
    DeviceChoice,
    DevicesListed,
    Event,
    Explain,
    Explained,
    Failed,
    ListDevices,
    LoadModel,
    MethodChoice,
    ModelLoaded,
    Predict,
    Predicted,
    Progress,
    Refining,
    Request,
    Stopped,
    WorkerDied,
)

CLASSES = ["COVID-19", "Non-COVID", "Normal"]
PROBABILITIES = {
    "ofa_595_s": (0.13, 0.81, 0.06),
    "densenet201": (0.09, 0.88, 0.03),
    "visformer_s": (0.16, 0.74, 0.10),
    "autoformer_v2_t": (0.20, 0.69, 0.11),
}
LABELS = {
    "ofa_595_s": "OFA-595",
    "densenet201": "DenseNet-201",
    "visformer_s": "Visformer-S",
    "autoformer_v2_t": "AutoFormerV2-T",
}
METHODS = (
    MethodChoice("pytorch-grad-cam", "Score-CAM, pytorch-grad-cam", "The usual one."),
    MethodChoice("authors", "Score-CAM, authors", "As its authors published it."),
    MethodChoice("contrast", "Contrast", "One class against another."),
    MethodChoice("grad-cam", "Grad-CAM", "By gradients."),
)
OTHER_CLASS, NO_CLASS = 0.96, 0.41
PEAKS = {
    "ofa_595_s": (0.62, 0.66),
    "densenet201": (0.64, 0.62),
    "visformer_s": (0.55, 0.66),
    "autoformer_v2_t": (0.66, 0.60),
}


def drawn_manifest(networks: Sequence[str] = tuple(LABELS)) -> BundleManifest:
    return BundleManifest(
        name="Chest demo",
        created="2026-11-20T10:00:00Z",
        demo=True,
        classes=CLASSES,
        class_descriptions={"Non-COVID": "Non-COVID pneumonia"},
        view=View(),
        networks=[_entry(name) for name in networks],
        operating_points={
            name: OperatingPoint(
                threshold=threshold,
                sensitivity=0.9,
                specificity=0.9,
                positive_predictive_value=0.89,
                calls=90,
            )
            for name, threshold in zip(CLASSES, (0.42, 0.51, 0.55), strict=True)
        },
        agreement=AgreementYardstick(different_films=0.41, random_maps=0.02, films=40),
    )


def drawn_map(network: str, side: int = 14) -> np.ndarray:
    rows, columns = (np.mgrid[:side, :side] + 0.5) / side
    row, column = PEAKS[network]
    distance = ((rows - row) / 0.16) ** 2 + ((columns - column) / 0.14) ** 2
    return np.exp(-distance).astype(np.float32)


class DrawnWorker:
    """Answers as `WorkerClient` does, on the caller's thread.

    `held` keeps maps back, `silent` predictions.
    """

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self.on_event = on_event
        self.requests: dict[int, Request] = {}
        self.cancelled: list[int] = []
        self.closed = False
        self.held = False
        self.silent = False
        self.networks: Sequence[str] = tuple(LABELS)
        self.familiarity = (
            "familiar",
            "Familiar: frontal chest film, like 93 % of its training films.",
        )
        self.refused_model = ""
        self.failing: dict[str, str] = {}
        self.empty: set[str] = set()

    def submit(self, request: Request) -> int:
        number = len(self.requests) + 1
        self.requests[number] = request
        kept_back = {Explain: self.held, Predict: self.silent}
        if not kept_back.get(type(request), False):
            self.answer(number)
        return number

    def cancel(self, number: int) -> None:
        self.cancelled.append(number)
        self.on_event(Stopped(number))

    def close(self) -> None:
        self.closed = True

    def progress(self, number: int, done: int, total: int) -> None:
        self.on_event(Progress(number, done, total))

    def refine(self, number: int) -> None:
        """Send a map on its way to the exact one."""
        request = self.requests[number]
        assert isinstance(request, Explain)
        so_far = replace(self._explained(number, request), exact=False, forwards=32, error=0.02)
        self.on_event(Refining(number, so_far))

    def die(self, message: str) -> None:
        self.on_event(WorkerDied(message, tuple(self.requests)))

    def answer(self, number: int) -> None:
        request = self.requests[number]
        match request:
            case ListDevices():
                devices = (DeviceChoice("cpu", "CPU, 2 threads"),)
                self.on_event(DevicesListed(number, devices))
            case LoadModel() if self.refused_model:
                self.on_event(Failed(number, self.refused_model))
            case LoadModel():
                manifest = drawn_manifest(self.networks)
                self.on_event(ModelLoaded(number, manifest, "CPU, 2 threads", METHODS))
            case Predict():
                self.on_event(Predicted(number, self._prediction()))
            case Explain() if request.network in self.failing:
                self.on_event(Failed(number, self.failing[request.network]))
            case Explain():
                self.on_event(self._explained(number, request))

    def _prediction(self) -> Prediction:
        opinions = tuple(NetworkOpinion(n, p) for n, p in PROBABILITIES.items())
        familiarity, reason = self.familiarity
        return Prediction(
            classes=tuple(CLASSES),
            probabilities=PROBABILITIES["ofa_595_s"],
            decision=1,
            interval=(0.72, 0.88),
            familiarity=familiarity,
            familiarity_reason=reason,
            opinions=opinions,
            seconds=0.1,
        )

    def _explained(self, number: int, request: Explain) -> Explained:
        shape = (request.frame.rows, request.frame.columns)
        overlay = drawn_map(request.network, 256)
        rows = np.linspace(0, 255, shape[0]).astype(int)
        columns = np.linspace(0, 255, shape[1]).astype(int)
        return Explained(
            request=number,
            network=request.network,
            class_index=1 if request.class_index is None else request.class_index,
            overlay=overlay[np.ix_(rows, columns)],
            native=drawn_map(request.network),
            empty=request.network in self.empty,
            exact=True,
            forwards=100,
            seconds=1.0,
            other_classes=OTHER_CLASS,
            channel_mean=NO_CLASS,
            against=2 if request.dialect == "contrast" else None,
        )


def _entry(name: str) -> NetworkEntry:
    return NetworkEntry(
        name=name,
        label=LABELS[name],
        role="student" if name == "ofa_595_s" else "teacher",
        width=1.0,
        recipe=InputRecipe(size=224),
        target_layer="features",
        parameters=1,
        macs=1,
    )
