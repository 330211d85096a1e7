"""What models of a known data set are for, and what their classes mean in plain words."""

from __future__ import annotations

from medkd_core.bundles.schema import IntendedUse
from medkd_core.jobs.spec import DatasetKind

_OWN_SET = IntendedUse(
    statement="Research on images like those of its training data. Not for diagnosis."
)

INTENDED_USE: dict[DatasetKind, IntendedUse] = {
    "covid-qu-ex": IntendedUse(
        statement="Research on frontal chest radiographs of adults: tell COVID-19 pneumonia, other "
        "pneumonia and no pneumonia apart. Not for diagnosis.",
        modalities=["DX", "CR"],
        body_parts=["CHEST", "THORAX"],
        grey_only=True,
    ),
    "lc25000": IntendedUse(
        statement="Research on haematoxylin and eosin stained tiles of lung and colon tissue. Not "
        "for diagnosis.",
        modalities=["SM", "GM"],
    ),
    "folder": _OWN_SET,
    "csv": _OWN_SET,
    "dicom": _OWN_SET,
}

CLASS_DESCRIPTIONS: dict[str, str] = {
    "COVID-19": "COVID-19 pneumonia",
    "Non-COVID": "Pneumonia other than COVID-19",
    "Normal": "No pneumonia",
    "colon_aca": "Colon adenocarcinoma",
    "colon_n": "Benign colon tissue",
    "lung_aca": "Lung adenocarcinoma",
    "lung_n": "Benign lung tissue",
    "lung_scc": "Lung squamous cell carcinoma",
}
"""By class name, as the published data sets call them."""
