"""Open a bundle: every file compared with its sum before anything of it is used."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from medkd_core.bundles.contents import check_sums, damaged
from medkd_core.bundles.manifest import read_manifest
from medkd_core.bundles.packing import unpacked
from medkd_core.bundles.schema import BundleManifest, NetworkEntry
from medkd_core.engines.choice import EngineChoice
from medkd_core.engines.protocol import Engine
from medkd_core.errors import BundleError
from resources import DEMO_BUNDLE


@dataclass(frozen=True, slots=True)
class Bundle:
    """A published model whose files are as they were published.

    Attributes
    ----------
    folder : Path
        Where its files are; a zip's are in the user's cache.
    manifest : BundleManifest
    digest : str
        SHA-256 of its sums: two bundles with one digest are the same.
    """

    folder: Path
    manifest: BundleManifest
    digest: str

    def entry(self, name: str) -> NetworkEntry:
        """What the manifest says of a network.

        Raises
        ------
        BundleError
            There is no such network; the message lists those that there are.
        """
        for entry in self.manifest.networks:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.manifest.networks)
        raise BundleError(
            f"Cannot use network '{name}' of",
            path=self.folder,
            because="the bundle has none of that name",
            cure=f"Choose one of: {known}.",
        )

    def weights_path(self, name: str) -> Path:
        """The network's safetensors file."""
        return self.folder / f"{self.entry(name).file_stem}.safetensors"

    def onnx_path(self, name: str) -> Path:
        """The network's ONNX graph."""
        return self.folder / f"{self.entry(name).file_stem}.onnx"

    def engine(self, name: str, device: str = "auto", choice: EngineChoice | None = None) -> Engine:
        """The network, ready to run on ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.

        A `choice` settles both device and runtime.
        """
        # The viewer reads manifests in a process that must load no network library.
        from medkd_core.engines.opening import open_engine

        entry = self.entry(name)
        return open_engine(
            self.onnx_path(name),
            self.weights_path(name),
            name=name,
            width=entry.width,
            classes=len(self.manifest.classes),
            image_size=entry.recipe.size,
            macs=entry.macs,
            target_layer=entry.target_layer,
            device=device,
            choice=choice,
        )


def open_bundle(path: Path | None) -> Bundle:
    """Open a folder or a zip that ``medkd publish`` wrote.

    Parameters
    ----------
    path : Path or None
        None is the embedded demo.

    Raises
    ------
    BundleError
        It is missing, foreign, damaged, altered, or of a newer schema; the sentence names the
        file at fault.
    """
    if path is None:
        return _open_folder(_demo())
    try:
        if path.is_dir():
            return _open_folder(path)
        # Reading a pipe or a device could wait for ever.
        reason = "it is no ordinary file" if path.exists() else "there is no such file"
        if path.is_file():
            return _open_zip(path)
    except OSError as error:
        reason = error.strerror or str(error)
    raise BundleError("Cannot use the bundle", path=path, because=reason)


def _demo() -> Path:
    if not DEMO_BUNDLE.is_dir():
        raise BundleError(
            "Cannot use the embedded demo",
            path=DEMO_BUNDLE,
            because="it is not there",
            cure="Make it with medkd demo build, or name a bundle with --model.",
        )
    return DEMO_BUNDLE


def _open_zip(archive: Path) -> Bundle:
    folder = unpacked(archive)
    try:
        return _open_folder(folder)
    except BundleError as error:
        # A damaged copy is not kept, so that the next attempt unpacks the zip afresh.
        shutil.rmtree(folder, ignore_errors=True)
        raise BundleError(
            error.what, path=archive, because=error.because, cure=error.cure
        ) from error


def _open_folder(folder: Path) -> Bundle:
    manifest = read_manifest(folder)
    digest = check_sums(folder)
    bundle = Bundle(folder, manifest, digest)
    for entry in manifest.networks:
        for file in (bundle.weights_path(entry.name), bundle.onnx_path(entry.name)):
            if not file.is_file():
                raise damaged(folder, f"{file.name} is missing")
    return bundle
