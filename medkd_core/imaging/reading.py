"""Any file to frames: dispatched by what a file contains, never by its name.

Everything that a hostile or damaged file can raise ends here as one `UnreadableFileError`.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging import archives
from medkd_core.imaging.file_kind import (
    HEAD_BYTES,
    looks_like_dicom,
    looks_like_raster,
    looks_like_zip,
)
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.study import FileList, Study

_log = logging.getLogger(__name__)

# None is Pillow's, the others come of reading at places that a damaged file points to.
_SAID_OF_DAMAGE = (None, errno.EINVAL, errno.EOVERFLOW)
_WHAT_IS_SHOWN = "MedKD shows DICOM, PNG, JPEG and TIFF, also in ZIP files."


def read_frame(path: Path | str, index: int = 0) -> Frame:
    """Decode one frame of a DICOM, PNG, JPEG or TIFF file.

    Parameters
    ----------
    path : Path or str
    index : int
        Frame or page, from 0.

    Raises
    ------
    UnreadableFileError
        For every reason why there is no picture to show.
    """
    path = Path(path)
    with told_plainly(path):
        return reader_of(path).read_frame(path, index)


def read_instance(path: Path | str) -> Study:
    """Read what a file says it holds: a study of one series of one instance.

    Raises
    ------
    UnreadableFileError
        For every reason why there is nothing to show.
    """
    entry = read_entry(path)
    if isinstance(entry, FileList):
        raise _refusal(Path(path), "it lists other files and holds no picture itself")
    return entry


def read_entry(path: Path | str) -> Study | FileList:
    """As `read_instance`, but a DICOMDIR or a ZIP file gives the files it lists."""
    path = Path(path)
    with told_plainly(path):
        return reader_of(path).read_entry(path)


def reader_of(path: Path) -> ModuleType:
    """The module that reads a file, `dicom.reader`, `raster.reader` or `archives`, by its start.

    Raises
    ------
    UnreadableFileError
        It is of neither kind, empty, or no ordinary file.
    OSError
        The file cannot be opened.
    """
    # Imported when a file asks for it: pydicom costs a fifth of a second that a viewer's start,
    # which only imports this module, should not pay.
    if path.is_dir():
        raise _refusal(path, "it is a folder", "Name a file in it.")
    if path.exists() and not path.is_file():
        # Reading a pipe or a device could wait for ever.
        raise _refusal(path, "it is no ordinary file")
    head = archives.first_bytes(path, HEAD_BYTES)
    if not head:
        raise _refusal(path, "the file is empty")
    # A preamble may hold another format's signature (dual-format files): DICOM is asked first.
    if looks_like_dicom(head):
        import medkd_core.imaging.dicom.reader

        return medkd_core.imaging.dicom.reader
    if looks_like_raster(head):
        import medkd_core.imaging.raster.reader

        return medkd_core.imaging.raster.reader
    if looks_like_zip(head):
        return archives
    raise _refusal(path, "it is no picture in a format that can be shown", _WHAT_IS_SHOWN)


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turn whatever a hostile or damaged file raises into one `UnreadableFileError`."""
    try:
        yield
    except (UnreadableFileError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise _refusal(path, "there is no such file") from None
    except PermissionError:
        raise _refusal(path, "you may not read it") from None
    except MemoryError as error:
        raise _refusal(path, "it needs more memory than there is") from error
    except OSError as error:
        if error.errno in _SAID_OF_DAMAGE:
            raise _damaged(path, error) from error
        raise _refusal(path, f"the system refuses it ({error.strerror})") from error
    except BaseException as error:
        # BaseException: a panic in a decoder written in Rust is not an Exception.
        raise _damaged(path, error) from error


def _damaged(path: Path, error: BaseException) -> UnreadableFileError:
    # What libraries say repeats bytes of the file, which may be a patient's name.
    _log.debug("A file could not be read: %s", type(error).__name__)
    return _refusal(path, "it is damaged or cut short", "Copy or export it once more.")


def _refusal(path: Path, because: str, cure: str = "") -> UnreadableFileError:
    return UnreadableFileError("Cannot read", because=because, cure=cure, path=path)
