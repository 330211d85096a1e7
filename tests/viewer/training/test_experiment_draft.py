import tomllib

import pytest

from medkd_core.jobs.spec import DataSpec, JobSpec, NetworkSpec, TeacherSpec, TrainingSpec
from medkd_core.jobs.spec_text import spec_to_toml
from medkd_viewer.training.experiment_draft import ExperimentDraft, check, draft_of
from medkd_viewer.training.experiment_series import series_of
from medkd_viewer.training.settings_table import SETTINGS


@pytest.fixture
def entries(films):
    return {
        "kind": "student",
        "name": "",
        "data.kind": "folder",
        "data.root": str(films),
        "network.name": "ofa_595",
        **{setting.key: setting.default for setting in SETTINGS},
    }


def test_untouched_form_makes_the_defaults_of_the_specification(entries, films):
    spec = check(ExperimentDraft(entries)).spec
    assert spec == JobSpec(
        kind="student",
        data=DataSpec(kind="folder", root=films),
        network=NetworkSpec(name="ofa_595"),
    )


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("training.epochs", "many", "Needs a whole number."),
        ("training.epochs", "0", "Must be 1 or more."),
        ("training.learning_rate", "-1", "Must be more than 0.0."),
        ("network.width", "3", "Must be 2.0 or less."),
        ("network.width", "wide", "Needs a number, such as 0.001."),
        ("network.image_size", "16", "Must be 32 or more."),
        ("data.root", "", "Choose the folder that holds the images, or drop it here."),
        ("data.root", "/no/such/folder", "There is no such folder."),
    ],
)
def test_wrong_entry_is_explained_where_it_stands(entries, key, text, sentence):
    checked = check(ExperimentDraft({**entries, key: text}))
    assert checked.spec is None
    assert checked.problems == {key: sentence}


def test_a_set_with_a_table_needs_one_and_others_have_none(entries, films):
    table = films / "labels.csv"
    by_table = {**entries, "data.kind": "csv", "data.table": ""}
    problems = {"data.table": "Choose the CSV file that holds the labels."}
    assert check(ExperimentDraft(by_table)).problems == problems
    by_table["data.table"] = str(table)
    assert check(ExperimentDraft(by_table)).problems == {"data.table": "There is no such file."}
    table.write_text("path,label")
    assert check(ExperimentDraft(by_table)).spec.data.table == table
    assert check(ExperimentDraft({**by_table, "data.kind": "folder"})).spec.data.table is None


def test_distilling_needs_a_teacher(entries):
    draft = ExperimentDraft({**entries, "kind": "distill"})
    assert check(draft).problems == {"teachers": "Tick at least one finished teacher."}
    taught = ExperimentDraft({**entries, "kind": "distill"}, teachers=("densenet-1",))
    assert check(taught).spec.teachers == (TeacherSpec(job="densenet-1"),)


def test_copy_keeps_what_the_form_does_not_show(films):
    spec = JobSpec(
        kind="distill",
        name="by tissue group",
        seed=7,
        data=DataSpec(kind="folder", root=films, limit_per_class=40, test_fraction=0.2),
        network=NetworkSpec(name="ofa_595", width=0.5),
        teachers=(TeacherSpec(job="a", weight=2.0), TeacherSpec(job="b")),
        training=TrainingSpec(epochs=3, label_smoothing=0.1),
    )
    assert check(draft_of(spec)).spec == spec


def test_specification_text_reads_back_to_the_same_specification(entries):
    spec = check(ExperimentDraft({**entries, "name": 'a "quoted" name'})).spec
    assert JobSpec.model_validate(tomllib.loads(spec_to_toml(spec))) == spec


def test_whole_experiment_is_teachers_then_baseline_then_student(entries, store):
    student = check(ExperimentDraft(entries)).spec
    jobs = [store.create(spec) for spec in series_of(student)]
    assert [job.spec.kind for job in jobs] == ["teacher"] * 3 + ["student", "distill"]
    assert [teacher.job for teacher in jobs[-1].spec.teachers] == [
        job.identifier for job in jobs[:3]
    ]
    assert {job.spec.network.name for job in jobs[3:]} == {"ofa_595"}


@pytest.mark.parametrize("name", ["timm:resnet50", "timm:resnet50.a1_in1k"])
def test_any_network_of_timm_may_learn(entries, name):
    spec = check(ExperimentDraft({**entries, "kind": "teacher", "network.name": name})).spec
    assert spec.network.name == name
    assert draft_of(spec).entries["network.name"] == name


@pytest.mark.parametrize("name", ["", "resnet50", "timm:", "timm:../weights", "timm:hf-hub:a/b"])
def test_name_that_is_no_network_is_explained(entries, name):
    checked = check(ExperimentDraft({**entries, "network.name": name}))
    assert checked.spec is None
    assert checked.problems["network.name"] == "Choose one of the list, or write timm:NAME."


def test_network_of_timm_has_no_other_width(entries):
    draft = ExperimentDraft({**entries, "network.name": "timm:resnet50", "network.width": "0.5"})
    assert check(draft).problems == {"network.width": "A network of timm has no width but 1."}


def test_target_layer_is_kept_for_its_own_network_only(entries, films):
    network = NetworkSpec(name="timm:resnet50", target_layer="layer3")
    spec = JobSpec(kind="teacher", data=DataSpec(kind="folder", root=films), network=network)
    draft = draft_of(spec)
    assert check(draft).spec.network.target_layer == "layer3"
    other = ExperimentDraft({**draft.entries, "network.name": "vgg19"}, basis=spec)
    assert check(other).spec.network.target_layer is None
    assert all(job.network.target_layer is None for job in series_of(spec)[:3])
