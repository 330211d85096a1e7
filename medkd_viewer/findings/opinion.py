"""The second opinion on the film in hand: asks the worker, keeps the answers, says what changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from medkd_core.bundles.manifest import read_manifest
from medkd_core.bundles.schema import BundleManifest, NetworkEntry
from medkd_core.errors import MedKDError
from medkd_core.evaluation.prediction import Prediction
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
from medkd_viewer.findings.results import (
    FINISHED,
    BoundedCache,
    MapStatus,
    NetworkMap,
    NetworkView,
)
from medkd_viewer.inference import Inference
from medkd_viewer.reading.film import Film
from medkd_viewer.reading.map_layer import shrunk
from resources import DEMO_BUNDLE

NOT_APPLICABLE = "not applicable"
DEFAULT_METHOD = "pytorch-grad-cam"


class ModelStatus(StrEnum):
    """How far the model is."""

    OPENING = "opening"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"


class SecondOpinion(QObject):
    """State of the networks' answers; one request is under way at a time.

    The student's and teachers' probabilities come first, then the student's map, then each
    teacher's. Changing film or class drops what is under way; what was finished is kept.
    """

    model_changed = Signal()
    devices_changed = Signal()
    prediction_changed = Signal()
    network_changed = Signal(str)
    working_changed = Signal()

    def __init__(self, inference: Inference, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model_path: Path | None = None
        self.device_key = "auto"
        self.status = ModelStatus.OPENING
        self.trouble = ""
        self.manifest: BundleManifest | None = None
        self.device = ""
        self.method = DEFAULT_METHOD
        self.methods: tuple[MethodChoice, ...] = ()
        self.devices: tuple[DeviceChoice, ...] = ()
        self.prediction: Prediction | None = None
        self.class_index: int | None = None
        self.views: dict[str, NetworkView] = {}
        self._announced: list[NetworkEntry] = []
        self._film: Film | None = None
        self._asked_anyway = False
        self._inference = inference
        self._request: tuple[int, Request] | None = None
        self._first_progress: tuple[float, int] | None = None
        self._model_request = 0
        self._predictions: BoundedCache[Prediction] = BoundedCache(256)
        self._maps: BoundedCache[NetworkMap] = BoundedCache(64)
        # Queued, so that no answer is taken before the number of its request is known.
        inference.answered.connect(self._take, Qt.ConnectionType.QueuedConnection)

    # what the window asks for

    def open_model(self, path: Path | None, device: str = "auto") -> None:
        """Open a bundle (None: the demo) on a device; the film in hand is asked again."""
        self._drop()
        self.model_path, self.device_key = path, device
        self.status, self.trouble, self.manifest = ModelStatus.OPENING, "", None
        self._announced = announced_networks(path)
        self._predictions.clear()
        self._maps.clear()
        self._model_request = self._inference.submit(LoadModel(path, device))
        if not self.devices:
            self._inference.submit(ListDevices())
        self._forget_answers()
        self.model_changed.emit()

    def start_again(self) -> None:
        """Start the network process again after it stopped."""
        self.open_model(self.model_path, self.device_key)

    def show_film(self, film: Film | None) -> None:
        """Ask about another film, or about none."""
        self._drop()
        self._film = film
        self._asked_anyway = False
        self._forget_answers()
        self._go_on()

    def show_class(self, class_index: int) -> None:
        """Explain another class."""
        if self.prediction is None or class_index == self.class_index:
            return
        self._drop()
        self.class_index = class_index
        self._wait_for_maps()
        self.prediction_changed.emit()
        self._go_on()

    def show_method(self, method: str) -> None:
        """Explain in another way; maps that were made in it already are shown at once."""
        if method == self.method:
            return
        self._drop()
        self.method = method
        if self.prediction is not None:
            self._wait_for_maps()
        self.prediction_changed.emit()
        self._go_on()

    def ask_anyway(self) -> None:
        """Compute maps although the film is not what the model was made for."""
        self._asked_anyway = True
        self._wait_for_maps()
        self.prediction_changed.emit()
        self._go_on()

    # what is known

    @property
    def not_applicable(self) -> bool:
        """The film is not what the model was made for, and nobody asked to go on."""
        withheld = self.prediction is not None and not self._asked_anyway
        return withheld and self.prediction.familiarity == NOT_APPLICABLE  # type: ignore[union-attr]

    @property
    def settled(self) -> bool:
        """Nothing more will come for the film in hand."""
        if self.status in (ModelStatus.FAILED, ModelStatus.STOPPED):
            return True
        if self.status is ModelStatus.OPENING:
            return False
        answered = self.prediction is not None or bool(self.trouble)
        return answered and all(view.status in FINISHED for view in self.views.values())

    @property
    def is_asking(self) -> bool:
        """A request is under way."""
        return self._request is not None

    @property
    def running(self) -> NetworkView | None:
        """The network whose map is being computed."""
        return next((v for v in self.views.values() if v.status is MapStatus.RUNNING), None)

    def seconds_left(self) -> float | None:
        """Of the map being computed, from its own pace; None while that is not known."""
        view = self.running
        if view is None or self._first_progress is None:
            return None
        since, done = self._first_progress
        if view.done <= done:
            return None
        return (time.monotonic() - since) / (view.done - done) * (view.total - view.done)

    def class_label(self, index: int) -> str:
        """A class in plain words."""
        assert self.manifest is not None
        name = self.manifest.classes[index]
        return self.manifest.class_descriptions.get(name, name)

    # the steps

    def _forget_answers(self) -> None:
        self.prediction = None
        self.class_index = None
        if self.status is ModelStatus.READY:
            self.trouble = ""
        entries = self.manifest.networks if self.manifest else self._announced
        status = MapStatus.IDLE if self._film is None else self._expected
        self.views = {entry.name: _unanswered(entry, status) for entry in entries}
        self.prediction_changed.emit()
        self.working_changed.emit()

    @property
    def _expected(self) -> MapStatus:
        """Of a map that is not there."""
        return MapStatus.STOPPED if self.status is ModelStatus.STOPPED else MapStatus.WAITING

    def _wait_for_maps(self) -> None:
        for name in self.views:
            self.views[name] = self._known_view(name)

    def _known_view(self, name: str) -> NetworkView:
        view = replace(self.views[name], done=0, total=0, message="", map=None)
        if self.not_applicable:
            return replace(view, status=MapStatus.IDLE, probability=None)
        view = replace(view, status=self._expected, probability=self._probability(name))
        kept = self._maps.get(self._map_key(name))
        return view if kept is None else self._with_map(view, kept)

    def _probability(self, network: str) -> float | None:
        assert self.prediction is not None and self.class_index is not None
        for opinion in self.prediction.opinions:
            if opinion.network == network:
                return opinion.probabilities[self.class_index]
        return None

    def _map_key(self, network: str) -> tuple[object, ...]:
        assert self._film is not None
        return self._film.address, network, self.class_index, self.method

    def _go_on(self) -> None:
        if self._film is None or self.status is not ModelStatus.READY or self._request is not None:
            return
        if self.prediction is None:
            self._ask_prediction(self._film)
            return
        waiting = [v.name for v in self.views.values() if v.status is MapStatus.WAITING]
        if waiting:
            self._ask_map(self._film, waiting[0])
        self.working_changed.emit()

    def _ask_prediction(self, film: Film) -> None:
        known = self._predictions.get(film.address)
        if known is not None:
            self._take_prediction(known)
            return
        instance = film.instance
        self._submit(Predict(film.frame, instance.modality, instance.body_part))
        self.prediction_changed.emit()
        self.working_changed.emit()

    def _ask_map(self, film: Film, network: str) -> None:
        self.views[network] = replace(self.views[network], status=MapStatus.RUNNING)
        self._submit(Explain(film.frame, network, self.class_index, self.method))
        self.network_changed.emit(network)

    def _submit(self, request: Request) -> None:
        self._first_progress = None
        self._request = (self._inference.submit(request), request)

    def _drop(self) -> None:
        if self._request is not None:
            self._inference.cancel(self._request[0])
            self._request = None

    # the worker's answers

    def _take(self, event: Event) -> None:
        match event:
            case DevicesListed():
                self.devices = event.devices
                self.devices_changed.emit()
            case WorkerDied():
                self._take_death(event)
            case ModelLoaded() if event.request == self._model_request:
                self._take_model(event)
            case Failed() if event.request == self._model_request:
                self.status, self.trouble, self.views = ModelStatus.FAILED, event.message, {}
                self._announced = []
                self.model_changed.emit()
            case Predicted() | Explained() | Progress() | Refining() | Failed() | Stopped():
                self._take_answer(event)

    def _take_model(self, event: ModelLoaded) -> None:
        self.status, self.trouble = ModelStatus.READY, ""
        self.manifest, self.device, self.methods = event.manifest, event.device, event.methods
        if self.method not in {choice.key for choice in self.methods}:
            self.method = DEFAULT_METHOD
        self._forget_answers()
        self.model_changed.emit()
        self._go_on()

    def _take_death(self, event: WorkerDied) -> None:
        self._request = None
        self.status, self.trouble = ModelStatus.STOPPED, event.message
        for name, view in self.views.items():
            if view.status in (MapStatus.RUNNING, MapStatus.WAITING):
                self.views[name] = replace(view, status=MapStatus.STOPPED)
        self.model_changed.emit()
        self.prediction_changed.emit()
        self.working_changed.emit()

    def _take_answer(
        self, event: Predicted | Explained | Progress | Refining | Failed | Stopped
    ) -> None:
        if self._request is None or event.request != self._request[0]:
            return
        request = self._request[1]
        if isinstance(event, Progress):
            self._take_progress(event)
            return
        if isinstance(event, Refining):
            found = _network_map(event.so_far)
            self._update(event.so_far.network, lambda view: replace(view, map=found))
            return
        self._request = None
        match event, request:
            case Predicted(), _:
                assert self._film is not None
                self._predictions.put(self._film.address, event.prediction)
                self._take_prediction(event.prediction)
            case Explained(), _:
                self._take_map(event)
            case Failed(), Explain():
                self._update(request.network, _failed(event.message))
            case Failed(), _:
                self._take_failed_prediction(event.message)
        self._go_on()

    def _take_prediction(self, prediction: Prediction) -> None:
        self.prediction = prediction
        self.class_index = prediction.decision
        self._wait_for_maps()
        self.prediction_changed.emit()
        self._go_on()

    def _take_failed_prediction(self, message: str) -> None:
        self.trouble = message
        self._film = None
        self.views = {n: replace(v, status=MapStatus.IDLE) for n, v in self.views.items()}
        self.prediction_changed.emit()

    def _take_progress(self, event: Progress) -> None:
        view = self.running
        if self._first_progress is None:
            # What opening the network took says nothing about the passes.
            self._first_progress = time.monotonic(), event.done
        if view is not None:
            self._update(view.name, lambda v: replace(v, done=event.done, total=event.total))

    def _take_map(self, event: Explained) -> None:
        found = _network_map(event)
        self._maps.put(self._map_key(event.network), found)
        self._update(event.network, lambda view: self._with_map(view, found))

    def _with_map(self, view: NetworkView, found: NetworkMap) -> NetworkView:
        assert self.manifest is not None
        status = MapStatus.EMPTY if found.empty else MapStatus.DONE
        rival = "" if found.against is None else f"against {self.manifest.classes[found.against]}"
        return replace(view, status=status, map=found, message=rival)

    def _update(self, network: str, change: Callable[[NetworkView], NetworkView]) -> None:
        self.views[network] = change(self.views[network])
        self.network_changed.emit(network)
        self.working_changed.emit()


def announced_networks(bundle: Path | None) -> list[NetworkEntry]:
    """Which networks a bundle says it has, so that panes can be laid out before it is checked.

    Empty for a zip and for a bundle that cannot be read: the worker will say why.
    """
    try:
        return read_manifest(bundle or DEMO_BUNDLE).networks
    except (MedKDError, OSError):
        return []


def _unanswered(entry: NetworkEntry, status: MapStatus) -> NetworkView:
    return NetworkView(entry.name, entry.label, entry.role == "student", status=status)


def _network_map(answer: Explained) -> NetworkMap:
    return NetworkMap(
        overlay=shrunk(answer.overlay),
        native=answer.native,
        empty=answer.empty,
        seconds=answer.seconds,
        exact=answer.exact,
        error=answer.error,
        other_classes=answer.other_classes,
        channel_mean=answer.channel_mean,
        against=answer.against,
    )


def _failed(message: str) -> Callable[[NetworkView], NetworkView]:
    return lambda view: replace(view, status=MapStatus.FAILED, message=message)
