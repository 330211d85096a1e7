"""Which class is explained and how, and how maps are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSlider, QWidget

from medkd_core.serving.messages import MethodChoice
from medkd_viewer.findings.segments import Segments
from medkd_viewer.reading.map_layer import COLOUR_MAPS, MapStyle

_STEPS = 100
_HIGHEST_THRESHOLD = 0.95


class MapControls(QWidget):
    """Class, method, opacity, threshold, colours, fill or contours."""

    class_chosen = Signal(int)
    method_chosen = Signal(str)
    style_chosen = Signal(MapStyle)

    def __init__(self, style: MapStyle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = style
        self._method = _named(QComboBox(), "How the maps are made")
        self._method.setObjectName("methods")
        self._method.activated.connect(
            lambda index: self.method_chosen.emit(self._method.itemData(index))
        )
        self._class = _named(QComboBox(), "Class that the maps explain")
        self._class.activated.connect(self.class_chosen)
        self._opacity = _slider("Opacity of the maps", 1.0)
        self._threshold = _slider("Threshold of the maps", _HIGHEST_THRESHOLD)
        self._colours = _named(QComboBox(), "Colours of the maps")
        self._colours.addItems([name.capitalize() for name in COLOUR_MAPS])
        self._drawing = Segments(
            "Drawing of the maps", (("fill", "Fill"), ("contours", "Contours"))
        )
        self._opacity_figure, self._threshold_figure = _figure(), _figure()
        self._lay_out()
        for control in (self._method, self._class, self._colours, self._opacity, self._threshold):
            control.installEventFilter(self)
        self.show_style(style)
        self._opacity.valueChanged.connect(self._change)
        self._threshold.valueChanged.connect(self._change)
        self._colours.activated.connect(self._change)
        self._drawing.chosen.connect(lambda key: self._apply(replace(self._style, drawing=key)))

    def show_classes(self, labels: list[str], index: int | None) -> None:
        """Offer other classes."""
        if [self._class.itemText(i) for i in range(self._class.count())] != labels:
            self._class.clear()
            self._class.addItems(labels)
        self._class.setCurrentIndex(-1 if index is None else index)
        self._class.setEnabled(index is not None)

    def show_methods(self, methods: Sequence[MethodChoice], chosen: str) -> None:
        """Offer other ways to make maps."""
        if [self._method.itemData(i) for i in range(self._method.count())] != [
            choice.key for choice in methods
        ]:
            self._method.clear()
            for number, choice in enumerate(methods):
                self._method.addItem(choice.label, choice.key)
                self._method.setItemData(number, choice.remark, Qt.ItemDataRole.ToolTipRole)
        self._method.setCurrentIndex(self._method.findData(chosen))
        self._method.setEnabled(bool(methods))

    def show_style(self, style: MapStyle) -> None:
        """Show a style without choosing it."""
        self._style = style
        for slider, value in ((self._opacity, style.opacity), (self._threshold, style.threshold)):
            blocked = slider.blockSignals(True)
            slider.setValue(round(value * _STEPS))
            slider.blockSignals(blocked)
        self._colours.setCurrentIndex(COLOUR_MAPS.index(style.colours))
        self._drawing.show_choice(style.drawing)
        self._opacity_figure.setText(f"{style.opacity:.2f}")
        self._threshold_figure.setText(f"{style.threshold:.2f}")

    def focus_first(self) -> None:
        """Put the focus on the first control that can be used."""
        first = self._method if self._method.isEnabled() else self._opacity
        first.setFocus(Qt.FocusReason.TabFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """The wheel scrolls the panel and changes no choice on its way."""
        if event.type() is QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 84)
        grid.setColumnMinimumWidth(2, 34)
        grid.setColumnStretch(1, 1)
        # A method says itself that it is one, and its name needs the width.
        grid.addWidget(self._method, 0, 0, 1, 3)
        grid.addWidget(QLabel("Class"), 1, 0)
        grid.addWidget(self._class, 1, 1, 1, 2)
        grid.addWidget(QLabel("Opacity"), 2, 0)
        grid.addWidget(self._opacity, 2, 1)
        grid.addWidget(self._opacity_figure, 2, 2)
        grid.addWidget(QLabel("Threshold"), 3, 0)
        grid.addWidget(self._threshold, 3, 1)
        grid.addWidget(self._threshold_figure, 3, 2)
        grid.addWidget(QLabel("Colours"), 4, 0)
        grid.addWidget(self._colours, 4, 1, 1, 2)
        grid.addWidget(self._drawing, 5, 0, 1, 3)

    def _change(self) -> None:
        self._apply(
            replace(
                self._style,
                opacity=self._opacity.value() / _STEPS,
                threshold=self._threshold.value() / _STEPS,
                colours=COLOUR_MAPS[self._colours.currentIndex()],
            )
        )

    def _apply(self, style: MapStyle) -> None:
        self.show_style(style)
        self.style_chosen.emit(style)


def _named(box: QComboBox, name: str) -> QComboBox:
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setMinimumHeight(28)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box


def _slider(name: str, highest: float) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, round(highest * _STEPS))
    slider.setPageStep(10)
    slider.setAccessibleName(name)
    slider.setToolTip(name)
    return slider


def _figure() -> QLabel:
    label = QLabel()
    label.setObjectName("secondary")
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
