"""A button that, once pressed, takes the next key as the new one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QPushButton

_MODIFIERS = (
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_unknown,
)
_IDLE = "Change the key"
_LISTENING = "Press the new key, or Esc"


class KeyCapture(QPushButton):
    """Listens only after it was pressed, so that Tab goes on to the next control until then."""

    captured = Signal(str)
    """The key in Qt's portable words."""

    def __init__(self) -> None:
        super().__init__(_IDLE)
        self.listening = False
        self.setAccessibleName(_IDLE)
        self.clicked.connect(lambda: self._listen(True))

    def event(self, event: QEvent) -> bool:
        """While listening, take the key before it means anything else."""
        if self.listening and isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.KeyPress:
                self._take(event)
            event.accept()
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Listen no longer."""
        self._listen(False)
        super().focusOutEvent(event)

    def _take(self, event: QKeyEvent) -> None:
        if event.key() in _MODIFIERS:
            return
        self._listen(False)
        if event.key() == Qt.Key.Key_Escape:
            return
        # The same key of the number pad is no other key to a reader.
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key())))
        self.captured.emit(key.toString(QKeySequence.SequenceFormat.PortableText))

    def _listen(self, listening: bool) -> None:
        self.listening = listening
        self.setText(_LISTENING if listening else _IDLE)
        self.setAccessibleName(self.text())
