"""``bundle.json`` to `BundleManifest` and back, with every fault told in one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from medkd_core.bundles.contents import MANIFEST, damaged
from medkd_core.bundles.schema import SCHEMA_VERSION, BundleManifest, Familiarity
from medkd_core.errors import BundleError

MAX_MANIFEST_BYTES = 64 * 2**20

_NAME = re.compile(r"[A-Za-z0-9_]+|timm:[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)?")
"""Letters of which a file's name is made (`file_stem`): no path, no parent folder."""


def read_manifest(folder: Path) -> BundleManifest:
    """Read and check a bundle's manifest.

    Raises
    ------
    BundleError
        It is missing, no JSON, of a newer schema, or contradicts the schema or itself.
    """
    try:
        document = json.loads(_limited(folder / MANIFEST))
    except FileNotFoundError:
        raise BundleError(
            "Cannot use the bundle",
            path=folder,
            because=f"it holds no {MANIFEST}",
            cure="Choose the folder or zip that medkd publish wrote.",
        ) from None
    except (ValueError, RecursionError):
        raise damaged(folder, f"{MANIFEST} is not JSON") from None
    _refuse_newer(document, folder)
    try:
        manifest = BundleManifest.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise damaged(folder, f"{MANIFEST} is wrong at {where}: {first['msg']}") from None
    check_manifest(manifest, folder)
    return manifest


def check_manifest(manifest: BundleManifest, path: Path) -> None:
    """Raise `BundleError` with the first thing in which a manifest contradicts itself."""
    for fault in _faults(manifest):
        raise damaged(path, f"{MANIFEST} contradicts itself: {fault}")


def _limited(file: Path) -> bytes:
    if file.exists() and (file.is_symlink() or not file.is_file()):
        raise damaged(file.parent, f"{MANIFEST} is not a plain file")
    if file.stat().st_size > MAX_MANIFEST_BYTES:
        raise damaged(file.parent, f"{MANIFEST} is larger than a manifest may be")
    return file.read_bytes()


def _refuse_newer(document: object, folder: Path) -> None:
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            "Cannot use the bundle",
            path=folder,
            because=f"its schema {version} is newer than this program's, {SCHEMA_VERSION}",
            cure="Update MedKD.",
        )


def _faults(manifest: BundleManifest) -> Iterator[str]:
    if not manifest.classes or len(set(manifest.classes)) < len(manifest.classes):
        yield "its classes are none or not distinct"
    if [entry.role for entry in manifest.networks[:1]] != ["student"]:
        yield "the first network is not a student"
    if any(entry.role != "teacher" for entry in manifest.networks[1:]):
        yield "the networks after the first are not all teachers"
    names = [entry.name for entry in manifest.networks]
    # Windows tells no capitals from small letters in the name of a file.
    if len({name.casefold() for name in names}) < len(names):
        yield "two networks have one name"
    for name in names:
        if not _NAME.fullmatch(name):
            yield f"{name!r} is no name of a network"
    if not set(manifest.operating_points) <= set(manifest.classes):
        yield "it has operating points of classes that it does not know"
    if manifest.familiarity is not None:
        yield from _familiarity_faults(manifest.familiarity, len(manifest.classes))


def _familiarity_faults(familiarity: Familiarity, classes: int) -> Iterator[str]:
    axes = len(familiarity.axes)
    if any(len(axis) != len(familiarity.center) for axis in familiarity.axes):
        yield "the familiarity axes and centre differ in length"
    if [len(mean) for mean in familiarity.class_means] != [axes] * classes:
        yield "the familiarity means are not one point a class"
    if [len(row) for row in familiarity.precision] != [axes] * axes:
        yield "the familiarity precision is not square"
    if len(familiarity.distance_quantiles) != 101:
        yield "the familiarity quantiles are not 101"
