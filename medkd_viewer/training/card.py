"""A card: a framed panel with a heading in small capitals, and the labels that stand in it."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget


class Card(QFrame):
    """A framed panel that is filled from above.

    Parameters
    ----------
    heading : str
        Shown in capitals, and the accessible name of the card.
    """

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.heading = label(objectname="section")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 12, 16, 12)
        self.body.setSpacing(8)
        self.body.addWidget(self.heading)
        self.set_heading(heading)

    def set_heading(self, heading: str) -> None:
        """Change the heading, for both eye and screen reader."""
        self.heading.setText(heading.upper())
        self.setAccessibleName(heading)


def label(text: str = "", objectname: str = "secondary", *, wraps: bool = False) -> QLabel:
    """Return a label in one of the window's styles.

    Parameters
    ----------
    objectname : str
        Its style in the style sheet: ``section``, ``headline``, ``secondary`` or ``figure``.
    """
    made = QLabel(text)
    made.setObjectName(objectname)
    made.setWordWrap(wraps)
    return made


class ElidedLabel(QLabel):
    """A label of one line that gives way: what does not fit ends in dots and is in the tooltip."""

    def __init__(self, objectname: str = "secondary") -> None:
        super().__init__()
        self.setObjectName(objectname)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:  # noqa: N802
        """Show other text."""
        super().setText(text)
        # Qt takes a tooltip that looks like markup for markup; a file's name may look like it.
        self.setToolTip(f"<p>{escape(text)}</p>" if text else "")

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Room for a few letters."""
        return QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw what fits."""
        mode = Qt.TextElideMode.ElideRight
        fitting = self.fontMetrics().elidedText(self.text(), mode, self.width())
        QPainter(self).drawText(self.rect(), self.alignment(), fitting)
