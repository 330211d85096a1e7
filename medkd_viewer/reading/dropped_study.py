"""A study that is dragged from the list onto a pane."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QMimeData

MIME_TYPE = "application/x-medkd-study"


@dataclass(frozen=True, slots=True)
class DroppedStudy:
    """Which study, and which of its images from 0."""

    uid: str
    position: int


def study_data(uid: str, position: int = 0) -> QMimeData:
    """What the list hands to a drag."""
    data = QMimeData()
    data.setData(MIME_TYPE, f"{uid}\n{position}".encode())
    return data


def dropped_study(data: QMimeData) -> DroppedStudy | None:
    """What a drag carries, or None when it is no study."""
    if not data.hasFormat(MIME_TYPE):
        return None
    uid, _, position = bytes(data.data(MIME_TYPE).data()).decode().partition("\n")
    return DroppedStudy(uid, int(position) if position.isdigit() else 0)
