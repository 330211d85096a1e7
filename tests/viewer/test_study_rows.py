"""What the list of studies holds, without its widget."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from drawn_studies import drawn_report, drawn_series, drawn_study
from PySide6.QtCore import Qt

from medkd_core.imaging.study import FoundStudies, Refusal
from medkd_viewer.settings import RecentFolder
from medkd_viewer.studies.faces import Faces, reading_words
from medkd_viewer.studies.journal import Journal
from medkd_viewer.studies.library import Library, Sign
from medkd_viewer.studies.pictures import Images, images_of, stack_at
from medkd_viewer.studies.query import Query
from medkd_viewer.studies.row_changes import row_changes
from medkd_viewer.studies.rows import (
    DocumentRow,
    FolderRow,
    Outline,
    RefusedRow,
    Section,
    SectionRow,
    SeriesRow,
    StudyRow,
)
from medkd_viewer.studies.study_model import StudyListModel

CT = drawn_series("ct", 120, modality="CT", description="Thorax 1.0", number=2)
SCOUT = drawn_series("scout", modality="CT", number=1)


def library(*studies, refused=()) -> Library:
    made = Library(Journal(None))
    made.add(FoundStudies(studies, tuple(Refusal(Path(name), "no picture") for name in refused)))
    return made


def listed(made: Library, typed: str = "") -> list[str]:
    return [study.uid for study in made.matching(Query.parsed(typed))]


def face(outline: Outline, number: int):
    return Faces(outline.library, outline).of(outline.rows()[number])


def test_search_keeps_what_matches_every_word():
    made = library(drawn_study("1", "PHANTOM, ADA"), drawn_study("2", "PHANTOM, BEN"))
    assert listed(made, "ben chest") == ["2"]


@pytest.mark.parametrize("typed", ["ct", "modality:ct", "acc-7", "date:2024", "2024-03", "thorax"])
def test_search_finds_modality_accession_date_and_series(typed):
    made = library(drawn_study("1"), drawn_study("2", "B", CT, date="20240301", accession="ACC-7"))
    assert listed(made, typed) == ["2"]


def test_search_for_a_field_that_no_study_has_finds_nothing():
    assert listed(library(drawn_study("1")), "modality:mr") == []


def test_studies_of_one_patient_stand_together_the_newest_first():
    made = library(
        drawn_study("old", patient_id="A", date="20200101"),
        drawn_study("other", patient_id="B"),
        drawn_study("new", patient_id="A", date="2026.01.01"),
        drawn_study("undated", patient_id="A", date=""),
    )
    assert listed(made) == ["new", "old", "undated", "other"]


def test_studies_without_a_patient_number_are_not_taken_for_one_patients():
    made = library(
        drawn_study("1", patient_id="", date="20200101"), drawn_study("2", patient_id="")
    )
    assert listed(made) == ["1", "2"]


def test_parts_of_a_study_found_one_after_the_other_become_one():
    made = library(drawn_study("1", "A", SCOUT))
    made.add(FoundStudies((drawn_study("1", "A", CT),), ()))
    made.add(FoundStudies((drawn_study("1", "A", SCOUT, CT),), ()))
    assert [len(series.instances) for series in made.studies["1"].series] == [1, 120]


def test_study_found_again_is_searched_by_what_was_added():
    made = library(drawn_study("1", "A", SCOUT))
    assert listed(made, "thorax") == []
    made.add(FoundStudies((drawn_study("1", "A", CT),), ()))
    assert listed(made, "thorax") == ["1"]


def test_closed_study_leaves_the_list_and_can_be_opened_again():
    made = library(drawn_study("1"), drawn_study("2"))
    made.close(["1"])
    assert listed(made) == ["2"]
    made.add(FoundStudies((drawn_study("1"),), ()))
    assert listed(made) == ["2", "1"]


def test_study_in_hand_unfolds_to_its_series_and_the_one_before_folds():
    outline = Outline(library(drawn_study("1", "A", SCOUT, CT), drawn_study("2", "B", SCOUT, CT)))
    outline.show("1", "ct")
    outline.show("2", "ct")
    assert [type(row) for row in outline.rows()] == [
        SectionRow,
        StudyRow,
        StudyRow,
        SeriesRow,
        SeriesRow,
    ]


def test_study_unfolded_by_hand_stays_unfolded():
    outline = Outline(library(drawn_study("1", "A", SCOUT, CT), drawn_study("2")))
    outline.show("1", "ct")
    outline.unfold("1", True)
    outline.show("2", "2.1")
    assert sum(isinstance(row, SeriesRow) for row in outline.rows()) == 2


def test_study_of_one_series_is_one_row():
    outline = Outline(library(drawn_study("1")))
    outline.show("1", "1.1")
    assert [type(row) for row in outline.rows()] == [SectionRow, StudyRow]
    assert outline.unfolded(outline.rows()[1]) is None


def test_report_is_a_row_of_its_own_with_its_kind():
    outline = Outline(library(drawn_study("1", "A", CT, drawn_report("sr"))))
    outline.unfold("1", True)
    row = outline.rows()[3]
    assert isinstance(row, DocumentRow)
    assert face(outline, 3).title == "Basic Text SR"
    assert face(outline, 3).image is None


def test_series_says_its_description_modality_and_how_many_images():
    loop = drawn_series("us", modality="US", frames=3)
    outline = Outline(library(drawn_study("1", "A", CT, loop)))
    outline.unfold("1", True)
    first, second = face(outline, 2), face(outline, 3)
    assert (first.title, *first.lines) == (
        "Thorax 1.0",
        ("CT · 120 images · series 2", "CT · 120 images"),
    )
    assert (second.title, second.lines[0][-1]) == ("Series 1", "US · 3 frames")
    assert first.image is not None
    assert first.image.instance.number == 61


def test_series_in_hand_is_marked_in_signs_and_words():
    outline = Outline(library(drawn_study("1", "A", SCOUT, CT)))
    outline.show("1", "ct")
    marked = [face(outline, n).shown for n in (1, 2, 3)]
    assert marked == [False, False, True]
    assert face(outline, 3).words.endswith("shown")


def test_study_says_what_it_holds_when_and_how_far_the_reader_is():
    made = library(drawn_study("1"), drawn_study("2"))
    now = datetime.now().astimezone()
    made.journal.mark_read("1", now)
    outline = Outline(made)
    what, state = face(outline, 1).lines
    assert what[0] == "Chest PA · 2 images"
    assert state == (f"2026-01-01 · Read {now:%H:%M}", "2026-01-01 · Read", f"Read {now:%H:%M}")
    assert face(outline, 2).lines[1][0] == "2026-01-01 · Unread"


def test_study_read_on_another_day_tells_the_day():
    assert reading_words(datetime(2026, 1, 1, 14, 2)) == "Read 2026-01-01"


def test_remark_stands_in_the_place_of_unread():
    made = library(drawn_study("1"))
    made.remark("1", "Teachers disagree", Sign.CAUTION)
    assert face(Outline(made), 1).lines[1][-1] == "Teachers disagree"
    assert face(Outline(made), 1).sign is Sign.CAUTION


def test_files_not_opened_are_one_row_until_it_is_unfolded():
    outline = Outline(library(refused=("a.dcm", "b.dcm")))
    assert outline.rows() == [SectionRow(Section.REFUSED, 2)]
    assert face(outline, 0).title == "2 files not opened"
    outline.unfold(Section.REFUSED, True)
    assert [type(row) for row in outline.rows()] == [SectionRow, RefusedRow, RefusedRow]
    assert face(outline, 1).words == "a.dcm: No picture."


def test_names_that_files_smuggle_in_are_shown_as_plain_text():
    study = drawn_study("1", "A\x00\nB", date="00000000")
    made = library(study)
    model = StudyListModel(Faces(made, Outline(made)))
    model.show_rows(Outline(made).rows())
    row = model.index(1)
    assert model.data(row, Qt.ItemDataRole.DisplayRole) == "AB, Chest PA, 2 images, Unread"
    study = drawn_study("2", "<img src=x>")
    made.add(FoundStudies((study,), ()))
    model.show_rows(Outline(made).rows())
    tip = model.data(model.index(2), Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("<qt>&lt;img src=x&gt;, ")


def test_nothing_of_a_hidden_patient_is_said_found_or_listed():
    made = library(
        drawn_study("1", "SECRET^NAME", patient_id="SECRET-1", accession="SECRET-2"),
        drawn_study("2", "SECRET^OTHER"),
        drawn_study("3", "SECRET^NAME", patient_id="SECRET-1"),
        refused=("SECRET.dcm",),
    )
    made.folders = [RecentFolder(path=Path("SECRET"), studies=1, images=1)]
    outline = Outline(made, hidden=True)
    outline.unfold(Section.REFUSED, True)
    faces = [Faces(made, outline).of(row) for row in outline.rows()]
    assert "SECRET" not in repr([(one.title, one.lines, one.words) for one in faces])
    assert [one.title for one in faces[1:4]] == ["Patient 1", "Patient 1", "Patient 2"]
    assert made.matching(Query.parsed("secret"), hidden=True) == []


def test_what_was_opened_before_is_listed_below_and_not_among_the_found():
    made = library(drawn_study("1"))
    made.folders = [RecentFolder(path=Path("case.zip"), studies=1, images=2)]
    outline = Outline(made)
    assert isinstance(outline.rows()[-1], FolderRow)
    assert face(outline, 3).title == "case.zip"
    outline.query = Query.parsed("ada")
    assert [type(row) for row in outline.rows()] == [SectionRow, StudyRow]


def test_file_that_claims_two_thousand_million_frames_costs_nothing():
    study = drawn_study("1", "A", drawn_series("x", frames=2_000_000_000))
    images = images_of(study)
    assert len(images) == 2_000_000_000
    assert images[-1].frame == 1_999_999_999


def test_pictures_are_counted_across_files_and_documents():
    images = images_of(drawn_study("1", "A", drawn_report("sr"), CT, drawn_series("us", frames=3)))
    assert len(images) == 123
    assert (images[119].instance.number, images[120].frame, images[122].frame) == (120, 0, 2)
    assert images.position_of(images[121]) == 121
    with pytest.raises(IndexError):
        images[123]


def test_steps_stay_within_a_series():
    study = drawn_study("1", "A", SCOUT, CT, drawn_series("us", frames=3, modality="US"))
    assert stack_at(study, 0) == range(1)
    assert stack_at(study, 60) == range(1, 121)
    assert stack_at(study, 122) == range(121, 124)


def test_films_sent_as_a_series_each_are_stepped_through_together():
    study = drawn_study("1", "A", drawn_series("pa"), drawn_series("lateral", number=2))
    assert stack_at(study, 1) == range(2)


def test_empty_study_has_no_picture_to_step_through():
    assert stack_at(drawn_study("1", "A", drawn_report("sr")), 0) == range(0)
    assert len(Images(())) == 0


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("abcd", "abcd", ([], [])),
        ("abcd", "ad", ([range(1, 3)], [])),
        ("ad", "abcde", ([], [range(1, 3), range(4, 5)])),
        ("abc", "axc", ([range(1, 2)], [range(1, 2)])),
        ("", "ab", ([], [range(2)])),
        ("ab", "ba", None),
    ],
)
def test_rows_that_stay_are_left_alone(old, new, expected):
    assert row_changes(old, new) == expected


def test_list_that_changes_everywhere_is_made_anew():
    assert row_changes(range(1000), range(0, 1000, 2)) is None
