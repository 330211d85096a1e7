"""What went wrong, in a small rotating file without patient data, and a sentence in the window.

Only the program's own messages are kept as they are: libraries put what they read from a file into
theirs (pydicom names the values it stumbles over), so that of theirs only the source and the level
are kept. Of an exception its class and its way through the program are kept, not its message, which
may hold a path.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import platformdirs
from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QtMsgType,
    QUrl,
    Signal,
    qInstallMessageHandler,
)
from PySide6.QtGui import QDesktopServices

_log = logging.getLogger(__name__)
_BYTES = 512 * 1024
_COPIES = 3
_OWN = ("medkd_core", "medkd_viewer", "__main__")
_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class DiscreetFormatter(logging.Formatter):
    """Keeps what could name a patient out of the file."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """One record; of a library's only where it came from."""
        kept = logging.makeLogRecord(record.__dict__)
        # Other handlers leave the whole text of an exception on the record.
        kept.exc_text = None
        if record.name.partition(".")[0] not in _OWN:
            kept.msg, kept.args = "(said something)", ()
        return super().format(kept)

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802
        """The class of an exception, and the lines of the program that it came through."""
        kind, _, trace = ei
        frames = traceback.extract_tb(trace)
        lines = [f"  {Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
        return "\n".join([kind.__name__ if kind else "", *lines])


class Mishaps(QObject):
    """Hears of exceptions that nobody took, from every thread, and of Qt's warnings."""

    happened = Signal(str)
    """A sentence for the window; connected slots of the window run in its thread."""

    def listen(self) -> None:
        """Take them from now on, so that they end in the log and not with the program."""
        sys.excepthook = self._take
        threading.excepthook = lambda args: self._take(
            args.exc_type, args.exc_value, args.exc_traceback
        )
        qInstallMessageHandler(_take_qt_message)

    def _take(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or issubclass(kind, KeyboardInterrupt | SystemExit):
            sys.__excepthook__(kind, error or kind(), trace)
            return
        _log.error("An exception was not taken", exc_info=(kind, error, trace))
        self.happened.emit(
            f"Something went wrong inside MedKD ({kind.__name__}). What is open stays open; the "
            "log says where it happened (Menu, Help, Open the log folder)."
        )


def log_folder() -> Path:
    """Where this system keeps the logs of a program."""
    return platformdirs.user_log_path("medkd")


def start_log(folder: Path) -> None:
    """Write what the program says to ``viewer.log``, 2 MB at most; do without where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "viewer.log",
            maxBytes=_BYTES,
            backupCount=_COPIES,
            encoding="utf-8",
            delay=True,
        )
    except OSError as error:
        _log.warning("There is no log: %s", error.strerror)
        return
    handler.setLevel(logging.INFO)
    handler.setFormatter(DiscreetFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    for name in _OWN[:2]:
        logging.getLogger(name).setLevel(logging.INFO)


def open_folder(folder: Path) -> bool:
    """Show a folder in the system's own window for files; False when there is none to show it."""
    folder.mkdir(parents=True, exist_ok=True)
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _take_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    # What names a place may name a film.
    words = text if "/" not in text and "\\" not in text else "(a message that names a place)"
    _log.log(_QT_LEVELS[kind], "Qt: %s", words)
