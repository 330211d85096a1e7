from __future__ import annotations

import pytest
from drawn_worker import LABELS, NO_CLASS, OTHER_CLASS, drawn_manifest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QSlider

from medkd_core.serving.messages import Explain, Predict
from medkd_viewer.findings.comparing_maps import (
    agreement_rows,
    dependence_rows,
    dependence_words,
)
from medkd_viewer.findings.figure_table import FigureTable
from medkd_viewer.findings.opinion import ModelStatus, announced_networks
from medkd_viewer.findings.results import BoundedCache, MapStatus
from medkd_viewer.findings.words import headline_words


def explained(worker) -> list[str]:
    return [r.network for r in worker.requests.values() if isinstance(r, Explain)]


def test_student_is_explained_first_then_each_teacher(desk, films):
    desk.open([films / "ada.dcm"])
    assert explained(desk.worker) == list(LABELS)


def test_film_seen_again_is_not_computed_again(desk, films):
    desk.open([films])
    desk.room.step_study(1)
    desk.wait(lambda: len(explained(desk.worker)) == 8 and desk.opinion.settled)
    desk.room.step_study(-1)
    desk.wait(lambda: desk.opinion.settled and desk.opinion.prediction is not None)
    assert len(explained(desk.worker)) == 8


def test_other_class_is_explained_anew_and_shows_its_own_probability(desk, films):
    desk.open([films / "ada.dcm"])
    desk.opinion.show_class(0)
    desk.wait(lambda: desk.opinion.settled)
    assert len(explained(desk.worker)) == 8
    assert desk.opinion.views["ofa_595_s"].probability == 0.13


def test_next_film_cancels_what_is_under_way(desk, films):
    desk.worker.held = True
    desk.open([films])
    desk.wait(lambda: desk.opinion.running is not None)
    number = max(desk.worker.requests)
    desk.room.step_study(1)
    desk.wait(lambda: number in desk.worker.cancelled)


def test_dead_worker_leaves_the_study_and_starts_again(desk, films):
    desk.worker.held = True
    desk.open([films / "ada.dcm"])
    desk.wait(lambda: desk.opinion.running is not None)
    desk.worker.die("The network process was killed, probably out of memory.")
    desk.wait(lambda: desk.opinion.status is ModelStatus.STOPPED)
    banner = desk.room.findings.banner
    assert "killed, probably out of memory" in banner.text
    assert "Your study is still here" in banner.text
    assert desk.state.film is not None
    words = [pane.status_text() for pane in desk.panes.network_panes.values()]
    assert all(said.startswith("stopped") for said in words)
    desk.worker.held = False
    banner.pressed.emit()
    desk.wait(lambda: desk.opinion.settled and desk.opinion.status is ModelStatus.READY)
    assert not banner.text
    assert desk.opinion.views["densenet201"].status is MapStatus.DONE


def test_failed_map_says_why_on_its_pane_and_the_others_go_on(desk, films):
    desk.worker.failing["densenet201"] = "memory ran out"
    desk.open([films / "ada.dcm"])
    panes = desk.panes.network_panes
    assert panes["densenet201"].status_text() == "failed: memory ran out"
    assert panes["visformer_s"].view.status is MapStatus.DONE


def test_empty_map_is_called_one(desk, films):
    desk.worker.empty.add("visformer_s")
    desk.open([films / "ada.dcm"])
    assert desk.panes.network_panes["visformer_s"].status_text() == "no map for this class"
    row = agreement_rows(desk.opinion.views.values())[2]
    assert row.figures == (None, None)


def test_picture_of_another_kind_gets_no_numbers_until_asked(desk, films):
    desk.worker.familiarity = ("not applicable", "Not applicable: this is a hand.")
    desk.open([films / "ada.dcm"])
    assert desk.opinion.not_applicable
    assert not explained(desk.worker)
    assert all(view.probability is None for view in desk.opinion.views.values())
    assert desk.panes.panes == [desk.panes.film_pane], "the film has the room to itself"
    desk.opinion.ask_anyway()
    assert len(desk.panes.panes) == 5
    desk.wait(lambda: desk.opinion.settled)
    assert len(explained(desk.worker)) == 4


def test_headline_says_what_the_threshold_means(desk, films):
    desk.open([films / "ada.dcm"])
    words = headline_words(desk.opinion.prediction, drawn_manifest())
    assert words == (
        "0.81 calibrated · of answers like it 72% to 88% were right"
        " · at this threshold 1 call in 9 is wrong"
    )


def test_agreement_compares_each_teacher_with_the_student(desk, films):
    desk.open([films / "ada.dcm"])
    student, *teachers = agreement_rows(desk.opinion.views.values())
    assert student.figures == (None, None)
    assert all(0.5 < row.figures[0] < 1 for row in teachers)


def test_one_request_at_a_time_is_under_way(desk, films):
    desk.worker.held = True
    desk.open([films / "ada.dcm"])
    desk.wait(lambda: desk.opinion.running is not None)
    kinds = [type(r) for r in desk.worker.requests.values()]
    assert kinds.count(Explain) == 1
    assert kinds.count(Predict) == 1


def test_cache_forgets_what_was_not_used_for_longest():
    cache: BoundedCache[int] = BoundedCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)


@pytest.mark.slow
def test_panes_stand_in_their_place_before_the_model_is_checked(small_bundle):
    assert [entry.role for entry in announced_networks(small_bundle)] == ["student", "teacher"]


def test_bundle_that_cannot_be_read_announces_nothing(tmp_path):
    (tmp_path / "bundle.json").write_text("{")
    assert announced_networks(tmp_path) == []
    assert announced_networks(tmp_path / "bundle.zip") == []


def test_model_that_cannot_be_opened_says_why_and_leaves_the_film(desk, films):
    desk.worker.refused_model = "Cannot use the bundle: it is damaged."
    desk.open([films / "ada.dcm"])
    assert desk.opinion.status is ModelStatus.FAILED
    assert desk.room.findings.banner.text == "Cannot use the bundle: it is damaged."
    assert desk.state.film is not None
    assert not desk.panes.network_panes


def test_student_alone_is_not_compared_with_anybody(desk, films):
    desk.worker.networks = ["ofa_595_s"]
    desk.open([films / "ada.dcm"])
    tables = {t.accessibleName(): t for t in desk.room.findings.findChildren(FigureTable)}
    assert not tables["Agreement of maps"].isVisible()


def test_map_is_shown_before_it_is_exact_and_says_so(desk, films):
    desk.worker.held = True
    desk.open([films / "ada.dcm"])
    desk.wait(lambda: desk.opinion.running is not None)
    pane = desk.panes.network_panes["ofa_595_s"]
    number = max(desk.worker.requests)
    desk.worker.refine(number)
    desk.wait(lambda: pane.view.map is not None)
    assert pane.view.status is MapStatus.RUNNING
    assert pane.status_text() == "preview, being refined"
    assert pane.map_value(100, 100) is not None
    assert not desk.opinion.settled
    desk.worker.held = False
    desk.worker.answer(number)
    desk.wait(lambda: desk.opinion.settled)
    assert pane.view.map.exact
    assert not pane.status_text()


def test_panel_says_how_far_maps_depend_on_the_class(desk, films):
    desk.open([films / "ada.dcm"])
    rows = dependence_rows(desk.opinion.views.values())
    assert [row.figures for row in rows] == [(OTHER_CLASS, NO_CLASS)] * 4
    words = dependence_words(desk.opinion.views.values())
    assert words.endswith("the maps hardly depend on the class that is asked for.")


def test_another_method_is_asked_for_and_the_first_ones_maps_are_kept(desk, films):
    desk.open([films / "ada.dcm"])
    methods = desk.room.findings.findChild(QComboBox, "methods")
    assert [methods.itemText(i) for i in range(methods.count())][-1] == "Grad-CAM"
    methods.activated.emit(3)
    desk.wait(lambda: desk.opinion.settled)
    requests = [r for r in desk.worker.requests.values() if isinstance(r, Explain)]
    assert {request.dialect for request in requests[4:]} == {"grad-cam"}
    asked = len(explained(desk.worker))
    methods.activated.emit(0)
    desk.wait(lambda: desk.opinion.settled)
    assert desk.opinion.method == "pytorch-grad-cam"
    assert len(explained(desk.worker)) == asked


def test_wheel_over_the_controls_of_maps_chooses_nothing(desk, films):
    desk.open([films / "ada.dcm"])
    controls = desk.room.findings.controls
    boxes = [*controls.findChildren(QComboBox), *controls.findChildren(QSlider)]
    before = [box.property("currentIndex") or box.property("value") for box in boxes]
    for box in boxes:
        wheel = QWheelEvent(
            QPointF(5, 5),
            QPointF(box.mapToGlobal(QPoint(5, 5))),
            QPoint(),
            QPoint(0, -240),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(box, wheel)
    assert [box.property("currentIndex") or box.property("value") for box in boxes] == before


def test_contrast_map_says_against_which_class_it_is(desk, films):
    desk.open([films / "ada.dcm"])
    desk.opinion.show_method("contrast")
    desk.wait(lambda: desk.opinion.settled)
    assert desk.panes.network_panes["ofa_595_s"].status_text() == "against Normal"


def test_no_map_is_waited_for_after_the_networks_have_stopped(desk, films):
    desk.open([films / "ada.dcm"])
    desk.worker.die("The network process was killed.")
    desk.wait(lambda: desk.opinion.status is ModelStatus.STOPPED)
    desk.opinion.show_method("authors")
    assert {view.status for view in desk.opinion.views.values()} == {MapStatus.STOPPED}
