"""Write a bundle: complete and synced to the disk, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from medkd_core.bundles.contents import MANIFEST, MODEL_CARD, SUMS, refuse_foreign_name, sums_of
from medkd_core.bundles.manifest import check_manifest
from medkd_core.bundles.model_card import model_card
from medkd_core.bundles.schema import BundleManifest
from medkd_core.errors import BundleError
from medkd_core.jobs.durable import sync_folder


def write_bundle(folder: Path, manifest: BundleManifest, files: Mapping[str, Path]) -> Path:
    """Publish a model.

    Parameters
    ----------
    folder : Path
        Made by this function; its parents, too.
    manifest : BundleManifest
    files : mapping of str to Path
        Name in the bundle to the file that is copied: ``<stem>.safetensors`` and ``<stem>.onnx`` of
        each network (`NetworkEntry.file_stem`). A graph that keeps its weights outside must refer
        to the safetensors file by that name.

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    BundleError
        The folder exists, a file is missing or foreign, the manifest contradicts itself, or the
        disk refuses; nothing is left behind.
    """
    if folder.exists():
        raise BundleError(
            "Cannot write the bundle",
            path=folder,
            because="there is something of that name already",
            cure="Choose another name.",
        )
    check_manifest(manifest, folder)
    _check_files(folder, manifest, files)
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        beside.mkdir(parents=True)
        _fill(beside, manifest, files)
        beside.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise BundleError(
            "Cannot write the bundle", path=folder, because=error.strerror or str(error)
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _check_files(folder: Path, manifest: BundleManifest, files: Mapping[str, Path]) -> None:
    for name in files:
        refuse_foreign_name(name, folder)
    for entry in manifest.networks:
        for name in (f"{entry.file_stem}.safetensors", f"{entry.file_stem}.onnx"):
            if name not in files:
                raise BundleError(
                    "Cannot write the bundle", path=folder, because=f"{name} was not given"
                )


def _fill(folder: Path, manifest: BundleManifest, files: Mapping[str, Path]) -> None:
    for name, source in files.items():
        shutil.copyfile(source, folder / name)
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (folder / MODEL_CARD).write_text(model_card(manifest), encoding="utf-8")
    (folder / SUMS).write_text(sums_of(folder), encoding="ascii")
    for file in folder.iterdir():
        with file.open("rb+") as written:
            os.fsync(written.fileno())
    sync_folder(folder)
