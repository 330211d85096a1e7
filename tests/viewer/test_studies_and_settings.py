from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from medkd_core.evaluation.prediction import NetworkOpinion, Prediction
from medkd_viewer.reading.map_layer import MapStyle
from medkd_viewer.settings import RecentFolder, Settings, SettingsFile
from medkd_viewer.studies.journal import Journal, Judgement
from medkd_viewer.studies.library import Sign
from medkd_viewer.studies.remarks import remark_of


def prediction(familiarity: str, teacher: tuple[float, float]) -> Prediction:
    opinions = (NetworkOpinion("student", (0.9, 0.1)), NetworkOpinion("teacher", teacher))
    return Prediction(("a", "b"), (0.9, 0.1), 0, None, familiarity, "", opinions, 0.1)


@pytest.mark.parametrize(
    ("familiarity", "teacher", "expected"),
    [
        ("familiar", (0.8, 0.2), ("", Sign.NONE)),
        ("familiar", (0.2, 0.8), ("Teachers disagree", Sign.CAUTION)),
        ("unusual", (0.8, 0.2), ("Unusual film", Sign.HOLLOW)),
        ("not applicable", (0.2, 0.8), ("Not applicable", Sign.HOLLOW)),
    ],
)
def test_list_points_out_what_a_reader_must_know(familiarity, teacher, expected):
    assert remark_of(prediction(familiarity, teacher)) == expected


def test_journal_is_kept_apart_from_the_films(tmp_path):
    path = tmp_path / "data" / "journal.json"
    journal = Journal(path)
    journal.judge("1", "image|model|class", Judgement.PARTLY)
    journal.finish()
    assert Journal(path).judgement("1", "image|model|class") is Judgement.PARTLY
    again = Journal(path)
    again.judge("1", "image|model|class", None)
    again.finish()
    assert Journal(path).judgement("1", "image|model|class") is None


def test_damaged_journal_is_kept_as_a_copy(tmp_path):
    path = tmp_path / "journal.json"
    path.write_text("{")
    assert Journal(path).read_at("1") is None
    assert path.with_suffix(".damaged").read_text() == "{"


def test_settings_come_back_as_they_were_left(tmp_path):
    file = SettingsFile(tmp_path / "viewer.json")
    file.settings.keep_map_style(MapStyle(opacity=0.3, threshold=0.5, colours="viridis"))
    file.settings.keep_folder(RecentFolder(path=tmp_path, studies=1, images=2))
    file.save()
    again = SettingsFile(tmp_path / "viewer.json").settings
    assert again.map_style() == MapStyle(opacity=0.3, threshold=0.5, colours="viridis")
    assert again.recent_folders[0].path == tmp_path


@pytest.mark.parametrize("content", ["{", '{"opacity": 7}', ""])
def test_damaged_settings_give_the_defaults(tmp_path, content):
    path = tmp_path / "viewer.json"
    path.write_text(content)
    assert SettingsFile(path).settings == Settings()


def test_folder_opened_again_is_first_and_once(tmp_path):
    settings = Settings()
    for name in ("a", "b", "a"):
        settings.keep_folder(RecentFolder(path=tmp_path / name, studies=1, images=1))
    assert [folder.path.name for folder in settings.recent_folders] == ["a", "b"]


def test_settings_that_cannot_be_kept_are_told(desk, tmp_path):
    in_the_way = tmp_path / "a file"
    in_the_way.touch()
    desk.window._settings_file.path = in_the_way / "viewer.json"
    desk.window.remember()
    assert "cannot be kept" in desk.window.bottom_bar.activity.text()


def test_measurement_that_cannot_be_kept_is_told_and_made_good(desk, tmp_path, full_disk):
    journal, window = desk.journal, desk.window
    journal._path = tmp_path / "journal.json"
    sentence = "Measurements and judgements cannot be kept: No space left on device."
    with full_disk():
        journal.judge("1", "image|model|class", Judgement.PARTLY)
        desk.wait(lambda: window.message.among("") == sentence)
    window.remember()
    desk.wait(lambda: window.message.among("") != sentence)
    assert Journal(journal._path).judgement("1", "image|model|class") is Judgement.PARTLY


def test_window_that_is_closed_has_kept_what_was_measured(desk, tmp_path):
    desk.journal._path = tmp_path / "journal.json"
    desk.journal.judge("1", "image|model|class", Judgement.PARTLY)
    desk.window.close()
    kept = Journal(tmp_path / "journal.json")
    assert kept.judgement("1", "image|model|class") is Judgement.PARTLY


def test_full_disk_is_told_once_and_made_good_when_there_is_room(
    desk, films, tmp_path, full_disk, qtbot
):
    files, window = SettingsFile(tmp_path / "viewer.json"), desk.window
    files.settings = window.settings
    window._settings_file = files
    desk.open([films / "ada.dcm"])
    text = window.bottom_bar.activity.text
    with full_disk():
        window.remember()
        assert text() == "What you choose cannot be kept: No space left on device."
        qtbot.wait(1)
        desk.key(Qt.Key.Key_X)
        window.remember()
        assert "cannot be kept" not in text()
    window.remember()
    assert files.path.exists()
    with full_disk():
        window.settings.opacity = 0.1
        window.remember()
        assert "cannot be kept" in text()
    window.remember()
    assert "cannot be kept" not in text()
    assert SettingsFile(files.path).settings.session.paths == [films / "ada.dcm"]


def test_damaged_settings_are_kept_as_a_copy(tmp_path):
    path = tmp_path / "viewer.json"
    path.write_text("{ no json")
    SettingsFile(path).save()
    assert path.with_suffix(".damaged").read_text() == "{ no json"


def test_model_of_the_command_line_is_not_remembered(desk, tmp_path):
    desk.window.settings.model = tmp_path / "mine.zip"
    desk.opinion.open_model(None, "cpu")
    desk.wait(lambda: desk.opinion.manifest is not None)
    assert desk.window.settings.model == tmp_path / "mine.zip"
    desk.window.open_model(None)
    desk.wait(lambda: desk.window.settings.model is None)
