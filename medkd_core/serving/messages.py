"""What the inference worker is asked and what it answers; plain data, no network library."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import BundleManifest
from medkd_core.evaluation.prediction import Prediction
from medkd_core.explanation.baselines import DEFAULT_BASELINE
from medkd_core.imaging.frame import Frame

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ListDevices:
    """Ask which devices can be computed on."""


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Verify a bundle and open its student; the teachers follow when they are needed.

    Attributes
    ----------
    bundle : Path or None
        Folder or zip; None is the embedded demo.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.
    """

    bundle: Path | None
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class Predict:
    """Ask the student (and each teacher) what it thinks of a frame."""

    frame: Frame
    modality: str = ""
    body_part: str = ""


@dataclass(frozen=True, slots=True)
class Explain:
    """Ask for one network's map of a frame; unless a preview is wanted, it comes in stages."""

    frame: Frame
    network: str
    class_index: int | None = None
    """None: the class that the student decided for."""
    dialect: str = "pytorch-grad-cam"
    """Of Score-CAM, or another method's name."""
    preview: bool = False
    baseline: str = DEFAULT_BASELINE
    """What is seen where a mask is 0, one of `BASELINES`; methods without masks have none."""


Request = ListDevices | LoadModel | Predict | Explain


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device that can be chosen: ``("cpu", "CPU, 2 threads")``."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """A way to explain that can be chosen here: ``("grad-cam", "Grad-CAM", "Each channel...")``."""

    key: str
    label: str
    remark: str


@dataclass(frozen=True, slots=True)
class DevicesListed:
    """The devices that can be computed on, the preferred one first."""

    request: int
    devices: tuple[DeviceChoice, ...]


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """The bundle is open.

    Attributes
    ----------
    device : str
        Where it computes and why, in words.
    methods : tuple of MethodChoice
        How it can explain here, the usual one first.
    """

    request: int
    manifest: BundleManifest
    device: str
    methods: tuple[MethodChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the networks think of the frame."""

    request: int
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` masked passes."""

    request: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Explained:
    """A finished map.

    Attributes
    ----------
    overlay : float32, (rows, columns) of the frame, [0, 1]
    native : float32, (h, w) of the target layer, [0, 1]
    empty : bool
        There is nothing to show (no channel speaks for the class): an explicit "no map".
    other_classes, channel_mean : float, [-1, 1], optional
        See `Sensitivity`.
    error, against
        See `Explanation`.
    """

    request: int
    network: str
    class_index: int
    overlay: FloatArray
    native: FloatArray
    empty: bool
    exact: bool
    forwards: int
    seconds: float
    other_classes: float | None = None
    channel_mean: float | None = None
    error: float | None = None
    against: int | None = None


@dataclass(frozen=True, slots=True)
class Refining:
    """A map on its way to the exact one, which `Explained` brings."""

    request: int
    so_far: Explained


@dataclass(frozen=True, slots=True)
class Failed:
    """The request could not be carried out; the worker goes on."""

    request: int
    message: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The request was cancelled."""

    request: int


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """The worker is gone; `requests` will not be answered. The client starts a new one on the next
    request."""

    message: str
    requests: tuple[int, ...] = field(default=())


Event = (
    DevicesListed
    | ModelLoaded
    | Predicted
    | Progress
    | Refining
    | Explained
    | Failed
    | Stopped
    | WorkerDied
)
