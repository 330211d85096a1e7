"""One row of a page for each setting that is offered: its words, and a control for its type."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from medkd_viewer.findings.labels import secondary_label
from medkd_viewer.settings import Offered

_STEPS = 100
_CONTROL_WIDTH = 220


class SettingRow(QWidget):
    """Words on the left, the control on the right.

    Parameters
    ----------
    text : str
    meaning : str
        A sentence below; may be empty.
    control : QWidget
    """

    chosen = Signal(object)
    """Another value, by the reader's hand."""

    def __init__(self, text: str, meaning: str, control: QWidget) -> None:
        super().__init__()
        control.setAccessibleName(text)
        control.setAccessibleDescription(meaning)
        control.setFixedWidth(_CONTROL_WIDTH)
        name = QLabel(text)
        name.setWordWrap(True)
        name.setBuddy(control)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(name)
        if meaning:
            words.addWidget(secondary_label(meaning))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(22)
        line.addLayout(words, 1)
        line.addWidget(control, 0, Qt.AlignmentFlag.AlignTop)


class ChoiceRow(SettingRow):
    """One of a few values."""

    def __init__(self, offered: Offered) -> None:
        self._box = QComboBox()
        for value, words in offered.choices:
            self._box.addItem(words, value)
        super().__init__(offered.text, offered.meaning, self._box)
        self._box.activated.connect(lambda _: self.chosen.emit(self._box.currentData()))

    def show_value(self, value: object) -> None:
        """Show a value without choosing it."""
        self._box.setCurrentIndex(self._box.findData(value))


class SwitchRow(SettingRow):
    """Yes or no."""

    def __init__(self, offered: Offered) -> None:
        self._box = QCheckBox("On")
        super().__init__(offered.text, offered.meaning, self._box)
        self._box.toggled.connect(self._choose)

    def show_value(self, value: object) -> None:
        """Show a value without choosing it."""
        blocked = self._box.blockSignals(True)
        self._box.setChecked(bool(value))
        self._box.blockSignals(blocked)

    def _choose(self, on: bool) -> None:
        self.chosen.emit(on)


class ShareRow(SettingRow):
    """A share of 1, on a slider with its figure."""

    def __init__(self, offered: Offered) -> None:
        control = QWidget()
        self._slider, self._figure = QSlider(Qt.Orientation.Horizontal), QLabel()
        self._slider.setRange(0, _STEPS)
        self._slider.setPageStep(10)
        self._slider.setAccessibleName(offered.text)
        self._figure.setFixedWidth(32)
        self._figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout(control)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._slider)
        line.addWidget(self._figure)
        super().__init__(offered.text, offered.meaning, control)
        self._slider.valueChanged.connect(lambda value: self.chosen.emit(value / _STEPS))
        self.chosen.connect(self._show_figure)

    def show_value(self, value: object) -> None:
        """Show a value without choosing it."""
        share = float(str(value))
        blocked = self._slider.blockSignals(True)
        self._slider.setValue(round(share * _STEPS))
        self._slider.blockSignals(blocked)
        self._show_figure(share)

    def _show_figure(self, share: float) -> None:
        self._figure.setText(f"{share:.2f}")


Row = ChoiceRow | SwitchRow | ShareRow


def row_for(offered: Offered, kind: object) -> Row:
    """The row that fits a setting's type.

    Parameters
    ----------
    offered : Offered
    kind : type
        Of the setting, as it is declared.
    """
    if offered.choices:
        return ChoiceRow(offered)
    return SwitchRow(offered) if kind is bool else ShareRow(offered)
