"""Which files a bundle may hold, and their sums."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path, PurePosixPath

from medkd_core.errors import BundleError
from medkd_core.imaging.archives import directory_bytes

MANIFEST = "bundle.json"
MODEL_CARD = "model_card.md"
SUMS = "SHA256SUMS"

_ALLOWED = re.compile(
    rf"{re.escape(MANIFEST)}|{re.escape(MODEL_CARD)}|{SUMS}"
    r"|([A-Za-z0-9_]+|timm-[A-Za-z0-9_]+(-[A-Za-z0-9_]+)?)\.(safetensors|onnx)"
)
_PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".npz", ".npy", ".joblib"}
_LARGEST_DIRECTORY_BYTES = 2**16
"""A ZIP file that lists more is no bundle, which holds a dozen files."""

_SUM_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S+)")


def is_bundle(path: Path) -> bool:
    """Whether a folder or a zip holds a bundle's manifest, so that it is a model and no study."""
    try:
        if path.is_dir():
            return (path / MANIFEST).is_file()
        # Reading a pipe could wait for ever, and listing a million films takes long.
        if not path.is_file() or not 0 < directory_bytes(path) <= _LARGEST_DIRECTORY_BYTES:
            return False
        with zipfile.ZipFile(path) as packed:
            names = [PurePosixPath(name) for name in packed.namelist()]
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile):
        return False
    return any(name.name == MANIFEST and len(name.parts) <= 2 for name in names)


def refuse_foreign_name(name: str, path: Path) -> None:
    """Raise unless a bundle may hold a file of that name.

    Raises
    ------
    BundleError
        The name is not one of a bundle's; a file that may be a pickle is told as such.
    """
    if Path(name).suffix.lower() in _PICKLES:
        raise BundleError(
            "Cannot use the bundle",
            path=path,
            because=f"it holds {name}, a kind of file that can run code when it is opened",
            cure="Publish the model again with medkd publish.",
        )
    if not _ALLOWED.fullmatch(name):
        raise damaged(path, f"{name} is not part of a bundle")


def damaged(path: Path, because: str) -> BundleError:
    """The error of a bundle that is not as it was published."""
    return BundleError(
        "Cannot use the bundle",
        path=path,
        because=because,
        cure="Fetch or publish it again.",
    )


def file_names(folder: Path) -> list[str]:
    """Names of a bundle's files, sorted, without the sums.

    Raises
    ------
    BundleError
        Something in the folder is not a plain file, or has no business there.
    """
    names = []
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() or not entry.is_file():
            raise damaged(folder, f"{entry.name} is not a plain file")
        refuse_foreign_name(entry.name, folder)
        if entry.name != SUMS:
            names.append(entry.name)
    return names


def sums_of(folder: Path) -> str:
    """Text of ``SHA256SUMS``, as ``sha256sum`` writes it, over every other file."""
    return "".join(f"{_sha256(folder / name)}  {name}\n" for name in file_names(folder))


def check_sums(folder: Path) -> str:
    """Compare every file with its sum.

    Returns
    -------
    str
        SHA-256 of the sums themselves: the identity of the bundle, 64 hexadecimal digits.

    Raises
    ------
    BundleError
        A file is missing, is not listed, or differs; the sentence names it.
    """
    present = file_names(folder)
    expected = _read_sums(folder)
    for name in expected:
        if name not in present:
            raise damaged(folder, f"{name} is missing")
    for name in present:
        if name not in expected:
            raise damaged(folder, f"{name} is not listed in {SUMS}")
        if _sha256(folder / name) != expected[name]:
            raise damaged(folder, f"{name} differs from what was published")
    return _sha256(folder / SUMS)


def _read_sums(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / SUMS).read_text("ascii").splitlines()
    except FileNotFoundError:
        raise damaged(folder, f"{SUMS} is missing") from None
    except UnicodeDecodeError:
        raise damaged(folder, f"{SUMS} is not text") from None
    sums = {}
    for line in lines:
        match = _SUM_LINE.fullmatch(line)
        if match is None:
            raise damaged(folder, f"{SUMS} holds a line that is not a sum and a file name")
        sums[match[2]] = match[1]
    return sums


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
