"""Maps that were computed before, kept on disk by what they were made of.

The name of an entry is a digest of everything that its map depends on: the network's input, the
network, the layer, the method, the class, and the code that computes maps. Nothing has to be
declared stale by hand. Entries are plain arrays, never pickles.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from medkd_core.explanation.score_cam.explanation import Explanation, Sensitivity

FloatArray = NDArray[np.float32]

LIMIT_BYTES = 512 * 2**20
_CODE = ("networks", "engines", "explanation")

_log = logging.getLogger(__name__)


def map_key(image: FloatArray, **circumstances: str | int | float | bool | None) -> str:
    """Name of the entry of one map.

    Parameters
    ----------
    image : float32, (3, H, W)
        The network's input.
    **circumstances
        Whatever else the map depends on: digest of the bundle, network, layer, method, class,
        device.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits.
    """
    digest = hashlib.sha256(np.ascontiguousarray(image).tobytes())
    said = {"shape": image.shape, "code": code_digest(*_CODE), **circumstances}
    digest.update(json.dumps(said, sort_keys=True).encode())
    return digest.hexdigest()


@cache
def code_digest(*places: str) -> str:
    """SHA-256 of a part of this package, so that what another version of it made is not found.

    Parameters
    ----------
    *places : str
        Its folders, each with all that is below, and its files: "engines", "cli/reading.py".
    """
    package = Path(__file__).parents[1]
    files = sorted({file for place in places for file in _code_in(package / place)})
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(package).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _code_in(place: Path) -> list[Path]:
    found = [place] if place.is_file() else [*place.rglob("*.py")]
    if not found:
        raise ValueError(f"there is no code in {place}")
    return found


class MapCache:
    """A folder of entries, bounded in size; those that were used last are kept.

    Several processes may use one folder. A cache that cannot be read or written costs time, never
    an error.

    Parameters
    ----------
    folder : Path, optional
        In the user's cache when left out.
    limit_bytes : int
        What all entries may take together.
    """

    def __init__(self, folder: Path | None = None, limit_bytes: int = LIMIT_BYTES) -> None:
        home = platformdirs.user_cache_path("medkd", appauthor=False)
        self.folder = folder or home / "maps"
        self._limit = limit_bytes

    def get(self, key: str) -> Explanation | None:
        """The map kept under a key, or None; a damaged entry is removed."""
        path = self._path(key)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as entry:
                found = _explanation({name: entry[name] for name in entry.files})
        except OSError:
            return None
        except Exception as error:  # a damaged file makes zipfile, zlib, numpy or json raise
            _log.warning("A kept map is damaged (%s): computed again", type(error).__name__)
            _remove(path)
            return None
        # Somebody else's entry can be read and not be marked as used.
        with suppress(OSError):
            os.utime(path)
        return found

    def put(self, key: str, explanation: Explanation) -> None:
        """Keep a map under a key; what was not used for longest makes room."""
        path = self._path(key)
        partial = path.with_name(f".{key}.{os.getpid()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                np.savez_compressed(file, **_arrays(explanation))
            partial.replace(path)
            self._make_room()
        except OSError as error:
            _log.warning("A map is not kept: %s", error.strerror)
            _remove(partial)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"

    def _make_room(self) -> None:
        entries = []
        for entry in self.folder.iterdir():
            # Another process may remove it meanwhile.
            with suppress(OSError):
                facts = entry.stat()
                entries.append((facts.st_mtime, facts.st_size, entry))
        taken = sum(size for _, size, _ in entries)
        for _, size, entry in sorted(entries):
            if taken <= self._limit:
                return
            _remove(entry)
            taken -= size


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _arrays(explanation: Explanation) -> dict[str, Any]:
    values = asdict(explanation)
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    facts = {name: value for name, value in values.items() if name not in arrays}
    return {**arrays, "facts": np.array(json.dumps(facts))}


def _explanation(arrays: dict[str, Any]) -> Explanation:
    facts = json.loads(str(arrays.pop("facts")))
    if {*facts, *arrays} != {field.name for field in fields(Explanation)}:
        raise ValueError("not the fields of a map")
    maps = [arrays["native"], arrays["input_map"]]
    if any(one.ndim != 2 or one.dtype != np.float32 or not np.isfinite(one).all() for one in maps):
        raise ValueError("no maps")
    found = Explanation(**facts, **arrays)
    sensitivity = facts["sensitivity"]
    return replace(found, sensitivity=sensitivity and Sensitivity(**sensitivity))
