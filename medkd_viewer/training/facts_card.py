"""A card of names and figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from medkd_viewer.training.card import Card, ElidedLabel, label

Facts = Sequence[tuple[str, str]]
"""Name and figure of each row."""


class FactsCard(Card):
    """Rows of a name on the left and its figure on the right."""

    def __init__(self, heading: str) -> None:
        super().__init__(heading)
        self.facts: Facts = ()
        self._values: list[ElidedLabel] = []
        self._table = QWidget()
        self.body.addWidget(self._table)

    def show_facts(self, facts: Facts) -> None:
        """Show other rows."""
        if [name for name, _ in facts] != [name for name, _ in self.facts]:
            self._rebuild(facts)
        for (name, figure), value in zip(facts, self._values, strict=True):
            value.setText(figure)
            value.setAccessibleName(f"{name}: {figure}")
        self.facts = tuple(facts)

    def _rebuild(self, facts: Facts) -> None:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self._values = [ElidedLabel("figure") for _ in facts]
        for row, ((name, _), value) in enumerate(zip(facts, self._values, strict=True)):
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(label(name), row, 0)
            grid.addWidget(value, row, 1)
        self.body.replaceWidget(self._table, table)
        self._table.deleteLater()
        self._table = table
