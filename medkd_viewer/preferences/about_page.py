"""About: what this is, and what it is not for."""

from __future__ import annotations

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QLabel

from medkd_core import __version__
from medkd_viewer.preferences.page import Page

WORDS = (
    f"MedKD {__version__}",
    "A reading window for explainable knowledge distillation on medical images (arXiv 2508.15251).",
    "Research use only. Not for diagnosis. MedKD is no medical device: nothing that it shows may "
    "decide about a patient.",
    "Films are read where they lie and never written to. Nothing leaves this computer.",
)


class AboutPage(Page):
    """Says what stands in `WORDS`."""

    can_reset = False

    def __init__(self) -> None:
        super().__init__("About")
        for number, words in enumerate((*WORDS, f"Qt {qVersion()}")):
            label = QLabel(words)
            label.setWordWrap(True)
            if words.startswith("Research"):
                label.setObjectName("researchOnly")
            elif number:
                label.setObjectName("secondary")
            self.column.addWidget(label)
        self.column.addStretch(1)
