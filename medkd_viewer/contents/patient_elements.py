"""Which elements say who the patient is, so that they can be hidden for teaching."""

from __future__ import annotations

import re
from collections.abc import Iterable

from medkd_core.imaging.content import ContentLine

HIDDEN = "hidden"

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
_NAME_PARTS = re.compile(r"[\^=,\\\s]+")
_TELLING = frozenset(("DA", "LO", "LT", "PN", "SH", "ST", "UC", "UT"))
"""Values of other kinds, numbers and codes, would hide half a text and name nobody."""
_SHORTEST_HIDDEN = 2


def shown_value(line: ContentLine, *, patient_hidden: bool) -> str:
    """A line's value, or `HIDDEN` where it may say who the patient is.

    Hidden are the patient's group, every person's name, numbers and places that lead to the
    patient, private elements, and the texts of pictures that are not DICOM.
    """
    return HIDDEN if patient_hidden and line.value and names_patient(line) else line.value


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
    """A text in which what the hidden elements say is hidden, wherever it stands.

    Names are hidden part by part, since texts write them in another order.
    """
    words = set()
    for line in lines:
        if names_patient(line) and line.vr in _TELLING and not _is_private(line):
            words.add(line.value)
            if line.vr == "PN":
                words.update(_NAME_PARTS.split(line.value))
            if line.vr == "DA":
                words.add(f"{line.value[:4]}-{line.value[4:6]}-{line.value[6:]}")
    wanted = sorted((w for w in words if len(w) >= _SHORTEST_HIDDEN), key=len, reverse=True)
    if not wanted:
        return text
    pattern = r"(?<!\w)(?:" + "|".join(map(re.escape, wanted)) + r")(?!\w)"
    return re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)


def _is_private(line: ContentLine) -> bool:
    # The last digit of the group is odd (PS3.5 7.8).
    return len(line.tag) == len("(0009,0010)") and line.tag[4] in "13579BDF"
