"""Files: where MedKD keeps its log, its settings, the reader's notes and its cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import platformdirs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from medkd_viewer.findings.labels import secondary_label
from medkd_viewer.log_folder import log_folder, open_folder
from medkd_viewer.preferences.page import Page
from medkd_viewer.settings import default_settings_path
from medkd_viewer.studies.journal import default_journal_path
from medkd_viewer.training.card import ElidedLabel


class FilesPage(Page):
    """Names each place and opens it; nothing on it can be changed."""

    can_reset = False

    def __init__(self, show_folder: Callable[[Path], bool] = open_folder) -> None:
        super().__init__("Files")
        self._show_folder = show_folder
        self._cache = platformdirs.user_cache_path("medkd")
        self._cache_size = secondary_label()
        self._add("Log", "What went wrong, without patient data.", log_folder(), "log")
        self._add("Settings", "", default_settings_path().parent, "settings")
        self._add("Your notes", "Read marks, judgements and measurements.", _notes(), "notes")
        self._add("Cache", "Unpacked models and weights; made again if lost.", self._cache, "cache")
        self.column.addWidget(self._cache_size)
        self._trouble = secondary_label()
        self.column.addWidget(self._trouble)
        self.column.addStretch(1)

    def refresh(self) -> None:
        """Measure the cache."""
        self._cache_size.setText(f"The cache holds {_size_words(_bytes_in(self._cache))}.")

    def _add(self, title: str, meaning: str, folder: Path, word: str) -> None:
        name, place = QLabel(f"{title} · {meaning}" if meaning else title), ElidedLabel()
        name.setWordWrap(True)
        place.setText(str(folder))
        button = QPushButton(f"Open the {word} folder")
        button.setAccessibleDescription(str(folder))
        button.clicked.connect(lambda: self._open(folder))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(name)
        words.addWidget(place)
        line = QHBoxLayout()
        line.setSpacing(22)
        line.addLayout(words, 1)
        line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(line)

    def _open(self, folder: Path) -> None:
        shown = self._show_folder(folder)
        self._trouble.setText("" if shown else "This system has no window for files to show it in.")


def _notes() -> Path:
    return default_journal_path().parent


def _bytes_in(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _size_words(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"
