"""For teaching: nothing in the window tells who the patient is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QLineEdit, QWidget

from medkd_viewer.reading.corner_texts import corner_texts

# Without a screen, windows have no place of their own.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

TELLING = ("PHANTOM", "ADA", "BEN", "MK-0001", "MK-0002", "ada.dcm", "ben.dcm", "61 y", "061Y")
_COLUMNS = 4
ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)


def everything_said(desk) -> str:
    """Every text, tooltip, title and name for a screen reader of every window."""
    said: list[object] = []
    for top in QApplication.topLevelWidgets():
        for widget in (top, *top.findChildren(QWidget)):
            said += [widget.windowTitle(), widget.toolTip(), widget.accessibleName()]
            said.append(widget.accessibleDescription())
            if isinstance(widget, QLabel | QLineEdit):
                said.append(widget.text())
            if isinstance(widget, QAbstractItemView) and widget.model() is not None:
                model = widget.model()
                for row in range(model.rowCount(QModelIndex())):
                    for column in range(_COLUMNS):
                        said += [model.index(row, column).data(role) for role in ROLES]
    for state in desk.room.desk.laid:
        said.append(corner_texts(state.film, state.voi, 1.0, patient_hidden=True))
    return " ".join(map(str, said))


@pytest.fixture
def teaching(desk, films):
    desk.open([films])
    desk.window.actions_by_name["tags"].trigger()
    desk.window.actions_by_name["steps"].trigger()
    desk.window.actions_by_name["measurements"].trigger()
    tags = desk.window.contents.tags
    desk.wait(lambda: tags.table.model.rowCount() > 20)
    return desk


def test_without_hiding_the_window_does_tell_who_the_patient_is(teaching):
    assert "PHANTOM, ADA" in everything_said(teaching)
    assert "ada.dcm" in everything_said(teaching)


def test_hidden_patient_is_named_nowhere_in_the_window(teaching):
    teaching.window.actions_by_name["hide_patient"].trigger()
    said = everything_said(teaching)
    assert [word for word in TELLING if word in said] == []


def test_file_that_fails_while_the_patient_is_hidden_is_not_named(desk, films, tmp_path):
    broken = tmp_path / "MILLER_ANNA.dcm"
    broken.write_bytes((films / "ben.dcm").read_bytes()[:4000])
    desk.window.actions_by_name["hide_patient"].trigger()
    desk.open([broken])
    said = everything_said(desk)
    assert "A file cannot be shown: " in said
    assert "MILLER" not in said
