"""How the film in hand came from its stored values to the screen, step by step."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from medkd_viewer.contents.footer import research_footer
from medkd_viewer.findings.labels import secondary_label, section_label
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import Viewport

_WIDTH = 460
_UPDATE_MS = 40
"""While a window is dragged the list is written anew at most so often."""

Step = tuple[str, str]


class StepsWindow(QDialog):
    """Stays beside the window and follows the film in hand, also while it is dragged.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How this film is shown")
        self.setObjectName("contentsWindow")
        self.setFixedWidth(_WIDTH)
        self._desk = desk
        self._nothing = secondary_label("No film is open.")
        self._values, self._screen = _StepList(), _StepList()
        self._parts = QWidget()
        self._lay_out()
        self._update = QTimer(self, singleShot=True, interval=_UPDATE_MS)
        self._update.timeout.connect(self._show_steps)
        for changed in (
            desk.active_changed,
            desk.film_changed,
            desk.window_changed,
            desk.view_changed,
        ):
            changed.connect(self._plan_update)

    def toggle(self) -> None:
        """Open it on the film in hand, or close it."""
        if self.isVisible():
            self.close()
        else:
            self.show()
            self.activateWindow()

    def lines(self) -> list[str]:
        """Every step that is shown, top to bottom."""
        return [
            f"{name}: {words}"
            for steps in (self._values, self._screen)
            for name, words in steps.steps
        ]

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Show the steps as they are now."""
        self._show_steps()
        super().showEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep as high as the steps need, whenever one of them wraps or goes."""
        done = super().event(event)
        layout = self.layout()
        if event.type() is QEvent.Type.LayoutRequest and layout is not None:
            height = layout.totalHeightForWidth(_WIDTH)
            if height != self.height():
                self.setFixedHeight(height)
        return done

    def _lay_out(self) -> None:
        parts = QVBoxLayout(self._parts)
        parts.setContentsMargins(0, 0, 0, 0)
        parts.setSpacing(8)
        parts.addWidget(section_label("From stored values to brightness"))
        parts.addWidget(self._values)
        parts.addSpacing(8)
        parts.addWidget(section_label("On the screen"))
        parts.addWidget(self._screen)
        body = QVBoxLayout()
        body.setContentsMargins(22, 16, 22, 16)
        body.addWidget(self._nothing)
        body.addWidget(self._parts)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(body, 1)
        layout.addWidget(research_footer())

    def _plan_update(self) -> None:
        # Not started anew while it runs, or it would wait for the end of a drag.
        if self.isVisible() and not self._update.isActive():
            self._update.start()

    def _show_steps(self) -> None:
        state = self._desk.active
        self._nothing.setVisible(state.film is None)
        self._parts.setVisible(state.film is not None)
        if state.film is not None:
            steps = state.film.steps(state.voi, inverted=state.inverted)
            self._values.show_steps([_split(step) for step in steps])
            self._screen.show_steps(screen_steps(state))


class _StepList(QWidget):
    """Numbered steps, each with its name and its figures."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._rows: list[tuple[QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(0, 104)
        self._grid.setColumnStretch(1, 1)

    def show_steps(self, steps: list[Step]) -> None:
        """Show other steps; labels are kept, so that nothing flickers during a drag."""
        self.steps = steps
        while len(self._rows) < len(steps):
            self._rows.append(self._add_row(len(self._rows)))
        for number, (name, words) in enumerate(self._rows):
            wanted = number < len(steps)
            name.setVisible(wanted)
            words.setVisible(wanted)
            if wanted:
                name.setText(steps[number][0])
                words.setText(steps[number][1])

    def _add_row(self, number: int) -> tuple[QLabel, QLabel]:
        name, words = secondary_label(), QLabel()
        name.setWordWrap(False)
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        words.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(name, number, 0, top)
        self._grid.addWidget(words, number, 1, top)
        return name, words


def screen_steps(state: ReadingState) -> list[Step]:
    """What the viewer itself does with the brightness: mirror, turn, zoom, resampling."""
    view = state.viewport
    return [
        ("Mirror", "left and right exchanged" if view.mirrored else "none"),
        ("Turn", f"{90 * view.quarter_turns}° clockwise" if view.quarter_turns else "none"),
        ("Zoom", _zoom_words(view)),
        ("Sampling", "linear between pixels; means of 2 × 2 when the film is larger than its pane"),
    ]


def _zoom_words(view: Viewport) -> str:
    return "the whole film fits its pane" if view.zoom == 1 else f"{view.zoom:.3g} times fit"


def _split(step: str) -> Step:
    name, _, words = step.partition(": ")
    return name, words
