"""Class activation maps beside Score-CAM, with the formulas of pytorch-grad-cam; torch is needed.

torch and pytorch-grad-cam are imported when a map is made, not before.
"""

from medkd_core.explanation.other_methods.evidence import Evidence, class_evidence
from medkd_core.explanation.other_methods.maps import cam, cam_all
from medkd_core.explanation.other_methods.methods import METHODS, Method, method_named
from medkd_core.explanation.other_methods.opening import open_network

__all__ = [
    "METHODS",
    "Evidence",
    "Method",
    "cam",
    "cam_all",
    "class_evidence",
    "method_named",
    "open_network",
]
