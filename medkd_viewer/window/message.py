"""The one sentence that the bar below shows, of all that was said."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal

from medkd_viewer.reading.look import Look
from medkd_viewer.said import Said, shown

_ANSWER_MS = 6000
# Of a key that calls a command nothing else is heard than the question who wants it.
_PRESSES = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress)


class Message(QObject):
    """Holds what was said until something else is.

    A warning stays until the next key press or click, whatever else is said; an answer to a key
    comes for a while before what is going on; any other sentence comes after it.

    Parameters
    ----------
    look : Look
        Tells whether the patient is hidden.
    """

    changed = Signal()

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._said: Said = ""
        self._warnings: list[str] = []
        self._answered = QTimer(self)
        self._answered.setSingleShot(True)
        self._answered.timeout.connect(self.changed)
        look.changed.connect(self.changed)

    def tell(self, sentence: Said) -> None:
        """Say a sentence."""
        self._said = sentence
        self.changed.emit()

    def answer(self, sentence: Said) -> None:
        """Say for a while what became of a key."""
        self._answered.start(_ANSWER_MS)
        self.tell(sentence)

    def warn(self, sentence: str) -> None:
        """Say what must not be missed; several are said one after the other."""
        if sentence not in self._warnings:
            self._warnings.append(sentence)
            self.changed.emit()
            # Not yet: what went wrong may be the deed of a key that is still on its way.
            QTimer.singleShot(0, self, self._watch)

    def withdraw(self, sentence: str) -> None:
        """Say no more what has ceased to be so."""
        if sentence in self._warnings:
            self._warnings.remove(sentence)
            self.changed.emit()

    def among(self, ongoing: str) -> str:
        """What is shown while something else is going on, in words; empty while nothing is."""
        if self._warnings:
            return self._warnings[0]
        if self._answered.isActive() or not ongoing:
            return shown(self._said, patient_hidden=self._look.patient_hidden) or ongoing
        return ongoing

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Watch for the next key or click."""
        if event.type() in _PRESSES:
            self._application().removeEventFilter(self)
            del self._warnings[:1]
            self.changed.emit()
            if self._warnings:
                # One press is heard by several windows, one inside the other.
                QTimer.singleShot(0, self, self._watch)
        return False

    def _watch(self) -> None:
        self._application().installEventFilter(self)

    @staticmethod
    def _application() -> QCoreApplication:
        app = QCoreApplication.instance()
        assert app is not None
        return app
