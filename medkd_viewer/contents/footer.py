"""The foot of every window that shows a file's content."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from medkd_viewer.window.bottom_bar import HEIGHT


def research_footer(hint: str = "") -> QWidget:
    """A bar with a hint on the left, and what the program is for on the right."""
    bar = QWidget()
    bar.setObjectName("bottomBar")
    bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    bar.setFixedHeight(HEIGHT)
    research = QLabel("Research use only")
    research.setObjectName("researchOnly")
    layout = QHBoxLayout(bar)
    layout.setContentsMargins(22, 0, 22, 0)
    layout.addWidget(QLabel(hint))
    layout.addStretch(1)
    layout.addWidget(research)
    return bar
