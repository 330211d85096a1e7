"""Sets described by a CSV table: as spreadsheets write them, and as people get them wrong."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import Dataset
from medkd_core.errors import DatasetError
from medkd_core.jobs.spec import DataSpec

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared sample data")

ODD_NAMES = ["ward 1/a (1).png", "ward 2/a (1).png", "ward 1/Ü; 'ß'.png", "ward 1/b,[2].png"]
NAMES = [*ODD_NAMES, *(f"{i}.png" for i in range(8))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for number, name in enumerate(NAMES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(folder / name)
    return folder


def quoted(value: str, delimiter: str) -> str:
    return f'"{value}"' if delimiter in value else value


def rows(*columns: str, delimiter: str = ",") -> str:
    """A table of all pictures with made-up values."""
    values = {
        "path": lambda i: NAMES[i],
        "label": lambda i: "ill" if i % 2 else "well",
        "group": lambda i: f"patient {i // 2}",
        "split": lambda i: ("Train", "VAL", "test")[i // 2 % 3],
        "sex": lambda i: "fm"[i % 2],
        "source": lambda i: "clinic",
        "Patient Name": lambda i: "Doe",
    }
    lines = [delimiter.join(columns)]
    for i in range(len(NAMES)):
        lines.append(delimiter.join(quoted(values[c](i), delimiter) for c in columns))
    return "\n".join(lines) + "\n"


def load(root: Path, table: str | bytes, **more: object) -> Dataset:
    path = root.parent / "labels.csv"
    path.write_bytes(table.encode() if isinstance(table, str) else table)
    spec = {"kind": "csv", "root": root, "table": path, **more}
    return load_dataset(DataSpec.model_validate(spec), seed=0)


def test_every_row_becomes_a_record_with_all_that_it_says(root: Path) -> None:
    columns = ("path", "label", "group", "split", "sex", "source", "Patient Name")
    dataset = load(root, rows(*columns))
    assert dataset.classes == ("ill", "well")
    assert [r.path.relative_to(root).as_posix() for r in dataset.records] == NAMES
    third = dataset.records[2]
    assert (third.label, third.split, third.group) == ("well", "validation", "patient 1")
    assert (third.source, third.attributes) == ("clinic", (("sex", "f"),))
    assert not any("No groups" in warning for warning in dataset.warnings)


def test_columns_may_have_names_of_their_own(root: Path) -> None:
    table = rows("path", "label", "split", "group").replace("path,label,split", "file,finding,part")
    columns = {"path_column": "file", "label_column": "finding", "split_column": "part"}
    dataset = load(root, table, **columns)
    assert dataset.classes == ("ill", "well")
    assert dataset.records[2].split == "validation"
    with pytest.raises(DatasetError, match="label"):
        load(root, table, **(columns | {"label_column": "label"}))


def test_fractions_say_how_many_images_each_split_has(root: Path) -> None:
    fractions = {"validation_fraction": 0.34, "test_fraction": 0.16}
    dataset = load(root, rows("path", "label"), **fractions)
    assert [len(dataset.split(name)) for name in ("validation", "test")] == [4, 2]


@pytest.mark.parametrize("column", ["Patient", "Full name", "patient_id"])
def test_columns_that_name_a_patient_are_left_out(root: Path, column: str) -> None:
    text = rows("path", "label", "Patient Name").replace("Patient Name", column, 1)
    assert load(root, text).records[0].attributes == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_tables_are_read_as_spreadsheets_write_them(
    root: Path, delimiter: str, encoding: str, newline: str
) -> None:
    text = rows("path", "label", "group", "split", delimiter=delimiter)
    dataset = load(root, text.replace("\n", newline).encode(encoding))
    assert [r.path.relative_to(root).as_posix() for r in dataset.records] == NAMES
    assert dataset.records[0].group == "patient 0"


@pytest.mark.parametrize("before", ["sep=;\n", "\n \n", ";;\n"])
def test_what_a_spreadsheet_writes_before_the_header_is_passed_over(
    root: Path, before: str
) -> None:
    dataset = load(root, before + rows("path", "label", "group", "split", delimiter=";"))
    assert len(dataset.records) == len(NAMES)


def test_columns_may_have_other_names(root: Path) -> None:
    text = rows("path", "label", "group", "split")
    text = text.replace("path,label,group,split", "file , diagnosis,mother,part", 1)
    names = {"path": "file", "label": "diagnosis", "group": "mother", "split": "part"}
    dataset = load(root, text, **{f"{old}_column": new for old, new in names.items()})
    assert dataset.records[5].group == "patient 2"
    assert dataset.records[5].split == "test"


def test_without_splits_groups_stay_together(root: Path) -> None:
    dataset = load(root, rows("path", "label", "group").replace("patient 5", "patient 4"))
    by_group = {(record.group, record.split) for record in dataset.records}
    assert len(by_group) == 5


def test_without_groups_there_is_a_warning(root: Path) -> None:
    assert any("No groups" in w for w in load(root, rows("path", "label")).warnings)


def test_masks_stand_in_columns_of_their_own(root: Path) -> None:
    text = rows("path", "label", "split").replace("label,split", "label,split,lung_mask", 1)
    dataset = load(root, text.replace("0.png,well,Train", "0.png,well,Train,1.png"))
    by_name = {record.path.name: record.lung_mask for record in dataset.records}
    assert by_name["1.png"] is None


GOOD = rows("path", "label", "group", "split")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (GOOD.replace("0.png,well", "0.png,"), r"line 6 has nothing in the column label"),
        (GOOD.replace("0.png,well", ",well"), r"line 6 has nothing in the column path"),
        (GOOD.replace("0.png,", "gone.png,"), r"line 6 names gone\.png.*no such file.*skip_unread"),
        (GOOD.replace("1.png,", "./0.png,"), r"line 7 names \./0\.png again, after line 6"),
        (GOOD.replace("test", "exam"), r"line 6 names the split exam.*validation"),
        (GOOD.replace("patient 3", ""), r"2 rows have no group, line 8 first"),
        (GOOD.replace("VAL", ""), r"4 rows have no split, line 4 first"),
        (GOOD.replace("label", "class"), r"has no column label.*It has: path, class, group, split"),
        (GOOD.replace("well", "ill"), r"only one class, ill"),
        (GOOD.replace("0.png,well", "0.png,well,a,test,more"), r"line 6 has more values"),
        (GOOD.replace("0.png", '"0.png'), r"not a CSV text file"),
        (GOOD.replace("group", "label"), r"the column label stands in it twice"),
        (GOOD.replace("0.png", "0\0.png"), r"not a CSV text file|no such file"),
        (GOOD.encode("utf-16")[:-1], r"not a CSV text file in UTF-8"),
        (GOOD.encode("latin-1"), r"not a CSV text file in UTF-8.*Save it"),
        (GOOD.split("\n", 1)[0], r"no row but its header"),
        (b"", r"labels\.csv: it is empty"),
    ],
)
def test_a_wrong_table_is_one_sentence(root: Path, table: str | bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence) as told:
        load(root, table)
    assert "\n" not in str(told.value)
    assert "labels.csv" in str(told.value) or "pictures" in str(told.value)


def test_a_column_that_was_named_must_be_there(root: Path) -> None:
    with pytest.raises(DatasetError, match="no column patient"):
        load(root, GOOD, group_column="patient")


def test_files_that_are_missing_can_be_left_out(root: Path) -> None:
    dataset = load(root, GOOD.replace("0.png,", "gone.png,"), skip_unreadable=True)
    assert len(dataset.records) == len(NAMES) - 1
    assert "left out: 1 (lines 6)" in " ".join(dataset.warnings)


def test_where_no_file_is_there_the_first_row_is_named_rather_than_all_left_out(root: Path) -> None:
    with pytest.raises(DatasetError, match=r"line 2 names .*no such file"):
        load(root, GOOD.replace(".png", ".gif"), skip_unreadable=True)


def test_splits_that_tear_a_patient_are_refused_unless_asked_for(root: Path) -> None:
    torn = GOOD.replace("patient 1", "patient 0")
    with pytest.raises(DatasetError, match=r"groups of images stand in more .*allow_leak") as told:
        load(root, torn)
    assert "patient 0" not in str(told.value)
    warnings = " ".join(load(root, torn, allow_leak=True).warnings)
    assert "in more than one split, so that results are too good" in warnings
    assert "patient 0" not in warnings


def test_a_table_is_needed_and_only_where_one_is_used(root: Path) -> None:
    with pytest.raises(DatasetError, match=r"needs a table.*data\.table"):
        load_dataset(DataSpec(kind="csv", root=root), seed=0)
    with pytest.raises(DatasetError, match=r"kind folder has no table"):
        load(root, GOOD, kind="folder")


def test_a_table_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(DatasetError, match=r"No such file"):
        load_dataset(DataSpec(kind="csv", root=root, table=root / "none.csv"), seed=0)


@needs_shared
def test_real_films_by_their_manifest() -> None:
    root = SHARED / "cxr3"
    spec = DataSpec(kind="csv", root=root, table=root / "manifest.csv", group_column="group_id")
    dataset = load_dataset(spec, seed=0)
    assert len(dataset.records) == 1644
    assert sum(record.infection_mask is not None for record in dataset.records) == 178
    attributes = dict(dataset.records[0].attributes)
    assert attributes["view"] == "PA"
    assert "patient_id" not in attributes
