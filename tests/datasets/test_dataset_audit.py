"""The audit finds what is wrong with a data set."""

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from medkd_core.datasets.audit import AuditReport, audit_dataset
from medkd_core.datasets.covid_qu_ex import INFECTION_TREE, LUNG_TREE
from medkd_core.datasets.phantom_files import write_covid_qu_ex
from medkd_core.errors import DatasetError
from medkd_core.jobs.spec import DataSpec

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared sample data")


def audit(root: Path, kind: str, **more: object) -> AuditReport:
    return audit_dataset(DataSpec.model_validate({"kind": kind, "root": root, **more}))


@pytest.fixture(scope="module")
def clean_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clean") / "set"
    write_covid_qu_ex(root, {"train": 6, "validation": 3, "test": 3}, seed=11, side=96)
    return root


@pytest.fixture
def drawn_set(clean_set: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean_set, tmp_path / "set"))


def folder(root: Path, split: str, label: str, kind: str, tree: str = LUNG_TREE) -> Path:
    return root / tree / tree / split / label / kind


def test_clean_set_has_nothing_to_report(clean_set: Path) -> None:
    report = audit(clean_set, "covid-qu-ex")
    assert report.images == 36
    assert report.splits["train"] == {"COVID-19": 6, "Non-COVID": 6, "Normal": 6}
    assert report.balance == 1
    assert report.sizes == {"96 x 96": 36}
    assert not report.unreadable
    assert not report.mask_problems
    assert not report.duplicates


def test_blank_masks_of_normal_films_are_counted(clean_set: Path) -> None:
    report = audit(clean_set, "covid-qu-ex")
    assert report.infection_masks["Normal"].blank == 12
    assert report.infection_masks["COVID-19"].present == 12
    assert report.lung_masks["Normal"].present == 12


def test_recompressed_copy_in_another_split_is_a_leak(drawn_set: Path) -> None:
    original = folder(drawn_set, "Train", "Normal", "images") / "Normal (1).png"
    copy = folder(drawn_set, "Test", "Normal", "images") / "Normal (99).png"
    with Image.open(original) as image:
        image.resize((80, 80)).save(copy, format="JPEG", quality=60)
    report = audit(drawn_set, "covid-qu-ex")
    assert [len(leak.images) for leak in report.leaks] == [2]
    assert not report.leaks[0].exact
    assert report.leaks[0].splits == ["test", "train"]
    assert report.sizes["80 x 80"] == 1


def test_one_film_in_two_classes_is_a_contradiction(drawn_set: Path) -> None:
    original = folder(drawn_set, "Val", "Normal", "images") / "Normal (7).png"
    shutil.copy(original, folder(drawn_set, "Val", "COVID-19", "images") / "covid_99.png")
    report = audit(drawn_set, "covid-qu-ex")
    assert report.contradictions[0].exact
    assert report.contradictions[0].classes == ["COVID-19", "Normal"]
    assert not report.leaks


def test_unreadable_image_and_wrong_mask_are_named(drawn_set: Path) -> None:
    image = folder(drawn_set, "Test", "COVID-19", "images") / "covid_10.png"
    image.write_bytes(image.read_bytes()[:120])
    mask = (
        folder(drawn_set, "Test", "Normal", "infection masks", INFECTION_TREE) / "Normal (10).png"
    )
    Image.fromarray(np.zeros((50, 40), np.uint8)).save(mask)
    (folder(drawn_set, "Test", "Normal", "lung masks") / "Normal (11).png").unlink()
    (folder(drawn_set, "Test", "Normal", "lung masks", INFECTION_TREE) / "Normal (11).png").unlink()
    report = audit(drawn_set, "covid-qu-ex")
    assert [Path(problem.path).name for problem in report.unreadable] == ["covid_10.png"]
    assert [problem.problem for problem in report.mask_problems] == ["50 x 40, its image 96 x 96"]
    assert report.lung_masks["Normal"].missing == 1


def test_mirrored_and_turned_tissue_is_recognised(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label in ("lung_n", "lung_aca"):
        (tmp_path / label).mkdir()
        for number in range(4):
            tile = cv2.GaussianBlur(rng.integers(0, 255, (64, 64), np.uint8), (0, 0), 3)
            tile = cv2.normalize(tile, None, 0, 255, cv2.NORM_MINMAX)
            Image.fromarray(tile).save(tmp_path / label / f"{number}.jpeg", quality=80)
    turned = Image.fromarray(np.rot90(tile[:, ::-1]).copy())
    turned.save(tmp_path / label / "turned.jpeg", quality=80)
    duplicates = audit(tmp_path, "lc25000").duplicates
    assert [copies.images for copies in duplicates] == [["lung_aca/3.jpeg", "lung_aca/turned.jpeg"]]


def test_an_empty_class_is_a_finding(drawn_set: Path) -> None:
    for split in ("Train", "Val", "Test"):
        for tree in (LUNG_TREE, INFECTION_TREE):
            shutil.rmtree(folder(drawn_set, split, "Non-COVID", "images", tree))
    report = audit(drawn_set, "covid-qu-ex")
    assert report.empty_classes == ["Non-COVID"]
    assert report.classes["Non-COVID"] == 0
    assert report.balance == 0
    assert report.refusal.startswith("it has no images of class Non-COVID. ")


def test_a_set_with_a_table_is_audited_like_others(drawn_set: Path, tmp_path: Path) -> None:
    images = sorted(drawn_set.rglob("images/*.png"))[:9]
    names = [image.relative_to(drawn_set).as_posix() for image in images]
    names.append("gone.png")
    rows = [
        f"{name},{'ab'[i % 2]},{'train' if i % 3 else 'test'},p" for i, name in enumerate(names)
    ]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["path,label,split,group", *rows]))
    report = audit(drawn_set, "csv", table=table, skip_unreadable=True)
    assert report.classes == {"a": 5, "b": 4}
    assert report.splits["test"] == {"a": 2, "b": 1}
    assert any("left out: 1 (lines 11)" in warning for warning in report.warnings)
    assert "1 groups of images stand in more than one of its splits" in report.refusal
    assert not report.lung_masks


def test_report_is_one_json_document(clean_set: Path) -> None:
    text = audit(clean_set, "covid-qu-ex").model_dump_json()
    assert '"leaks":[]' in text


def test_missing_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        audit(tmp_path / "none", "folder")


@needs_shared
@pytest.mark.slow
def test_real_films_were_freed_of_copies() -> None:
    report = audit(SHARED / "cxr3", "covid-qu-ex")
    assert report.images == 1644
    assert not report.duplicates
    assert report.infection_masks["Non-COVID"].blank == 4
    assert report.infection_masks["Normal"].present == 0


@needs_shared
@pytest.mark.slow
def test_real_tissue_copies_are_of_one_tissue_group() -> None:
    root = SHARED / "lc25000"
    with (root / "manifest.csv").open(newline="", encoding="utf-8") as file:
        group = {row["path"]: row["tissue_group"] for row in csv.DictReader(file)}
    duplicates = audit(root, "lc25000").duplicates
    assert len(duplicates) > 10
    assert all(len({group[image] for image in copies.images}) == 1 for copies in duplicates)
