"""What the window asks for: films, a folder, a model; and what it says about itself."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from medkd_core.bundles.contents import MANIFEST
from medkd_viewer.log_folder import log_folder, open_folder
from medkd_viewer.preferences.about_page import WORDS
from medkd_viewer.settings import Settings

_IMAGE_FILTER = "Films (*.dcm *.dicom *.png *.jpg *.jpeg *.tif *.tiff);;All files (*)"
_BUNDLE_FILTER = f"Models ({MANIFEST} *.zip)"


def ask_files(parent: QWidget, settings: Settings) -> list[Path]:
    """Ask for films; empty when the reader changed their mind."""
    names, _ = QFileDialog.getOpenFileNames(parent, "Open files", _folder(settings), _IMAGE_FILTER)
    paths = [Path(name) for name in names]
    if paths:
        settings.last_folder = paths[0].parent
    return paths


def ask_folder(parent: QWidget, settings: Settings) -> list[Path]:
    """Ask for a folder; empty when the reader changed their mind."""
    name = QFileDialog.getExistingDirectory(parent, "Open a folder", _folder(settings))
    if not name:
        return []
    settings.last_folder = Path(name)
    return [Path(name)]


def ask_bundle(parent: QWidget, settings: Settings) -> Path | None:
    """Ask for a model: a zip, or the folder whose ``bundle.json`` is chosen."""
    name, _ = QFileDialog.getOpenFileName(parent, "Open a model", _folder(settings), _BUNDLE_FILTER)
    if not name:
        return None
    path = Path(name)
    return path.parent if path.name == MANIFEST else path


def show_about(parent: QWidget) -> None:
    """Say what this is and what it is not for."""
    QMessageBox.about(parent, "About MedKD", "\n\n".join(WORDS))


def show_log_folder(parent: QWidget) -> None:
    """Show the log in the system's window for files, or say where it lies."""
    folder = log_folder()
    if not open_folder(folder):
        QMessageBox.information(parent, "Log folder", f"The log lies in {folder}.")


def _folder(settings: Settings) -> str:
    return str(settings.last_folder or "")
