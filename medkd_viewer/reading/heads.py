"""The thin head over a film that lies beside another: which examination it is, and whose."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from medkd_core.imaging.study import Study
from medkd_viewer.hiding import without_patient
from medkd_viewer.joining import joined
from medkd_viewer.reading.corner_texts import date, image_name
from medkd_viewer.reading.film import Film
from medkd_viewer.reading.shared_window import may_share_a_window
from medkd_viewer.theme import ICON_SIZE, colour, icon, ui_font

HEAD_HEIGHT = 26
_ICON = 16
_GAP = 10
OWN_WINDOW = "window not linked"


@dataclass(frozen=True, slots=True)
class Head:
    """What a head says.

    Attributes
    ----------
    text : str
    caution : bool
        The film may be of another patient than the first one.
    linked : bool
        The film follows the others.
    note : str
        What does not follow all the same.
    """

    text: str
    caution: bool = False
    linked: bool = False
    note: str = ""

    @property
    def spoken(self) -> str:
        """All that is seen, in words."""
        return ", ".join(filter(None, (self.text, "linked" if self.linked else "", self.note)))


def head_of(
    film: Film, first: Film | None, *, linked: bool = False, patient_hidden: bool = False
) -> Head:
    """What stands over a film that is compared with the first film of the desk."""
    relation, caution = _relation(film.study, first.study if first else film.study)
    if first is not None and film.study.uid == first.study.uid:
        relation = "Current" if film is first else "Same study"
    name = image_name(film.instance, film.study)
    name = without_patient(name, film.study) if patient_hidden else name
    alike = first is None or may_share_a_window(first, film)
    note = OWN_WINDOW if linked and not alike else ""
    return Head(joined(relation, date(film.study), name), caution, linked, note)


def draw_head(painter: QPainter, head: Head, width: float) -> None:
    """Paint a head over the upper edge of a pane."""
    bar = QRectF(1, 1, width - 2, HEAD_HEIGHT)
    painter.fillRect(bar, colour("caution_dark" if head.caution else "bar"))
    if head.linked:
        _draw_link(painter, bar)
    painter.setFont(ui_font(12, bold=True))
    painter.setPen(colour("caution" if head.caution else "text"))
    room = bar.adjusted(9, 0, -(ICON_SIZE + 10 if head.linked else 9), 0)
    room.setRight(_draw_note(painter, head.note, room))
    text = painter.fontMetrics().elidedText(
        head.text, Qt.TextElideMode.ElideRight, int(room.width())
    )
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(room, flags.value, text)


def _draw_note(painter: QPainter, note: str, room: QRectF) -> float:
    """Write a note at the right end of a head's room; gives where the rest of it ends."""
    if not note:
        return room.right()
    painter.save()
    painter.setFont(ui_font(12))
    painter.setPen(colour("second"))
    flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(room, flags.value, note)
    width = painter.fontMetrics().horizontalAdvance(note)
    painter.restore()
    return room.right() - width - _GAP


def _draw_link(painter: QPainter, bar: QRectF) -> None:
    sign = QRectF(bar.right() - 9 - _ICON, bar.center().y() - _ICON / 2, _ICON, _ICON)
    icon("link").paint(painter, sign.toRect())


def _relation(study: Study, first: Study) -> tuple[str, bool]:
    if not (study.patient_id and first.patient_id):
        return "Patient not known", study.uid != first.uid
    if study.patient_id != first.patient_id:
        return "Other patient", True
    if study.patient_name.casefold() != first.patient_name.casefold():
        return "Same number, other name", True
    if study.date and first.date and date(study) != date(first):
        return ("Prior" if date(study) < date(first) else "Later"), False
    return "Other study", False
