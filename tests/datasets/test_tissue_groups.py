"""Tiles that show the same tissue are found from the pictures alone."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from drawn_tissue import SIDE, copy_of, cut, draw_slide, write_tile, write_tissue

from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.splits import torn_groups
from medkd_core.datasets.tissue_groups.grouping import find_tissue_groups
from medkd_core.datasets.tissue_groups.landmarks import find_landmarks
from medkd_core.datasets.tissue_groups.overlay import lay_over
from medkd_core.datasets.tissue_groups.remembered import content_digest, remembered_groups
from medkd_core.datasets.tissue_groups.table import group_table
from medkd_core.errors import DatasetError, OperationCancelled
from medkd_core.jobs.spec import DataSpec

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared sample data")

PARTED_COPIES = {
    "lung_n-248": "lung_n-237",
    "lung_n-228": "lung_n-177",
    "colon_aca-248": "colon_aca-234",
    "colon_n-248": "colon_n-239",
    "colon_n-251": "colon_n-132",
    "colon_n-230": "colon_n-175",
    "colon_n-223": "colon_n-208",
    "colon_n-228": "colon_n-143",
    "colon_n-241": "colon_n-234",
}
"""Groups of the published table that hold copies of one tile, mostly zoomed ones: all 37 pairs of
them correlate by 0.89 to 0.99 with their middles within a thousandth of the side of each other, and
to the eye are the same cells."""


@pytest.fixture(scope="module")
def tissue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tissue(tmp_path_factory.mktemp("tissue"), ("lung_n", "lung_aca"), originals=3)


def tiles_of(root: Path) -> list[Path]:
    return sorted(root.rglob("*.jpeg"))


def kept_files() -> list[Path]:
    folder = platformdirs.user_cache_path("medkd", appauthor=False) / "tissue_groups"
    return sorted(folder.glob("*.json"))


def test_a_turned_mirrored_copy_is_of_the_same_original(tissue: Path) -> None:
    groups = find_tissue_groups(tiles_of(tissue))
    assert groups.originals == (0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5)
    assert groups.tissues == groups.originals


@pytest.mark.parametrize(
    ("degrees", "zoom", "stretch", "mirrored"),
    [
        (0, 1.0, 1.0, False),
        (25, 1.3, 1.0, False),
        (-25, 1.3, 1.0, True),
        (90, 1.0, 1.0, True),
        (10, 1.2, 1.3, False),
        (0, 1.8, 1.0, True),
    ],
)
def test_a_copy_agrees_with_its_original(
    degrees: float, zoom: float, stretch: float, mirrored: bool
) -> None:
    tile = cut(draw_slide(0))
    copy = copy_of(tile, degrees, zoom, stretch, mirrored)
    first, second = (find_landmarks(one / np.float32(255)) for one in (tile, copy))
    for overlay in (lay_over(first, second), lay_over(second, first)):
        assert overlay.is_copy
        assert overlay.correlation > 0.8


def test_tiles_that_overlap_show_the_same_tissue_but_are_no_copies(tmp_path: Path) -> None:
    slide = draw_slide(1)
    tiles = [cut(slide, 20, 20), cut(slide, 40, 20 + SIDE // 2), cut(draw_slide(2))]
    paths = [write_tile(tmp_path / f"{i}.jpeg", tile) for i, tile in enumerate(tiles)]
    groups = find_tissue_groups(paths)
    assert groups.originals == (0, 1, 2)
    assert groups.tissues == (0, 0, 1)


def test_landmarks_of_a_mirrored_tile_are_the_mirrored_landmarks() -> None:
    tile = cut(draw_slide(3)) / np.float32(255)
    told, seen = find_landmarks(tile).mirrored(), find_landmarks(tile[:, ::-1])
    assert np.abs(told.picture.astype(int) - seen.picture).max() <= 1
    distances = np.linalg.norm(told.points[:, np.newaxis] - seen.points, axis=-1)
    nearest = distances.argmin(axis=1)
    same = distances.min(axis=1) < 0.1
    assert same.mean() > 0.7
    # A point may have several directions, and so several descriptors.
    differences = told.descriptors[same].astype(int) - seen.descriptors[nearest[same]]
    assert np.median(np.abs(differences).mean(axis=1)) < 5


def test_tiles_without_anything_to_see_are_like_no_other(tmp_path: Path) -> None:
    blank = np.full((SIDE, SIDE, 3), 240, np.uint8)
    paths = [write_tile(tmp_path / f"{i}.jpeg", blank) for i in range(2)]
    assert find_tissue_groups(paths).tissues == (0, 1)


def test_one_tile_and_none_are_grouped_too(tmp_path: Path) -> None:
    path = write_tile(tmp_path / "one.jpeg", cut(draw_slide(4)))
    assert find_tissue_groups([path]).tissues == (0,)
    assert find_tissue_groups([]).tissues == ()


def test_grey_tiles_and_tiles_of_other_sizes_are_grouped_too(tmp_path: Path) -> None:
    grey = cut(draw_slide(5)).mean(axis=-1).astype(np.uint8)
    small = np.ascontiguousarray(np.rot90(grey)[::2, ::2])
    paths = [write_tile(tmp_path / f"{i}.jpeg", tile) for i, tile in enumerate((grey, small))]
    assert find_tissue_groups(paths).originals == (0, 0)


def test_a_tile_that_cannot_be_read_is_named_or_left_alone(tmp_path: Path) -> None:
    good = write_tile(tmp_path / "good.jpeg", cut(draw_slide(6)))
    bad = tmp_path / "bad.jpeg"
    bad.write_bytes(good.read_bytes()[:100])
    with pytest.raises(DatasetError, match=r"bad\.jpeg.*skip_unreadable"):
        find_tissue_groups([good, bad, good])
    assert find_tissue_groups([good, bad, good], skip_unreadable=True).tissues == (0, 1, 0)


def test_progress_reaches_the_end_and_may_stop_the_search(tissue: Path) -> None:
    told: list[tuple[int, int]] = []
    paths = tiles_of(tissue)[:4]
    find_tissue_groups(paths, lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (8, 8)

    def stop(_done: int, _total: int) -> None:
        raise OperationCancelled

    with pytest.raises(OperationCancelled):
        find_tissue_groups(paths, stop)


def test_what_was_found_once_is_not_looked_for_again(tissue: Path) -> None:
    paths = tiles_of(tissue)[:4]
    found = remembered_groups(paths)
    told: list[int] = []
    assert remembered_groups(paths, lambda done, _total: told.append(done)) == found
    assert not told
    (kept,) = kept_files()
    kept.write_text(json.dumps({"originals": [0], "tissues": "no"}))
    assert remembered_groups(paths) == found
    assert json.loads(kept.read_text())["tissues"] == [0, 0, 1, 1]


def test_other_bytes_and_another_order_are_another_question(tmp_path: Path) -> None:
    first = write_tile(tmp_path / "a.jpeg", cut(draw_slide(7)))
    second = write_tile(tmp_path / "b.jpeg", cut(draw_slide(8)))
    asked = {content_digest([first, second]), content_digest([second, first])}
    second.write_bytes(second.read_bytes() + b"\0")
    asked.add(content_digest([first, second]))
    moved = first.rename(tmp_path / "c.jpeg")
    assert len(asked) == 3
    assert content_digest([moved, second]) in asked


def test_a_cache_that_cannot_be_written_costs_only_time(
    tissue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert remembered_groups(tiles_of(tissue)[:2]).originals == (0, 0)


def test_lc25000_without_a_table_is_split_by_the_tissue_in_its_pictures(tissue: Path) -> None:
    dataset = load_dataset(DataSpec(kind="lc25000", root=tissue), seed=0)
    assert not torn_groups(dataset.records)
    split = {(record.label, record.path.stem): record.split for record in dataset.records}
    assert all(split[label, name] == split[label, f"{name[0]} copy"] for label, name in split)
    assert any("6 pieces of tissue were found in the 12 pictures" in w for w in dataset.warnings)


def test_the_written_table_gives_the_split_that_was_found(tissue: Path, tmp_path: Path) -> None:
    found = load_dataset(DataSpec(kind="lc25000", root=tissue), seed=0)
    paths = [record.path for record in found.records]
    table = tmp_path / "groups.csv"
    table.write_bytes(group_table(tissue, paths, remembered_groups(paths)))
    given = load_dataset(DataSpec(kind="lc25000", root=tissue, groups=table), seed=0)
    assert given.records == found.records


@needs_shared
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_groups_found_in_real_tissue_are_those_that_people_found() -> None:
    root = SHARED / "lc25000"
    with (root / "manifest.csv").open(newline="", encoding="utf-8") as file:
        truth = {root / row["path"]: row["tissue_group"] for row in csv.DictReader(file)}
    found = find_tissue_groups(list(truth)).originals
    precision, recall = _agreement(found, list(truth.values()))
    assert precision >= 0.98
    assert recall >= 0.95
    amended = [PARTED_COPIES.get(group, group) for group in truth.values()]
    assert _agreement(found, amended)[0] >= 0.999


def _agreement(found: Sequence[object], truth: Sequence[object]) -> tuple[float, float]:
    """Pairwise precision and recall."""
    right = _pairs(zip(found, truth, strict=True))
    return right / _pairs(found), right / _pairs(truth)


def _pairs(groups: Iterable[object]) -> int:
    return sum(size * (size - 1) // 2 for size in Counter(groups).values())
