"""One run of the viewer: the parts are made, connected, and ended in order."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QApplication

from medkd_core import __version__
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.study import FoundStudies
from medkd_viewer.decoding import Decoding
from medkd_viewer.display_check import require_fonts
from medkd_viewer.findings.opinion import SecondOpinion
from medkd_viewer.garbage import GarbageCollection
from medkd_viewer.inference import Inference
from medkd_viewer.log_folder import Mishaps, log_folder, start_log
from medkd_viewer.main_window import DEFAULT_SIZE, MainWindow
from medkd_viewer.reading.layouts import Layout
from medkd_viewer.screenshot import write_screenshot
from medkd_viewer.settings import SettingsFile, default_settings_path
from medkd_viewer.studies.journal import Journal, default_journal_path
from medkd_viewer.theme import apply_theme, icon
from medkd_viewer.window.screen_fit import fit_to_screen, keep_on_screen
from resources import DEMO_STUDIES

_log = logging.getLogger(__name__)

_SEARCHERS_AFTER_MS = 500


def run(wanted: argparse.Namespace) -> int:
    """Show the window, or draw it to a file, as the command line asks.

    Raises
    ------
    DisplayError
        A screenshot could not be made, or the system has no fonts.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("MedKD")
    app.setWindowIcon(icon("medkd", 3))
    # Qt's loop would not let Python hear Ctrl+C; the helper processes end with their pipes.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    require_fonts()
    drawn = wanted.screenshot is not None
    settings_file = SettingsFile(None if drawn else default_settings_path())
    apply_theme(app, settings_file.settings.theme)
    mishaps = Mishaps()
    if not drawn:
        start_log(log_folder())
        mishaps.listen()
    pool = DecoderPool()
    pool.warm()
    decoding, inference = Decoding(pool), Inference()
    try:
        window = _make_window(decoding, inference, settings_file, wanted)
        mishaps.happened.connect(window.message.warn)
        if drawn:
            write_screenshot(window, wanted.screenshot, tab=wanted.tab)
            return 0
        # Later than the window: two processes that start take both cores of a small machine.
        QTimer.singleShot(_SEARCHERS_AFTER_MS, window, pool.warm_searchers)
        GarbageCollection(window)
        return app.exec()
    finally:
        inference.close()
        decoding.close()


def _make_window(
    decoding: Decoding,
    inference: Inference,
    settings_file: SettingsFile,
    wanted: argparse.Namespace,
) -> MainWindow:
    drawn = wanted.screenshot is not None
    journal = Journal(None if drawn else default_journal_path())
    window = MainWindow(decoding, SecondOpinion(inference), journal, settings_file)
    window.keeps_session = not (drawn or wanted.demo)
    if wanted.hide_patient:
        window.actions_by_name["hide_patient"].trigger()
    if wanted.demo:
        # A look at the demo changes nothing that the reader has chosen.
        settings_file.path = None
    if drawn:
        # Away from every control, so that none is drawn as pointed at.
        QCursor.setPos(QGuiApplication.primaryScreen().geometry().bottomRight())
    if drawn or wanted.size:
        window.resize(*(wanted.size or DEFAULT_SIZE))
        window.show()
    else:
        fit_to_screen(window)
        window.show()
        keep_on_screen(window)
    window.show_tab(wanted.tab)
    # The window first, everything that takes a process after it.
    QTimer.singleShot(0, window, lambda: _begin(window, settings_file, wanted))
    return window


def _begin(window: MainWindow, settings_file: SettingsFile, wanted: argparse.Namespace) -> None:
    remembered = None if wanted.demo else window.settings.model
    # What the command line says holds for this run only.
    device = wanted.device or window.settings.device
    window.opinion.open_model(wanted.model or remembered, device)
    _lay_out(window, wanted.layout or window.settings.layout)
    _open(window, wanted)
    for trouble in (settings_file.trouble, *window.key_bindings.problems):
        if trouble:
            window.message.warn(trouble)
    window.room.intake.finished.connect(_note_found)
    _log.info("MedKD %s is ready", __version__)
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()


def _note_found(found: FoundStudies, paths: Sequence[Path]) -> None:
    counts = (len(paths), len(found.studies), len(found.refused))
    _log.info("Opened %d places: %d studies, %d files refused", *counts)


def _lay_out(window: MainWindow, layout: str) -> None:
    window.room.panes.set_layout(Layout(layout))


def _open(window: MainWindow, wanted: argparse.Namespace) -> None:
    paths = [path.absolute() for path in wanted.paths]
    if wanted.demo or (wanted.screenshot is not None and not paths):
        paths.append(DEMO_STUDIES)
    if paths:
        window.open_paths(paths)
        window.show_tab(wanted.tab)
    elif window.keeps_session and window.settings.open_last:
        window.session_keeper.resume()


def _warm_up() -> None:
    """Import what the first comparison of maps needs while the reader looks at the film."""
    import_module("medkd_core.explanation.agreement")
