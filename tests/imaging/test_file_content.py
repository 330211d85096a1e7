from __future__ import annotations

import logging
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, PngImagePlugin
from pydicom import Dataset, FileMetaDataset, Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.content import (
    CANNOT_BE_READ,
    LARGEST_LINES,
    ContentLine,
    FileContent,
    read_content,
)

DrawDicom = Callable[..., Path]
FILM = np.arange(12, dtype=np.uint16).reshape(3, 4)


def line_of(content: FileContent, name: str) -> ContentLine:
    """The one line that is called so, by keyword or by name."""
    (line,) = (line for line in content.lines if name in (line.keyword, line.name))
    return line


def dicom_file(path: Path, data_set: bytes) -> Path:
    """Explicit little endian elements behind a preamble and a short meta header."""
    syntax = ExplicitVRLittleEndian.encode() + b"\0"
    path.write_bytes(
        bytes(128) + b"DICM" + b"\2\0\x10\0UI" + struct.pack("<H", len(syntax)) + syntax + data_set
    )
    return path


def element(tag: tuple[int, int], vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", *tag, vr, len(value)) + value


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_every_encoding_lists_the_same_elements(draw_dicom: DrawDicom, syntax: UID) -> None:
    item = Dataset()
    item.CodeValue, item.CodeMeaning = "T-1", "Thorax"
    content = read_content(
        draw_dicom(FILM, syntax=syntax, AnatomicRegionSequence=[item], WindowCenter=["40.5", "300"])
    )
    assert content.title == "Digital X-Ray Image - For Presentation"
    assert content.text == ""
    assert line_of(content, "TransferSyntaxUID").value == f"{syntax.name} · {syntax}"
    assert line_of(content, "PatientName") == ContentLine(
        0, "(0010,0010)", "PN", "Patient's Name", "PatientName", "Phantom^Drawn"
    )
    assert line_of(content, "Rows").value == "3"
    assert line_of(content, "WindowCenter").value == "40.5\\300"
    assert line_of(content, "AnatomicRegionSequence").value == "1 item"
    assert line_of(content, "Item 1").depth == 1
    assert line_of(content, "CodeMeaning") == ContentLine(
        2, "(0008,0104)", "LO", "Code Meaning", "CodeMeaning", "Thorax"
    )


def test_pixels_are_named_by_their_size(draw_dicom: DrawDicom) -> None:
    content = read_content(draw_dicom(np.zeros((40, 50), np.uint16)))
    assert line_of(content, "PixelData").value == "4,000 bytes"


def test_private_elements_have_their_creators_name(draw_dicom: DrawDicom, tmp_path: Path) -> None:
    path = draw_dicom(FILM)
    header = pydicom.dcmread(path)
    block = header.private_block(0x0099, "OUR PHANTOMS", create=True)
    block.add_new(1, "LO", "drawn")
    header.save_as(path)
    content = read_content(path)
    assert line_of(content, "Private Creator").value == "OUR PHANTOMS"
    assert line_of(content, "Private, OUR PHANTOMS").value == "drawn"


def test_text_is_decoded_by_its_character_set_also_in_sequences(draw_dicom: DrawDicom) -> None:
    item = Dataset()
    item.PatientName = "Müller^Jürgen"
    path = draw_dicom(
        FILM,
        SpecificCharacterSet=["", "ISO 2022 IR 87"],
        PatientName="Yamada^Tarou=山田^太郎",
        OtherPatientIDsSequence=[item],
    )
    names = [line.value for line in read_content(path).lines if line.keyword == "PatientName"]
    assert names[0] == "Yamada^Tarou=山田^太郎"


def test_long_and_unruly_text_stays_on_one_short_line(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(
        FILM, ImageComments="first\r\nsecond\x1b[31m", DerivationDescription="x" * 900
    )
    content = read_content(path)
    assert line_of(content, "ImageComments").value == "first second [31m"
    header = pydicom.dcmread(path)
    header.TextValue = "word " * 10_000
    header.save_as(path)
    long = line_of(read_content(path), "TextValue").value
    assert len(long) < 1100
    assert long.endswith("(50,000 bytes)")


def test_many_numbers_are_counted_not_listed(draw_dicom: DrawDicom) -> None:
    content = read_content(draw_dicom(FILM, SelectorFDValue=[0.5] * 3000))
    value = line_of(content, "SelectorFDValue").value
    assert value.startswith("0.5\\0.5\\")
    assert value.endswith("… (3,000 values)")


def test_damaged_values_cost_their_own_line_only(tmp_path: Path) -> None:
    path = dicom_file(
        tmp_path / "damaged",
        element((0x0008, 0x0005), b"CS", b"NO SUCH SET ")
        + element((0x0010, 0x0010), b"PN", b"\xff\xfe^\x1b$B\xff\xff ")
        + element((0x0018, 0x9087), b"FD", b"123")
        + element((0x0020, 0x000D), b"UI", b"1.2.\xff\xff ")
        + element((0x0028, 0x0009), b"AT", b"12345 ")
        + element((0x0028, 0x0010), b"US", b"\7\0"),
    )
    content = read_content(path)
    assert [line.keyword for line in content.lines[-5:]] == [
        "PatientName", "DiffusionBValue", "StudyInstanceUID", "FrameIncrementPointer", "Rows"
    ]  # fmt: skip
    assert line_of(content, "Rows").value == "7"


def test_a_length_beyond_the_end_is_told(tmp_path: Path) -> None:
    path = dicom_file(
        tmp_path / "cut",
        element((0x0010, 0x0020), b"LO", b"MK-1")
        + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 3_000_000_000),
    )
    content = read_content(path)
    assert line_of(content, "PatientID").value == "MK-1"
    assert line_of(content, "PixelData").value == "3,000,000,000 bytes (the file ends here)"


def test_what_is_no_element_ends_the_list(tmp_path: Path) -> None:
    path = dicom_file(tmp_path / "zeros", element((0x0010, 0x0020), b"LO", b"MK-1") + bytes(50_000))
    lines = read_content(path).lines
    assert [line.value for line in lines[1:]] == ["MK-1", CANNOT_BE_READ]


def test_sequences_nested_ten_thousand_deep_are_listed_as_far_as_there_is_room(
    tmp_path: Path,
) -> None:
    sequence = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    content = read_content(dicom_file(tmp_path / "deep", (sequence + item) * 10_001))
    assert len(content.lines) == LARGEST_LINES
    assert max(line.depth for line in content.lines) > 19_000
    assert content.lines[-1].value == "only the first 19,999 elements are listed"
    assert "damaged" in content.text


def test_a_long_list_is_cut_short(tmp_path: Path) -> None:
    path = dicom_file(tmp_path / "many", element((0x0009, 0x1001), b"LO", b"ab") * 30_000)
    assert len(read_content(path).lines) == LARGEST_LINES


def test_a_picture_of_more_elements_than_are_listed_is_a_picture(draw_dicom: DrawDicom) -> None:
    items = [Dataset() for _ in range(LARGEST_LINES // 2)]
    for item in items:
        item.FrameReferenceTime = "0"
    path = draw_dicom(FILM, PerFrameFunctionalGroupsSequence=items)
    content = read_content(path)
    assert content.lines[-1].name == "More elements"
    assert content.text == ""


@pytest.mark.parametrize("content", [b"", b"no picture", bytes(128) + b"DICM"])
def test_files_without_elements_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.dcm"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="Cannot read"):
        read_content(path)


def test_nothing_of_the_patient_is_logged(
    draw_dicom: DrawDicom, caplog: pytest.LogCaptureFixture
) -> None:
    path = draw_dicom(FILM, PatientName="Secret^Sam", PatientAge="not an age")
    with caplog.at_level(logging.DEBUG):
        read_content(path)
    assert "Secret" not in caplog.text
    assert "not an age" not in caplog.text


def test_png_tells_its_texts(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Source", "drawn\nby a test")
    Image.fromarray(FILM).save(path, pnginfo=texts, dpi=(300, 300))
    content = read_content(path)
    assert content.title == "PNG picture"
    assert line_of(content, "Size").value == "4 × 3 pixels"
    assert line_of(content, "Pixels").value == "grey, 16 bits (I;16)"
    assert line_of(content, "Source").value == "drawn by a test"


def test_jpeg_tells_its_exif_block(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Phantom Works"
    exif[0x8769] = {0x9003: "2026:01:02 03:04:05"}
    path = tmp_path / "film.jpg"
    Image.new("RGB", (8, 6)).save(path, exif=exif)
    content = read_content(path)
    assert line_of(content, "Make") == ContentLine(0, "010F", "", "Make", "", "Phantom Works")
    assert line_of(content, "DateTimeOriginal").depth == 1
    assert line_of(content, "EXIF block").value.endswith("bytes")


def test_tiff_tells_its_tags(tmp_path: Path) -> None:
    path = tmp_path / "film.tif"
    Image.fromarray(FILM).save(path, compression="tiff_lzw", description="A drawn film")
    content = read_content(path)
    assert line_of(content, "ImageDescription").value == "A drawn film"
    assert line_of(content, "Compression").tag == "0103"


def listed_by_pydicom(data_set: Dataset) -> list[str]:
    tags = []
    for one in data_set:
        tags.append(f"({one.tag.group:04X},{one.tag.element:04X})")
        if one.VR == "SQ":
            tags += [tag for item in one.value for tag in listed_by_pydicom(item)]
    return tags


@pytest.mark.slow
def test_every_shared_file_lists_the_elements_that_pydicom_finds(shared_dicom: Path) -> None:
    different = []
    with warnings.catch_warnings(action="ignore"):
        for path in sorted(path for path in shared_dicom.rglob("*") if path.is_file()):
            try:
                ours = [line.tag for line in read_content(path).lines if line.tag]
                header = pydicom.dcmread(path, force=True)
                theirs = listed_by_pydicom(header.file_meta) + listed_by_pydicom(header)
            except (UnreadableFileError, EOFError):
                continue
            # Group lengths are left out by pydicom where it knows better.
            kept = [[t for t in tags if not t.endswith(",0000)")] for tags in (ours, theirs)]
            if sorted(kept[0]) != sorted(kept[1]):
                different.append(path.name)
    # A private sequence in an implicit file, which pydicom shows as bytes.
    assert different == ["priv_SQ.dcm"]


@pytest.mark.slow
def test_every_shared_file_without_pixels_has_a_text(shared_dicom: Path) -> None:
    for path in sorted((shared_dicom / "non_image").iterdir()):
        try:
            content = read_content(path)
        except UnreadableFileError:
            continue
        pictured = any("Pixel Data" in line.name for line in content.lines)
        assert pictured or content.text
        assert "damaged" not in content.text


def document(path: Path, sop_class: str, **attributes: object) -> Path:
    """A DICOM object without pixels."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID = UID(sop_class), generate_uid()
    for keyword, value in attributes.items():
        setattr(header, keyword, value)
    header.save_as(path, enforce_file_format=True)
    return path


def made(**attributes: object) -> Dataset:
    data_set = Dataset()
    for keyword, value in attributes.items():
        setattr(data_set, keyword, value)
    return data_set


def code(meaning: str, value: str = "1") -> Sequence:
    return Sequence([made(CodeValue=value, CodeMeaning=meaning)])


def test_report_is_an_outline(tmp_path: Path) -> None:
    size = made(
        ValueType="NUM",
        ConceptNameCodeSequence=code("Diameter"),
        MeasuredValueSequence=[
            made(NumericValue="31.5", MeasurementUnitsCodeSequence=code("millimeter", "mm"))
        ],
    )
    finding = made(
        ValueType="CODE",
        ConceptNameCodeSequence=code("Finding"),
        ConceptCodeSequence=code("Nodule"),
        ContentSequence=[size],
    )
    findings = made(
        ValueType="CONTAINER",
        ConceptNameCodeSequence=code("Findings"),
        ContentSequence=[
            made(
                ValueType="PNAME",
                ConceptNameCodeSequence=code("Reader"),
                PersonName="Phantom^Rea",
            ),
            made(ValueType="DATE", ConceptNameCodeSequence=code("Date"), Date="20261124"),
            finding,
            made(
                ValueType="IMAGE",
                ReferencedSOPSequence=[
                    made(
                        ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2",
                        ReferencedSOPInstanceUID="1.2.3",
                        ReferencedFrameNumber=[2, 3],
                    )
                ],
            ),
        ],
    )
    content = read_content(
        document(
            tmp_path / "report",
            "1.2.840.10008.5.1.4.1.1.88.11",
            ConceptNameCodeSequence=code("Chest report"),
            CompletionFlag="COMPLETE",
            VerificationFlag="UNVERIFIED",
            ContentSequence=[findings],
        )
    )
    assert content.title == "Basic Text SR"
    assert content.text.splitlines()[1:] == [
        "Chest report",
        "State: Complete, Unverified",
        "",
        "Findings",
        "  Reader: Phantom, Rea",
        "  Date: 2026-11-24",
        "  Finding: Nodule",
        "    Diameter: 31.5 mm",
        "  CT Image 1.2.3, frames 2, 3",
    ]


def test_plan_tells_its_beams(tmp_path: Path) -> None:
    beam = made(
        BeamNumber=1,
        BeamName="AP",
        BeamType="STATIC",
        RadiationType="PHOTON",
        ControlPointSequence=[made(NominalBeamEnergy="6", GantryAngle="0")],
    )
    content = read_content(
        document(
            tmp_path / "plan",
            "1.2.840.10008.5.1.4.1.1.481.5",
            RTPlanLabel="Lung",
            DoseReferenceSequence=[
                made(DoseReferenceDescription="Tumour", TargetPrescriptionDose="60")
            ],
            FractionGroupSequence=[made(FractionGroupNumber=1, NumberOfFractionsPlanned=30)],
            BeamSequence=[beam],
        )
    )
    assert content.text.splitlines()[1:] == [
        "Plan: Lung",
        "Prescription",
        "  Tumour: 60 Gy",
        "Fractions",
        "  Group 1: 30 fractions planned",
        "Beams",
        "  1 AP: static, photon, 6 MV, gantry at 0 degrees, 1 control point",
    ]


def test_encapsulated_documents_tell_title_size_and_clinical_text(tmp_path: Path) -> None:
    clinical = (
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Letter</title><component><section>'
        b"<title>Findings</title><text>Clear <b>lungs</b>.</text></section></component>"
        b"</ClinicalDocument>"
    )
    letter = read_content(
        document(
            tmp_path / "letter",
            "1.2.840.10008.5.1.4.1.1.104.2",
            DocumentTitle="A letter",
            MIMETypeOfEncapsulatedDocument="text/xml",
            EncapsulatedDocument=clinical + b"\0" * (len(clinical) % 2),
        )
    )
    assert letter.title == "Encapsulated CDA"
    assert letter.text.splitlines()[1:4] == [
        "Document: A letter",
        "Kind: text/xml",
        "Size: 178 bytes",
    ]
    assert letter.text.splitlines()[5:] == ["Letter", "Findings", "  Clear", "  lungs", "  ."]


def test_a_child_process_reads_the_elements(draw_dicom: DrawDicom, tmp_path: Path) -> None:
    from medkd_core.imaging.decoding.pool import DecoderPool

    path = draw_dicom(FILM)
    (tmp_path / "notes.txt").write_text("no picture")
    with DecoderPool() as pool:
        assert pool.content(path).result() == read_content(path)
        with pytest.raises(UnreadableFileError, match="no picture in a format"):
            pool.content(tmp_path / "notes.txt").result()
