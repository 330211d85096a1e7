"""Random pixels of every kind that DICOM stores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_RANDOM = np.random.default_rng(17)


def noise(kind: str, bits: int, shape: tuple[int, ...] = (64, 72)) -> NDArray[np.generic]:
    """Pixels of NumPy's `kind` that use so many bits, their sign included."""
    signed = kind[0] == "i"
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
    return _RANDOM.integers(low, high, shape).astype(kind)
