"""The measurements of every film, kept with the notes on its study."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from medkd_viewer.measuring.sheet import Sheet
from medkd_viewer.reading.film import Film
from medkd_viewer.studies.journal import Journal


class Sheets(QObject):
    """Gives each film its `Sheet`; what changes there goes into the journal at once.

    Parameters
    ----------
    journal : Journal
    """

    def __init__(self, journal: Journal, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._journal = journal
        self._sheets: dict[tuple[str, str], Sheet] = {}

    def of(self, film: Film) -> Sheet:
        """The sheet of a film; the same one as long as the program runs."""
        address = film.study.uid, f"{film.instance.uid}#{film.address.frame}"
        if address not in self._sheets:
            kept = self._journal.measurements(*address)
            # A file may have been exchanged for a smaller one since.
            sheet = Sheet(tuple(m for m in kept if m.lies_on(film.size)), self)
            sheet.edited.connect(partial(self._keep, address, sheet))
            self._sheets[address] = sheet
        return self._sheets[address]

    def _keep(self, address: tuple[str, str], sheet: Sheet) -> None:
        self._journal.keep_measurements(*address, sheet.measurements)
