"""Whether maps depend on what a network has learned, and whether they come out alike again.

torch is imported when a network is touched, not before.
"""

from medkd_core.explanation.sanity.blocks import Block, network_blocks
from medkd_core.explanation.sanity.cascade import Step, fresh_network, weight_cascade
from medkd_core.explanation.sanity.explainers import explainer
from medkd_core.explanation.sanity.repeatability import Distribution, Repeatability, repeatability
from medkd_core.explanation.sanity.verdict import Similarity, Verdict, similarity, verdict

__all__ = [
    "Block",
    "Distribution",
    "Repeatability",
    "Similarity",
    "Step",
    "Verdict",
    "explainer",
    "fresh_network",
    "network_blocks",
    "repeatability",
    "similarity",
    "verdict",
    "weight_cascade",
]
