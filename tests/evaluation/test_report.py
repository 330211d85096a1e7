import csv
import json

import pytest

from medkd_core.datasets.phantom import draw_phantom
from medkd_core.datasets.phantom_files import write_png
from medkd_core.datasets.record import Dataset, Record
from medkd_core.errors import DatasetError, UnreadableFileError
from medkd_core.evaluation.report import evaluate_bundle
from medkd_core.evaluation.report_schema import EvaluationReport


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    classes = ("Normal", "COVID-19", "Non-COVID")
    records = []
    for number in range(18):
        label, path = classes[number % 3], folder / f"{number}.png"
        write_png(path, draw_phantom(number, label, 128))
        source = "clinic" if number < 6 else ""
        records.append(Record(path, label, "test", f"patient {number // 2}", source))
    return Dataset("films", classes, tuple(records), ("The films are drawn.",))


def test_report_counts_every_image_once_and_is_written_for_programs_and_people(
    bundle, dataset, tmp_path
):
    seen = []
    report = evaluate_bundle(
        bundle, dataset, "test", tmp_path / "report", "cpu", progress=lambda *n: seen.append(n)
    )
    assert seen[-1] == (18, 18)
    assert report.images_per_class == [6, 6, 6]
    assert report.groups == 9
    assert [network.network for network in report.networks] == ["vgg19", "vgg19_bn"]
    assert report.networks[0].same_decision_as_student == 1
    for network in report.networks:
        assert sum(map(sum, network.confusion)) == 18
        assert network.metrics["accuracy_low"] <= network.metrics["accuracy"]
    assert {row.group: row.images for row in report.by_source} == {"clinic": 6, "unknown": 12}

    written = (tmp_path / "report" / "report.json").read_text()
    assert EvaluationReport.model_validate_json(written) == report
    assert json.loads(written)["research_use_only"].startswith("Research use only")
    text = (tmp_path / "report" / "report.md").read_text()
    assert "Research use only" in text
    assert "The films are drawn." in text
    assert "| clinic | 6 | 2 | 2 | 2 |" in text
    with (tmp_path / "report" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18
    assert sum(float(rows[0][f"vgg19:{name}"]) for name in report.classes) == pytest.approx(
        1, abs=1e-5
    )


def test_classes_that_are_not_the_models_are_refused(bundle, dataset, tmp_path):
    other = Dataset("films", ("cat", "dog"), dataset.records)
    with pytest.raises(DatasetError, match="cat, dog"):
        evaluate_bundle(bundle, other, "test", tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_split_without_images_is_refused(bundle, dataset, tmp_path):
    with pytest.raises(DatasetError, match="no image is in validation"):
        evaluate_bundle(bundle, dataset, "validation", tmp_path / "report")


def test_unreadable_image_is_named_and_no_report_is_left(bundle, dataset, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    records = (*dataset.records, Record(broken, "Normal", "test", "patient 99"))
    with pytest.raises(UnreadableFileError, match=r"broken\.png"):
        evaluate_bundle(
            bundle, Dataset("films", dataset.classes, records), "test", tmp_path / "report", "cpu"
        )
    assert not (tmp_path / "report").exists()
