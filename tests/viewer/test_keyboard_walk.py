"""The whole window walked through with Tab, Shift+Tab and F6, as a person without a mouse does."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QWidget,
)

from medkd_viewer.preferences.opening import preferences
from medkd_viewer.reading.pane import FilmPane
from medkd_viewer.window.keys_dialog import KeysDialog

KINDS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    FilmPane,
)
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
MOST_STEPS = 120
NEXT, BACK, REGION = Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_F6


def is_control(widget: QWidget) -> bool:
    """Something that a hand can use, and no part that Qt makes inside another control."""
    inside = isinstance(widget.parent(), QComboBox | QLineEdit)
    return isinstance(widget, KINDS) and not (
        inside
        or isinstance(widget, QScrollBar | QHeaderView)
        or widget.objectName().startswith("qt_")
    )


def controls(window: QWidget) -> set[QWidget]:
    return {
        w
        for w in window.findChildren(QWidget)
        if is_control(w) and w.isVisible() and w.isEnabled() and w.visibleRegion().boundingRect()
    }


def mates(widget: QWidget) -> list[QWidget]:
    """The widget and, in a row of joined buttons, those that arrows lead to from it."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return group.buttons() if group is not None else [widget]


def name_of(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text.replace("&", "")


class Walk:
    """Goes from control to control by real keys; sees whether each shows that it has the focus."""

    def __init__(self, qtbot, window: QWidget) -> None:
        self.qtbot, self.window = qtbot, window
        self.reached: list[QWidget] = []
        self.unseen: list[str] = []
        window.activateWindow()
        qtbot.waitUntil(lambda: QApplication.activeWindow() is window)

    def go(self, key) -> QWidget:
        left = self.window.focusWidget()
        place = self._place(left)
        focused = self.window.grab(place).toImage()
        self.qtbot.keyClick(left, key)
        now = self.window.focusWidget()
        assert now is not None
        moved = now is not left and left.isVisible() and is_control(left)
        if moved and self.window.grab(place).toImage() == focused:
            self.unseen.append(name_of(left) or repr(left))
        if now not in self.reached:
            self.reached.append(now)
        return now

    def round(self, key) -> None:
        """Go on until a control comes again; in the panes Tab goes round, and F6 leads out."""
        seen: list[QWidget] = []
        for _ in range(MOST_STEPS):
            now = self.go(key)
            if key == NEXT and isinstance(now, FilmPane) and now in seen:
                now = self.go(REGION)
            if now in seen:
                return
            seen.append(now)
        raise AssertionError("the walk does not end")

    def check(self) -> None:
        """Every control was reached, has a name, and showed its focus."""
        reached = {mate for w in self.reached for mate in mates(w)}
        missed = {name_of(w) or repr(w) for w in controls(self.window) - reached}
        assert not missed
        assert [repr(w) for w in self.reached if is_control(w) and not name_of(w)] == []
        assert self.unseen == []

    def _place(self, widget: QWidget) -> QRect:
        corner = widget.mapTo(self.window, widget.rect().topLeft())
        return QRect(corner, widget.size()).adjusted(-4, -4, 4, 4)


def walk_round(qtbot, window: QWidget) -> Walk:
    walk = Walk(qtbot, window)
    walk.round(NEXT)
    walk.check()
    forward = set(walk.reached)
    walk.round(BACK)
    assert {w for w in forward if is_control(w) and w.isVisible()} <= set(walk.reached)
    return walk


def test_reading_window_with_a_film_can_be_walked_through(desk, films, qtbot):
    desk.open([films])
    walk = walk_round(qtbot, desk.window)
    assert set(desk.panes.panes) <= set(walk.reached)


def test_empty_desk_can_be_walked_through(desk, qtbot):
    walk_round(qtbot, desk.window)


@pytest.mark.slow
def test_train_tab_can_be_walked_through(desk, qtbot):
    desk.window.actions_by_name["train_tab"].trigger()
    walk_round(qtbot, desk.window)


def test_every_page_of_the_preferences_can_be_walked_through(desk, qtbot):
    dialog = preferences(desk.window)
    qtbot.addWidget(dialog)
    dialog.show()
    for page in dialog.pages:
        dialog.show_page(page.title)
        dialog.list.setFocus()
        walk_round(qtbot, dialog)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_list_of_keys_can_be_walked_through_and_left(desk, qtbot):
    dialog = KeysDialog(desk.window.key_bindings, desk.window)
    qtbot.addWidget(dialog)
    dialog.show()
    walk_round(qtbot, dialog)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_list_of_tags_can_be_walked_through_and_left(desk, films, qtbot):
    desk.open([films / "ada.dcm"])
    desk.window.actions_by_name["tags"].trigger()
    tags = desk.window.contents.tags
    desk.wait(lambda: bool(controls(tags)))
    walk_round(qtbot, tags)
    qtbot.keyClick(tags, Qt.Key.Key_Escape)
    assert not tags.isVisible()


def test_region_key_leads_out_of_the_panes_and_round_the_window(desk, films, qtbot):
    desk.open([films])
    walk = Walk(qtbot, desk.window)
    desk.panes.active_pane.setFocus()
    regions = (desk.room.findings, desk.window.top_bar, desk.room.studies, desk.panes)
    for region in regions:
        assert region.isAncestorOf(walk.go(REGION))


def test_menu_is_opened_and_left_by_keys(desk, qtbot):
    desk.window.activateWindow()
    qtbot.waitUntil(desk.window.isActiveWindow)
    button = next(b for b in desk.window.findChildren(QAbstractButton) if name_of(b) == "Menu")
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    menu = QApplication.activePopupWidget()
    assert menu is not None
    qtbot.keyClick(menu, Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None
