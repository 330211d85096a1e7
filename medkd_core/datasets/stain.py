"""Other amounts of the same dyes: what tells the slides of two laboratories apart."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from medkd_core.imaging.frame import FloatArray

# Optical density of haematoxylin, eosin and DAB in red, green and blue, each row of unit length
# (Ruifrok and Johnston, Anal Quant Cytol Histol 23:291, 2001).
_DYES = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
_DYES = _DYES / np.linalg.norm(_DYES, axis=1, keepdims=True)
_UNMIX = np.linalg.inv(_DYES)
_DARKEST = np.float32(1 / 255)


def jitter_stain(
    image: FloatArray, factors: Sequence[float], offsets: Sequence[float]
) -> FloatArray:
    """Change the amount of each dye in a picture of stained tissue.

    The picture is split into dyes, ``dye = -log10(picture) @ inverse(dyes)``, each becomes
    ``factor * dye + offset``, and they are mixed again: the H&E stain augmentation of Tellez et al.
    (IEEE Trans Med Imaging 37:2126, 2018; as "HED" in Med Image Anal 58:101544, 2019).

    Parameters
    ----------
    image : float32, (rows, columns, 3), [0, 1]
        Red, green, blue.
    factors, offsets : sequences of float, 3
        Of haematoxylin, eosin and DAB; offsets in units of optical density.

    Returns
    -------
    float32, (rows, columns, 3), [0, 1]
    """
    mix = _UNMIX @ np.diag(factors) @ _DYES
    density = -np.log(np.maximum(image, _DARKEST))
    # Densities in natural logarithms, since those are quicker, hence the offsets' log(10).
    constant = np.log(10) * (np.asarray(offsets) @ _DYES)
    changed = cv2.transform(density, np.column_stack([mix.T, constant]))
    return np.clip(np.exp(-changed), 0, 1).astype(np.float32)
