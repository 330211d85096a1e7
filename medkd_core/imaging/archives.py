"""ZIP files as folders: ``study.zip/series 1/film.dcm`` is a path that can be read.

Nothing is unpacked under a name that the ZIP file chooses: a member is copied, when it is read,
into a temporary file without a name that the system removes with the process. So a path that
leads out of the ZIP file, a link or a second file of the same name can do no harm; they are
refused all the same.
"""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, NoReturn, cast

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.file_kind import looks_like_zip
from medkd_core.imaging.reading_order import natural
from medkd_core.imaging.study import FileList, Refusal

LARGEST_MEMBER_BYTES = 2**30
"""A file in a ZIP file that declares more is refused before anything is unpacked."""

MOST_MEMBERS = 100_000

LARGEST_GROWTH = 100
"""A ZIP file that grows more than this is a bomb, unless what it holds is small altogether."""

ALWAYS_ALLOWED_BYTES = 2**31

_LARGEST_DIRECTORY_BYTES = 200 * MOST_MEMBERS
_END_RECORD_REACH = 22 + 2**16 + 20 + 56
_ENCRYPTED = 0x1
_UNPACK_IT = "Unpack it and open the folder."
_OFFICE_MEMBERS = {"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"}
_BUNDLE_MEMBER = "bundle.json"


@dataclass(frozen=True, slots=True)
class _Archive:
    """An open ZIP file and its list of files by the path under which they are read."""

    file: zipfile.ZipFile
    members: dict[Path, zipfile.ZipInfo]
    refused: dict[Path, str]


def read_entry(path: Path) -> FileList:
    """List the files of a ZIP file, each by a path that leads into it; hidden ones are left out.

    Raises
    ------
    UnreadableFileError
        It is inside another ZIP file, a bomb, a MedKD model, or another program's document.
    Exception
        Whatever `zipfile` raises on a damaged file.
    """
    if archive_of(path) is not None:
        raise _refusal(path, "it is a ZIP file within a ZIP file", "Unpack the outer one.")
    archive = _archive(path)
    if not archive.members and not archive.refused:
        raise _refusal(path, "it is a ZIP file that holds no files")
    files = sorted(archive.members, key=lambda member: natural(str(member)))
    refused = tuple(Refusal(member, because) for member, because in archive.refused.items())
    return FileList(tuple(files), refused)


def read_frame(path: Path, index: int = 0) -> NoReturn:
    """Refuse: a ZIP file holds pictures and is none."""
    cure = f"Name one of the files in it, as {path / 'name'}."
    raise _refusal(path, "it is a ZIP file and no picture", cure)


def archive_of(path: Path) -> Path | None:
    """The ZIP file that a path leads into; None when the path is there itself."""
    if path.exists():
        return None
    outer = next((parent for parent in path.parents if parent.is_file()), None)
    return outer if outer is not None and looks_like_zip(_start(outer, 4)) else None


def is_file(path: Path) -> bool:
    """Whether a path is an ordinary file, on disk or in a ZIP file."""
    try:
        outer = archive_of(path)
        return path.is_file() if outer is None else path in _archive(outer).members
    except OSError:  # a name too long for the system, for one
        return False


def first_bytes(path: Path, count: int) -> bytes:
    """The start of a file, on disk or in a ZIP file, of which no more is unpacked."""
    outer = archive_of(path)
    if outer is None:
        return _start(path, count)
    archive = _archive(outer)
    with _told_as_member(path), archive.file.open(_member(archive, path)) as packed:
        return packed.read(count)


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, on disk or in a ZIP file.

    A member of a ZIP file must not be opened again while it is open: there is one copy of it.

    Raises
    ------
    UnreadableFileError
        The ZIP file's member may not be unpacked.
    OSError
        The file cannot be opened.
    """
    outer = archive_of(path)
    if outer is None:
        with path.open("rb") as file:
            yield file
        return
    with _told_as_member(path):
        copy = _unpacked(path, outer, _stamp(outer))
    copy.file.seek(0)
    yield copy.file


class _Copy:
    """A member's bytes in a file without a name, closed when the cache lets go of it."""

    def __init__(self) -> None:
        self.file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (closed by __del__)

    def __del__(self) -> None:
        self.file.close()


@lru_cache(maxsize=1)
def _unpacked(path: Path, outer: Path, stamp: tuple[int, int]) -> _Copy:
    """A member's bytes; the last is kept, since its frames are asked for one by one."""
    archive = _archive(outer)
    info = _member(archive, path)
    if shutil.disk_usage(tempfile.gettempdir()).free < info.file_size:
        raise _refusal(path, "there is no room on the disk to unpack it")
    copy = _Copy()
    with archive.file.open(info) as packed:
        shutil.copyfileobj(packed, copy.file, 2**20)
    copy.file.flush()
    return copy


def _start(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def _member(archive: _Archive, path: Path) -> zipfile.ZipInfo:
    if path in archive.refused:
        raise _refusal(path, archive.refused[path])
    if path not in archive.members:
        raise FileNotFoundError(path)
    return archive.members[path]


def _archive(path: Path) -> _Archive:
    return _opened(path, _stamp(path))


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is written anew."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=1)
def _opened(path: Path, stamp: tuple[int, int]) -> _Archive:
    _check_directory(path)
    try:
        file = zipfile.ZipFile(path)
    except UnicodeDecodeError:
        raise _refusal(path, "the names in the ZIP file are damaged") from None
    _check_contents(path, file)
    members: dict[Path, zipfile.ZipInfo] = {}
    refused: dict[Path, str] = {}
    for info in file.infolist():
        name = PurePosixPath(info.filename.replace("\\", "/"))
        if info.is_dir() or _is_hidden(name):
            continue
        member = path.joinpath(*(part for part in name.parts if part != name.anchor))
        because = _fault(info, name)
        if member in members or member in refused:
            because = "the ZIP file holds two files of this name"
            members.pop(member, None)
        if because:
            refused[member] = because
        else:
            members[member] = info
    return _Archive(file, members, refused)


def _check_directory(path: Path) -> None:
    """Refuse a list of files that would fill the memory, before it is read."""
    if directory_bytes(path) > _LARGEST_DIRECTORY_BYTES:
        raise _too_many(path)


def directory_bytes(path: Path) -> int:
    """Size of a ZIP file's list of files, as it declares it; 0 when it has none.

    It is that of the end of central directory record, 4.3.16 and 4.3.14 of PKWARE's APPNOTE.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_RECORD_REACH))
        tail = file.read()
    end, end_64 = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    declared = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if end_64 >= 0 and declared == 0xFFFFFFFF:
        declared = int.from_bytes(tail[end_64 + 40 : end_64 + 48], "little")
    return declared


def _check_contents(path: Path, file: zipfile.ZipFile) -> None:
    names = set(file.namelist())
    if len(names) > MOST_MEMBERS:
        raise _too_many(path)
    if _BUNDLE_MEMBER in {name.rpartition("/")[2] for name in names if name.count("/") <= 1}:
        raise _refusal(path, "it is a MedKD model and no study", "Open it as a model.")
    if names & _OFFICE_MEMBERS:
        raise _refusal(path, "it is another program's document and no picture")
    total = sum(info.file_size for info in file.infolist())
    if total > ALWAYS_ALLOWED_BYTES and total > LARGEST_GROWTH * path.stat().st_size:
        raise _refusal(
            path,
            f"it would unpack to {total / 2**30:.0f} GB, more than {LARGEST_GROWTH} times its "
            "own size, as only files made to do harm do",
        )


def _fault(info: zipfile.ZipInfo, name: PurePosixPath) -> str:
    """Why a member is not read; empty when it is."""
    if name.is_absolute() or ".." in name.parts or PureWindowsPath(name).drive:
        return "its name leads out of the ZIP file"
    if not info.filename.isprintable():
        return "its name holds signs that cannot be shown"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link and no file"
    if info.flag_bits & _ENCRYPTED:
        return "it is locked with a password"
    if info.file_size > LARGEST_MEMBER_BYTES:
        return f"it unpacks to more than {LARGEST_MEMBER_BYTES >> 20} MB"
    return ""


def _is_hidden(name: PurePosixPath) -> bool:
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in name.parts)


@contextmanager
def _told_as_member(path: Path) -> Iterator[None]:
    try:
        yield
    except RuntimeError:
        raise _refusal(path, "its kind of ZIP compression is not supported", _UNPACK_IT) from None
    except zipfile.BadZipFile:
        raise _refusal(path, "it is damaged within the ZIP file") from None


def _too_many(path: Path) -> UnreadableFileError:
    return _refusal(path, f"it holds more than {MOST_MEMBERS:,} files", _UNPACK_IT)


def _refusal(path: Path, because: str, cure: str = "") -> UnreadableFileError:
    return UnreadableFileError("Cannot read", because=because, cure=cure, path=path)
