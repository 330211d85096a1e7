"""What an audit found in a data set: images of each class and split, and what to beware of."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QWidget

from medkd_viewer.theme import colour
from medkd_viewer.training.audit_summary import AuditSummary, read_summary
from medkd_viewer.training.card import Card, label

INVITATION = "Choose a folder to see its classes, its splits and what an audit finds."


class AuditCard(Card):
    """The counts of a data set as a table with bars, and the audit's sentences below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What is in it", parent)
        self.summary: AuditSummary | None = None
        self.sentence = label(INVITATION, wraps=True)
        self.wait = QProgressBar()
        self.wait.setRange(0, 0)
        self.wait.setTextVisible(False)
        self.wait.setFixedHeight(3)
        self.wait.setAccessibleName("The data set is being audited")
        self._table = QWidget()
        self._findings: list[QLabel] = []
        for part in (self.wait, self.sentence, self._table):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.clear()

    def clear(self) -> None:
        """Show nothing yet."""
        self._say(INVITATION)

    def show_waiting(self) -> None:
        """Tell that the audit is at work."""
        self._say("Every image is being looked at…")
        self.wait.show()

    def show_problem(self, sentence: str) -> None:
        """Tell why there is no audit."""
        self._say(f"✕ {sentence}")

    def show_report(self, text: str) -> None:
        """Show what ``medkd datasets audit --json`` printed."""
        summary = read_summary(text)
        if summary is None:
            self.show_problem("The audit gave an answer that this window cannot read.")
            return
        self._say(summary.headline)
        self.summary = summary
        self._show_counts(summary)
        sentences = [f"! {finding}" for finding in summary.findings]
        for sentence in sentences or ["✓ Nothing to beware of was found."]:
            self._findings.append(label(sentence, wraps=True))
            self.body.insertWidget(self.body.count() - 1, self._findings[-1])

    def _say(self, sentence: str) -> None:
        self.summary = None
        self.wait.hide()
        self._table.hide()
        self.sentence.setText(sentence)
        for finding in self._findings:
            finding.hide()
            finding.deleteLater()
        self._findings.clear()

    def _show_counts(self, summary: AuditSummary) -> None:
        table = _counts_table(summary)
        self.body.replaceWidget(self._table, table)
        self._table.deleteLater()
        self._table = table


def _counts_table(summary: AuditSummary) -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 4, 0, 8)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(12)
    grid.setColumnStretch(1, 1)
    largest = max(summary.classes.values(), default=0)
    for row, (name, total) in enumerate(summary.classes.items(), start=1):
        grid.addWidget(label(name, "figure"), row, 0)
        grid.addWidget(ShareBar(total / max(largest, 1)), row, 1)
    for column, (heading, counts) in enumerate(summary.columns.items(), start=2):
        grid.addWidget(label(heading), 0, column, Qt.AlignmentFlag.AlignRight)
        for row, name in enumerate(summary.classes, start=1):
            count = label(f"{counts.get(name, 0):,}", "figure")
            grid.addWidget(count, row, column, Qt.AlignmentFlag.AlignRight)
    return table


class ShareBar(QWidget):
    """A bar that is filled by a share, [0, 1]."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share
        self.setMinimumSize(40, 16)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the ground and the filled part."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        place = QRectF(0, self.height() / 2 - 3, self.width(), 6)
        painter.setBrush(colour("raised"))
        painter.drawRoundedRect(place, 3, 3)
        place.setWidth(place.width() * self._share)
        painter.setBrush(colour("blue"))
        painter.drawRoundedRect(place, 3, 3)
