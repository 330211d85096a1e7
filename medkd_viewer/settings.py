"""What the window remembers, each setting declared once with its type and default."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medkd_viewer.reading.map_layer import COLOUR_MAPS, MapStyle

_log = logging.getLogger(__name__)
_MOST_RECENT = 6

Share = Annotated[float, Field(ge=0, le=1)]


class RecentFolder(BaseModel):
    """A folder that was opened, and what was found in it."""

    path: Path
    studies: int
    images: int


class Settings(BaseModel):
    """Everything that is remembered from one start to the next; no patient data."""

    model_config = ConfigDict(validate_assignment=True, extra="ignore")

    window_geometry: str = ""
    """Base64 of Qt's own geometry."""
    panel_widths: tuple[int, int] = (232, 308)
    """Studies and findings, in device-independent pixels."""
    opacity: Share = 0.55
    threshold: Share = 0.35
    colours: Literal["magma", "inferno", "viridis", "cividis"] = "magma"
    drawing: Literal["fill", "contours"] = "fill"
    last_folder: Path | None = None
    recent_folders: list[RecentFolder] = []
    model: Path | None = None
    """The bundle used last; None is the demo."""
    recent_models: list[Path] = []
    device: str = "auto"

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


class SettingsFile:
    """The settings on disk; damaged ones are replaced by the defaults.

    Parameters
    ----------
    path : Path or None
        None keeps nothing, so that a screenshot depends on nobody's habits.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.settings = self._load()

    def save(self) -> None:
        """Write beside and rename, so that a crash leaves the old settings."""
        if self._path is None:
            return
        beside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(self.settings.model_dump_json(indent=1), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            _log.warning("The settings could not be saved: %s", error.strerror)

    def _load(self) -> Settings:
        if self._path is None:
            return Settings()
        try:
            return Settings.model_validate_json(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Settings()
        except (OSError, ValidationError, UnicodeDecodeError):
            _log.warning("The settings were unreadable; the defaults are used.")
            return Settings()


def default_settings_path() -> Path:
    """Where this system keeps a program's settings."""
    return user_config_path("medkd", appauthor=False) / "viewer.json"
