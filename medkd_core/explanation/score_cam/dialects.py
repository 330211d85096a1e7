"""The ways in which published code computes Score-CAM, named, so that none is chosen silently.

Common to all: activations are up-sampled bilinearly to the input's size, each is normalised to
[0, 1] by its up-sampled extremes, the image is multiplied by it in the network's normalised units
(so that 0, the training mean, is seen where the mask is 0), and the map is the ReLU of the sum of
activations times weights, normalised to [0, 1].

================  ===========  ===============  =============  =================
dialect           score        channel softmax  align corners  constant channels
================  ===========  ===============  =============  =================
pytorch-grad-cam  logit        yes              yes            seen as black mask
authors           probability  no               no             skipped
================  ===========  ===============  =============  =================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medkd_core.errors import ExplanationError


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to compute Score-CAM.

    Attributes
    ----------
    name : str
    score : {"logit", "probability"}
        What the network says of the explained class when it sees the masked image.
    channel_softmax : bool
        The scores go through a softmax over the channels before they weigh them.
    align_corners : bool
        How activations are up-sampled, see `interpolation.interpolation_matrix`.
    skip_constant : bool
        Channels that are the same everywhere are left out; otherwise their mask is all 0.
    source : str
        The code that is followed.
    """

    name: str
    score: Literal["logit", "probability"]
    channel_softmax: bool
    align_corners: bool
    skip_constant: bool
    source: str


DEFAULT_DIALECT = "pytorch-grad-cam"

DIALECTS = {
    known.name: known
    for known in (
        Dialect(
            name="pytorch-grad-cam",
            score="logit",
            channel_softmax=True,
            align_corners=True,
            skip_constant=False,
            source="pytorch_grad_cam.ScoreCAM 1.5",
        ),
        Dialect(
            name="authors",
            score="probability",
            channel_softmax=False,
            align_corners=False,
            skip_constant=True,
            source="Wang et al., Score-CAM, CVPR workshops 2020, arXiv:1910.01279, published code",
        ),
    )
}


def dialect(name: str) -> Dialect:
    """The dialect of that name.

    Raises
    ------
    ExplanationError
        There is none; the message lists the names.
    """
    if name not in DIALECTS:
        raise ExplanationError(
            f"Cannot use the Score-CAM dialect '{name}'",
            because="there is none of that name",
            cure=f"Choose one of: {', '.join(DIALECTS)}.",
        )
    return DIALECTS[name]
