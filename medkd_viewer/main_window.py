"""The window: bars above and below, the rooms between them, and what every command does."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from medkd_core.bundles.contents import is_bundle
from medkd_core.jobs.store import JobStore
from medkd_viewer.command_states import show_states
from medkd_viewer.commands import make_actions
from medkd_viewer.contents.windows import ContentWindows
from medkd_viewer.decoding import Decoding
from medkd_viewer.deeds import deeds
from medkd_viewer.findings.opinion import ModelStatus, SecondOpinion
from medkd_viewer.key_bindings import KeyBindings
from medkd_viewer.last_session import SessionKeeper
from medkd_viewer.measuring.measurements_window import MeasurementsWindow
from medkd_viewer.preferences.effects import carry_out_at_start
from medkd_viewer.reading_room import ReadingRoom
from medkd_viewer.settings import SettingsFile
from medkd_viewer.studies.journal import Journal
from medkd_viewer.train_room import TrainRoom
from medkd_viewer.window.bottom_bar import BottomBar
from medkd_viewer.window.message import Message
from medkd_viewer.window.peek import Peek
from medkd_viewer.window.regions import go_to_next, region_of
from medkd_viewer.window.side_panels import SidePanels
from medkd_viewer.window.status_words import activity_words, cursor_words, device_words, map_words
from medkd_viewer.window.top_bar import TopBar

DEFAULT_SIZE = (1440, 900)
_REMEMBERED_EVERY_MS = 20_000
_NO_FILM = "No film is open."
_SMALLEST_SIZE = (620, 350)
"""Panels and tools give way before it; a screen of 1280 x 800 at scale 2 has 640 x 400."""


class MainWindow(QMainWindow):
    """The application's only window.

    Parameters
    ----------
    decoding : Decoding
    opinion : SecondOpinion
    journal : Journal
    settings_file : SettingsFile

    Attributes
    ----------
    keeps_session : bool
        What is open is remembered when the window closes.
    """

    _unsaved_changed = Signal()

    def __init__(
        self,
        decoding: Decoding,
        opinion: SecondOpinion,
        journal: Journal,
        settings_file: SettingsFile,
    ) -> None:
        super().__init__()
        self.setWindowTitle("MedKD")
        self.setAcceptDrops(True)
        self.setMinimumSize(*_SMALLEST_SIZE)
        self._settings_file, self._journal = settings_file, journal
        self._model_was_chosen = False
        self._unsaved: set[str] = set()
        self.keeps_session = True
        self.settings = settings_file.settings
        self.key_bindings = KeyBindings(self.settings.keys)
        self.opinion = opinion
        self.room = ReadingRoom(decoding, opinion, journal, self.settings)
        self.train = TrainRoom(JobStore())
        self.actions_by_name = make_actions(self, self.room.panes)
        self.contents = ContentWindows(
            decoding,
            self.room.desk,
            self.settings,
            self,
            [self.actions_by_name[name] for name in ("tags", "steps", "hide_patient")],
        )
        self.top_bar, self.bottom_bar = TopBar(self.actions_by_name), BottomBar()
        self.message = Message(self.room.look, self)
        self.message.changed.connect(self._show_activity)
        self._lay_out()
        self._connect_actions()
        self._connect_bars()
        self.side_panels = SidePanels(self)
        self.session_keeper = SessionKeeper(self.room, self.settings, self)
        self.session_keeper.gone.connect(self.message.warn)
        # A viewer that is killed loses no more than this.
        self._saving = QTimer(self, interval=_REMEMBERED_EVERY_MS)
        self._saving.timeout.connect(self.remember)
        self._saving.start()
        carry_out_at_start(self)
        self._restore()
        self.show_tab("read")
        self.room.panes.film_pane.setFocus()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files and folders in the Read tab; a bundle becomes the model in use."""
        self.show_tab("read")
        bundles = [path for path in paths if is_bundle(path)]
        if bundles:
            self.open_model(bundles[0])
        if films := [path for path in paths if path not in bundles]:
            self.room.open_paths(films)

    def open_model(self, path: Path | None) -> None:
        """Open a bundle, None for the demo; it is remembered once it is open."""
        self._model_was_chosen = True
        self.opinion.open_model(path, self.opinion.device_key)

    def show_tab(self, tab: str) -> None:
        """Go to the ``read`` or the ``train`` tab."""
        if tab == "train":
            self.train.enter()
        self._rooms.setCurrentWidget(self.train if tab == "train" else self.room)
        self.top_bar.show_room(tab)
        self._show_checks()
        self._show_activity()

    @cached_property
    def measurements(self) -> MeasurementsWindow:
        """The list of what is measured on the film in hand, made when first asked for."""
        made = MeasurementsWindow(self.room.measuring, self)
        made.addActions([self.actions_by_name[name] for name in ("undo", "redo", "measurements")])
        return made

    def remember(self) -> None:
        """Keep how the window stands and what is open for the next start."""
        if not self.isFullScreen():
            geometry = bytes(self.saveGeometry().data())
            self.settings.window_geometry = base64.b64encode(geometry).decode("ascii")
        if self.keeps_session:
            self.session_keeper.keep()
        self.save_settings()
        self._journal.save()
        self._warn_of_unsaved()

    def save_settings(self) -> None:
        """Remember what was chosen."""
        self._settings_file.save()

    def _warn_of_unsaved(self) -> None:
        unsaved = {self._settings_file.unsaved, self._journal.unsaved} - {""}
        for sentence in sorted(unsaved - self._unsaved):
            self.message.warn(sentence)
        for sentence in self._unsaved - unsaved:
            self.message.withdraw(sentence)
        self._unsaved = unsaved

    # events of the window

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Open what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if _is_local(url)]
        if paths:
            event.acceptProposedAction()
            self.open_paths(paths)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Say that a key's command cannot be carried out now; nobody else has heard the key.

        Escape leads back from the film alone.
        """
        alone = self.actions_by_name["film_alone"]
        if event.key() == Qt.Key.Key_Escape and alone.isChecked():
            alone.trigger()
            return
        pressed = QKeySequence(event.keyCombination())
        for action in self.actions_by_name.values():
            if pressed in action.shortcuts() and not action.isEnabled():
                what = f"“{action.text().rstrip('…')}” cannot be done"
                self.message.answer(f"{what} with this film." if self._has_film else _NO_FILM)
                return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Remember how the window was left."""
        self._saving.stop()
        self.remember()
        self._journal.finish()
        self.train.leave()
        super().closeEvent(event)

    @property
    def _has_film(self) -> bool:
        return self._rooms.currentWidget() is not self.room or bool(self.room.desk.laid)

    # building

    def _lay_out(self) -> None:
        self._rooms = QStackedWidget()
        self._rooms.addWidget(self.room)
        self._rooms.addWidget(self.train)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.top_bar, self._rooms, self.bottom_bar):
            layout.addWidget(part)
        layout.setStretchFactor(self._rooms, 1)
        self.setCentralWidget(body)

    def _restore(self) -> None:
        self.resize(*DEFAULT_SIZE)
        if self.settings.window_geometry:
            # Qt's own decoder passes over what is damaged; a window then keeps its default size.
            geometry = QByteArray.fromBase64(self.settings.window_geometry.encode())
            self.restoreGeometry(geometry)

    def _connect_actions(self) -> None:
        doing = deeds(self)
        for name, action in self.actions_by_name.items():
            action.triggered.connect(doing[name])
        peek = Peek(self.actions_by_name["maps"], self)
        QApplication.instance().installEventFilter(peek)  # type: ignore[union-attr]

    def _connect_bars(self) -> None:
        room, opinion = self.room, self.opinion
        self.top_bar.room_chosen.connect(self.show_tab)
        self.top_bar.model_chosen.connect(self.open_model)
        self.top_bar.device_chosen.connect(self.choose_device)
        self.train.steps_made.connect(self.top_bar.add_steps)
        self.train.published.connect(self._read_with)
        self.train.status_changed.connect(self._show_activity)
        room.message.connect(self.message.tell)
        room.answered.connect(self.message.answer)
        room.study_changed.connect(self._show_checks)
        room.measuring.changed.connect(self._show_checks)
        room.measuring.changed.connect(self._show_activity)
        self._journal.when_unsaved_changes = self._unsaved_changed.emit
        self._unsaved_changed.connect(self._warn_of_unsaved)
        desk = room.desk
        for signal in (
            room.look.changed,
            desk.window_changed,
            desk.film_changed,
            desk.active_changed,
        ):
            signal.connect(self._show_checks)
        # A film that is linked lends its cross-hair to the first one, whose maps speak there too.
        for signal in (desk.readout_changed, desk.primary.cursor_moved, opinion.network_changed):
            signal.connect(self._show_cursor)
        opinion.model_changed.connect(self._show_model)
        opinion.devices_changed.connect(self._show_model)
        opinion.working_changed.connect(self._show_activity)
        self._show_model()
        self._show_checks()

    # what the bars and buttons show

    def _show_checks(self) -> None:
        reading = self._rooms.currentWidget() is self.room
        show_states(self.actions_by_name, self.room, reading=reading)

    def _show_model(self) -> None:
        opinion, settings = self.opinion, self.settings
        # What the command line says holds for one run.
        if opinion.status is ModelStatus.READY and self._model_was_chosen:
            settings.keep_model(opinion.model_path)
        manifest = opinion.manifest
        name = f"{manifest.name} {manifest.version}" if manifest else opinion.status.value
        self.top_bar.show_model(name, opinion.model_path, settings.recent_models)
        self.top_bar.show_device(device_words(opinion), opinion.device_key, opinion.devices)
        self._show_activity()

    def _show_cursor(self) -> None:
        room = self.room
        self.bottom_bar.say(self.bottom_bar.place, cursor_words(room.desk.pointed))
        self.bottom_bar.say(self.bottom_bar.maps, map_words(room.state, room.panes.network_panes))

    def _show_activity(self) -> None:
        in_training = self._rooms.currentWidget() is self.train
        measuring, running = self.room.measuring, activity_words(self.opinion)
        # What is running stays in sight, but for the moment in which a measurement is half done.
        reading = measuring.hint if measuring.is_busy or not running else running
        words = self.train.status_text if in_training else reading
        self.bottom_bar.say(self.bottom_bar.activity, self.message.among(words))

    # what commands do

    def next_region(self) -> None:
        """Move the focus to the next part of the window."""
        in_training = self._rooms.currentWidget() is self.train
        room = self.train if in_training else self.room
        go_to_next([*room.regions(), region_of(self.top_bar)])

    def _read_with(self, bundle: Path) -> None:
        self.open_model(bundle)
        self.show_tab("read")

    def choose_device(self, key: str) -> None:
        """Open the model on another device."""
        self.settings.device = key
        self.opinion.open_model(self.opinion.model_path, key)

    def show_panels(self) -> None:
        """Show or hide the side panels as their commands are checked."""
        actions = self.actions_by_name
        alone = actions["film_alone"].isChecked()
        self.room.show_panels(
            studies=actions["studies_panel"].isChecked() and not alone,
            findings=actions["findings_panel"].isChecked() and not alone,
        )

    def show_film_alone(self, alone: bool) -> None:
        """Fill the screen with the film, or come back."""
        self.top_bar.setVisible(not alone)
        self.show_panels()
        self.room.panes.maximise(self.room.panes.active_pane if alone else None)
        # Only this one of the window's states changes: a maximised window comes back maximised.
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)


def _is_local(url: QUrl) -> bool:
    return url.isLocalFile()
