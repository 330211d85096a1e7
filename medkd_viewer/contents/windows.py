"""The windows beside the main one that tell about the film in hand, made when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from PySide6.QtCore import QMargins, QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from medkd_viewer.contents.steps_window import StepsWindow
from medkd_viewer.contents.tags_window import TagsWindow
from medkd_viewer.decoding import Decoding
from medkd_viewer.reading.desk import Desk
from medkd_viewer.settings import Settings

_MARGIN = 22
_ROUND = QMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
_BELOW_BARS = 96


class ContentWindows(QObject):
    """Opens and closes the lists of tags and of steps.

    Parameters
    ----------
    decoding : Decoding
    desk : Desk
    settings : Settings
    window : QWidget
        They stay above it.
    actions : sequence of QAction
        Commands whose keys are heard in them too.
    """

    def __init__(
        self,
        decoding: Decoding,
        desk: Desk,
        settings: Settings,
        window: QWidget,
        actions: Sequence[QAction] = (),
    ) -> None:
        super().__init__(window)
        self._decoding, self._desk, self._settings = decoding, desk, settings
        self._window, self._actions = window, list(actions)

    @cached_property
    def tags(self) -> TagsWindow:
        """Every element of the file in hand."""
        tags = TagsWindow(self._decoding, self._desk, self._settings, self._window)
        self._prepare(tags)
        return tags

    @cached_property
    def steps(self) -> StepsWindow:
        """The way from stored values to the screen."""
        steps = StepsWindow(self._desk, self._window)
        self._prepare(steps)
        return steps

    def _prepare(self, made: QWidget) -> None:
        made.addActions(self._actions)
        # Where it hides the least of the films; on some systems the desktop decides.
        home = self._window.frameGeometry()
        room = self._window.screen().availableSize().shrunkBy(_ROUND)
        made.resize(made.size().boundedTo(room))
        made.move(home.right() - made.width() - _MARGIN, home.top() + _BELOW_BARS)

    def toggle_tags(self) -> None:
        """Open the tags, or close them."""
        self.tags.toggle()

    def toggle_steps(self) -> None:
        """Open the steps, or close them."""
        self.steps.toggle()
