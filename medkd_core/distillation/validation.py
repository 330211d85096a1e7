"""How good the network is between epochs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from medkd_core.distillation.data import Films, plain_batches
from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.loop.shares import Shares
from medkd_core.evaluation.metrics import confusion_matrix, scores
from medkd_core.imaging.recipe import InputRecipe

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Validation:
    """Rates in [0, 1]; `loss` is the class-balanced cross-entropy, whatever was trained with."""

    loss: float
    macro_f1: float
    balanced_accuracy: float
    accuracy: float
    confusion: list[list[int]]


def predict_logits(
    network: nn.Module, films: Films, recipe: InputRecipe, fabric: Fabric
) -> NDArray[np.float32]:
    """Logits of all images in their order, float32, (images, classes).

    Called by all processes of a run at once, each of which looks at its share. The network, on
    Fabric's device, is left in evaluation mode.
    """
    network.eval()
    shares = Shares(fabric)
    with torch.inference_mode(), fabric.autocast():
        logits = [
            network(network_inputs(fabric.to_device(batch.squares), recipe)).float()
            for batch in plain_batches(films, _BATCH, shares.slice_of(len(films)))
        ]
        return shares.gathered(torch.cat(logits), len(films)).cpu().numpy()


def validate(
    logits: NDArray[np.float32], labels: NDArray[np.int64], class_weights: Tensor
) -> Validation:
    """Compare logits, (images, classes), with labels, (images,)."""
    classes = logits.shape[1]
    confusion = confusion_matrix(labels, logits.argmax(axis=1), classes)
    loss = F.cross_entropy(
        torch.from_numpy(logits), torch.from_numpy(labels), weight=class_weights.cpu()
    )
    return Validation(
        loss=loss.item(),
        confusion=confusion.tolist(),
        **{name: float(score) for name, score in scores(confusion).items()},
    )
