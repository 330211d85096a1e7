from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from medkd_core.imaging.content import CANNOT_BE_READ, ContentLine, FileContent
from medkd_core.imaging.frame import Frame, Photometric, Window
from medkd_core.imaging.reading import read_frame, read_instance
from medkd_core.imaging.study import Instance
from medkd_viewer.contents.outline import write_outline
from medkd_viewer.contents.patient_elements import HIDDEN, without_patient
from medkd_viewer.contents.steps_window import StepsWindow
from medkd_viewer.contents.tag_model import NAME, VALUE, TagModel
from medkd_viewer.contents.tag_table import TagTable
from medkd_viewer.contents.tags_window import TagsWindow
from medkd_viewer.contents.text_page import TextPage
from medkd_viewer.decoding import Decoding
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.film import Film, FilmAddress
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.viewport import flipped, turned
from medkd_viewer.settings import Settings
from medkd_viewer.theme import apply_theme

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

LINES = (
    ContentLine(0, "(0008,0016)", "UI", "SOP Class UID", "SOPClassUID", "CT Image Storage · 1.2"),
    ContentLine(0, "(0008,0050)", "SH", "Accession Number", "AccessionNumber", "A-77"),
    ContentLine(0, "(0009,1001)", "LO", "Private, OURS", "", "Ada's own"),
    ContentLine(0, "(0010,0010)", "PN", "Patient's Name", "PatientName", "Phantom^Ada"),
    ContentLine(0, "(0018,9321)", "SQ", "CT Exposure Sequence", "CTExposureSequence", "2 items"),
    ContentLine(1, "", "", "Item 1", "", ""),
    ContentLine(2, "(0018,9328)", "FD", "Exposure Time in ms", "ExposureTimeInms", "7.5"),
    ContentLine(1, "", "", "Item 2", "", ""),
    ContentLine(2, "(0018,9328)", "FD", "Exposure Time in ms", "ExposureTimeInms", "8.5"),
    ContentLine(0, "(0028,0010)", "US", "Rows", "Rows", CANNOT_BE_READ),
)
CONTENT = FileContent("CT Image", "", LINES)


def shown(model: TagModel, column: int = NAME) -> list[str]:
    return [model.index(row, column).data().strip() for row in range(model.rowCount())]


@pytest.fixture
def model(qapp: QApplication) -> TagModel:
    model = TagModel()
    model.show_lines(LINES)
    return model


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("0028,0010", ["Rows"]),
        ("00280010", ["Rows"]),
        ("sopclass", ["SOP Class UID"]),
        ("pn ada", ["Patient's Name"]),
        ("storage", ["SOP Class UID"]),
        ("nothing like it", []),
    ],
)
def test_search_finds_tag_keyword_vr_and_value(
    model: TagModel, query: str, names: list[str]
) -> None:
    model.set_query(query)
    assert shown(model) == names
    assert model.matches == len(names)


def test_what_is_found_in_a_sequence_is_shown_below_it(model: TagModel) -> None:
    model.set_query("8.5")
    assert shown(model) == ["CT Exposure Sequence", "Item 2", "Exposure Time in ms"]
    assert model.matches == 1


def test_two_matches_in_a_sequence_name_it_once(model: TagModel) -> None:
    model.set_query("exposure time")
    assert shown(model) == [
        "CT Exposure Sequence",
        "Item 1",
        "Exposure Time in ms",
        "Item 2",
        "Exposure Time in ms",
    ]


def test_hidden_patient_is_neither_shown_nor_found_nor_copied(model: TagModel) -> None:
    model.set_patient_hidden(True)
    assert shown(model, VALUE)[1:4] == [HIDDEN] * 3
    assert "Ada" not in model.text_of(range(model.rowCount()))
    model.set_query("ada")
    assert model.rowCount() == 0
    model.set_query("")
    model.set_patient_hidden(False)
    assert "Phantom^Ada" in shown(model, VALUE)


@pytest.fixture
def table(qtbot) -> TagTable:
    table = TagTable()
    qtbot.addWidget(table)
    table.show_content(CONTENT)
    table.show()
    table.activateWindow()
    table.view.setFocus()
    qtbot.waitUntil(table.view.hasFocus)
    return table


def test_copied_rows_are_what_is_seen(qtbot, table: TagTable) -> None:
    table.view.selectRow(1)
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "(0008,0050)\tAccession Number\tSH\tA-77"
    table.view.clearSelection()
    table.view.selectRow(6)
    table.view.actions()[1].trigger()
    assert QGuiApplication.clipboard().text() == "7.5"


def test_row_in_hand_tells_its_keyword_and_whole_value(table: TagTable) -> None:
    table.view.selectRow(0)
    assert table.detail.text() == "SOPClassUID · CT Image Storage · 1.2"
    table.view.selectRow(3)
    table.set_patient_hidden(True)
    assert "Ada" not in table.detail.text()


def test_find_key_goes_to_the_search_and_return_to_what_was_found(qtbot, table: TagTable) -> None:
    qtbot.keyClick(table.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert table.search.hasFocus()
    qtbot.keyClicks(table.search, "rows")
    assert table.count.text() == "1 of 8 elements"
    qtbot.keyClick(table.search, Qt.Key.Key_Return)
    assert table.view.hasFocus()
    assert table.view.selectionModel().selectedRows()[0].row() == 0


@pytest.mark.parametrize("query", ["", "patient"])
def test_hiding_the_patient_keeps_the_row_in_hand(qtbot, table: TagTable, query: str) -> None:
    table.search.setText(query)
    row = next(
        r for r in range(table.model.rowCount()) if "PatientName" in table.model.detail_of(r)
    )
    table.view.selectRow(row)
    before = table.detail.text()
    table.set_patient_hidden(True)
    assert table.detail.text().startswith("PatientName")
    assert table.detail.text() != before
    table.set_patient_hidden(False)
    assert table.detail.text() == before


def test_names_are_hidden_in_texts_in_any_order() -> None:
    born = ContentLine(0, "(0010,0030)", "DA", "Birth Date", "PatientBirthDate", "19650102")
    heavy = ContentLine(0, "(0010,1030)", "DS", "Patient's Weight", "PatientWeight", "60")
    text = "Reader: Phantom, Ada\nADA PHANTOM came 1965-01-02; case A-77. Adamant. 60 Gy"
    assert without_patient(text, (*LINES, born, heavy)) == (
        "Reader: hidden, hidden\nhidden hidden came hidden; case hidden. Adamant. 60 Gy"
    )


@pytest.fixture
def decoding(qtbot, pool) -> Decoding:
    apply_theme(QApplication.instance())
    return Decoding(pool)


@pytest.fixture
def film_desk(qtbot) -> Desk:
    return Desk(Look())


def film_of(path: Path) -> Film:
    study = read_instance(path)
    return Film(read_frame(path), study, study.instances[0], FilmAddress(path, 0), (1, 1))


@pytest.fixture
def tags(qtbot, decoding, film_desk) -> TagsWindow:
    window = TagsWindow(decoding, film_desk, Settings())
    qtbot.addWidget(window)
    return window


def test_tags_follow_the_film_in_hand(qtbot, tags, film_desk, films: Path) -> None:
    tags.toggle()
    assert tags.message.text() == "No film is open."
    film_desk.primary.show_film(film_of(films / "ada.dcm"))
    qtbot.waitUntil(lambda: "PHANTOM^ADA" in shown(tags.table.model, VALUE))
    assert tags.file.text() == "ada.dcm"
    film_desk.places[1].show_film(film_of(films / "photo.png"))
    film_desk.activate(film_desk.places[1])
    qtbot.waitUntil(lambda: tags.title.text() == "PNG picture")
    assert "Format" in shown(tags.table.model)
    film_desk.activate(film_desk.primary)
    qtbot.waitUntil(lambda: "PHANTOM^ADA" in shown(tags.table.model, VALUE))


def test_closed_tags_read_nothing_until_they_are_opened(
    qtbot, tags, film_desk, films: Path
) -> None:
    film_desk.primary.show_film(film_of(films / "ada.dcm"))
    assert tags.table.model.rowCount() == 0
    tags.toggle()
    qtbot.waitUntil(lambda: tags.table.model.rowCount() > 0)
    qtbot.keyClick(tags.table.view, Qt.Key.Key_Escape)
    assert not tags.isVisible()


def test_tags_hide_the_patient_and_the_files_name(qtbot, tags, film_desk, films: Path) -> None:
    film_desk.look.set_patient_hidden(True)
    film_desk.primary.show_film(film_of(films / "ada.dcm"))
    tags.toggle()
    qtbot.waitUntil(lambda: tags.table.model.rowCount() > 0)
    assert not any("ADA" in value for value in shown(tags.table.model, VALUE))
    assert tags.file.text() == "File name hidden"


def test_tags_of_a_file_that_went_away_give_a_sentence(
    qtbot, tags, film_desk, films: Path, tmp_path: Path
) -> None:
    path = tmp_path / "gone.dcm"
    path.write_bytes((films / "ada.dcm").read_bytes())
    film_desk.primary.show_film(film_of(path))
    path.unlink()
    tags.toggle()
    qtbot.waitUntil(lambda: "there is no such file" in tags.message.text())
    assert "gone.dcm" not in tags.message.text()


def test_tags_remember_their_size(qtbot, decoding, film_desk) -> None:
    settings = Settings()
    first = TagsWindow(decoding, film_desk, settings)
    qtbot.addWidget(first)
    first.show()
    first.resize(700, 500)
    second = TagsWindow(decoding, film_desk, settings)
    qtbot.addWidget(second)
    assert (second.width(), second.height()) == (700, 500)


def report(path: Path) -> Instance:
    """A drawn report that names its patient in the text."""
    code = pydicom.Dataset()
    code.CodeMeaning = "Finding"
    finding = pydicom.Dataset()
    finding.ValueType, finding.TextValue = "TEXT", "Mrs Phantom has <b>clear</b> lungs."
    finding.ConceptNameCodeSequence = [code]
    header = pydicom.Dataset()
    header.file_meta = pydicom.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    header.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    header.SOPInstanceUID = "1.2.3"
    header.PatientName = "Phantom^Ada"
    header.ContentSequence = [finding]
    header.save_as(path, enforce_file_format=True)
    return Instance(path, "1.2.3", 1, 0, 0, 0, "SR", kind="Basic Text SR")


@pytest.fixture
def page(qtbot, decoding, film_desk) -> TextPage:
    page = TextPage(decoding, film_desk.look)
    qtbot.addWidget(page)
    page.resize(800, 600)
    page.show()
    return page


def test_report_is_shown_as_text_and_as_tags(qtbot, page: TextPage, tmp_path: Path) -> None:
    page.show_document(report(tmp_path / "report.dcm"))
    qtbot.waitUntil(lambda: "clear" in page.text.toPlainText())
    assert page.title.text() == "Basic Text SR"
    assert "Mrs Phantom has <b>clear</b> lungs." in page.text.toPlainText()
    page.show_view("tags")
    assert page.table.isVisible()
    assert "Phantom^Ada" in shown(page.table.model, VALUE)


def test_report_hides_the_patient_while_it_is_open(
    qtbot, page: TextPage, film_desk, tmp_path: Path
) -> None:
    page.show_document(report(tmp_path / "phantom.dcm"))
    qtbot.waitUntil(lambda: "clear" in page.text.toPlainText())
    film_desk.look.set_patient_hidden(True)
    assert "Mrs hidden has" in page.text.toPlainText()
    assert page.file.text() == "File name hidden"
    film_desk.look.set_patient_hidden(False)
    assert "Mrs Phantom has" in page.text.toPlainText()


def test_the_document_asked_for_last_is_the_one_shown(
    qtbot, page: TextPage, films: Path, tmp_path: Path
) -> None:
    page.show_document(report(tmp_path / "report.dcm"))
    page.show_document(read_instance(films / "ada.dcm").instances[0])
    qtbot.waitUntil(lambda: "holds a picture" in page.text.toPlainText())
    assert page.path == films / "ada.dcm"


def test_outline_takes_nothing_for_markup(qtbot, page: TextPage) -> None:
    document = page.text.document()
    write_outline(document, "Findings\n  Note: <img src='x'> & more")
    assert document.toPlainText() == "Findings\nNote:  <img src='x'> & more"
    assert document.begin().begin().fragment().charFormat().fontWeight() > 400
    assert document.begin().next().blockFormat().leftMargin() > 0


@pytest.fixture
def grey_film(films: Path) -> Film:
    study = read_instance(films / "ada.dcm")
    stored = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    frame = Frame(stored, Photometric.MONOCHROME2, 12, voi=(Window(2000, 1000),))
    return Film(frame, study, study.instances[0], FilmAddress(films / "ada.dcm", 0), (1, 1))


def test_steps_are_those_of_the_film_in_hand(qtbot, film_desk, grey_film: Film) -> None:
    window = StepsWindow(film_desk)
    qtbot.addWidget(window)
    window.toggle()
    assert window.lines() == []
    state = film_desk.primary
    state.show_film(grey_film)
    qtbot.waitUntil(lambda: len(window.lines()) > 4)
    assert any("2000" in line and "1000" in line for line in window.lines())
    assert "Turn: none" in window.lines()


def test_steps_change_while_the_window_is_dragged_and_the_film_turned(
    qtbot, film_desk, grey_film: Film
) -> None:
    state = film_desk.primary
    state.show_film(grey_film)
    window = StepsWindow(film_desk)
    qtbot.addWidget(window)
    window.toggle()
    state.drag_window(30, 0)
    wide = state.window().width
    assert wide > 1000
    qtbot.waitUntil(lambda: any(f"W {wide:.0f}" in line for line in window.lines()))
    state.set_viewport(turned(flipped(state.viewport, horizontally=True)))
    qtbot.waitUntil(lambda: "Turn: 90° clockwise" in window.lines())
    assert "Mirror: left and right exchanged" in window.lines()


def test_every_control_of_the_windows_has_a_name(qtbot, tags, page) -> None:
    from PySide6.QtWidgets import QAbstractButton, QLineEdit, QTableView, QTextEdit

    for window in (tags, page):
        for kind in (QAbstractButton, QLineEdit, QTableView, QTextEdit):
            for control in window.findChildren(kind):
                if control.focusPolicy() is not Qt.FocusPolicy.NoFocus:
                    assert control.accessibleName(), control


def choose(desk, name: str) -> None:
    """Choose a document of the list as a click does."""
    document = next(
        one
        for study in desk.room.library.studies.values()
        for one in study.instances
        if one.path.name == name
    )
    desk.room.studies.document_chosen.emit(document)


def test_document_stands_in_the_films_place_until_a_film_is_chosen(
    desk, films: Path, tmp_path: Path
) -> None:
    report(tmp_path / "report.dcm")
    desk.open([films / "ada.dcm"])
    study = desk.state.film.study
    desk.open([tmp_path / "report.dcm"])
    choose(desk, "report.dcm")
    page = desk.room.area.page
    desk.wait(lambda: "clear" in page.text.toPlainText())
    assert page.isVisible()
    assert not desk.panes.isVisible()
    assert desk.state.film is None
    desk.room.area.focus_first()
    assert desk.window.focusWidget() is page.text
    desk.window.actions_by_name["tags"].trigger()
    assert page.shows_tags
    assert desk.window.focusWidget() is page.table.search
    desk.room.open_study(study)
    desk.wait(lambda: desk.state.film is not None)
    assert desk.panes.isVisible()


def test_study_of_documents_is_one_step_from_its_neighbours(
    desk, films: Path, tmp_path: Path
) -> None:
    report(tmp_path / "report.dcm")
    desk.open([films / "ada.dcm", tmp_path / "report.dcm"])
    first, last = desk.room.library.in_order()
    desk.room.open_study(first)
    for step, study in ((1, last), (-1, first), (1, last)):
        desk.room.step_study(step)
        assert desk.room.study_in_hand == study
    desk.wait(lambda: not desk.room.is_opening)


def test_tags_open_and_close_by_their_key(qtbot, desk, films: Path) -> None:
    desk.open([films / "ada.dcm"])
    qtbot.keyClick(desk.window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    tags = desk.window.contents.tags
    qtbot.waitUntil(tags.isActiveWindow)
    desk.wait(lambda: tags.table.model.rowCount() > 0)
    qtbot.keyClick(tags.table.search, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert not tags.isVisible()


def test_steps_open_and_close_by_their_key(qtbot, desk, films: Path) -> None:
    desk.open([films / "ada.dcm"])
    qtbot.keyClick(desk.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    steps = desk.window.contents.steps
    assert any(line.startswith("Stored: ") for line in steps.lines())
    qtbot.keyClick(steps, Qt.Key.Key_Escape)
    assert not steps.isVisible()


def test_patient_is_hidden_by_key_from_the_search_for_tags(qtbot, desk, films: Path) -> None:
    desk.open([films / "ada.dcm"])
    desk.window.actions_by_name["tags"].trigger()
    search = desk.window.contents.tags.table.search
    qtbot.waitUntil(desk.window.contents.tags.isActiveWindow)
    search.setFocus()
    shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(search, Qt.Key.Key_I, shift)
    assert (desk.room.look.patient_hidden, search.text()) == (True, "")
    qtbot.keyClicks(search, "pat")
    qtbot.keyClick(search, Qt.Key.Key_I, shift)
    assert (desk.room.look.patient_hidden, search.text()) == (True, "pati")
    qtbot.keyClick(search, Qt.Key.Key_I, shift | control)
    assert (desk.room.look.patient_hidden, search.text()) == (False, "pati")
