"""What a file's header says about showing it, and how each of its windows is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import highdicom
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from medkd_core.cli.app import main
from medkd_core.imaging.display.chain import display_bytes, display_image
from medkd_core.imaging.display.windows import auto_window, full_window, voi_choices
from medkd_core.imaging.frame import Frame, LookupTable, Photometric, Window
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]

GREY = Photometric.MONOCHROME2
RAMP = np.arange(0, 4000, 10, dtype=np.uint16).reshape(20, 20)


def table(first: int, entries: np.ndarray, bits: int = 16, name: str = "", vr: str = "US"):
    item = Dataset()
    item.add_new("LUTDescriptor", vr, [0, 0, bits])
    item.LUTDescriptor = [len(entries) % 2**16, first, bits]
    item.add_new("LUTData", "OW", np.asarray(entries).astype("<u2").tobytes())
    item.LUTExplanation = name
    return item


@pytest.mark.parametrize("attributes", [{"RescaleSlope": 1, "RescaleIntercept": -1024}, {}])
def test_negative_first_value_of_a_table_that_was_written_as_unsigned(
    draw_dicom: DrawDicom, attributes: dict[str, int]
) -> None:
    pixels = RAMP if attributes else RAMP.astype(np.int16)
    item = table(2**16 - 1000, np.arange(0, 60000, 30))
    path = draw_dicom(pixels, VOILUTSequence=[item], **attributes)
    lut = read_frame(path).voi[0]
    assert isinstance(lut, LookupTable)
    assert (lut.first, len(lut.values)) == (-1000, 2000)


def test_first_value_beyond_signed_numbers_stays_where_values_are_not_negative(
    draw_dicom: DrawDicom,
) -> None:
    path = draw_dicom(RAMP, VOILUTSequence=[table(40000, np.arange(200))])
    assert read_frame(path).voi[0].first == 40000


@pytest.mark.parametrize("entries", [40000, 2**16])
def test_table_longer_than_signed_numbers_reach(draw_dicom: DrawDicom, entries: int) -> None:
    item = table(-500, np.arange(entries), vr="SS")
    path = draw_dicom(RAMP.astype(np.int16), VOILUTSequence=[item])
    lut = read_frame(path).voi[0]
    assert (lut.first, len(lut.values), lut.values[-1]) == (-500, entries, entries - 1)


def test_table_of_an_implicit_file_is_read_with_its_sign(draw_dicom: DrawDicom) -> None:
    item = table(-300, np.arange(500) * 131, vr="SS")
    path = draw_dicom(
        RAMP.astype(np.int16) - 2000, syntax=ImplicitVRLittleEndian, VOILUTSequence=[item]
    )
    frame = read_frame(path)
    expected = np.interp(frame.stored, np.arange(-300, 200), np.arange(500) * 131 / 65535)
    np.testing.assert_allclose(display_image(frame), expected, atol=1e-6)


def test_each_frame_of_an_enhanced_file_looks_as_highdicom_shows_it(draw_dicom: DrawDicom) -> None:
    frames = np.stack([RAMP, RAMP[::-1], RAMP.T]).astype(np.int16)
    path = draw_dicom(
        frames,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1",
        Modality="CT",
        FrameOfReferenceUID="1.2.3",
        PerFrameFunctionalGroupsSequence=[_groups(n) for n in range(3)],
        SharedFunctionalGroupsSequence=[Dataset()],
        DimensionOrganizationSequence=[],
        DimensionIndexSequence=[],
    )
    image = highdicom.imread(path)
    for index in range(3):
        frame = read_frame(path, index)
        assert len(frame.voi) == 2
        for choice, voi in enumerate(frame.voi):
            theirs = image.get_frame(
                index + 1,
                apply_real_world_transform=False,
                apply_voi_transform=True,
                voi_transform_selector=choice,
            )
            assert np.abs(display_bytes(frame, voi) - theirs * 255).max() <= 1


def _groups(number: int) -> Dataset:
    rescale, window, groups = Dataset(), Dataset(), Dataset()
    rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = 1, -100 * number, "HU"
    window.WindowCenter, window.WindowWidth = [500 * number, 2000], [300, 1000 + 500 * number]
    window.VOILUTFunction = ("LINEAR", "SIGMOID", "LINEAR_EXACT")[number]
    groups.PixelValueTransformationSequence = [rescale]
    groups.FrameVOILUTSequence = [window]
    content = Dataset()
    content.FrameAcquisitionNumber = number + 1
    groups.FrameContentSequence = [content]
    return groups


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("inverted", [False, True])
def test_padding_is_background_however_the_film_is_shown(
    draw_dicom: DrawDicom, photometric: str, inverted: bool
) -> None:
    pixels = RAMP.astype(np.int16)
    pixels[:5] = np.arange(-2000, -1900, 1).reshape(5, 20)
    path = draw_dicom(
        pixels,
        PhotometricInterpretation=photometric,
        PixelPaddingValue=-2000,
        PixelPaddingRangeLimit=-1901,
    )
    frame = read_frame(path)
    seen = Frame(pixels[5:], frame.photometric, 16)
    assert full_window(frame) == full_window(seen)
    assert auto_window(frame) == auto_window(seen)
    for _, voi in voi_choices(frame):
        shown = display_bytes(frame, voi, inverted=inverted)
        assert not shown[:5].any()
        np.testing.assert_array_equal(shown[5:], display_bytes(seen, voi, inverted=inverted))


@pytest.mark.parametrize(
    ("shape", "photometric", "low_is_bright"),
    [
        ("INVERSE", "MONOCHROME1", True),
        ("INVERSE", "MONOCHROME2", True),
        ("IDENTITY", "MONOCHROME1", False),
        ("IDENTITY", "MONOCHROME2", False),
        ("LIN OD", "MONOCHROME1", True),
        ("", "MONOCHROME1", True),
        ("", "MONOCHROME2", False),
    ],
)
def test_presentation_lut_shape_decides_over_the_photometric_interpretation(
    draw_dicom: DrawDicom, shape: str, photometric: str, low_is_bright: bool
) -> None:
    path = draw_dicom(RAMP, PhotometricInterpretation=photometric, PresentationLUTShape=shape)
    shown = display_bytes(read_frame(path))
    assert bool(shown[0, 0] > shown[-1, -1]) is low_is_bright


def test_every_window_and_table_is_chosen_by_a_name_of_its_own() -> None:
    vois = (
        Window(1, 2, explanation="SOFT"),
        Window(3, 4, explanation="Soft"),
        Window(5, 6),
        LookupTable(0, np.arange(9), 4, "SOFT"),
        LookupTable(0, np.arange(9), 4),
        Window(7, 8, explanation="auto"),
    )
    choices = voi_choices(Frame(RAMP, GREY, 12, voi=vois))
    names = [name for name, _ in choices]
    assert names[:6] == ["SOFT", "Soft (2)", "Window 3", "SOFT (3)", "LUT 5", "auto"]
    assert names[6:] == ["Auto (2)", "Full range"]
    assert all(chosen is voi for (_, chosen), voi in zip(choices, vois, strict=False))
    assert len({name.casefold() for name in names}) == len(names)


def test_film_with_tables_and_windows_opens_with_the_table_as_highdicom_does(
    draw_dicom: DrawDicom,
) -> None:
    item = table(0, np.linspace(0, 1, 4096) ** 2 * 65535)
    path = draw_dicom(RAMP, WindowCenter=9, WindowWidth=9, VOILUTSequence=[item])
    theirs = highdicom.imread(path).get_frame(
        1, apply_real_world_transform=False, apply_voi_transform=True
    )
    assert np.abs(display_bytes(read_frame(path)) - theirs * 255).max() <= 1


@pytest.mark.slow
def test_render_draws_each_window_by_its_name(
    draw_dicom: DrawDicom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draw_dicom(
        RAMP,
        WindowCenter=[500, 1500, 2500],
        WindowWidth=[400, 900, 100],
        WindowCenterWidthExplanation=["NORMAL", "normal"],
        VOILUTSequence=[table(1000, np.arange(2000) * 30, name="HARDER")],
    )
    frame = read_frame(path)
    choices = voi_choices(frame)
    wanted = ["HARDER", "NORMAL", "normal (2)", "Window 4", "Auto", "Full range"]
    assert [name for name, _ in choices] == wanted
    pictures = []
    for number, (name, voi) in enumerate(choices):
        output = tmp_path / f"{number}.npy"
        arguments = ["medkd", "render", str(path), "--window", name.upper(), "-o", str(output)]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as leaving:
            raise SystemExit(main())
        assert not leaving.value.code
        np.testing.assert_array_equal(np.load(output), display_image(frame, voi))
        pictures.append(np.load(output).tobytes())
    # Auto and full range of this film are nearly, but not quite, the same.
    assert len(set(pictures)) == len(pictures)
