"""The bar below: what is under the cursor, and what is running."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

HEIGHT = 28
_ROOM_FOR_MAPS = 1000


class BottomBar(QWidget):
    """Three texts on the left; research use only on the right, always."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bottomBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self.place, self.maps, self.activity = QLabel(), QLabel(), QLabel()
        research = QLabel("Research use only. Not for diagnosis.")
        research.setObjectName("researchOnly")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.setSpacing(22)
        for label in (self.place, self.maps, self.activity):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.hide()
            layout.addWidget(label)
        self.activity.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout.setStretchFactor(self.activity, 1)
        layout.addStretch(0)
        layout.addWidget(research)
        self.activity.show()

    def say(self, label: QLabel, text: str) -> None:
        """Show a text in one of the bar's labels; the first two vanish when they have nothing."""
        label.setText(text)
        if label is not self.activity:
            label.setVisible(bool(text) and (label is self.place or self.width() >= _ROOM_FOR_MAPS))
