"""A source held out: nothing of it is trained on, all of it is tested."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medkd_core.datasets.loading import load_dataset
from medkd_core.errors import DatasetError
from medkd_core.jobs.spec import DataSpec


@pytest.fixture
def spec(tmp_path: Path) -> DataSpec:
    """Two classes, two hospitals, two images a patient; patient 0 was in both hospitals."""
    root = tmp_path / "films"
    with (tmp_path / "groups.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "group", "source"])
        for label in "ab":
            (root / label).mkdir(parents=True)
            for number in range(40):
                path = root / label / f"{number}.png"
                Image.fromarray(np.full((8, 8), number, np.uint8)).save(path)
                here = "there" if number % 4 >= 2 or number == 0 else "here"
                relative = path.relative_to(tmp_path).as_posix()
                writer.writerow([relative, f"{label} {number // 2}", here])
    return DataSpec(kind="folder", root=root, groups=tmp_path / "groups.csv")


def test_every_image_of_the_source_is_tested_and_none_is_trained_on(spec: DataSpec) -> None:
    held = load_dataset(spec.model_copy(update={"held_out_source": "there"}), seed=0)
    assert {record.split for record in held.records if record.source == "there"} == {"test"}
    assert {record.split for record in held.records} == {"train", "validation", "test"}
    assert any("Nothing was trained on images of the source there" in w for w in held.warnings)


def test_a_patient_of_both_sources_is_not_torn(spec: DataSpec) -> None:
    held = load_dataset(spec.model_copy(update={"held_out_source": "there"}), seed=0)
    shared = [record for record in held.records if record.group == "a 0"]
    assert {record.source for record in shared} == {"here", "there"}
    assert {record.split for record in shared} == {"test"}


def test_an_unknown_source_names_the_known_ones(spec: DataSpec) -> None:
    with pytest.raises(DatasetError, match="the sources are here, there"):
        load_dataset(spec.model_copy(update={"held_out_source": "nowhere"}), seed=0)


def test_a_class_that_only_the_held_out_source_has_cannot_be_trained(spec: DataSpec) -> None:
    table = spec.root.parent / "groups.csv"
    rows = table.read_text().split("\n")
    table.write_text(
        "\n".join(row.replace(",here", ",there") if ",b " in row else row for row in rows)
    )
    with pytest.raises(DatasetError, match="train split has no images of class b"):
        load_dataset(spec.model_copy(update={"held_out_source": "there"}), seed=0)
