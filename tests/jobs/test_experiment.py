"""An experiment's folder: order, seeds, comparisons, and what does not fit together."""

from pathlib import Path

import pytest

from medkd_core.errors import SpecError
from medkd_core.jobs.experiment import Experiment, load_experiment

SPEC = """
kind = "{kind}"
name = "{name}"
seed = 5
{teachers}
[data]
kind = "folder"
root = "{root}"
groups = "{root}/groups.csv"
[network]
name = "ofa_595"
"""


def write_spec(folder: Path, file: str, kind: str, name: str, *teachers: str) -> None:
    jobs = ", ".join(f'{{ job = "{teacher}" }}' for teacher in teachers)
    taught_by = f"teachers = [{jobs}]"
    text = SPEC.format(kind=kind, name=name, teachers=taught_by, root=folder / "films")
    (folder / file).write_text(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_spec(tmp_path, "1-teacher.toml", "teacher", "T")
    write_spec(tmp_path, "2-baseline.toml", "student", "B")
    write_spec(tmp_path, "10-distilled.toml", "distill", "D", "T")
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(SpecError) as caught:
        load_experiment(folder)
    return str(caught.value)


def named(experiment: Experiment) -> list[str]:
    return [step.spec.name for step in experiment.steps()]


def test_files_are_run_in_the_order_of_their_numbers(folder: Path) -> None:
    arms = load_experiment(folder).arms
    assert [arm.name for arm in arms] == ["teacher", "baseline", "distilled"]


def test_teachers_are_trained_once_and_students_from_every_seed(folder: Path) -> None:
    experiment = load_experiment(folder, seeds=2)
    assert named(experiment) == ["T", "B, seed 5", "D, seed 5", "B, seed 6", "D, seed 6"]
    assert [step.spec.seed for step in experiment.steps()] == [5, 5, 5, 6, 6]


def test_students_are_compared_with_the_first_one_unless_told_otherwise(folder: Path) -> None:
    assert load_experiment(folder).comparisons == [("distilled", "baseline")]
    (folder / "experiment.toml").write_text('compare = [["baseline", "distilled"]]\nseeds = 7\n')
    told = load_experiment(folder)
    assert told.comparisons == [("baseline", "distilled")]
    assert told.spec.seeds == 7


def test_another_root_takes_the_tables_below_it_along(folder: Path, tmp_path: Path) -> None:
    moved = load_experiment(folder, data=tmp_path / "other").arms[0].spec.data
    assert moved.root == tmp_path / "other"
    assert moved.groups == tmp_path / "other" / "groups.csv"


def test_a_data_set_elsewhere_is_laid_out_as_the_one_here(folder: Path, tmp_path: Path) -> None:
    elsewhere = load_experiment(folder, elsewhere=tmp_path / "there").spec.elsewhere
    assert elsewhere is not None
    assert (elsewhere.kind, elsewhere.root) == ("folder", tmp_path / "there")


def test_student_before_its_teacher_is_refused(folder: Path) -> None:
    (folder / "1-teacher.toml").rename(folder / "11-teacher.toml")
    assert "'distilled' learns from 'T', which comes after it" in refusal(folder)


def test_two_jobs_of_one_name_are_refused(folder: Path) -> None:
    write_spec(folder, "3-again.toml", "student", "B")
    assert "'again' has no name of its own" in refusal(folder)


def test_comparison_with_a_stranger_names_the_students(folder: Path) -> None:
    (folder / "experiment.toml").write_text('compare = [["distilled", "base"]]\n')
    message = refusal(folder)
    assert "compares 'base'" in message
    assert "baseline, distilled" in message


def test_misspelt_entry_of_the_experiment_is_explained(folder: Path) -> None:
    (folder / "experiment.toml").write_text("seed = 2\n")
    assert "Did you mean 'seeds'?" in refusal(folder)


def test_folder_without_specifications_is_refused(tmp_path: Path) -> None:
    assert "holds no specification" in refusal(tmp_path)
    assert "No such file" in refusal(tmp_path / "nowhere")


EXPERIMENTS = Path(__file__).parents[1] / "experiments"


@pytest.mark.parametrize("name", ["cxr3", "cxr3-untrained-teacher", "lc25000"])
def test_experiments_on_real_data_fit_together(name: str, tmp_path: Path) -> None:
    experiment = load_experiment(EXPERIMENTS / name, data=tmp_path)
    assert {arm.spec.data.groups for arm in experiment.arms} == {tmp_path / "manifest.csv"}


def test_the_experiment_with_an_untrained_teacher_shares_the_jobs_of_the_other(
    tmp_path: Path,
) -> None:
    all_trained, one_untrained = (
        {step.spec.name: step.spec for step in load_experiment(folder, data=tmp_path).steps()}
        for folder in (EXPERIMENTS / "cxr3", EXPERIMENTS / "cxr3-untrained-teacher")
    )
    shared = all_trained.keys() & one_untrained.keys()
    assert len(shared) == 6
    assert all(all_trained[name] == one_untrained[name] for name in shared)
