from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from medkd_core.imaging.display.chain import display_bytes
from medkd_core.imaging.display.presets import Preset, window_presets
from medkd_core.imaging.frame import Frame, LookupTable, Photometric, Rescale, VoiFunction, Window

GREY = Photometric.MONOCHROME2
SHARED_FILMS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cxr3"
LUNG, BLOOD, RIB = 1000, 3000, 1300


def chest(photometric: Photometric = GREY) -> Frame:
    """Air at the margin, lungs with vessels, a heart, a spine, one rib over a lung."""
    film = np.full((200, 200), 2400, np.int64)
    film[:18] = 0
    for side in (slice(30, 75), slice(125, 170)):
        film[40:140, side] = LUNG
        film[40:140, side.start : side.stop : 10] += 60
    film[60:66, 30:75] += RIB - LUNG
    film[100:170, 85:120] = BLOOD
    film[110:160:8, 95:115] += 80
    film[20:180, 78:84] = 3600
    if photometric is Photometric.MONOCHROME1:
        film = 4095 - film
    return Frame(film.astype(np.uint16), photometric, 12)


def by_key(frame: Frame, modality: str) -> dict[int, Preset]:
    return {preset.key: preset for preset in window_presets(frame, modality)}


def ct(unit: str = "HU") -> Frame:
    stored = np.linspace(0, 4000, 400).astype(np.int16).reshape(20, 20)
    return Frame(stored, GREY, 12, modality=Rescale(1, -1024, unit))


@pytest.mark.parametrize("unit", ["HU", ""])
def test_ct_has_its_usual_windows(unit: str) -> None:
    presets = by_key(ct(unit), "CT")
    figures = {
        key: (p.name, p.voi.center, p.voi.width) for key, p in presets.items() if 1 < key < 5
    }
    assert figures == {
        2: ("Lungs", -600, 1500),
        3: ("Bone", 300, 1500),
        4: ("Mediastinum", 40, 400),
    }


@pytest.mark.parametrize(
    ("frame", "modality"),
    [
        (ct("US"), "CT"),
        (Frame(np.zeros((9, 9), np.uint8), GREY, 8), "CT"),
        (ct(), "MR"),
        (Frame(np.arange(99.0, dtype="f4").reshape(9, 11), GREY, 32), "NM"),
    ],
)
def test_chest_windows_are_left_out_where_they_mean_nothing(frame: Frame, modality: str) -> None:
    assert list(by_key(frame, modality)) == [0, 1, 9]


def test_colour_has_no_presets() -> None:
    assert window_presets(Frame(np.zeros((4, 4, 3), np.uint8), Photometric.RGB, 8), "CR") == ()


@pytest.mark.parametrize("photometric", [GREY, Photometric.MONOCHROME1])
def test_film_presets_open_lungs_ribs_and_heart(photometric: Photometric) -> None:
    frame = chest(photometric)
    shown = {key: display_bytes(frame, p.voi) for key, p in by_key(frame, "DX").items()}
    lung, vessel, rib = (50, 35), (50, 30), (63, 35)
    heart, chamber = (104, 94), (110, 110)
    assert int(shown[2][vessel]) - shown[2][lung] > 1.4 * (int(shown[9][vessel]) - shown[9][lung])
    assert int(shown[3][rib]) - shown[3][lung] > int(shown[9][rib]) - shown[9][lung]
    assert int(shown[4][chamber]) - shown[4][heart] > (
        2 * (int(shown[9][chamber]) - shown[9][heart])
    )


def test_film_presets_are_the_same_picture_in_both_polarities() -> None:
    upright, negative = chest(), chest(Photometric.MONOCHROME1)
    pairs = zip(window_presets(upright, "DX"), window_presets(negative, "DX"), strict=True)
    for one, other in pairs:
        here, there = display_bytes(upright, one.voi), display_bytes(negative, other.voi)
        assert one.name == other.name
        assert np.abs(here.astype(int) - there).max() <= 1


def test_film_presets_say_that_they_are_made_from_the_film() -> None:
    names = [preset.name for preset in window_presets(chest(), "CR")]
    assert names[2:5] == [f"{n}, from this film" for n in ("Lungs", "Bone", "Mediastinum")]


def test_margin_does_not_move_the_film_presets() -> None:
    film = chest()
    bordered = film.stored.copy()
    bordered[:15], bordered[:, -15:] = 0, 4095
    moved = by_key(Frame(bordered, GREY, 12), "DX")
    assert [moved[key].voi for key in (2, 3, 4)] == [by_key(film, "DX")[k].voi for k in (2, 3, 4)]


def test_further_windows_of_the_file_lie_on_five_to_eight() -> None:
    table = LookupTable(0, np.arange(4096), 12, "HARDER")
    windows = [Window(100 * i, 50.0 + i, explanation="SOFT") for i in range(5)]
    frame = Frame(chest().stored, GREY, 12, voi=(windows[0], table, *windows[1:]))
    presets = by_key(frame, "MR")
    assert [(key, p.name) for key, p in presets.items()] == [
        (0, "As acquired"),
        (1, "Auto"),
        (5, "HARDER"),
        (6, "SOFT (2)"),
        (7, "SOFT (3)"),
        (8, "SOFT (4)"),
        (9, "Full range"),
    ]
    assert presets[0].voi is windows[0]
    assert presets[5].voi is table


def test_full_range_reaches_from_the_lowest_to_the_highest_value() -> None:
    full = by_key(ct(), "CT")[9].voi
    assert full == Window(976, 4000, VoiFunction.LINEAR_EXACT, "Full range")


@pytest.mark.parametrize("value", [0, 7])
def test_film_of_one_value_has_presets_that_show_it_black(value: int) -> None:
    frame = Frame(np.full((12, 12), value, np.uint16), Photometric.MONOCHROME1, 12)
    for preset in window_presets(frame, "DX"):
        assert not display_bytes(frame, preset.voi).any()


def test_real_lungs_and_hearts_are_open_in_their_windows() -> None:
    folder = SHARED_FILMS / "Lung Segmentation Data" / "Lung Segmentation Data" / "Test"
    masks = sorted(folder.glob("*/lung masks/*.png"))[::6]
    if not masks:
        pytest.skip("the shared chest films are not here")
    open_lungs, open_middles = [], []
    for path in masks:
        stored = cv2.imread(str(path.parents[1] / "images" / path.name), cv2.IMREAD_GRAYSCALE)
        lungs = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 0
        frame = Frame(stored, GREY, 8)
        presets = by_key(frame, "OT")
        open_lungs.append(_open_share(display_bytes(frame, presets[2].voi)[lungs]))
        shown = display_bytes(frame, presets[4].voi)
        open_middles.append(_open_share(shown[_between_lungs(lungs)]))
    assert len(masks) >= 20
    assert np.median(open_lungs) > 0.85
    assert np.median(open_middles) > 0.85


def _open_share(brightness: np.ndarray) -> float:
    """How much is neither black nor white."""
    return float(((brightness > 0) & (brightness < 255)).mean())


def _between_lungs(lungs: np.ndarray) -> np.ndarray:
    """The lower two thirds of what lies between the inner edges of both lungs."""
    between = np.zeros_like(lungs)
    rows = np.flatnonzero(lungs.any(axis=1))
    for row in rows[len(rows) // 3 : -10]:
        columns = np.flatnonzero(lungs[row])
        widest = int(np.argmax(np.diff(columns))) if len(columns) > 1 else 0
        if len(columns) > 1:
            between[row, columns[widest] + 5 : columns[widest + 1] - 5] = True
    return between
