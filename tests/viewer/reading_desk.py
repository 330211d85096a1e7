"""The real window over real decoders, with the drawn worker in reach of a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drawn_worker import DrawnWorker
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from medkd_viewer.decoding import Decoding
from medkd_viewer.findings.opinion import SecondOpinion
from medkd_viewer.inference import Inference
from medkd_viewer.main_window import MainWindow
from medkd_viewer.settings import SettingsFile
from medkd_viewer.studies.journal import Journal
from medkd_viewer.theme import apply_theme


class _SharedPool:
    """The session's decoders, which outlive one window."""

    def __init__(self, pool) -> None:
        self.decode, self.search, self.content = pool.decode, pool.search, pool.content

    def close(self) -> None:
        pass


class ReadingDesk:
    def __init__(self, qtbot, pool) -> None:
        self._qtbot = qtbot
        apply_theme(QApplication.instance())
        self.inference = Inference(self._connect)
        self.decoding = Decoding(_SharedPool(pool))
        self.opinion = SecondOpinion(self.inference)
        self.journal = Journal(None)
        self.window = MainWindow(self.decoding, self.opinion, self.journal, SettingsFile(None))
        qtbot.addWidget(self.window)
        self.window.show()

    def _connect(self, on_event) -> DrawnWorker:
        self.worker = DrawnWorker(on_event)
        return self.worker

    @property
    def room(self):
        return self.window.room

    @property
    def state(self):
        return self.window.room.state

    @property
    def panes(self):
        return self.window.room.panes

    def open(self, paths: Sequence[Path]) -> None:
        """Open a model and studies, and wait for everything that the worker answers."""
        self.window.open_model(None)
        self.window.open_paths(paths)
        self.wait(lambda: not self.room.is_opening)
        if self.state.film is not None and not self.worker.held:
            self.wait(lambda: self.opinion.settled)

    def wait(self, condition) -> None:
        self._qtbot.waitUntil(condition, timeout=20_000)

    def key(self, key) -> None:
        self._qtbot.keyClick(self.panes.active_pane, key)

    def close(self) -> None:
        self.window.close()
        self.decoding.close()
        self.inference.close()
        # Else every window lives on to the end of the tests, and each is styled anew with the next.
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
