"""``medkd datasets`` as a shell runs it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Medkd = Callable[..., Any]


def write_class(folder: Path, number: int) -> None:
    folder.mkdir(parents=True)
    for index in range(number):
        pixels = np.random.default_rng([number, index]).integers(0, 255, (16, 16), np.uint8)
        Image.fromarray(pixels).save(folder / f"film [{index}].png")


def test_an_empty_class_is_named_and_fails(medkd: Medkd, tmp_path: Path) -> None:
    write_class(tmp_path / "set" / "ill", 3)
    write_class(tmp_path / "set" / "well", 0)
    done = medkd("datasets", "audit", tmp_path / "set", "--kind", "folder")
    assert done.status == 1
    assert "Training refuses it: it has no images of class well." in done.output
    as_json = medkd("datasets", "audit", tmp_path / "set", "--kind", "folder", "--json")
    assert as_json.status == 1
    assert as_json.document["empty_classes"] == ["well"]


def test_one_class_fails_and_two_do_not(medkd: Medkd, tmp_path: Path) -> None:
    write_class(tmp_path / "set" / "ill", 3)
    done = medkd("datasets", "audit", tmp_path / "set", "--kind", "folder")
    assert done.status == 1
    assert "it has only one class" in done.output
    write_class(tmp_path / "set" / "well", 3)
    done = medkd("datasets", "audit", tmp_path / "set", "--kind", "folder")
    assert done.status == 0
    assert "Sizes: 6 of 16 x 16" in done.output
    assert "the smallest class has 100% of the images of the largest" in done.output


def test_a_table_is_given_by_its_columns(medkd: Medkd, tmp_path: Path) -> None:
    write_class(tmp_path / "set", 6)
    lines = [f"film [{index}].png;{'ab'[index % 2]}" for index in range(6)]
    (tmp_path / "labels.csv").write_text("\n".join(["file;finding", *lines]))
    columns = ("--path-column", "file", "--label-column", "finding")
    audit = ("datasets", "audit", tmp_path / "set", "--kind", "csv")
    done = medkd(*audit, "--table", tmp_path / "labels.csv", *columns, "--json")
    assert done.status == 0
    assert done.document["classes"] == {"a": 3, "b": 3}
    refused = medkd(*audit)
    assert refused.status == 1
    assert "data.table" in refused.errors


def test_patients_that_splits_tear_apart_are_refused_as_in_training(
    medkd: Medkd, tmp_path: Path
) -> None:
    for split in ("train", "val", "test"):
        for label in ("ill", "well"):
            write_class(tmp_path / "set" / split / label, 1)
    films = sorted((tmp_path / "set").rglob("*.png"))
    lines = [f'"{film.relative_to(tmp_path / "set")}",one' for film in films]
    (tmp_path / "patients.csv").write_text("\n".join(["path,patient", *lines]))
    audit = ("datasets", "audit", tmp_path / "set", "--kind", "folder")
    assert medkd(*audit).status == 0
    groups = ("--groups", tmp_path / "patients.csv", "--group-column", "patient")
    done = medkd(*audit, *groups)
    assert done.status == 1
    assert "Training refuses it: 1 groups of images stand in more than one" in done.output


def test_groups_of_tissue_are_written_as_a_table(medkd: Medkd, tmp_path: Path) -> None:
    root, table = tmp_path / "set", tmp_path / "out" / "groups.csv"
    for number, label in enumerate(("lung_n", "lung_aca")):
        (root / label).mkdir(parents=True)
        noise = np.random.default_rng(number).integers(0, 255, (28, 28, 3), np.uint8)
        tile = Image.fromarray(noise).resize((112, 112), Image.Resampling.BICUBIC)
        tile.save(root / label / "tile.png")
        tile.rotate(90).save(root / label / "turned.png")
    done = medkd("datasets", "group", root, "-o", table)
    assert done.status == 0, done.errors
    assert "2 pieces of tissue in 4 tiles" in done.output
    assert table.read_text().splitlines() == [
        "path,group,original",
        "lung_aca/tile.png,tissue-0001,original-0001",
        "lung_aca/turned.png,tissue-0001,original-0001",
        "lung_n/tile.png,tissue-0002,original-0002",
        "lung_n/turned.png,tissue-0002,original-0002",
    ]
    refused = medkd("datasets", "group", root, "-o", table.parent)
    assert refused.status == 1
    assert "it is a folder" in refused.errors
