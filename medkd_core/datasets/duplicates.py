"""Images that are copies of one another, byte for byte or to the eye.

Two pictures are near duplicates when their 64-bit difference hashes differ in at most
`HASH_DISTANCE` bits and their thumbnails, freed of coarse brightness, correlate by at least
`CORRELATION`. The hash alone would not do: all chest films look alike to it. The limits lie between
what different films of the chest, tissue tiles and phantoms reached (0.94) and what copies keep
(0.96 after a strong change of contrast).

Found: copies that were compressed again, scaled, or changed in brightness and contrast; with
`turned`, also copies mirrored or turned by quarters. Not found: copies that were cropped, shifted
by more than about 1 %, turned by other angles, or drawn on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from medkd_core.imaging.frame import FloatArray

HASH_DISTANCE = 8
CORRELATION = 0.955

_THUMBNAIL = 32
_COARSE = 2.0
"""Standard deviation, in thumbnail pixels, of what is taken away as coarse brightness."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of one image.

    Attributes
    ----------
    digest : str
        SHA-256 of the file.
    hashes : uint64, (orientations,)
        Difference hash of the image, and of its turned copies if those are looked for.
    thumbnails : float32, (orientations, 1024)
        Of zero mean and unit length; all zero for an image without content.
    """

    digest: str
    hashes: NDArray[np.uint64]
    thumbnails: FloatArray


def fingerprint(image: FloatArray, digest: str, *, turned: bool = False) -> Fingerprint:
    """Take the fingerprint of a grey image, float32, (rows, columns)."""
    small = cv2.resize(image, (_THUMBNAIL * 2, _THUMBNAIL * 2), interpolation=cv2.INTER_AREA)
    views = _orientations(small) if turned else [small]
    return Fingerprint(
        digest,
        np.array([_difference_hash(view) for view in views]),
        np.stack([_thumbnail(view) for view in views]),
    )


def find_duplicates(fingerprints: Sequence[Fingerprint]) -> list[list[int]]:
    """Sets of images that are copies of one another, as positions, each sorted."""
    links = _exact_links(fingerprints) + _near_links(fingerprints)
    number = len(fingerprints)
    pairs = np.array(links, np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(number, number))
    _, component = connected_components(graph, directed=False)
    members: dict[int, list[int]] = defaultdict(list)
    for index in np.unique(pairs):
        members[component[index]].append(int(index))
    return sorted(members.values())


def _exact_links(fingerprints: Sequence[Fingerprint]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    links = []
    for index, print_ in enumerate(fingerprints):
        original = first.setdefault(print_.digest, index)
        if original != index:
            links.append((original, index))
    return links


def _near_links(fingerprints: Sequence[Fingerprint]) -> list[tuple[int, int]]:
    if not fingerprints:
        return []
    hashes = np.array([print_.hashes[0] for print_ in fingerprints])
    thumbnails = np.stack([print_.thumbnails[0] for print_ in fingerprints])
    links = []
    for index, print_ in enumerate(fingerprints):
        for turned_hash, turned in zip(print_.hashes, print_.thumbnails, strict=True):
            distance = np.bitwise_count(hashes[index + 1 :] ^ turned_hash)
            close = index + 1 + np.flatnonzero(distance <= HASH_DISTANCE)
            alike = close[thumbnails[close] @ turned >= CORRELATION]
            links += [(index, int(other)) for other in alike]
    return links


def _orientations(image: FloatArray) -> list[FloatArray]:
    return [np.rot90(side, turn) for side in (image, image[:, ::-1]) for turn in range(4)]


def _difference_hash(image: FloatArray) -> np.uint64:
    small = cv2.resize(np.ascontiguousarray(image), (9, 8), interpolation=cv2.INTER_AREA)
    return np.packbits(small[:, 1:] > small[:, :-1]).view(np.uint64)[0]


def _thumbnail(image: FloatArray) -> FloatArray:
    side = (_THUMBNAIL, _THUMBNAIL)
    small = cv2.resize(np.ascontiguousarray(image), side, interpolation=cv2.INTER_AREA)
    fine = (small - cv2.GaussianBlur(small, (0, 0), _COARSE)).ravel()
    fine -= fine.mean()
    length = np.linalg.norm(fine)
    return np.zeros_like(fine) if length < 1e-6 else fine / length
