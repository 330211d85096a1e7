"""The list of studies under hand and eye: the real widget over drawn studies."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from drawn_studies import NotingPool, drawn_report, drawn_series, drawn_study
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QApplication

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.study import FoundStudies, Refusal
from medkd_viewer.decoding import Decoding
from medkd_viewer.reading.dropped_study import DroppedStudy, dropped_study
from medkd_viewer.reading.look import Look
from medkd_viewer.settings import RecentFolder
from medkd_viewer.studies.journal import Journal
from medkd_viewer.studies.library import Library
from medkd_viewer.studies.panel import StudiesPanel
from medkd_viewer.studies.row_painting import fitted
from medkd_viewer.studies.rows import RefusedRow, SeriesRow
from medkd_viewer.studies.thumbnails import Thumbnails
from medkd_viewer.theme import ui_font

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

SCOUT = drawn_series("scout", modality="CT", number=1)
CT = drawn_series("ct", 5, modality="CT", number=2, description="Thorax")


class Desk:
    """The panel with what it shows and what it was heard to say."""

    def __init__(self, qtbot) -> None:
        self.qtbot, self.pool, self.look = qtbot, NotingPool(), Look()
        self.library = Library(Journal(None))
        self._decoding = Decoding(self.pool)
        self.panel = StudiesPanel(self.library, Thumbnails(self._decoding), self.look)
        self.list, self.model = self.panel.list, self.panel.model
        self.heard: list[tuple] = []
        for name in ("study", "series", "document", "folder"):
            signal = getattr(self.panel, f"{name}_chosen")
            signal.connect(lambda *said, name=name: self.heard.append((name, *said)))
        for name in ("beside", "close", "forget", "reveal", "stop"):
            signal = getattr(self.panel, f"{name}_asked")
            signal.connect(lambda *said, name=name: self.heard.append((name, *said)))
        qtbot.addWidget(self.panel)
        self.panel.resize(232, 600)
        self.panel.show()
        qtbot.waitExposed(self.panel)

    def add(self, *studies, refused=()) -> None:
        refusals = tuple(Refusal(Path(name), reason) for name, reason in refused)
        self.library.add(FoundStudies(studies, refusals))
        self.panel.refresh()

    def titles(self) -> list[str]:
        return [self.model.data(self.model.index(n)) for n in range(self.model.rowCount())]

    def go_to(self, number: int) -> None:
        self.panel.activateWindow()
        self.list.setFocus()
        self.list.setCurrentIndex(self.model.index(number))

    def press(self, *keys) -> None:
        for key in keys:
            self.qtbot.keyClick(self.list, key)

    def click(self, number: int, from_right: int | None = None) -> None:
        box = self.list.visualRect(self.model.index(number))
        x = box.center().x() if from_right is None else box.right() - from_right
        place = QPoint(x, box.top() + 16)
        self.qtbot.mouseClick(self.list.viewport(), Qt.MouseButton.LeftButton, pos=place)

    @property
    def in_hand(self) -> int:
        return self.list.currentIndex().row()


@pytest.fixture
def hand(qtbot) -> Desk:
    return Desk(qtbot)


def test_click_opens_a_study_its_series_and_its_report(hand):
    report = drawn_report("sr")
    study = drawn_study("1", "A", SCOUT, CT, report)
    hand.add(study)
    hand.click(1)
    hand.click(1, from_right=12)
    hand.click(3)
    hand.click(4)
    assert hand.heard == [
        ("study", study),
        ("series", study, 1),
        ("document", report.instances[0]),
    ]


def test_click_leaves_the_keys_with_the_film(hand):
    hand.add(drawn_study("1"))
    hand.panel.activateWindow()
    hand.panel.focus_search()
    hand.click(1)
    assert not hand.list.hasFocus()


def test_study_of_reports_alone_opens_the_first_of_them(hand):
    report = drawn_report("sr")
    hand.add(drawn_study("1", "A", report))
    hand.click(1)
    assert hand.heard == [("document", report.instances[0])]


def test_chevron_unfolds_and_opens_nothing(hand):
    hand.add(drawn_study("1", "A", SCOUT, CT))
    hand.click(1, from_right=12)
    assert hand.model.rowCount() == 4
    hand.click(1, from_right=12)
    assert hand.model.rowCount() == 2
    assert hand.heard == []


def test_folding_a_study_takes_the_study_in_hand_that_its_series_was_in(hand):
    hand.add(drawn_study("1", "A", SCOUT, CT), drawn_study("2"))
    hand.panel.show_film(hand.library.studies["1"], CT.instances[0])
    assert hand.in_hand == 3
    hand.click(1, from_right=12)
    assert hand.in_hand == 1


def test_right_unfolds_and_goes_in_and_left_comes_out_and_folds(hand):
    hand.add(drawn_study("1", "A", SCOUT, CT), drawn_study("2"))
    hand.go_to(1)
    hand.press(Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down)
    assert hand.in_hand == 3
    hand.press(Qt.Key.Key_Left)
    assert hand.in_hand == 1
    hand.press(Qt.Key.Key_Left)
    assert hand.model.rowCount() == 3


def test_arrows_step_over_headings_and_home_and_end_go_to_the_ends(hand):
    hand.library.folders = [RecentFolder(path=Path("incoming"), studies=1, images=1)]
    hand.add(drawn_study("1"), drawn_study("2"))
    hand.go_to(2)
    hand.press(Qt.Key.Key_Down)
    assert hand.in_hand == 4
    hand.press(Qt.Key.Key_Home)
    assert hand.in_hand == 1
    hand.press(Qt.Key.Key_Up)
    assert hand.in_hand == 1
    hand.press(Qt.Key.Key_End, Qt.Key.Key_Return)
    assert hand.heard == [("folder", Path("incoming"))]


def test_paging_goes_as_far_as_can_be_seen(hand):
    hand.add(*(drawn_study(str(n)) for n in range(100)))
    hand.go_to(1)
    hand.press(Qt.Key.Key_PageDown)
    page = hand.in_hand
    assert 5 < page < 12
    hand.press(Qt.Key.Key_PageDown)
    assert hand.list.viewport().rect().contains(hand.list.visualRect(hand.list.currentIndex()))
    hand.press(Qt.Key.Key_PageUp, Qt.Key.Key_PageUp)
    assert hand.in_hand == 1


def test_typed_letters_go_to_the_patient_of_that_name(hand):
    hand.add(drawn_study("1", "ADAMS"), drawn_study("2", "BAKER"), drawn_study("3", "BROWN"))
    hand.go_to(1)
    hand.press(Qt.Key.Key_B, Qt.Key.Key_R)
    assert hand.in_hand == 3


def test_delete_asks_to_close_the_study(hand):
    hand.add(drawn_study("1"), drawn_study("2", "B", SCOUT, CT))
    hand.panel.show_film(hand.library.studies["2"], CT.instances[0])
    hand.list.setFocus()
    hand.press(Qt.Key.Key_Delete)
    assert hand.heard == [("close", ("2",))]


def test_menu_says_what_can_be_done_with_each_kind_of_row(hand):
    study = drawn_study("1", "A", SCOUT, CT)
    hand.add(study, refused=[("a.dcm", "no picture")])
    menu = hand.panel.menu_for(SeriesRow(study, CT))
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == [
        "Open",
        "Lay beside the film in hand",
        "Show in folder",
        "Close this study",
        "Close all studies",
    ]
    for action in menu.actions():
        action.trigger()
    assert hand.heard == [
        ("series", study, 1),
        ("beside", study, 1),
        ("reveal", CT.instances[0].path),
        ("close", ("1",)),
        ("close", ("1",)),
    ]


def test_menu_key_opens_the_menu_of_the_row_in_hand(hand):
    hand.add(drawn_study("1"))
    hand.go_to(1)
    asked = []
    hand.list.menu_asked.disconnect()
    hand.list.menu_asked.connect(lambda row, place: asked.append(row))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
    QApplication.sendEvent(hand.list, event)
    assert [row.study.uid for row in asked] == ["1"]


def test_copied_list_of_files_not_opened_has_every_reason(hand):
    hand.add(refused=[("a.dcm", "no picture"), ("b.dcm", "it is empty")])
    hand.go_to(0)
    hand.qtbot.keyClick(hand.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "a.dcm: No picture.\nb.dcm: It is empty."


def test_long_reason_is_wrapped_and_not_cut(hand):
    hand.add(refused=[("a.dcm", "no picture"), ("b.dcm", "a long reason " * 20)])
    hand.go_to(0)
    hand.press(Qt.Key.Key_Right)
    short, long = (hand.list.visualRect(hand.model.index(n)).height() for n in (1, 2))
    assert isinstance(hand.model.rows[2], RefusedRow)
    assert long > short + 4 * QFontMetrics(ui_font(12)).height()


def test_dragged_series_names_its_study_and_its_first_picture(hand):
    hand.add(drawn_study("1.2.3", "A", SCOUT, CT, drawn_report("sr")))
    hand.go_to(1)
    hand.press(Qt.Key.Key_Right)
    data = hand.model.mimeData([hand.model.index(3)])
    assert dropped_study(data) == DroppedStudy("1.2.3", 1)
    draggable = [
        bool(hand.model.index(n).flags() & Qt.ItemFlag.ItemIsDragEnabled) for n in range(5)
    ]
    assert draggable == [False, True, True, True, False]


def test_row_in_hand_stays_in_hand_and_in_place_while_studies_are_found(hand):
    hand.add(*(drawn_study(str(n), patient_id=f"P{n}") for n in range(40)))
    hand.go_to(20)
    hand.list.verticalScrollBar().setValue(20 * 66 - 200)
    hand.list.grab()
    place = hand.list.visualRect(hand.list.currentIndex()).top()
    older = (drawn_study(f"x{n}", patient_id="P3", date="20100101") for n in range(7))
    hand.add(*older)
    hand.list.grab()
    assert hand.model.rows[hand.in_hand].key == "19"
    assert hand.in_hand == 27
    assert hand.list.visualRect(hand.list.currentIndex()).top() == place


def test_search_keeps_the_study_in_hand_when_it_is_among_the_found(hand, qtbot):
    hand.add(*(drawn_study(str(n), f"PATIENT, P{n:03d}") for n in range(300)))
    hand.go_to(200)
    hand.panel.focus_search()
    qtbot.keyClicks(hand.panel.focusWidget(), "p1")
    assert hand.model.rows[hand.in_hand].key == "199"
    assert hand.titles()[0] == "100 of 300 studies"
    qtbot.keyClicks(hand.panel.focusWidget(), "xyz")
    assert hand.in_hand == -1
    qtbot.keyClick(hand.panel.focusWidget(), Qt.Key.Key_Escape)
    assert hand.model.rows[hand.in_hand].key == "199"


def test_from_the_search_field_return_opens_and_down_goes_to_the_list(hand, qtbot):
    hand.add(drawn_study("1", "ADAMS"), drawn_study("2", "BAKER"))
    hand.panel.activateWindow()
    hand.panel.focus_search()
    field = hand.panel.focusWidget()
    qtbot.keyClicks(field, "bak")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert [said[1].uid for said in hand.heard] == ["2"]
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert hand.list.hasFocus()
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert hand.model.rowCount() == 3


def test_rows_lie_one_under_the_other_and_are_found_by_their_place(hand):
    hand.add(drawn_study("1", "A", SCOUT, CT), *(drawn_study(str(n)) for n in range(2, 50)))
    hand.go_to(1)
    hand.press(Qt.Key.Key_Right)
    boxes = [hand.list.visualRect(hand.model.index(n)) for n in range(hand.model.rowCount())]
    assert all(a.bottom() + 1 == b.top() for a, b in pairwise(boxes))
    seen = [n for n in range(len(boxes)) if hand.list.viewport().rect().contains(boxes[n])]
    assert [hand.list.indexAt(boxes[n].center()).row() for n in seen] == seen


def test_study_in_hand_that_a_search_leaves_out_is_in_hand_again_after_it(hand, qtbot):
    hand.add(drawn_study("1", "ADAMS"), drawn_study("2", "BAKER"), drawn_study("3", "BROWN"))
    hand.go_to(2)
    hand.panel.focus_search()
    field = hand.panel.focusWidget()
    qtbot.keyClicks(field, "br")
    assert hand.in_hand == -1
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert hand.in_hand == 2


def test_closing_the_study_in_hand_takes_the_next_in_hand(hand):
    hand.add(drawn_study("1"), drawn_study("2"), drawn_study("3"))
    hand.go_to(2)
    hand.library.close(["2"])
    hand.panel.refresh()
    assert hand.model.rows[hand.in_hand].key == "3"


def test_search_shows_what_it_finds_from_the_top(hand, qtbot):
    hand.add(*(drawn_study(str(n), f"PATIENT, P{n:03d}") for n in range(300)))
    hand.list.verticalScrollBar().setValue(9000)
    hand.panel.focus_search()
    qtbot.keyClicks(hand.panel.focusWidget(), "p0")
    assert hand.list.numbers_in_sight().start == 0
    qtbot.keyClicks(hand.panel.focusWidget(), "07")
    assert hand.list.numbers_in_sight() == range(2)


def test_thumbnails_are_made_of_what_is_in_sight_and_of_nothing_passed_by(hand, qtbot):
    hand.add(*(drawn_study(str(n)) for n in range(500)))
    qtbot.waitUntil(lambda: bool(hand.pool.owed))
    bar = hand.list.verticalScrollBar()
    for part in range(1, 11):
        bar.setValue(bar.maximum() * part // 10)
    qtbot.wait(100)
    assert len(hand.pool.owed) == 1
    asked = []
    for _ in range(30):
        if not hand.pool.owed:
            break
        path, _, future = hand.pool.owed.pop()
        asked.append(int(path.name.split(".")[0]))
        future.set_exception(UnreadableFileError("Cannot read", because="it is drawn", path=path))
        qtbot.wait(1)
    assert asked[0] == 0
    assert len(asked) < 15
    assert min(asked[1:]) > 485


def test_picture_that_cannot_be_shown_has_a_sign_in_its_place(hand, qtbot):
    hand.add(drawn_study("1"))
    qtbot.waitUntil(lambda: bool(hand.pool.owed))
    before = hand.list.grab().toImage()
    path, _, future = hand.pool.owed[0]
    future.set_exception(UnreadableFileError("Cannot read", because="it is drawn", path=path))
    qtbot.waitUntil(lambda: hand.list.grab().toImage() != before)


def test_patients_are_hidden_and_named_again_at_once(hand):
    hand.add(drawn_study("1", "PHANTOM, ADA"))
    hand.look.set_patient_hidden(True)
    assert hand.titles()[1].startswith("Patient 1, ")
    hand.look.set_patient_hidden(False)
    assert hand.titles()[1].startswith("PHANTOM, ADA, ")


def test_screen_reader_hears_every_row(hand):
    hand.add(drawn_study("1", "PHANTOM, ADA", SCOUT, CT, date="20260101"))
    heard = QAccessible.queryAccessibleInterface(hand.list)
    assert heard.text(QAccessible.Text.Name) == "Studies"
    row = heard.child(1)
    assert row.text(QAccessible.Text.Name) == (
        "PHANTOM, ADA, Chest PA, 2026-01-01, 6 images, Unread, folded"
    )


def test_list_without_studies_says_what_to_do(hand):
    assert hand.list.empty_words.startswith("Open files")
    before = hand.list.grab().toImage()
    hand.add(drawn_study("1"))
    assert hand.list.grab().toImage() != before


def test_line_below_tells_how_far_a_search_is_and_stops_it(hand, qtbot):
    assert not hand.panel.looking.isVisible()
    hand.panel.looking.show_count(1204)
    qtbot.waitUntil(hand.panel.looking.isVisible)
    words = [child.text() for child in hand.panel.looking.children() if hasattr(child, "text")]
    assert words == ["1,204 files looked at", "Stop"]
    stop = next(c for c in hand.panel.looking.children() if getattr(c, "text", str)() == "Stop")
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert hand.heard == [("stop",)]
    hand.panel.looking.show_count(None)
    assert not hand.panel.looking.isVisible()


@pytest.mark.parametrize(("room", "expected"), [(500, "ab · cd"), (16, "ab")])
def test_line_without_room_is_said_shorter(qapp, room, expected):
    assert fitted(QFontMetrics(ui_font(12)), ("ab · cd", "ab"), room) == expected
