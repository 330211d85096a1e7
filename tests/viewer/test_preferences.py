from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QWidget,
)

from medkd_viewer.preferences.files_page import FilesPage
from medkd_viewer.preferences.opening import preferences
from medkd_viewer.settings import PAGES, Offered, Settings
from medkd_viewer.theme import THEMES, colour
from medkd_viewer.window.fitted_dialog import FittedDialog
from medkd_viewer.window.keys_dialog import KeysDialog

# Without a screen, windows have no place of their own.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def dialog(qtbot, desk):
    dialog = preferences(desk.window)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def control(dialog, name: str):
    kinds = (QComboBox, QCheckBox, QSlider)
    found = [w for kind in kinds for w in dialog.findChildren(kind) if w.accessibleName() == name]
    assert len(found) == 1, name
    return found[0]


def choose(qtbot, box: QComboBox, words: str) -> None:
    box.setFocus()
    while box.currentText() != words:
        at = box.currentIndex()
        down = box.findText(words) > at
        qtbot.keyClick(box, Qt.Key.Key_Down if down else Qt.Key.Key_Up)
        assert box.currentIndex() != at


def test_every_setting_that_is_offered_stands_on_its_page(dialog):
    for field in Settings.model_fields.values():
        for offered in field.metadata:
            if isinstance(offered, Offered):
                assert offered.page in PAGES
                assert control(dialog, offered.text) is not None


def test_every_default_is_among_its_choices():
    for field in Settings.model_fields.values():
        for offered in field.metadata:
            if isinstance(offered, Offered) and offered.choices:
                assert field.default in [value for value, _ in offered.choices]


def test_drag_upwards_and_wheel_follow_the_preference_at_once(qtbot, desk, dialog):
    choose(qtbot, control(dialog, "Dragging the window upwards"), "Darkens")
    choose(qtbot, control(dialog, "The wheel over a series"), "Zooms")
    look = desk.room.look
    assert (look.brighter_upwards, look.wheel_zooms) == (False, True)


def test_maps_follow_the_slider_and_cancel_takes_it_back(qtbot, desk, dialog):
    dialog.show_page("Maps")
    before = desk.room.look.style
    control(dialog, "Opacity").setValue(20)
    choose(qtbot, control(dialog, "Colours"), "Viridis")
    assert (desk.room.look.style.opacity, desk.room.look.style.colours) == (0.2, "viridis")
    dialog.cancel.click()
    assert desk.room.look.style == before
    assert desk.window.settings.opacity == before.opacity


def test_reset_gives_a_page_its_defaults_and_leaves_the_others(qtbot, desk, dialog):
    control(dialog, "Corner texts").click()
    dialog.show_page("Maps")
    control(dialog, "Opacity").setValue(20)
    dialog.reset.click()
    assert desk.room.look.style.opacity == Settings().opacity
    assert control(dialog, "Opacity").value() == round(Settings().opacity * 100)
    assert not desk.room.look.texts_visible


def test_high_contrast_is_seen_at_once_and_goes_away_with_cancel(qtbot, desk, dialog):
    dialog.show_page("Window")
    choose(qtbot, control(dialog, "Colours of the window"), "High contrast")
    assert colour("line").name() == THEMES["high_contrast"]["line"]
    bar = desk.window.bottom_bar
    image = bar.grab().toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 2).name() == "#000000"
    dialog.cancel.click()
    assert colour("line").name() == THEMES["calm"]["line"]
    image = bar.grab().toImage()
    middle = image.pixelColor(image.width() // 2, image.height() // 2)
    assert middle.name() == THEMES["calm"]["bar"]


def test_device_of_the_preferences_is_the_one_of_the_bar(qtbot, desk, films):
    desk.open([films])
    dialog = preferences(desk.window)
    qtbot.addWidget(dialog)
    dialog.show_page("Computing")
    dialog.show()
    box = control(dialog, "Device of the networks")
    other = next(i for i in range(box.count()) if box.itemData(i) != desk.window.settings.device)
    choose(qtbot, box, box.itemText(other))
    assert desk.opinion.device_key == desk.window.settings.device == box.itemData(other)


def test_files_page_names_every_place_and_opens_it(qtbot, tmp_path, monkeypatch):
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    opened = []
    page = FilesPage(lambda folder: bool(opened.append(folder)))
    qtbot.addWidget(page)
    page.refresh()
    for button in page.findChildren(QPushButton):
        button.click()
    shown = " ".join(label.text() for label in page.findChildren(QLabel))
    assert len(opened) == 4
    assert all(str(folder) in shown for folder in opened)
    assert "no window for files" in shown


def test_dialog_fits_a_small_screen_and_its_title_bar(qtbot, dialog):
    dialog.resize(638, 372)
    assert (dialog.width(), dialog.height()) == (638, 372)
    for button in (dialog.reset, dialog.cancel, dialog.done_button):
        assert dialog.rect().contains(button.mapTo(dialog, button.rect().bottomRight()))
    for page in dialog.pages:
        dialog.show_page(page.title)
        qtbot.wait(1)
        assert page.width() <= page.parentWidget().width(), page.title


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_list_of_keys_has_as_many_columns_as_fit(qtbot, desk, columns):
    keys = KeysDialog(desk.window.key_bindings)
    qtbot.addWidget(keys)
    keys.show()
    area = keys.findChild(QScrollArea)
    keys.resize(400, 372)
    qtbot.wait(1)
    beside = keys.width() - area.viewport().width()
    keys.resize(area.widget()._width_of(columns) + beside, 372)
    qtbot.wait(1)
    assert area.widget().width() <= area.viewport().width()
    for label in area.findChildren(QLabel):
        corner = label.mapTo(area.widget(), label.rect().bottomRight())
        assert area.widget().rect().contains(corner), label.text()
        assert label.width() >= label.sizeHint().width(), label.text()
    lefts = {part.x() for part in area.widget().children() if isinstance(part, QWidget)}
    assert len(lefts) == columns


def test_dialog_larger_than_its_screen_is_shrunk_and_in_sight(qtbot):
    dialog = FittedDialog()
    qtbot.addWidget(dialog)
    room = dialog.screen().availableGeometry()
    dialog.resize(room.width() + 300, room.height() + 300)
    dialog.move(room.right() - 50, room.bottom() - 50)
    dialog.show()
    assert room.contains(dialog.frameGeometry())
