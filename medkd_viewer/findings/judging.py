"""What the reader thinks of the student's map: from the findings to the journal and back."""

from __future__ import annotations

from PySide6.QtCore import QObject

from medkd_viewer.findings.opinion import SecondOpinion
from medkd_viewer.findings.panel import FindingsPanel
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.studies.journal import Journal, Judgement


class Judging(QObject):
    """Keeps a judgement for each picture, model and class.

    Parameters
    ----------
    state : ReadingState
        Of the film that the networks are asked about.
    opinion : SecondOpinion
    findings : FindingsPanel
    journal : Journal
    """

    def __init__(
        self,
        state: ReadingState,
        opinion: SecondOpinion,
        findings: FindingsPanel,
        journal: Journal,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._opinion = state, opinion
        self._findings, self._journal = findings, journal
        findings.judged.connect(self._judge)

    def show_known(self) -> None:
        """Mark what was thought of the map that is shown now."""
        film, key = self._state.film, self._key()
        known = self._journal.judgement(film.study.uid, key) if film and key else None
        self._findings.show_judgement(known or "")

    def _judge(self, judgement: str) -> None:
        film, key = self._state.film, self._key()
        if film is not None and key:
            chosen = Judgement(judgement) if judgement else None
            self._journal.judge(film.study.uid, key, chosen)

    def _key(self) -> str:
        film, opinion = self._state.film, self._opinion
        manifest, index = opinion.manifest, opinion.class_index
        if film is None or manifest is None or index is None:
            return ""
        image = f"{film.instance.uid}#{film.address.frame}"
        return f"{image}|{manifest.name} {manifest.version}|{manifest.classes[index]}"
