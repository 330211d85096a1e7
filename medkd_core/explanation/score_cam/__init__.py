"""Score-CAM: where a network looked, found by showing it the image through its own activations.

For each channel A_k of the target layer the image is seen through the up-sampled, normalised
activation; the score S_k of the explained class weighs the channel in ``ReLU(sum_k S_k A_k)``
(Wang et al., 2020, arXiv:1910.01279). No gradients: any `Engine` will do.
"""

from medkd_core.explanation.score_cam.compute import score_cam, score_cam_all
from medkd_core.explanation.score_cam.contrast import METHOD as CONTRAST
from medkd_core.explanation.score_cam.contrast import contrast_cam, contrast_map
from medkd_core.explanation.score_cam.dialects import DEFAULT_DIALECT, DIALECTS, Dialect
from medkd_core.explanation.score_cam.explanation import Explanation, Sensitivity
from medkd_core.explanation.score_cam.maps import class_map
from medkd_core.explanation.score_cam.masks import ChannelMasks, channel_masks
from medkd_core.explanation.score_cam.passes import Look, MaskedScores, look, show_masks
from medkd_core.explanation.score_cam.preview import PREVIEW_FORWARDS
from medkd_core.explanation.score_cam.refining import refined
from medkd_core.explanation.score_cam.sensitivity import map_sensitivity

__all__ = [
    "CONTRAST",
    "DEFAULT_DIALECT",
    "DIALECTS",
    "PREVIEW_FORWARDS",
    "ChannelMasks",
    "Dialect",
    "Explanation",
    "Look",
    "MaskedScores",
    "Sensitivity",
    "channel_masks",
    "class_map",
    "contrast_cam",
    "contrast_map",
    "look",
    "map_sensitivity",
    "refined",
    "score_cam",
    "score_cam_all",
    "show_masks",
]
