"""Which elements say who the patient is, so that they can be hidden for teaching."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medkd_core.imaging.content import ContentLine
from medkd_viewer.hiding import HIDDEN, parts_of_name, without_words

_PATIENT_GROUP = "(0010,"
_KEYWORDS = frozenset(
    (
        "AccessionNumber",
        "AdmissionID",
        "ClinicalTrialSubjectID",
        "ClinicalTrialSubjectReadingID",
        "CurrentPatientLocation",
        "CustodialOrganizationSequence",
        "DepartmentName",
        "FillerOrderNumberImagingServiceRequest",
        "ImageComments",
        "InstitutionAddress",
        "InstitutionName",
        "InstitutionalDepartmentName",
        "InterpretationText",
        "OrderCallbackPhoneNumber",
        "PatientInstitutionResidence",
        "PersonAddress",
        "PersonTelephoneNumbers",
        "PhysiciansOfRecord",
        "PlacerOrderNumberImagingServiceRequest",
        "ReferringPhysicianAddress",
        "ReferringPhysicianTelephoneNumbers",
        "RequestingService",
        "ServiceEpisodeID",
        "StationName",
        "StudyID",
        "VerifyingOrganization",
    )
)
_TELLING = frozenset(("DA", "LO", "LT", "PN", "SH", "ST", "UC", "UT"))
"""Values of other kinds, numbers and codes, would hide half a text and name nobody."""
_TEXTS = _TELLING - {"DA"}


def shown_values(lines: Sequence[ContentLine], *, patient_hidden: bool) -> list[str]:
    """The values of lines, without what may say who the patient is.

    Hidden are the patient's group, every person's name, numbers and places that lead to the
    patient, private elements, and the texts of pictures that are not DICOM; in other texts, as
    descriptions, the words of these.
    """
    if not patient_hidden:
        return [line.value for line in lines]
    words = _telling_words(lines)
    return [_shown_value(line, words) for line in lines]


def _shown_value(line: ContentLine, words: frozenset[str]) -> str:
    if line.value and names_patient(line):
        return HIDDEN
    return without_words(line.value, words) if line.vr in _TEXTS else line.value


def names_patient(line: ContentLine) -> bool:
    """Whether a line may say who the patient is."""
    if line.vr == "SQ":
        return False
    return (
        line.tag.startswith(_PATIENT_GROUP)
        or line.vr == "PN"
        or line.keyword in _KEYWORDS
        or _is_private(line)
        or (not line.vr and line.name in _PICTURE_TEXTS)
    )


_PICTURE_TEXTS = frozenset(
    (
        "Artist",
        "Author",
        "Comment",
        "Copyright",
        "Description",
        "DocumentName",
        "ImageDescription",
        "Title",
        "UserComment",
        "XPAuthor",
        "XPComment",
        "XPTitle",
        "comment",
    )
)


def without_patient(text: str, lines: Iterable[ContentLine]) -> str:
    """A text in which what the hidden elements say is hidden, wherever it stands."""
    return without_words(text, _telling_words(lines))


def _telling_words(lines: Iterable[ContentLine]) -> frozenset[str]:
    words: set[str] = set()
    for line in lines:
        if names_patient(line) and line.vr in _TELLING and not _is_private(line):
            words.add(line.value)
            if line.vr == "PN":
                words |= parts_of_name(line.value)
            if line.vr == "DA":
                words.add(f"{line.value[:4]}-{line.value[4:6]}-{line.value[6:]}")
    return frozenset(words)


def _is_private(line: ContentLine) -> bool:
    # The last digit of the group is odd (PS3.5 7.8).
    return len(line.tag) == len("(0009,0010)") and line.tag[4] in "13579BDF"
