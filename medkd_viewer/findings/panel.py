"""The right panel: what the networks think, whether they agree, and what the reader makes of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from medkd_viewer.findings.banner import Banner
from medkd_viewer.findings.bars import Bar, ProbabilityBars
from medkd_viewer.findings.comparing_maps import (
    agreement_rows,
    dependence_rows,
    dependence_words,
)
from medkd_viewer.findings.familiarity import FamiliarityBox
from medkd_viewer.findings.figure_table import FigureTable
from medkd_viewer.findings.labels import headline_label, secondary_label, section_label
from medkd_viewer.findings.map_controls import MapControls
from medkd_viewer.findings.opinion import ModelStatus, SecondOpinion
from medkd_viewer.findings.segments import Segments
from medkd_viewer.findings.words import headline_words, yardstick_words
from medkd_viewer.reading.map_layer import MapStyle

_JUDGEMENTS = (("plausible", "Plausible"), ("partly", "Partly"), ("not", "Not"))


class FindingsPanel(QScrollArea):
    """Shows a `SecondOpinion`; asks it for another class or to start again."""

    style_chosen = Signal(MapStyle)
    judged = Signal(str)

    def __init__(
        self, opinion: SecondOpinion, style: MapStyle, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("findingsPanel")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._opinion = opinion
        self.banner = Banner()
        self._familiarity = FamiliarityBox()
        self._headline, self._sentence = headline_label(), secondary_label()
        self._bars = ProbabilityBars()
        self._anyway = QPushButton("Ask the networks anyway")
        self._agreement = FigureTable("Agreement of maps", ("rank corr.", "top fifth"))
        self._yardstick = secondary_label()
        self._dependence = FigureTable(
            "What maps depend on, as rank correlations", ("other class", "no class")
        )
        self._dependence_words = secondary_label()
        self.controls = MapControls(style)
        self._judgement = Segments("Your judgement of this map", _JUDGEMENTS, optional=True)
        self.setWidget(self._body())
        self._connect()
        self._show_all()

    def show_judgement(self, judgement: str) -> None:
        """Mark what was thought of the student's map; empty marks nothing."""
        self._judgement.show_choice(judgement)

    def focus_first(self) -> None:
        """Put the focus on the first control that can be used."""
        self.controls.focus_first()

    def _body(self) -> QWidget:
        body = QWidget()
        body.setObjectName("findingsBody")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(section_label("Second opinion"))
        for widget in (self.banner, self._familiarity, self._headline, self._sentence):
            layout.addWidget(widget)
        layout.addWidget(self._bars)
        layout.addWidget(self._anyway, 0, Qt.AlignmentFlag.AlignLeft)
        self._comparison = _section("Do they look at the same place?")
        _layout(self._comparison).addWidget(self._agreement)
        _layout(self._comparison).addWidget(self._yardstick)
        layout.addWidget(self._comparison)
        self._questions = _section("Does the map depend on the class?")
        self._questions.setToolTip(
            "Rank correlation of the map with the most similar map of another class, and with the "
            "mean of the layer's channels, which knows no class."
        )
        _layout(self._questions).addWidget(self._dependence)
        _layout(self._questions).addWidget(self._dependence_words)
        layout.addWidget(self._questions)
        self._add_part(layout, "Map", self.controls)
        self._add_part(layout, "Your judgement of this map", self._judgement)
        layout.addStretch(1)
        return body

    @staticmethod
    def _add_part(layout: QVBoxLayout, title: str, widget: QWidget) -> None:
        layout.addSpacing(8)
        layout.addWidget(section_label(title))
        layout.addWidget(widget)

    def _connect(self) -> None:
        self._opinion.model_changed.connect(self._show_all)
        self._opinion.prediction_changed.connect(self._show_all)
        self._opinion.network_changed.connect(self._show_figures)
        self.banner.pressed.connect(self._opinion.start_again)
        self._anyway.clicked.connect(self._opinion.ask_anyway)
        self.controls.class_chosen.connect(self._opinion.show_class)
        self.controls.method_chosen.connect(self._opinion.show_method)
        self.controls.style_chosen.connect(self.style_chosen)
        self._judgement.chosen.connect(self.judged)

    def _show_all(self) -> None:
        self._show_trouble()
        self._show_prediction()
        self._show_figures()
        self._show_classes()

    def _show_trouble(self) -> None:
        opinion = self._opinion
        if opinion.status is ModelStatus.STOPPED:
            self.banner.say(f"{opinion.trouble} Your study is still here.", "Start again")
        elif opinion.status is ModelStatus.FAILED:
            self.banner.say(opinion.trouble, "Try again")
        else:
            self.banner.say(opinion.trouble)

    def _show_prediction(self) -> None:
        opinion, prediction = self._opinion, self._opinion.prediction
        known = prediction is not None and not opinion.not_applicable
        self._anyway.setVisible(opinion.not_applicable)
        self._bars.setVisible(known)
        self._comparison.setVisible(known and len(opinion.views) > 1)
        self._questions.setVisible(known)
        if prediction is None:
            self._familiarity.hide()
            self._headline.setText(_waiting_headline(opinion))
            self._sentence.setText(_waiting_sentence(opinion))
            return
        self._familiarity.show_familiarity(prediction.familiarity, prediction.familiarity_reason)
        if not known:
            self._headline.setText("No opinion")
            self._sentence.setText("The model was not made for pictures of this kind.")
            return
        assert opinion.manifest is not None
        self._headline.setText(opinion.class_label(prediction.decision))
        self._sentence.setText(headline_words(prediction, opinion.manifest))
        self._bars.show_bars(self._bars_now())

    def _bars_now(self) -> tuple[Bar, ...]:
        manifest, prediction = self._opinion.manifest, self._opinion.prediction
        assert manifest is not None and prediction is not None
        points = manifest.operating_points
        bars = [
            Bar(name, probability, points[name].threshold if name in points else None)
            for name, probability in zip(prediction.classes, prediction.probabilities, strict=True)
        ]
        return tuple(sorted(bars, key=lambda bar: -bar.probability))

    def _show_figures(self) -> None:
        views = self._opinion.views.values()
        self._agreement.show_rows(agreement_rows(views))
        self._dependence.show_rows(dependence_rows(views))
        words = dependence_words(views)
        self._dependence_words.setText(words)
        self._dependence_words.setVisible(bool(words))
        manifest = self._opinion.manifest
        self._yardstick.setText(yardstick_words(manifest.agreement) if manifest else "")

    def _show_classes(self) -> None:
        manifest = self._opinion.manifest
        labels = list(manifest.classes) if manifest else []
        index = None if self._opinion.not_applicable else self._opinion.class_index
        self.controls.show_classes(labels, index)
        self.controls.show_methods(self._opinion.methods, self._opinion.method)
        self._judgement.setEnabled(index is not None)


def _layout(section: QWidget) -> QVBoxLayout:
    layout = section.layout()
    assert isinstance(layout, QVBoxLayout)
    return layout


def _section(title: str) -> QWidget:
    section = QWidget()
    layout = QVBoxLayout(section)
    layout.setContentsMargins(0, 8, 0, 0)
    layout.setSpacing(8)
    layout.addWidget(section_label(title))
    return section


def _waiting_headline(opinion: SecondOpinion) -> str:
    if opinion.status is not ModelStatus.READY:
        return "Opening the model" if opinion.status is ModelStatus.OPENING else "No opinion"
    return "Asking the networks" if opinion.is_asking else "No opinion yet"


def _waiting_sentence(opinion: SecondOpinion) -> str:
    if opinion.status is ModelStatus.OPENING:
        return "Its files are checked first. You can read the film meanwhile."
    if opinion.status is ModelStatus.READY and not opinion.is_asking and not opinion.trouble:
        return "The networks are asked about an open film once you rest on it."
    return ""
