"""A bundle as one zip file: packed, and unpacked with distrust."""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import platformdirs

from medkd_core.bundles.contents import SUMS, damaged, file_names, refuse_foreign_name
from medkd_core.errors import BundleError

MAX_FILES = 200
MAX_BYTES = 8 * 2**30
MAX_RATIO = 20
"""Weights hardly shrink; a zip that grows more than this, beyond a few MB, is a bomb."""
ALWAYS_ALLOWED_BYTES = 64 * 2**20
_NOT_READABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,
    EOFError,
    ValueError,
)
"""What `zipfile` raises for damage, an unknown compression, a password or lying sizes."""


def pack_bundle(folder: Path, archive: Path) -> Path:
    """Put a bundle's folder into one zip.

    Raises
    ------
    BundleError
        The archive exists or cannot be written; nothing half-written is left.
    """
    if archive.exists():
        raise BundleError("Cannot write", path=archive, because="it is already there")
    beside = archive.with_name(f".{archive.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in [*file_names(folder), SUMS]:
                packed.write(folder / name, name)
        beside.rename(archive)
    except OSError as error:
        raise BundleError(
            "Cannot write", path=archive, because=error.strerror or str(error)
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return archive


def unpacked(archive: Path) -> Path:
    """Folder with the files of a zip, in the user's cache, under the sum of its content.

    Raises
    ------
    BundleError
        It is no zip, is damaged or too large, or holds names that do not belong into a bundle.
    """
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    folder = platformdirs.user_cache_path("medkd") / "bundles" / digest[:32]
    if folder.is_dir():
        return folder
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        beside.mkdir(parents=True)
        _extract(archive, beside)
        beside.rename(folder)
    except _NOT_READABLE as error:
        raise damaged(archive, f"it is no zip that can be read ({error})") from error
    except OSError as error:
        raise BundleError(
            "Cannot unpack", path=archive, because=error.strerror or str(error)
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _extract(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        members = [member for member in packed.infolist() if not member.is_dir()]
        limit = min(MAX_BYTES, max(ALWAYS_ALLOWED_BYTES, MAX_RATIO * archive.stat().st_size))
        if len(members) > MAX_FILES or sum(m.file_size for m in members) > limit:
            raise damaged(archive, "what it holds is larger than a bundle may be")
        for member, name in zip(members, _names(members, archive), strict=True):
            with packed.open(member) as source, (folder / name).open("xb") as target:
                shutil.copyfileobj(source, target)


def _names(members: list[zipfile.ZipInfo], archive: Path) -> list[str]:
    """Plain file names of the members, which may all lie in one folder."""
    paths = [PurePosixPath(member.filename) for member in members]
    if len({path.parent for path in paths}) > 1 or any(
        ".." in path.parts or path.is_absolute() or len(path.parts) > 2 for path in paths
    ):
        raise damaged(archive, "its files do not lie together in one folder")
    for member, path in zip(members, paths, strict=True):
        refuse_foreign_name(path.name, archive)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise damaged(archive, f"{path.name} is a link")
    names = [path.name for path in paths]
    if len(set(names)) < len(names):
        raise damaged(archive, "two of its files have one name")
    return names
