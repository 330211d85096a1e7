"""Names and descriptions in any script are written, searched and hidden."""

from __future__ import annotations

from dataclasses import replace

import pydicom
import pytest
from drawn_studies import drawn_study
from films_in_memory import film_of, study_of
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextLayout, QTextOption

from medkd_viewer.hiding import without_patient
from medkd_viewer.joining import joined
from medkd_viewer.reading.corner_texts import corner_texts
from medkd_viewer.studies.query import Query, search_text

NAMES = {
    "ISO_IR 100": ("Müller^Jörg", "Müller, Jörg"),
    "ISO_IR 192": ("=王^小東", "王, 小東"),
    "ISO_IR 127": ("قباني^لنزار", "قباني, لنزار"),
    "ISO 2022 IR 149": ("=洪^吉洞=홍^길동", "洪, 吉洞"),
}


def test_names_of_files_in_other_character_sets_stand_in_list_and_corner(desk, films, tmp_path):
    for number, (character_set, (name, _)) in enumerate(NAMES.items()):
        dataset = pydicom.dcmread(films / "ada.dcm")
        dataset.SpecificCharacterSet = (
            ["", character_set] if "2022" in character_set else character_set
        )
        dataset.PatientName, dataset.PatientID = name, f"MK-{number}"
        dataset.StudyInstanceUID = f"1.2.{number}"
        dataset.save_as(tmp_path / f"{number}.dcm")
    desk.open([tmp_path])
    model = desk.room.studies.model
    rows = [model.index(row).data() for row in range(model.rowCount())]
    for _, shown in NAMES.values():
        assert any(row.startswith(shown) for row in rows)
    state = desk.state
    corner = corner_texts(state.film, state.voi, 1.0).top_left[0]
    assert corner in {shown for _, shown in NAMES.values()}
    assert not desk.window.grab().isNull()


@pytest.mark.parametrize("part", ["חזה", "صدر"])
def test_figures_after_a_part_written_from_right_to_left_stay_behind_it(qtbot, part):
    text = joined(part, "1 image")
    layout, as_painted = QTextLayout(text), QTextOption()
    as_painted.setTextDirection(Qt.LayoutDirection.LeftToRight)
    layout.setTextOption(as_painted)
    layout.beginLayout()
    line = layout.createLine()
    layout.endLayout()
    figure, _ = line.cursorToX(text.index("1"))
    assert all(line.cursorToX(place)[0] <= figure for place in range(len(part)))


@pytest.mark.parametrize(
    ("name", "said", "nameless"),
    [
        ("王, 小東", "王小東の胸部", "hiddenhiddenの胸部"),
        ("홍, 길동", "흉부 홍길동", "흉부 hiddenhidden"),
        ("Müller, Jörg", "Kontrolle MÜLLER_JÖRG, Müllerin", "Kontrolle hidden_hidden, Müllerin"),
        ("قباني, لنزار", "صدر لنزار", "صدر hidden"),
    ],
)
def test_hidden_name_is_hidden_in_descriptions_of_its_script(name, said, nameless):
    assert without_patient(said, drawn_study("1", name)) == nameless
    film = film_of(replace(study_of(name), description=said))
    film.instance = replace(film.instance, body_part="", view="")
    texts = corner_texts(film, film.first_voi, 1.0, patient_hidden=True)
    assert nameless in texts.top_right[0]


def test_name_is_found_in_its_own_script():
    text = search_text(drawn_study("1", "山田, 太郎"))
    assert Query.parsed("太郎").matches(text)
    assert not Query.parsed("太郎").matches(text, hidden=True)
