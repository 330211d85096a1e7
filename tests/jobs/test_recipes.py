"""Recipes: what they write is read back, and the names in it fit together."""

from pathlib import Path

import pytest

from medkd_core.errors import SpecError
from medkd_core.jobs.experiment import EXPERIMENT_FILE, load_experiment
from medkd_core.jobs.recipes import PAPER_TEACHERS, RECIPES, recipe_text


def write(name: str, folder: Path, **options: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for file, text in recipe_text(name, **options).items():
        (folder / file).write_text(text)
    return folder


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_is_read_back_as_it_was_made(tmp_path: Path, name: str) -> None:
    made = RECIPES[name]()
    read = load_experiment(write(name, tmp_path))
    assert [arm.spec.name for arm in read.arms] == [spec.name for spec in made.specs.values()]
    for arm, spec in zip(read.arms, made.specs.values(), strict=True):
        assert arm.spec.data.root == tmp_path / spec.data.root
        assert arm.spec.model_copy(update={"data": spec.data}) == spec
    assert read.spec.compare == made.experiment.compare


@pytest.mark.parametrize("name", RECIPES)
def test_every_entry_on_demand_says_the_same(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    for file, text in recipe_text(name, every_entry=True).items():
        (folder / file).write_text(text)
    short = load_experiment(write(name, tmp_path / "short"), data=tmp_path)
    assert load_experiment(folder, data=tmp_path).arms == short.arms


def test_distilled_student_of_a_recipe_names_the_jobs_of_the_recipe() -> None:
    for name in RECIPES:
        specs = list(RECIPES[name]().specs.values())
        names = {spec.name for spec in specs if spec.kind == "teacher"}
        assert {teacher.job for teacher in specs[-1].teachers} == names


def test_questions_of_one_data_set_share_their_teachers() -> None:
    shared = ("paper-covid-qu-ex", "scratch-or-distilled", "with-explanations")
    for network in PAPER_TEACHERS:
        jobs = [
            spec
            for name in shared
            for spec in RECIPES[name]().specs.values()
            if spec.network.name == network
        ]
        assert jobs == jobs[:1] * len(shared)


@pytest.mark.parametrize("name", RECIPES)
def test_roots_given_are_written(tmp_path: Path, name: str) -> None:
    films, other = tmp_path / "films", tmp_path / "other"
    folder = write(name, tmp_path, data=films, elsewhere=other)
    read = load_experiment(folder)
    assert {arm.spec.data.root for arm in read.arms} == {films}
    assert read.spec.elsewhere is not None
    assert read.spec.elsewhere.root == other


def test_the_experiment_comes_first() -> None:
    assert next(iter(recipe_text("quick-look"))) == EXPERIMENT_FILE


def test_unknown_recipe_lists_the_known_ones() -> None:
    with pytest.raises(SpecError, match="quick-look"):
        recipe_text("slow-look")
