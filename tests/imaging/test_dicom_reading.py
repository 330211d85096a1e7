from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import highdicom
import numpy as np
import pytest
from pydicom import Dataset, Sequence, dcmread
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.dicom import source
from medkd_core.imaging.display.chain import display_image
from medkd_core.imaging.frame import (
    LookupTable,
    Photometric,
    Rescale,
    VoiFunction,
    Window,
)
from medkd_core.imaging.reading import read_frame, read_instance

DrawDicom = Callable[..., Path]
RANDOM = np.random.default_rng(5)
FILM = RANDOM.integers(0, 4096, (12, 9)).astype(np.uint16)


def item(**attributes: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_every_native_encoding_gives_the_same_film(draw_dicom: DrawDicom, syntax: UID) -> None:
    frame = read_frame(draw_dicom(FILM, syntax=syntax))
    assert frame.stored.dtype.isnative
    np.testing.assert_array_equal(frame.stored, FILM)


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_stored_values_keep_their_sign_and_size(draw_dicom: DrawDicom, kind: str) -> None:
    limits = np.iinfo(kind)
    pixels = np.array([[limits.min, -1 if limits.min else 1], [0, limits.max]]).astype(kind)
    frame = read_frame(draw_dicom(pixels))
    assert frame.stored.dtype == kind
    np.testing.assert_array_equal(frame.stored, pixels)


def test_sign_is_extended_from_the_stored_bits(draw_dicom: DrawDicom) -> None:
    twelve_bits = np.array([[0x0FFF, 0x0800], [0x07FF, 0]], np.uint16)
    path = draw_dicom(twelve_bits, BitsStored=12, HighBit=11, PixelRepresentation=1)
    assert read_frame(path).stored.tolist() == [[-1, -2048], [2047, 0]]


@pytest.mark.parametrize(("keyword", "kind"), [("Float", "f4"), ("DoubleFloat", "f8")])
def test_float_pixels_are_read(draw_dicom: DrawDicom, keyword: str, kind: str) -> None:
    values = RANDOM.normal(size=(5, 4)).astype(kind)
    path = draw_dicom(np.zeros((5, 4), np.uint16))
    header = dcmread(path)
    del header.PixelData, header.BitsStored, header.HighBit, header.PixelRepresentation
    header.BitsAllocated = 8 * values.dtype.itemsize
    setattr(header, f"{keyword}PixelData", values.tobytes())
    header.save_as(path)
    np.testing.assert_array_equal(read_frame(path).stored, values)


def test_single_bits_are_unpacked(draw_dicom: DrawDicom) -> None:
    bits = RANDOM.integers(0, 2, (3, 5, 7)).astype(np.uint8)
    path = draw_dicom(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    header = dcmread(path)
    header.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes()
    header.save_as(path)
    np.testing.assert_array_equal(read_frame(path, 2).stored, bits[2])


def test_one_frame_of_several_is_read(draw_dicom: DrawDicom) -> None:
    frames = RANDOM.integers(0, 999, (4, 6, 5)).astype(np.uint16)
    path = draw_dicom(frames)
    np.testing.assert_array_equal(read_frame(path, 3).stored, frames[3])
    with pytest.raises(UnreadableFileError, match="no frame 5, only 4"):
        read_frame(path, 4)


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_planes_are_interleaved(draw_dicom: DrawDicom, planar: int) -> None:
    colour = RANDOM.integers(0, 256, (4, 6, 3)).astype(np.uint8)
    path = draw_dicom(colour)
    header = dcmread(path)
    header.PlanarConfiguration = planar
    header.PixelData = (colour.transpose(2, 0, 1) if planar else colour).tobytes()
    header.save_as(path)
    frame = read_frame(path)
    assert frame.photometric is Photometric.RGB
    np.testing.assert_array_equal(frame.stored, colour)


def test_ybr_becomes_rgb(draw_dicom: DrawDicom) -> None:
    white_and_red = np.array([[[255, 128, 128], [76, 85, 255]]], np.uint8)
    frame = read_frame(draw_dicom(white_and_red, PhotometricInterpretation="YBR_FULL"))
    np.testing.assert_allclose(frame.stored, [[[255, 255, 255], [254, 0, 0]]], atol=2)


def test_palette_becomes_rgb(draw_dicom: DrawDicom) -> None:
    words = np.array([0, 0x8000, 0xFFFF], "<u2").tobytes()
    palette = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour in ("Red", "Green", "Blue")
        for part, value in (("Descriptor", [3, 0, 16]), ("Data", words))
    }
    pixels = np.array([[0, 1, 2]], np.uint8)
    frame = read_frame(draw_dicom(pixels, PhotometricInterpretation="PALETTE COLOR", **palette))
    assert frame.stored[0, :, 0].tolist() == [0, 0x8000, 0xFFFF]
    assert display_image(frame)[0, :, 2].tolist() == pytest.approx([0, 0.5, 1], abs=1e-4)


def test_wide_colour_is_brought_to_16_bits(draw_dicom: DrawDicom) -> None:
    colour = np.full((2, 2, 3), 0xABCD0000, np.uint32)
    frame = read_frame(draw_dicom(colour))
    assert frame.stored.dtype == np.uint16
    assert (frame.stored == 0xABCD).all()
    assert frame.bits_stored == 16


def test_windows_are_all_read_with_their_names(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(
        FILM,
        WindowCenter=[2000, 40],
        WindowWidth=[4000, 400],
        WindowCenterWidthExplanation=["WIDE", "NARROW"],
        VOILUTFunction="SIGMOID",
    )
    sigmoid = VoiFunction.SIGMOID
    expected = (Window(2000, 4000, sigmoid, "WIDE"), Window(40, 400, sigmoid, "NARROW"))
    assert read_frame(path).voi == expected


@pytest.mark.parametrize("width", [0, -5, 0.5])
def test_impossible_window_is_left_out(draw_dicom: DrawDicom, width: float) -> None:
    path = draw_dicom(FILM, WindowCenter=[1, 2], WindowWidth=[width, 10])
    assert read_frame(path).voi == (Window(2, 10),)


def test_voi_tables_come_before_the_windows(draw_dicom: DrawDicom) -> None:
    table = item(LUTDescriptor=[4, 100, 12], LUTExplanation="HARD", LUTData=[0, 9, 99, 4095])
    table["LUTData"].VR = "US"
    table["LUTDescriptor"].VR = "US"
    path = draw_dicom(FILM, WindowCenter=5, WindowWidth=10, VOILUTSequence=Sequence([table, table]))
    first, _, window = read_frame(path).voi
    assert window == Window(5, 10)
    assert isinstance(first, LookupTable)
    assert (first.first, first.bits, first.explanation) == (100, 12, "HARD")
    assert first.values.tolist() == [0, 9, 99, 4095]


def test_modality_table_wins_over_rescale(draw_dicom: DrawDicom) -> None:
    table = item(LUTDescriptor=[2, 0, 16], LUTData=np.array([7, 8], "<u2").tobytes())
    table["LUTData"].VR = "OW"
    table["LUTDescriptor"].VR = "US"
    path = draw_dicom(FILM, RescaleSlope=3, ModalityLUTSequence=Sequence([table]))
    modality = read_frame(path).modality
    assert isinstance(modality, LookupTable)
    assert modality.values.tolist() == [7, 8]


def test_slope_of_zero_is_ignored(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(FILM, RescaleSlope=0, RescaleIntercept=-5)
    assert read_frame(path).modality == Rescale()


@pytest.mark.parametrize("limit", [None, 100])
def test_padding_value_and_range(draw_dicom: DrawDicom, limit: int | None) -> None:
    path = draw_dicom(FILM, PixelPaddingValue=110, PixelPaddingRangeLimit=limit or 110)
    assert read_frame(path).padding == (limit or 110, 110)


def test_enhanced_frames_have_their_own_rescale_window_and_spacing(draw_dicom: DrawDicom) -> None:
    def per_frame(number: int) -> Dataset:
        transformation = item(RescaleSlope=number, RescaleIntercept=-number, RescaleType="HU")
        window = item(WindowCenter=10 * number, WindowWidth=number)
        return item(
            PixelValueTransformationSequence=Sequence([transformation]),
            FrameVOILUTSequence=Sequence([window]),
        )

    shared = item(PixelMeasuresSequence=Sequence([item(PixelSpacing=[0.5, 0.25])]))
    path = draw_dicom(
        np.stack([FILM, FILM]),
        Modality="CT",
        PerFrameFunctionalGroupsSequence=Sequence([per_frame(1), per_frame(2)]),
        SharedFunctionalGroupsSequence=Sequence([shared]),
    )
    frame = read_frame(path, 1)
    assert frame.modality == Rescale(2, -2, "HU")
    assert frame.voi == (Window(20, 2),)
    assert frame.spacing is not None
    assert (frame.spacing.row_mm, frame.spacing.column_mm) == (0.5, 0.25)


# highdicom windows stored values; only for these pairs is that the same as the standard's order.
@pytest.mark.parametrize(("function", "slope"), [("LINEAR", 1), ("LINEAR_EXACT", 0.5)])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_drawn_film_is_shown_as_highdicom_shows_it(
    draw_dicom: DrawDicom, photometric: str, function: str, slope: float
) -> None:
    path = draw_dicom(
        FILM,
        BitsStored=12,
        HighBit=11,
        PhotometricInterpretation=photometric,
        PresentationLUTShape="IDENTITY" if photometric == "MONOCHROME2" else "INVERSE",
        RescaleSlope=slope,
        RescaleIntercept=-100,
        VOILUTFunction=function,
        WindowCenter=900,
        WindowWidth=1200,
        WindowCenterWidthExplanation="CHEST",
    )
    theirs = highdicom.imread(path).get_frame(
        1, apply_real_world_transform=False, apply_voi_transform=True
    )
    np.testing.assert_allclose(display_image(read_frame(path)), theirs, atol=1e-6)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"Rows": 65535, "Columns": 65535}, "more than the 64 million"),
        ({"NumberOfFrames": 2_000_000_000}, "cut short or damaged"),
        ({"Rows": 0}, "0 x 9 pixels"),
        ({"Rows": None}, "no usable number for 'Rows'"),
        ({"BitsAllocated": 24}, "24 bits a pixel"),
        ({"BitsStored": 20}, "20 bits stored in 16"),
        ({"PhotometricInterpretation": None}, "photometric interpretation"),
        ({"PhotometricInterpretation": "CMYK"}, "CMYK"),
        ({"SamplesPerPixel": 3}, "3 samples"),
    ],
)
def test_header_that_cannot_be_true_is_refused(
    draw_dicom: DrawDicom, attributes: dict[str, object], reason: str
) -> None:
    path = draw_dicom(FILM, **attributes)
    for read in (read_frame, read_instance):
        with pytest.raises(UnreadableFileError, match=reason) as caught:
            read(path)
        assert caught.value.path == path


def test_truncated_pixels_are_refused_whole(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(FILM)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UnreadableFileError, match="216 bytes, 206 are there"):
        read_frame(path)


def test_file_cut_within_its_header_is_told_so(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(FILM, ImageComments="comments " * 99)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"comments") + 50])
    with pytest.raises(UnreadableFileError, match="cut short before its picture"):
        read_instance(path)


def test_compressed_picture_larger_than_its_header_is_refused(draw_dicom: DrawDicom) -> None:
    from PIL import Image
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGBaseline8Bit

    path = draw_dicom(np.zeros((8, 8), np.uint8))
    header = dcmread(path)
    jpeg = path.with_suffix(".jpg")
    Image.new("L", (3000, 2000)).save(jpeg)
    header.PixelData = encapsulate([jpeg.read_bytes()])
    header["PixelData"].is_undefined_length = True
    header.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    header.save_as(path)
    with pytest.raises(UnreadableFileError, match="its compressed picture 2000 x 3000"):
        read_frame(path)


def test_deflated_file_that_grows_too_large_is_refused(
    draw_dicom: DrawDicom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LARGEST_INFLATED_BYTES", 1000)
    path = draw_dicom(np.zeros((99, 99), np.uint16), syntax=DeflatedExplicitVRLittleEndian)
    with pytest.raises(UnreadableFileError, match="inflates"):
        read_frame(path)


def test_damaged_compressed_pixels_are_refused_and_no_panic_escapes(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(RANDOM.integers(0, 60000, (64, 64)).astype(np.uint16))
    header = dcmread(path)
    header.compress(RLELossless, encoding_plugin="pydicom")
    assert RLELosslessEncoder.is_available
    header.save_as(path)
    whole = bytearray(path.read_bytes())
    whole[-3000:-500] = RANDOM.bytes(2500)
    path.write_bytes(whole)
    with pytest.raises(UnreadableFileError, match="Cannot read"):
        read_frame(path)


@pytest.fixture
def report(draw_dicom: DrawDicom) -> Path:
    path = draw_dicom(FILM, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", Modality="SR")
    header = dcmread(path)
    del header.PixelData, header.Rows, header.Columns
    header.save_as(path)
    return path


def test_report_is_an_instance_without_frames(report: Path) -> None:
    instance = read_instance(report).instances[0]
    assert (instance.frames, instance.rows, instance.columns) == (0, 0, 0)
    assert (instance.kind, instance.modality) == ("Basic Text SR", "SR")


def test_report_holds_no_picture_and_says_what_it_is(report: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"holds no picture \(Basic Text SR\)"):
        read_frame(report)


def test_header_without_its_pixels_is_listed_and_shows_no_picture(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(FILM)
    header = dcmread(path)
    del header.PixelData
    header.save_as(path)
    instance = read_instance(path).instances[0]
    assert (instance.frames, instance.rows) == (0, 0)
    with pytest.raises(UnreadableFileError, match="holds no picture"):
        read_frame(path)


def test_instance_tells_what_the_header_says(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(
        FILM,
        PatientID="P1",
        StudyDate="20200131",
        SeriesNumber=3,
        InstanceNumber=4,
        BodyPartExamined="chest",
        ViewPosition="PA",
        ImageLaterality="R",
        StudyDescription="Chest\r\nfilm",
    )
    study = read_instance(path)
    instance = study.instances[0]
    assert (study.patient_name, study.patient_id, study.date) == (
        "Phantom, Drawn",
        "P1",
        "20200131",
    )
    assert study.description == "Chest film"
    assert (study.series[0].number, instance.number) == (3, 4)
    assert (instance.body_part, instance.view, instance.laterality) == ("CHEST", "PA", "R")
    assert (instance.frames, instance.rows, instance.columns) == (1, 12, 9)


def test_reading_never_writes_to_the_file(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(FILM)
    path.chmod(0o444)
    before = path.read_bytes()
    read_frame(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("character_set", "written", "read"),
    [
        ("ISO_IR 100", "Müller^Jörg^Dr.", "Müller, Jörg"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東", "Wang, XiaoDong"),
        ("ISO_IR 144", "Люксембург", "Люксембург"),
        ("ISO_IR 138", "שרון^דבורה", "שרון, דבורה"),
        (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", "ﾔﾏﾀﾞ, ﾀﾛｳ"),
        (["", "ISO 2022 IR 87"], "=山田^太郎=やまだ^たろう", "山田, 太郎"),
        (["", "ISO 2022 IR 149"], "^=^=홍^길동", "홍, 길동"),
        ("GB18030", "=王^小东", "王, 小东"),
    ],
)
def test_name_is_read_in_the_character_set_and_group_that_it_is_written_in(
    draw_dicom: DrawDicom, character_set: str | list[str], written: str, read: str
) -> None:
    path = draw_dicom(FILM, SpecificCharacterSet=character_set, PatientName=written)
    assert read_instance(path).patient_name == read
