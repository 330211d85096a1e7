"""What each row of the list says: its title, its lines, its signs, and all of it in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from medkd_core.imaging.study import Refusal, Series, Study
from medkd_viewer.counting import plural
from medkd_viewer.hiding import without_patient
from medkd_viewer.joining import joined
from medkd_viewer.settings import RecentFolder
from medkd_viewer.studies.library import Library, Sign
from medkd_viewer.studies.pictures import Image, count_images, documents_of, middle_image
from medkd_viewer.studies.query import date_words
from medkd_viewer.studies.rows import (
    DocumentRow,
    FolderRow,
    Outline,
    RefusedRow,
    Row,
    Section,
    SectionRow,
    SeriesRow,
    StudyRow,
)


@dataclass(frozen=True, slots=True)
class Face:
    """What a row says.

    Attributes
    ----------
    title : str
    lines : tuple of tuple of str
        Each in some wordings, the longest first; the last is shortened where none has room.
    words : str
        All of it, for a screen reader and for pointing at.
    image : Image or None
        The picture that stands for it.
    sign : Sign
    unfolded : bool or None
        None when there is nothing to unfold.
    shown : bool
        Its film is in hand.
    """

    title: str
    lines: tuple[tuple[str, ...], ...] = ()
    words: str = ""
    image: Image | None = None
    sign: Sign = Sign.NONE
    unfolded: bool | None = None
    shown: bool = False


class Faces:
    """Gives a row its face.

    Parameters
    ----------
    library : Library
    outline : Outline
    """

    def __init__(self, library: Library, outline: Outline) -> None:
        self._library, self._outline = library, outline

    def of(self, row: Row) -> Face:
        """What a row says."""
        match row:
            case SectionRow():
                return self._section(row)
            case StudyRow():
                return self._study(row)
            case SeriesRow():
                return self._series(row)
            case DocumentRow():
                return self._document(row)
            case RefusedRow():
                return self._refused(row)
            case FolderRow():
                return _recent(row.folder)

    def title(self, study: Study) -> str:
        """The patient's name, or what stands for it while it is hidden."""
        if self._outline.hidden:
            return f"Patient {self._library.patient_number(study)}"
        return study_title(study)

    def state(self, study: Study) -> str:
        """How far the reader is, or else what was noted."""
        read_at = self._library.journal.read_at(study.uid)
        return reading_words(read_at) if read_at else self._library.remark_on(study.uid)[0]

    def _anonymous(self, text: str, study: Study) -> str:
        return without_patient(text, study) if self._outline.hidden else text

    def _section(self, row: SectionRow) -> Face:
        unfolded = self._outline.unfolded(row)
        title = section_words(row)
        if row.section is Section.STUDIES and not self._outline.query.is_empty:
            total = len(self._library.studies)
            title = f"{row.count:,} of {plural(total, 'study', 'studies')}"
        return Face(title, words=title + _fold_words(unfolded), unfolded=unfolded)

    def _study(self, row: StudyRow) -> Face:
        study = row.study
        remark, sign = self._library.remark_on(study.uid)
        state = self.state(study) or "Unread"
        short = "Read" if self._library.journal.read_at(study.uid) else state
        title, what = self.title(study), self._anonymous(study_part(study), study)
        date, count = date_words(study.date), content_words(study)
        unfolded = self._outline.unfolded(row)
        shown = self._outline.shown is not None and self._outline.shown[0] == study.uid
        said = (title, what, date, count, state, remark if remark != state else "")
        words = ", ".join(filter(None, (*said, "shown" if shown else "")))
        return Face(
            title,
            (
                (joined(what, count), what),
                (joined(date, state), joined(date, short), state),
            ),
            words + _fold_words(unfolded),
            middle_image(study),
            sign,
            unfolded,
            shown and not unfolded,
        )

    def _series(self, row: SeriesRow) -> Face:
        series = row.series
        shown = self._outline.shown == row.key
        number = "" if series.number is None else f"series {series.number}"
        description = self._anonymous(_printable(series.description), row.study)
        title = description or number.capitalize() or "Series"
        line = joined(series.modality, count_words(series))
        longer = joined(line, number if description else "")
        said = (number.capitalize(), description, line, "shown" if shown else "")
        words = ", ".join(filter(None, said))
        return Face(title, ((longer, line),), words, middle_image(series), shown=shown)

    def _document(self, row: DocumentRow) -> Face:
        document = row.document
        title = document.kind or "Document"
        detail = "" if self._outline.hidden else _printable(document.description)
        line = joined("Document", detail or document.modality)
        shown = self._outline.shown == row.key
        words = f"{title}, {line}, shown" if shown else f"{title}, {line}"
        return Face(title, ((line,),), words, shown=shown)

    def _refused(self, row: RefusedRow) -> Face:
        name = "A file" if self._outline.hidden else row.refusal.path.name
        reason = reason_sentence(row.refusal)
        path = name if self._outline.hidden else row.refusal.path
        return Face(name, ((reason,),), f"{path}: {reason}")


def study_title(study: Study) -> str:
    """The patient's name as the file gives it, or the best name there is."""
    names = (study.patient_name, study.patient_id, study.instances[0].path.name)
    return next(filter(None, map(_printable, names)), "No name")


def study_part(study: Study) -> str:
    """What was taken: ``"Chest PA"``, the study's description, or the modality."""
    first = study.instances[0]
    part = first.body_part.replace("_", " ").capitalize()
    several = len(study.series) > 1
    what = " ".join(filter(None, (part, first.view)))
    names = (study.description, what) if several else (what, study.description)
    # "OT" is no word for a person; what kind of file it is says more.
    kind = first.kind if first.modality == "OT" else ""
    return next(filter(None, map(_printable, (*names, kind))), first.modality)


def content_words(study: Study) -> str:
    """How many images and documents: ``"2 images"``."""
    images, documents = count_words(study), len(documents_of(study))
    if not documents:
        return images
    words = plural(documents, "document")
    return f"{images}, {words}" if count_images(study) else words


def count_words(part: Study | Series) -> str:
    """How many pictures; those of a single file are its frames."""
    count = count_images(part)
    pictured = sum(1 for one in part.instances if one.frames)
    return plural(count, "frame" if count > 1 and pictured == 1 else "image")


def section_words(row: SectionRow) -> str:
    """A heading."""
    match row.section:
        case Section.STUDIES:
            return plural(row.count, "study", "studies")
        case Section.REFUSED:
            return f"{plural(row.count, 'file')} not opened"
        case Section.RECENT:
            return "Recent"


def reading_words(read_at: datetime) -> str:
    """When a study was read: the time of today, else the date."""
    local = read_at.astimezone()
    today = local.date() == datetime.now().astimezone().date()
    return f"Read {local:%H:%M}" if today else f"Read {local:%Y-%m-%d}"


def reason_sentence(refusal: Refusal) -> str:
    """Why a file was not opened, as a whole sentence."""
    reason = refusal.reason.strip().rstrip(".")
    return f"{reason[:1].upper()}{reason[1:]}."


def _recent(place: RecentFolder) -> Face:
    count = f"{plural(place.images, 'image')} · {plural(place.studies, 'study', 'studies')}"
    return Face(place.path.name, ((count,),), f"{place.path}, {count}")


def _printable(text: str) -> str:
    """Without the control characters that files smuggle into names."""
    return "".join(filter(str.isprintable, text)).strip()


def _fold_words(unfolded: bool | None) -> str:
    return "" if unfolded is None else ", unfolded" if unfolded else ", folded"
