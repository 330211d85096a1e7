"""Labels of the findings panel, each with its role in the style sheet."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def section_label(text: str) -> QLabel:
    """A heading in small capitals."""
    return _label(text.upper(), "section")


def headline_label() -> QLabel:
    """The panel's one headline."""
    label = _label("", "headline")
    label.setWordWrap(True)
    return label


def secondary_label(text: str = "") -> QLabel:
    """A sentence that may wrap."""
    label = _label(text, "secondary")
    label.setWordWrap(True)
    return label


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
