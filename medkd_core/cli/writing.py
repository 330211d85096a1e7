"""Writes a command's files together: none takes its place before all of them are ready."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.errors import MedKDError

_BESIDE, _OLD_S = ".medkd-", 24 * 60 * 60
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


def write_together(
    folder: Path,
    files: Mapping[str, NDArray[np.generic] | bytes],
    removed: Iterable[str] = (),
) -> None:
    """Write files into a folder, replacing those of the same names.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    files : mapping of file name to content
        See `encoded`; they take their places in this order.
    removed : iterable of str
        Names of files that go before the first takes its place.

    Raises
    ------
    MedKDError
        The folder cannot be written. On a full disk, or with a folder in the way of a file, nothing
        was replaced or removed then; when the disk fails between two files, the first were.
    """
    with _told_of(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix=_BESIDE) as beside:
            for name, content in files.items():
                (Path(beside) / name).write_bytes(encoded(name, content))
            _refuse_folders(folder, files)
            _remove(folder, removed)
            for name in files:
                (Path(beside) / name).replace(folder / name)


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove files in this order; what is not there, or is a folder, is passed over.

    Raises
    ------
    MedKDError
        One of them cannot be removed; those before it were.
    """
    with _told_of(folder):
        _remove(folder, names)


def encoded(name: str, content: NDArray[np.generic] | bytes) -> bytes:
    """A file's bytes: arrays go to ``.npy`` as they are, and to ``.png`` as a picture.

    Parameters
    ----------
    name : str
    content : array or bytes
        For ``.png`` uint8, (rows, columns[, 3]); bytes stay as they are.
    """
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


@contextmanager
def _told_of(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MedKDError(
            "Cannot write into",
            path=folder,
            because=error.strerror or str(error),
            cure=_CURES.get(error.errno or 0, "Choose another folder."),
        ) from error


def _sweep(folder: Path) -> None:
    """Remove what runs left that were killed: a running one is through with it in seconds."""
    for left in folder.glob(f"{_BESIDE}*"):
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime > _OLD_S:
                shutil.rmtree(left)


def _refuse_folders(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, f"{name} is a folder there")


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if not (folder / name).is_dir():
            (folder / name).unlink(missing_ok=True)
