"""What the window remembers, each setting declared once with its type and default."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medkd_core.jobs.durable import write_durably
from medkd_viewer.reading.links import Linked
from medkd_viewer.reading.map_layer import COLOUR_MAPS, MapStyle

_log = logging.getLogger(__name__)
_MOST_RECENT = 6

Share = Annotated[float, Field(ge=0, le=1)]
PAGES = ("Reading", "Window", "Maps", "Computing")
"""Headings of the preferences under which settings are found."""


@dataclass(frozen=True, slots=True)
class Offered:
    """How the preferences offer a setting.

    Attributes
    ----------
    page : str
        One of `PAGES`.
    text : str
        What it is.
    meaning : str
        A sentence for those who wonder.
    choices : tuple of (value, words)
        What may be chosen; left out for a share or a plain yes or no.
    """

    page: str
    text: str
    meaning: str = ""
    choices: tuple[tuple[object, str], ...] = ()


class RecentFolder(BaseModel):
    """A folder or file that was opened, and what was found in it."""

    path: Path
    studies: int
    images: int


class OpenFilm(BaseModel):
    """A film that lay on the desk, by its study and its place in it."""

    study_uid: str
    position: Annotated[int, Field(ge=0)] = 0


class LastSession(BaseModel):
    """What was open when the window was closed.

    Paths and study UIDs are needed to open it again; no patient's name or number is kept.
    """

    paths: list[Path] = []
    films: list[OpenFilm | None] = []
    """By place of the desk, the one of the networks first."""
    layout: str = ""


class Settings(BaseModel):
    """Everything that is remembered from one start to the next; no patient data."""

    model_config = ConfigDict(validate_assignment=True, extra="ignore")

    brighter_upwards: Annotated[
        bool,
        Offered(
            "Reading",
            "Dragging the window upwards",
            "The drag of the window tool; to the right always widens.",
            ((True, "Brightens"), (False, "Darkens")),
        ),
    ] = True
    wheel_zooms: Annotated[
        bool,
        Offered(
            "Reading",
            "The wheel over a series",
            "On a single image it zooms, and with Ctrl always.",
            ((False, "Next image"), (True, "Zooms")),
        ),
    ] = False
    texts_visible: Annotated[
        bool, Offered("Reading", "Corner texts", "Patient, image and window on the film.")
    ] = True
    layout: Annotated[
        Literal["opinion", "one", "two", "four", "one_and_four"],
        Offered(
            "Reading",
            "Layout at start",
            "How panes stand when no session is opened again.",
            (
                ("opinion", "Film and networks"),
                ("one", "One pane"),
                ("two", "Side by side"),
                ("four", "Two by two"),
                ("one_and_four", "One and four"),
            ),
        ),
    ] = "opinion"
    theme: Annotated[
        Literal["calm", "high_contrast"],
        Offered(
            "Window",
            "Colours of the window",
            "",
            (("calm", "Calm"), ("high_contrast", "High contrast")),
        ),
    ] = "calm"
    open_last: Annotated[
        bool,
        Offered(
            "Window",
            "Open the last studies at start",
            "Unless files are named on the command line.",
        ),
    ] = True
    window_geometry: str = ""
    """Base64 of Qt's own geometry."""
    panel_widths: tuple[int, int] = (232, 308)
    """Studies and findings, in device-independent pixels."""
    tags_size: tuple[int, int] = (860, 620)
    """Width and height of the window with the tags."""
    panels_shown: tuple[bool, bool] = (True, True)
    """Studies and findings."""
    opacity: Annotated[Share, Offered("Maps", "Opacity")] = 0.55
    threshold: Annotated[
        Share, Offered("Maps", "Threshold", "What a map says below it is not drawn.")
    ] = 0.35
    colours: Annotated[
        Literal["magma", "inferno", "viridis", "cividis"],
        Offered("Maps", "Colours", "", tuple((name, name.capitalize()) for name in COLOUR_MAPS)),
    ] = "magma"
    drawing: Annotated[
        Literal["fill", "contours"],
        Offered("Maps", "Drawing", "", (("fill", "Fill"), ("contours", "Contours"))),
    ] = "fill"
    linked: bool = False
    """Films that lie side by side follow each other."""
    followed: set[Linked] = set(Linked)
    """In what they do."""
    last_folder: Path | None = None
    recent_folders: list[RecentFolder] = []
    model: Path | None = None
    """The bundle used last; None is the demo."""
    recent_models: list[Path] = []
    device: str = "auto"
    keys: dict[str, list[str]] = {}
    """Keys that differ from the defaults, by command."""
    session: LastSession = LastSession()

    def map_style(self) -> MapStyle:
        """The look of the maps as it was left."""
        colours = self.colours if self.colours in COLOUR_MAPS else "magma"
        return MapStyle(True, self.opacity, min(self.threshold, 0.95), colours, self.drawing)

    def keep_map_style(self, style: MapStyle) -> None:
        """Remember the look of the maps."""
        self.opacity, self.threshold = style.opacity, style.threshold
        self.colours, self.drawing = style.colours, style.drawing  # type: ignore[assignment]

    def keep_model(self, path: Path | None) -> None:
        """Remember the model in use and put it first among the recent ones."""
        self.model = path
        if path is not None:
            others = [known for known in self.recent_models if known != path]
            self.recent_models = [path, *others][:_MOST_RECENT]

    def keep_folder(self, folder: RecentFolder) -> None:
        """Put a folder first among the recent ones."""
        others = [known for known in self.recent_folders if known.path != folder.path]
        self.recent_folders = [folder, *others][:_MOST_RECENT]

    def forget_folder(self, path: Path) -> None:
        """List a folder or file that was opened before no more."""
        self.recent_folders = [known for known in self.recent_folders if known.path != path]


class SettingsFile:
    """The settings on disk; damaged ones are replaced by the defaults.

    Parameters
    ----------
    path : Path or None
        None keeps nothing, so that a screenshot depends on nobody's habits.

    Attributes
    ----------
    path : Path or None
    settings : Settings
    trouble : str
        A sentence about what was damaged; empty when all was well.
    unsaved : str
        Why the last change could not be kept, as a sentence; empty when it was.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.trouble = ""
        self.unsaved = ""
        self._saved = ""
        self.settings = self._load()

    def save(self) -> None:
        """Write what has changed; a crash leaves the old settings."""
        content = self.settings.model_dump_json(indent=1)
        if self.path is None or content == self._saved:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self.path, content)
            self._saved, self.unsaved = content, ""
        except OSError as error:
            self.unsaved = f"What you choose cannot be kept: {error.strerror}."
            _log.warning("The settings could not be saved: %s", error.strerror)

    def _load(self) -> Settings:
        if self.path is None:
            return Settings()
        try:
            return self._without_damage(self.path.read_bytes())
        except FileNotFoundError:
            return Settings()
        except OSError as error:
            # They may be whole: nothing is written over them.
            self.path = None
            self.trouble = f"The settings cannot be read ({error.strerror}); nothing is kept."
        except ValueError:
            with suppress(OSError):
                self.path.replace(self.path.with_suffix(".damaged"))
            self.trouble = "The settings were damaged; everything is as it came, a copy is kept."
        _log.warning(self.trouble)
        return Settings()

    def _without_damage(self, content: bytes) -> Settings:
        try:
            return Settings.model_validate_json(content)
        except ValidationError as error:
            damaged = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
            fields = json.loads(content)
            if not isinstance(fields, dict):
                raise
            kept = {name: value for name, value in fields.items() if name not in damaged}
            words = ", ".join(sorted(damaged)).replace("_", " ")
            self.trouble = f"Of the settings, these were damaged and are as they came: {words}."
            _log.warning("%d settings were damaged; their defaults are used.", len(damaged))
            return Settings.model_validate(kept)


def default_settings_path() -> Path:
    """Where this system keeps a program's settings."""
    return user_config_path("medkd", appauthor=False) / "viewer.json"
