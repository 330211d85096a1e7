"""State-dict keys as other releases spell them, and what they are called here."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a release names what is named otherwise here.

    Attributes
    ----------
    release : str
        Whose spelling it is, for the user.
    changes : tuple of (str, str)
        Patterns and replacements, applied to a key one after the other.
    """

    release: str
    changes: tuple[tuple[str, str], ...]

    def ours(self, key: str) -> str:
        """The key as it is spelled here."""
        for pattern, replacement in self.changes:
            key = re.sub(pattern, replacement, key)
        return key


SPELLINGS = (
    # The module was renamed after the checkpoints were released; elastic layers nest once more.
    Spelling(
        "once-for-all's newer code",
        (
            (r"^(blocks\.\d+)\.conv\.", r"\1.mobile_inverted_conv."),
            (r"\.bn\.bn\.", ".bn."),
            (r"\.conv\.conv\.weight$", ".conv.weight"),
            (r"\.linear\.linear\.", ".linear."),
        ),
    ),
    Spelling(
        "the authors' release of Visformer",
        ((r"\.bn\.(weight|bias|running_mean|running_var|num_batches_tracked)$", r".\1"),),
    ),
    # Its first releases had dots in the names of layers.
    Spelling(
        "torchvision's first DenseNets", ((r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2."),)
    ),
    Spelling(
        "torchvision's VGG",
        (
            (r"^classifier\.0\.", "pre_logits.fc1."),
            (r"^classifier\.3\.", "pre_logits.fc2."),
            (r"^classifier\.6\.", "head.fc."),
        ),
    ),
)


def in_our_spelling(
    tensors: Mapping[str, Tensor], own: Container[str]
) -> tuple[dict[str, Tensor], str]:
    """Tensors under the keys of a network, and whose spelling the file had.

    Parameters
    ----------
    tensors : mapping
        As they stand in the file.
    own : container of str
        Keys of the network's state dict.

    Returns
    -------
    (dict, str)
        The spelling that most keys are known under; ``""`` where the file's own is as good.
    """

    def known(keys: Iterable[str]) -> int:
        return sum(key in own for key in keys)

    best, release = dict(tensors), ""
    for spelling in SPELLINGS:
        renamed = {spelling.ours(key): value for key, value in tensors.items()}
        if len(renamed) == len(tensors) and known(renamed) > known(best):
            best, release = renamed, spelling.release
    return best, release
