"""What passes between the networks of a step and the loss."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Signal:
    """What one network says of a batch, teacher or student, on one device.

    Attributes
    ----------
    logits : float32, (batch, classes)
        As the network gives them: neither calibrated nor softened.
    features : float32, (batch, d), or None
        Pooled: what the classifier sees.
    maps : float32, (batch, h, w), or None
        Where the network looks for the class of each image's label, in the geometry of the
        augmented square. A teacher's are in [0, 1], all zero where it has no map; a student's are
        signed and of any size.
    """

    logits: Tensor
    features: Tensor | None = None
    maps: Tensor | None = None
