"""Writes a command's files so that either all of them are there or none."""

from __future__ import annotations

import errno
import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.errors import MedKDError

_IN_THE_WAY = "Move away what has the name of what is to be written, or choose another folder."
_CURES = {
    errno.ENOSPC: "Free some space or choose another folder.",
    errno.EDQUOT: "Free some space or choose another folder.",
    errno.EACCES: "Choose a folder that you may write into.",
    errno.EPERM: "Choose a folder that you may write into.",
    errno.EROFS: "Choose a folder on another disk.",
    errno.ENAMETOOLONG: "Choose a folder with a shorter name.",
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EISDIR: _IN_THE_WAY,
}


def write_together(folder: Path, files: Mapping[str, NDArray[np.generic] | bytes]) -> None:
    """Write files into a folder, replacing those of the same names.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    files : mapping of file name to content
        Arrays go to ``.npy`` as they are and to ``.png`` as uint8, (rows, columns[, 3]).

    Raises
    ------
    MedKDError
        If the folder cannot be written; no file was replaced then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".medkd-") as beside:
            for name, content in files.items():
                (Path(beside) / name).write_bytes(_encoded(name, content))
            for name in files:
                (Path(beside) / name).replace(folder / name)
    except OSError as error:
        raise MedKDError(
            "Cannot write into",
            path=folder,
            because=error.strerror or str(error),
            cure=_CURES.get(error.errno or 0, "Choose another folder."),
        ) from error


def refuse_if_no_folder(path: Path) -> None:
    """What writing into it would refuse after minutes of work.

    Raises
    ------
    MedKDError
        There is a file of that name.
    """
    if os.path.lexists(path) and not path.is_dir():
        raise MedKDError(
            "Cannot write into", path=path, because="it is a file", cure="Choose another folder."
        )


def _encoded(name: str, content: NDArray[np.generic] | bytes) -> bytes:
    if isinstance(content, bytes):
        return content
    buffer = io.BytesIO()
    if name.lower().endswith(".npy"):
        np.save(buffer, content, allow_pickle=False)
    else:
        note = PngInfo()
        note.add_text("Comment", RESEARCH_USE_ONLY)
        Image.fromarray(content).save(buffer, format="PNG", pnginfo=note)
    return buffer.getvalue()
