"""The ways in which published code computes Score-CAM, named, so that none is chosen silently.

All show the network ``baseline + (image - baseline) * mask`` for the mask of each channel of the
target layer; the baseline is 0 in normalised units, the training mean, in all four, and can be
chosen here (see `medkd_core.explanation.baselines`). The map is the positive part of the sum of
channels times weights.

====================  ==================  ===============  ================  =================
step                  pytorch-grad-cam    authors          algorithm-1       torch-cam
====================  ==================  ===============  ================  =================
mask: up-sampling     corners aligned     cell centres     cell centres [1]  cell centres
mask: extremes of     up-sampled channel  up-sampled       up-sampled        layer's channel,
                                          channel          channel           peak may be < 1
mask: constant        0: baseline seen    channel skipped  0: baseline       0: baseline seen
channel                                                    seen [1]
mask: epsilon         1e-8                none             none              1e-8
score                 logit               probability      logit's increase  logit's increase
                                                           over baseline's   over image's [2]
channel softmax       yes                 no               yes               yes
map: ReLU             before up-sampling  after            before            before
map: normalised       before and after    after            after [1]         before
map: up-sampling      cell centres        cell centres     cell centres [1]  cell centres [3]
map: epsilon          1e-7                none             none              1e-8
====================  ==================  ===============  ================  =================

[1] The paper does not say; chosen here as its authors' code does it.
[2] What is subtracted is the same for all channels, and cancels in the softmax.
[3] The package returns the layer's own resolution; this is how it up-samples maps to fuse them.

Where the followed code has no answer we have one: with nothing positive to show, or with a score
that stays the same whatever is shown (the probability of a single class is always 1), the map is
said to be empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medkd_core.errors import ExplanationError

Resolution = Literal["layer", "input"]


@dataclass(frozen=True, slots=True)
class MaskRules:
    """How a channel becomes a mask. Dialects with the same rules share their masked passes.

    Attributes
    ----------
    align_corners : bool
        How channels are up-sampled, see `interpolation.interpolation_matrix`.
    extremes : {"layer", "input"}
        Whose extremes become 0 and 1: those of the channel, or of the up-sampled channel.
    epsilon : float
        Added to the difference of the extremes.
    """

    align_corners: bool
    extremes: Resolution
    epsilon: float


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to compute Score-CAM.

    Attributes
    ----------
    name : str
    masks : MaskRules
    score : {"logit", "probability"}
        What the network says of the explained class when it sees the masked image.
    channel_softmax : bool
        The scores go through a softmax over the channels before they weigh them.
    skip_constant : bool
        Channels that are the same everywhere are left out; otherwise their mask is all 0.
    relu : {"layer", "input"}
        At which resolution negative evidence is set to 0.
    normalised : tuple of {"layer", "input"}
        At which resolutions, in this order, the map is brought to [0, 1].
    epsilon : float
        Added to the highest value that the map is divided by.
    source : str
        What is followed.
    """

    name: str
    masks: MaskRules
    score: Literal["logit", "probability"]
    channel_softmax: bool
    skip_constant: bool
    relu: Resolution
    normalised: tuple[Resolution, ...]
    epsilon: float
    source: str


DEFAULT_DIALECT = "pytorch-grad-cam"

_PAPER = "Wang et al., Score-CAM, CVPR workshops 2020, arXiv:1910.01279"
_CELL_CENTRES = MaskRules(align_corners=False, extremes="input", epsilon=0)

DIALECTS = {
    known.name: known
    for known in (
        Dialect(
            name="pytorch-grad-cam",
            masks=MaskRules(align_corners=True, extremes="input", epsilon=1e-8),
            score="logit",
            channel_softmax=True,
            skip_constant=False,
            relu="layer",
            normalised=("layer", "input"),
            epsilon=1e-7,
            source="github.com/jacobgil/pytorch-grad-cam 1.5.5, pytorch_grad_cam.ScoreCAM",
        ),
        Dialect(
            name="authors",
            masks=_CELL_CENTRES,
            score="probability",
            channel_softmax=False,
            skip_constant=True,
            relu="input",
            normalised=("input",),
            epsilon=0,
            source=f"{_PAPER}, its code: github.com/haofanwang/Score-CAM, cam/scorecam.py",
        ),
        Dialect(
            name="algorithm-1",
            masks=_CELL_CENTRES,
            score="logit",
            channel_softmax=True,
            skip_constant=False,
            relu="layer",
            normalised=("input",),
            epsilon=0,
            source=f"{_PAPER}, Algorithm 1, equations 6 to 9 and section 4 (baseline)",
        ),
        Dialect(
            name="torch-cam",
            masks=MaskRules(align_corners=False, extremes="layer", epsilon=1e-8),
            score="logit",
            channel_softmax=True,
            skip_constant=False,
            relu="layer",
            normalised=("layer",),
            epsilon=1e-8,
            source="github.com/frgfm/torch-cam 0.5, torchcam.methods.ScoreCAM",
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
