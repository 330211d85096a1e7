from __future__ import annotations

import json
import logging
from threading import Event

import pytest
from measured_films import film, grey_frame, instance

from medkd_core.jobs.durable import write_durably
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.measuring.sheets import Sheets
from medkd_viewer.studies.journal import Journal, Judgement

LENGTH = Measurement(kind=Kind.LENGTH, points=((10.125, 20.0), (30.0, 44.4)))
PROBE = Measurement(kind=Kind.PROBE, points=((7.0, 8.0),))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.json"


@pytest.fixture
def journal(path):
    return Journal(path)


def kept(journal: Journal) -> Journal:
    """What another viewer finds once everything is written."""
    journal.finish()
    return Journal(journal._path)


def test_measurements_come_back_after_the_program_was_closed(qtbot, journal):
    sheet = Sheets(journal).of(film(grey_frame()))
    sheet.add(LENGTH)
    sheet.add(PROBE)
    again = Sheets(kept(journal)).of(film(grey_frame()))
    assert again.measurements == (LENGTH, PROBE)
    assert again.chosen is None
    assert not again.can_undo


def test_undone_measurement_is_not_kept(qtbot, journal, path):
    sheet = Sheets(journal).of(film(grey_frame()))
    sheet.add(LENGTH)
    sheet.undo()
    assert Sheets(kept(journal)).of(film(grey_frame())).measurements == ()
    assert "length" not in path.read_text()


def test_each_image_has_a_sheet_of_its_own_which_stays_the_same(qtbot, path):
    sheets = Sheets(Journal(path))
    first, second = (film(grey_frame(), instance(uid=uid)) for uid in ("1.2.3", "1.2.4"))
    sheets.of(first).add(LENGTH)
    assert sheets.of(second).measurements == ()
    assert sheets.of(film(grey_frame())) is sheets.of(first)


def test_measuring_leaves_what_else_is_noted_on_the_study(qtbot, journal):
    journal.judge("1", "a|b|c", Judgement.PARTLY)
    Sheets(journal).of(film(grey_frame())).add(LENGTH)
    again = kept(journal)
    assert again.judgement("1", "a|b|c") is Judgement.PARTLY
    assert again.measurements("1", "1.2.3#0") == (LENGTH,)


def test_file_of_the_film_is_never_written(qtbot, tmp_path, films, journal):
    from medkd_core.imaging.reading import read_frame, read_instance
    from medkd_viewer.reading.film import Film, FilmAddress

    source = films / "ada.dcm"
    before, when = source.read_bytes(), source.stat().st_mtime_ns
    study = read_instance(source)
    shown = Film(read_frame(source), study, study.instances[0], FilmAddress(source, 0), (1, 1))
    Sheets(journal).of(shown).add(LENGTH)
    journal.finish()
    assert (source.read_bytes(), source.stat().st_mtime_ns) == (before, when)
    assert [p.name for p in tmp_path.iterdir()] == ["journal.json"]


HOSTILE = [
    {"kind": "length", "points": [[1, 2]]},
    {"kind": "length", "points": [[1, 2], [3, 1e999]]},
    {"kind": "delete everything", "points": [[1, 2], [3, 4]]},
    {"kind": "probe", "points": [["a", None]]},
    {"kind": "probe", "points": [[-1, 0]]},
    {"points": 5},
    "length",
    None,
    [[[]]],
]


@pytest.mark.parametrize("fault", HOSTILE, ids=lambda fault: json.dumps(fault)[:40])
def test_measurement_that_makes_no_sense_costs_itself_only(path, fault, caplog):
    good = json.loads(LENGTH.model_dump_json())
    notes = {"1": {"measurements": {"1.2.3#0": [good, fault, good]}, "judgements": {"a": "not"}}}
    path.write_text(json.dumps(notes))
    journal = Journal(path)
    with caplog.at_level(logging.WARNING):
        assert journal.measurements("1", "1.2.3#0") == (LENGTH, LENGTH)
    assert journal.judgement("1", "a") is Judgement.NOT
    assert "left out" in caplog.text
    assert "1.2.3" not in caplog.text


@pytest.mark.parametrize("kept", ["{}", '"length"', "7", "null"])
def test_something_else_in_the_place_of_measurements_is_none(path, kept):
    path.write_text(f'{{"1": {{"measurements": {{"1.2.3#0": {kept}}}}}}}')
    assert Journal(path).measurements("1", "1.2.3#0") == ()


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b'[{"a":', b'{"1": []}'])
def test_damaged_journal_is_kept_aside_and_measuring_goes_on(qtbot, path, text):
    path.write_bytes(text)
    journal = Journal(path)
    sheets = Sheets(journal)
    assert sheets.of(film(grey_frame())).measurements == ()
    sheets.of(film(grey_frame())).add(LENGTH)
    assert kept(journal).measurements("1", "1.2.3#0") == (LENGTH,)
    assert path.with_suffix(".damaged").read_bytes() == text


def test_journal_that_can_neither_be_read_nor_set_aside_is_left_alone(qtbot, path):
    path.mkdir()
    (path / "kept").write_text("something")
    path.with_suffix(".damaged").write_text("in the way")
    sheet = Sheets(Journal(path)).of(film(grey_frame()))
    sheet.add(LENGTH)
    assert sheet.measurements == (LENGTH,)
    assert (path / "kept").read_text() == "something"


def test_measurement_off_a_film_that_was_exchanged_is_not_shown(qtbot, path):
    journal = Journal(path)
    off = Measurement(kind=Kind.PROBE, points=((299.0, 5000.0),))
    journal.keep_measurements("1", "1.2.3#0", (off, PROBE))
    assert Sheets(journal).of(film(grey_frame())).measurements == (PROBE,)


def test_two_viewers_keep_what_each_of_them_measures(path):
    here, there = Journal(path), Journal(path)
    here.keep_measurements("1", "1.2.3#0", (LENGTH,))
    here.finish()
    there.keep_measurements("1", "1.2.4#0", (PROBE,))
    there.finish()
    here.judge("2", "a|b|c", Judgement.NOT)
    here.finish()
    there.keep_measurements("1", "1.2.4#0", ())
    again = kept(there)
    assert again.measurements("1", "1.2.3#0") == (LENGTH,)
    assert again.measurements("1", "1.2.4#0") == ()
    assert again.judgement("2", "a|b|c") is Judgement.NOT
    assert there.judgement("2", "a|b|c") is Judgement.NOT


def test_journal_that_another_program_has_damaged_is_written_anew_and_kept_aside(path):
    journal = Journal(path)
    journal.keep_measurements("1", "1.2.3#0", (LENGTH,))
    journal.finish()
    path.write_text("{")
    journal.keep_measurements("1", "1.2.4#0", (PROBE,))
    again = kept(journal)
    assert again.measurements("1", "1.2.3#0") == (LENGTH,)
    assert again.measurements("1", "1.2.4#0") == (PROBE,)
    assert path.with_suffix(".damaged").read_text() == "{"


def test_noting_waits_for_no_disk_and_what_comes_meanwhile_is_written_together(
    journal, monkeypatch
):
    from medkd_viewer.studies import journal as module

    may_write, written = Event(), []

    def write_slowly(path, content):
        assert may_write.wait(20)
        written.append(content)
        write_durably(path, content)

    monkeypatch.setattr(module, "write_durably", write_slowly)
    for number in range(20):
        journal.keep_measurements("1", f"1.2.{number}#0", (LENGTH,))
        assert journal.measurements("1", f"1.2.{number}#0") == (LENGTH,)
    may_write.set()
    again = kept(journal)
    assert len(written) <= 3
    assert all(again.measurements("1", f"1.2.{number}#0") == (LENGTH,) for number in range(20))


def test_journal_of_an_earlier_version_is_read_on(path):
    length = json.loads(LENGTH.model_dump_json())
    notes = {"read_at": "2026-01-02T03:04:05+00:00", "measurements": {"1.2.3#0": [length]}}
    path.write_text(json.dumps({"1": notes, "2": {"judgements": {"a": "not"}}}))
    journal = Journal(path)
    journal.judge("2", "b", Judgement.PARTLY)
    again = kept(journal)
    assert again.read_at("1").year == 2026
    assert again.measurements("1", "1.2.3#0") == (LENGTH,)
    assert (again.judgement("2", "a"), again.judgement("2", "b")) == ("not", "partly")


def test_study_of_any_name_is_noted(journal):
    uid = 'films/"a", {é}\n: 1.png'
    journal.keep_measurements(uid, f"{uid}#0", (LENGTH,))
    assert kept(journal).measurements(uid, f"{uid}#0") == (LENGTH,)


def test_full_disk_costs_a_sentence_and_what_was_measured_is_kept_once_there_is_room(
    path, full_disk
):
    journal = Journal(path)
    journal.keep_measurements("1", "1.2.3#0", (LENGTH,))
    journal.finish()
    with full_disk():
        journal.keep_measurements("1", "1.2.4#0", (PROBE,))
        journal.finish()
        assert "cannot be kept: No space left on device" in journal.unsaved
        assert journal.measurements("1", "1.2.4#0") == (PROBE,)
    assert Journal(path).measurements("1", "1.2.3#0") == (LENGTH,)
    # Another viewer may have written in the meantime.
    other = Journal(path)
    other.judge("2", "a|b|c", Judgement.NOT)
    other.finish()
    journal.finish()
    assert journal.unsaved == ""
    again = Journal(path)
    assert again.measurements("1", "1.2.4#0") == (PROBE,)
    assert again.judgement("2", "a|b|c") is Judgement.NOT
    assert [file.name for file in path.parent.iterdir()] == ["journal.json"]
