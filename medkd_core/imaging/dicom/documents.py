"""DICOM objects without pixels as text: plans, signals, references; reports are told apart."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

from pydicom import Dataset
from pydicom.uid import UID

from medkd_core.imaging.dicom.radiotherapy import dose_lines, plan_lines, structure_lines
from medkd_core.imaging.dicom.source import open_dicom
from medkd_core.imaging.dicom.structured_report import report_lines
from medkd_core.imaging.dicom.words import amount, items, listed, moment, named, person, text

_log = logging.getLogger(__name__)

MOST_LINES = 5_000

Lines = Iterator[str]


def readable_text(path: Path) -> str:
    """What an object without pixels says, as indented lines.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Two spaces for each level; at most `MOST_LINES` lines, and never none.
    """
    try:
        with open_dicom(path) as source:
            lines = list(islice(_lines(source.header), MOST_LINES + 1))
    except Exception as error:
        # The tags are listed whatever becomes of the text.
        _log.debug("An object's text could not be made: %s", type(error).__name__)
        return "This object is damaged; its tags tell what can be read of it."
    if len(lines) > MOST_LINES:
        lines[-1] = f"… only the first {MOST_LINES:,} lines are shown"
    return "\n".join(lines) or "This object says nothing in words; its tags list what it holds."


def _lines(header: Dataset) -> Lines:
    yield from _heading(header)
    for is_kind, tell in _KINDS:
        if is_kind(header):
            yield ""
            yield from tell(header)
            return


def _heading(header: Dataset) -> Lines:
    """Which study it belongs to, when and by whom it was made; the patient stands elsewhere."""
    study = ", ".join(filter(None, (text(header, "StudyDescription"), moment(header, "Study"))))
    device = " ".join(
        filter(None, (text(header, "Manufacturer"), text(header, "ManufacturerModelName")))
    )
    made = moment(header, "Content") or moment(header, "Series")
    yield from named(
        ("Study", study),
        ("Series", text(header, "SeriesDescription")),
        ("Label", text(header, "ContentLabel")),
        ("Description", text(header, "ContentDescription")),
        ("Made", made),
        ("Device", device),
    )


# signals


def _waveform(header: Dataset) -> Lines:
    for number, group in enumerate(items(header, "WaveformSequence"), 1):
        label = text(group, "MultiplexGroupLabel")
        yield f"Group {number}" + (f": {label}" if label else "")
        yield from named(*_sampling(group), indent=1)
        channels = items(group, "ChannelDefinitionSequence")
        yield from (f"  {line}" for line in listed("Channels", map(_channel, channels)))
    notes = map(_annotation, items(header, "WaveformAnnotationSequence"))
    yield from listed("Annotations", filter(None, notes))


def _sampling(group: Dataset) -> Iterator[tuple[str, str]]:
    yield "Channels", text(group, "NumberOfWaveformChannels")
    yield "Samples of each", text(group, "NumberOfWaveformSamples")
    yield "Sampling rate", amount(group, "SamplingFrequency", "Hz")
    try:
        seconds = group.NumberOfWaveformSamples / float(group.SamplingFrequency)
    except (AttributeError, TypeError, ValueError, ZeroDivisionError):
        return
    yield "Duration", f"{seconds:.3g} s"


def _channel(item: Dataset) -> str:
    sources = items(item, "ChannelSourceSequence")
    units = items(item, "ChannelSensitivityUnitsSequence")
    name = text(item, "ChannelLabel") or next((text(s, "CodeMeaning") for s in sources), "")
    unit = next((text(u, "CodeValue") for u in units), "")
    sensitivity = amount(item, "ChannelSensitivity", f"{unit} a step")
    return ": ".join(filter(None, (name or "Channel", sensitivity)))


def _annotation(item: Dataset) -> str:
    concept = next((text(c, "CodeMeaning") for c in items(item, "ConceptNameCodeSequence")), "")
    value = text(item, "UnformattedTextValue") or text(item, "NumericValue")
    units = next((text(u, "CodeValue") for u in items(item, "MeasurementUnitsCodeSequence")), "")
    return ": ".join(filter(None, (concept, f"{value} {units}".strip())))


# presentation states, encapsulated documents, key objects


def _presentation(header: Dataset) -> Lines:
    yield from named(("By", person(header, "ContentCreatorName")))
    windows = items(header, "SoftcopyVOILUTSequence")
    yield from listed("Windows", map(_window, windows))
    objects = (
        f"{kind} on layer {text(note, 'GraphicLayer') or '?'}"
        for note in items(header, "GraphicAnnotationSequence")
        for kind in _graphics(note)
    )
    yield from listed("Drawn over the pictures", objects)
    yield from _references(header, "ReferencedSeriesSequence")


def _window(item: Dataset) -> str:
    name = text(item, "WindowCenterWidthExplanation")
    figures = f"centre {text(item, 'WindowCenter')}, width {text(item, 'WindowWidth')}"
    if not text(item, "WindowCenter"):
        figures = "a table"
    return ": ".join(filter(None, (name, figures)))


def _graphics(note: Dataset) -> Iterator[str]:
    for item in items(note, "TextObjectSequence"):
        yield f"“{text(item, 'UnformattedTextValue')}”"
    for item in items(note, "GraphicObjectSequence"):
        yield text(item, "GraphicType").capitalize() or "Graphic"


def _references(header: Dataset, keyword: str) -> Lines:
    def referenced() -> Iterator[str]:
        for series in items(header, keyword):
            for image in items(series, "ReferencedImageSequence"):
                kind = UID(text(image, "ReferencedSOPClassUID")).name.replace(" Storage", "")
                yield f"{kind}: {text(image, 'ReferencedSOPInstanceUID')}"

    yield from listed("Refers to", referenced())


def _encapsulated(header: Dataset) -> Lines:
    kind = text(header, "MIMETypeOfEncapsulatedDocument")
    document = header.get("EncapsulatedDocument") or b""
    yield from named(
        ("Document", text(header, "DocumentTitle")),
        ("Kind", kind),
        ("Size", f"{len(document):,} bytes"),
    )
    if kind in ("text/xml", "application/xml"):
        yield ""
        yield from _xml_text(document)
    else:
        yield ""
        yield "The document itself is not shown here."


def _xml_text(document: bytes) -> Lines:
    """The texts of a clinical document (HL7 CDA), titles over paragraphs."""
    try:
        # Entities that grow without end are refused by expat itself.
        root = ElementTree.fromstring(document.rstrip(b"\0"))
    except ElementTree.ParseError:
        yield "The document is damaged and cannot be read."
        return
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        if name == "title":
            yield " ".join("".join(element.itertext()).split())
        elif name == "text":
            pieces = (" ".join(piece.split()) for piece in element.itertext())
            yield from (f"  {piece}" for piece in pieces if piece)


def _has(keyword: str) -> Callable[[Dataset], bool]:
    return lambda header: keyword in header


_KINDS: tuple[tuple[Callable[[Dataset], bool], Callable[[Dataset], Lines]], ...] = (
    (_has("ContentSequence"), report_lines),
    (_has("RTPlanLabel"), plan_lines),
    (_has("StructureSetLabel"), structure_lines),
    (_has("DoseType"), dose_lines),
    (_has("WaveformSequence"), _waveform),
    (_has("EncapsulatedDocument"), _encapsulated),
    (_has("PresentationCreationDate"), _presentation),
)
