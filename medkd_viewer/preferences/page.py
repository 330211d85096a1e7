"""A page of the preferences: a title, and what stands below it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from medkd_viewer.preferences.rows import Row, row_for
from medkd_viewer.settings import Offered, Settings


class Page(QWidget):
    """Shows a part of what can be chosen; says what was chosen."""

    changed = Signal(str)
    """Name of the setting."""
    can_reset = True
    """There is something on it that can be as it came."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        head = QLabel(title)
        head.setObjectName("pageTitle")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(22, 22, 22, 16)
        self.column.setSpacing(16)
        self.column.addWidget(head)

    def refresh(self) -> None:
        """Show what is true now."""

    def reset(self) -> None:
        """Make everything on the page as it came."""


class SettingsPage(Page):
    """The settings that are offered under one heading, as they are declared in `Settings`."""

    def __init__(self, title: str, settings: Settings) -> None:
        super().__init__(title)
        self._settings = settings
        self._rows: dict[str, Row] = {}
        for name, field in Settings.model_fields.items():
            for offered in field.metadata:
                if isinstance(offered, Offered) and offered.page == title:
                    self._add(name, row_for(offered, field.annotation))
        self.column.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        """Show the settings of now."""
        for name, row in self._rows.items():
            row.show_value(getattr(self._settings, name))

    def reset(self) -> None:
        """Give every setting of the page its default."""
        for name in self._rows:
            self._choose(name, Settings.model_fields[name].default)
        self.refresh()

    def _add(self, name: str, row: Row) -> None:
        self._rows[name] = row
        row.chosen.connect(lambda value: self._choose(name, value))
        self.column.addWidget(row)

    def _choose(self, name: str, value: object) -> None:
        setattr(self._settings, name, value)
        self.changed.emit(name)
