"""What speaks for each class at each place, signed, before it is made a map to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.errors import ExplanationError, OperationCancelled
from medkd_core.explanation.other_methods.methods import method_named

if TYPE_CHECKING:
    from torch import nn

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Signed maps of classes.

    Attributes
    ----------
    logits : float32, (classes,)
        Of the whole image.
    maps : float64, (classes, h, w)
        Of all classes, before ReLU and normalising; of a method that knows no class, one for all.
        All 0 where the target layer gives the same everywhere.
    channel_mean : float64, (h, w)
        Plain mean of the target layer's channels.
    forwards : int
        Changed outputs of the layer that the rest of the network saw.
    """

    logits: FloatArray
    maps: NDArray[np.float64]
    channel_mean: NDArray[np.float64]
    forwards: int


def class_evidence(
    network: nn.Module,
    name: str,
    image_size: int,
    image: FloatArray,
    method: str,
    *,
    target_layer: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evidence:
    """Evidence for every class, from one look at the image.

    Parameters
    ----------
    network : torch.nn.Module
        Made by `create_network` or `open_network`, on any device, in any precision. It is left as
        it was: its mode, its gradients, its hooks.
    name : str
        Its name there.
    image_size : int
        Side of its square input in pixels.
    image : float32, (3, H, W)
        In the network's normalised units.
    method : str
        A key of `METHODS`.
    target_layer : str, optional
        The registry's when left out.
    progress : callable, optional
        Called with the steps finished and their total: channels of Ablation-CAM, else classes.
    cancelled : callable, optional
        Asked between steps; True ends the work.

    Raises
    ------
    ExplanationError
        No such method, an image of the wrong shape, values that are not finite, or
        pytorch-grad-cam is not installed.
    NetworkError
        There is no such layer, or its output is no map.
    OperationCancelled
        `cancelled` said so.
    """
    chosen = method_named(method)
    if image.shape != (3, image_size, image_size):
        takes = (3, image_size, image_size)
        raise no_map(f"the image is {image.shape}, the network takes {takes}")
    if not np.isfinite(image).all():
        raise no_map("the image has values that are not finite numbers")
    try:
        from medkd_core.explanation.other_methods.computing import all_classes

        return all_classes(
            network, name, image, chosen, target_layer, _reporter(progress, cancelled)
        )
    except ModuleNotFoundError as error:
        raise ExplanationError(
            f"Cannot compute a map by {chosen.label}",
            because=f"the package {error.name} is not installed",
            cure="Install MedKD with its training packages: pip install medkd. Score-CAM needs "
            "none of them.",
        ) from error
    except RuntimeError as error:
        raise ExplanationError(
            f"Cannot compute a map by {chosen.label}",
            because="torch gave up on the network",
            cure="Close other programs that use memory, or choose another layer.",
        ) from error


def no_map(because: str) -> ExplanationError:
    """The error that no map can be made, with its reason."""
    return ExplanationError("Cannot compute a class activation map", because=because)


def _reporter(
    progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        if cancelled is not None and cancelled():
            raise OperationCancelled
        if progress is not None:
            progress(done, total)

    return report
