"""For teaching: nothing in the window tells who the patient is."""

from __future__ import annotations

import pydicom
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QLineEdit, QWidget

from medkd_core.errors import DisplayError
from medkd_viewer.reading.corner_texts import corner_texts
from medkd_viewer.reading.film_view import FilmView
from medkd_viewer.screenshot import write_screenshot
from medkd_viewer.studies.rows import Section, SectionRow

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
            if isinstance(widget, FilmView):
                said.append(widget.explanation)
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


@pytest.fixture
def told_by_descriptions(films, tmp_path):
    """Two studies of a patient who is named by their descriptions."""
    for number, source in enumerate(("ada.dcm", "ben.dcm")):
        dataset = pydicom.dcmread(films / source)
        dataset.PatientName, dataset.PatientID = "MILLER^ANNA", "MK-77"
        dataset.StudyDescription = "Control of Anna Miller"
        dataset.SeriesDescription = "MILLER, mk-77, lateral"
        dataset.StudyDate = f"2026010{number + 1}"
        del dataset.BodyPartExamined, dataset.ViewPosition
        dataset.save_as(tmp_path / f"{number}.dcm")
    return tmp_path


def test_description_that_names_a_hidden_patient_is_shown_without_the_name(
    desk, told_by_descriptions
):
    desk.open([told_by_descriptions])
    uid = desk.state.film.study.uid
    (other,) = (s for s in desk.room.library.studies.values() if s.uid != uid)
    desk.room.comparing.lay_beside(other)
    desk.wait(lambda: len(desk.room.desk.laid) == 2)
    desk.window.actions_by_name["tags"].trigger()
    tags = desk.window.contents.tags
    desk.wait(lambda: tags.table.model.rowCount() > 20)
    heads = [pane.accessibleDescription() for pane in desk.panes.film_panes]
    assert any("Control of Anna Miller" in head for head in heads)
    desk.window.actions_by_name["hide_patient"].trigger()
    said = everything_said(desk)
    assert "Control of hidden hidden" in said
    assert [word for word in ("MILLER", "ANNA", "MK-77") if word in said.upper()] == []


def test_hidden_patient_is_not_found_by_a_description(desk, told_by_descriptions):
    desk.open([told_by_descriptions])
    studies = desk.room.studies
    studies._search.setText("miller")
    assert studies.model.rowCount() > 1
    desk.window.actions_by_name["hide_patient"].trigger()
    assert studies.model.rowCount() == 0
    studies._search.setText("control")
    assert studies.model.rowCount() > 1


@pytest.fixture
def broken(films, tmp_path):
    """A study whose picture cannot be read, in a file with the patient's name."""
    path = tmp_path / "MILLER_ANNA" / "MILLER_ANNA.dcm"
    path.parent.mkdir()
    path.write_bytes((films / "ben.dcm").read_bytes()[:4000])
    return path


def test_file_that_fails_while_the_patient_is_hidden_is_not_named(desk, broken):
    desk.window.actions_by_name["hide_patient"].trigger()
    desk.open([broken])
    desk.room.studies.list.fold_asked.emit(SectionRow(Section.REFUSED, 1), True)
    said = everything_said(desk)
    assert "Cannot read [name hidden]: " in said
    assert "MILLER" not in said


def test_file_that_has_failed_is_not_named_once_the_patient_is_hidden(desk, broken):
    desk.open([broken])
    desk.room.studies.list.fold_asked.emit(SectionRow(Section.REFUSED, 1), True)
    assert "MILLER" in desk.window.bottom_bar.activity.text()
    assert "MILLER" in desk.panes.film_pane.explanation
    desk.window.actions_by_name["hide_patient"].trigger()
    assert "MILLER" not in everything_said(desk)


def test_film_that_fails_beside_another_is_not_named_while_the_patient_is_hidden(
    desk, films, broken
):
    desk.open([films / "ada.dcm"])
    desk.window.open_paths([broken])
    desk.wait(lambda: bool(desk.room.library.refused))
    (study,) = (s for s in desk.room.library.studies.values() if s.instances[0].path == broken)
    desk.room.step_study(-1)
    desk.wait(lambda: desk.state.film is not None)
    desk.window.actions_by_name["hide_patient"].trigger()
    desk.room.comparing.lay_beside(study)
    beside = desk.panes.pane_of(desk.room.desk.places[1])
    desk.wait(lambda: "Cannot read" in beside.explanation)
    assert "Cannot read [name hidden]: " in desk.window.bottom_bar.activity.text()
    assert "MILLER" not in everything_said(desk)
    desk.window.actions_by_name["hide_patient"].trigger()
    assert "MILLER" in beside.explanation


def test_screenshot_of_a_hidden_patient_names_nobody(desk, broken, tmp_path):
    desk.window.actions_by_name["hide_patient"].trigger()
    desk.open([broken])
    with pytest.raises(DisplayError) as refused:
        write_screenshot(desk.window, tmp_path / "picture.png")
    assert "Cannot read [name hidden]: " in str(refused.value)
    assert "MILLER" not in str(refused.value)


def test_two_patients_who_are_hidden_look_alike_on_a_picture_of_the_panes(desk, films, tmp_path):
    pictures = []
    for name in ("MILLER^ANNA", "SMITH^JOHN"):
        dataset = pydicom.dcmread(films / "ada.dcm")
        dataset.PatientName = dataset.PatientID = dataset.AccessionNumber = name
        dataset.SeriesDescription = f"Control of {name}"
        dataset.StudyInstanceUID = f"1.{len(pictures)}"
        dataset.save_as(tmp_path / f"{name}.dcm")
        desk.open([tmp_path / f"{name}.dcm"])
        pictures.append((desk.panes.grab().toImage(), patient_hidden(desk)))
    assert pictures[0][0] != pictures[1][0]
    assert pictures[0][1] == pictures[1][1]


def patient_hidden(desk):
    """What is seen on the panes while the patient is hidden."""
    desk.window.actions_by_name["hide_patient"].trigger()
    picture = desk.panes.grab().toImage()
    desk.window.actions_by_name["hide_patient"].trigger()
    return picture


def test_place_that_has_gone_is_not_named_while_the_patient_is_hidden(desk, tmp_path):
    desk.room.opening.open_recent(tmp_path / "MILLER_ANNA")
    desk.window.actions_by_name["hide_patient"].trigger()
    desk.wait(lambda: "not there any more" in desk.window.message.among(""))
    assert "MILLER" not in desk.window.message.among("")
    assert "MILLER" not in everything_said(desk)
