"""The job's log, appended in batches and cut at a length that stays quick."""

from __future__ import annotations

import os
import re
from pathlib import Path

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit

from medkd_viewer.training.card import Card

LINES_KEPT = 2_000
BYTES_READ = 256 * 1024
"""Most that is read of a log in one go; of a longer one, the end."""

_STAMP = re.compile(r"^\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d)(?:,\d+)? INFO ", re.MULTILINE)
"""The logger's own head of a line; the time is enough on the screen."""


class LogCard(Card):
    """The end of a log file that may be growing."""

    def __init__(self) -> None:
        super().__init__("Log")
        self._path: Path | None = None
        self._offset = 0
        self._follows_end = True
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(LINES_KEPT)
        self.text.setAccessibleName("Log of the job")
        self.text.setPlaceholderText("Nothing has been written yet.")
        self.text.setObjectName("runLog")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setTabChangesFocus(True)
        self.body.addWidget(self.text, 1)
        self._bar = self.text.verticalScrollBar()
        self._bar.valueChanged.connect(self._note_position)
        self._bar.rangeChanged.connect(self._keep_end)

    def follow(self, path: Path) -> None:
        """Show the log at `path`, from its end."""
        if path != self._path:
            self._path, self._offset, self._follows_end = path, 0, True
            self.text.clear()
        self.refresh()

    def refresh(self) -> None:
        """Append the whole lines that were written since the last time."""
        fresh = self._read_whole_lines()
        if not fresh:
            return
        self.text.appendPlainText(fresh)

    def _note_position(self, value: int) -> None:
        # Someone who has scrolled up is reading; the page is not to be pulled away.
        self._follows_end = value >= self._bar.maximum() - 1

    def _keep_end(self) -> None:
        if self._follows_end:
            self._bar.setValue(self._bar.maximum())

    def _read_whole_lines(self) -> str:
        if self._path is None:
            return ""
        try:
            with self._path.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                start = log.seek(max(self._offset, size - BYTES_READ))
                block = log.read(BYTES_READ)
        except OSError:
            return ""
        whole, newline, _torn = block.rpartition(b"\n")
        self._offset = start + len(whole) + len(newline)
        return _STAMP.sub(r"\1 ", whole.decode("utf-8", "replace"))
