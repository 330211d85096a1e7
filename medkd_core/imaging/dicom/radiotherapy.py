"""Radiotherapy objects without pixels as text: plans, structure sets, doses."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom import Dataset

from medkd_core.imaging.dicom.words import amount, counted, items, listed, moment, named, text


def plan_lines(header: Dataset) -> Iterator[str]:
    """A plan: what is prescribed, in how many fractions, by which beams."""
    yield from named(
        ("Plan", text(header, "RTPlanLabel") or text(header, "RTPlanName")),
        ("Description", text(header, "RTPlanDescription")),
        ("Planned", moment(header, "RTPlan")),
        ("Intent", text(header, "PlanIntent")),
        ("Approval", text(header, "ApprovalStatus")),
    )
    yield from listed("Prescription", map(_prescription, items(header, "DoseReferenceSequence")))
    yield from listed("Fractions", map(_fractions, items(header, "FractionGroupSequence")))
    yield from listed("Beams", map(_beam, items(header, "BeamSequence")))
    yield from listed("Ion beams", map(_beam, items(header, "IonBeamSequence")))
    sources = items(header, "ApplicationSetupSequence")
    yield from listed("Applications", (text(one, "ApplicationSetupType") for one in sources))


def _prescription(item: Dataset) -> str:
    dose = amount(item, "TargetPrescriptionDose", "Gy") or amount(
        item, "DeliveryMaximumDose", "Gy at most"
    )
    name = text(item, "DoseReferenceDescription") or text(item, "DoseReferenceType")
    return ": ".join(filter(None, (name or "Dose reference", dose)))


def _fractions(item: Dataset) -> str:
    planned = text(item, "NumberOfFractionsPlanned") or "?"
    return f"Group {text(item, 'FractionGroupNumber')}: {planned} fractions planned"


def _beam(item: Dataset) -> str:
    points = items(item, "ControlPointSequence") or items(item, "IonControlPointSequence")
    first = next(iter(points), Dataset())
    facts = (
        text(item, "BeamType").lower(),
        text(item, "RadiationType").lower(),
        amount(first, "NominalBeamEnergy", "MV"),
        f"gantry at {angle}" if (angle := amount(first, "GantryAngle", "degrees")) else "",
        counted(len(points), "control point") if points else "",
        text(item, "TreatmentMachineName"),
    )
    name = text(item, "BeamName") or "Beam"
    return f"{text(item, 'BeamNumber')} {name}: {', '.join(filter(None, facts))}".strip()


def structure_lines(header: Dataset) -> Iterator[str]:
    """A structure set: its regions, of what kind they are, with how many contours."""
    yield from named(
        ("Structure set", text(header, "StructureSetLabel")),
        ("Name", text(header, "StructureSetName")),
        ("Description", text(header, "StructureSetDescription")),
        ("Drawn", moment(header, "StructureSet")),
    )
    contours = {
        text(item, "ReferencedROINumber"): len(items(item, "ContourSequence"))
        for item in items(header, "ROIContourSequence")
    }
    kinds = {
        text(item, "ReferencedROINumber"): text(item, "RTROIInterpretedType")
        for item in items(header, "RTROIObservationsSequence")
    }

    def region(item: Dataset) -> str:
        number = text(item, "ROINumber")
        drawn = contours.get(number, 0)
        kind = kinds.get(number, "").lower()
        facts = filter(None, (kind, counted(drawn, "contour")))
        return f"{number} {text(item, 'ROIName') or 'Region'}: {', '.join(facts)}"

    yield from listed("Regions", map(region, items(header, "StructureSetROISequence")))


def dose_lines(header: Dataset) -> Iterator[str]:
    """A dose without a grid: its kind, and its dose-volume histograms."""
    yield from named(
        ("Dose", text(header, "DoseType").lower()),
        ("Units", text(header, "DoseUnits")),
        ("Summed over", text(header, "DoseSummationType").lower()),
        ("Comment", text(header, "DoseComment")),
    )
    yield from listed("Dose-volume histograms", map(_histogram, items(header, "DVHSequence")))


def _histogram(item: Dataset) -> str:
    regions = ", ".join(
        text(region, "ReferencedROINumber") for region in items(item, "DVHReferencedROISequence")
    )
    units = text(item, "DoseUnits")
    facts = (
        amount(item, "DVHMinimumDose", f"{units} lowest"),
        amount(item, "DVHMeanDose", f"{units} mean"),
        amount(item, "DVHMaximumDose", f"{units} highest"),
    )
    return f"Region {regions or '?'}: {', '.join(filter(None, facts))}"
