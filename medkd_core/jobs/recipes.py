"""Experiments by name: commented specifications to start from, in the order of their running."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from medkd_core.errors import SpecError
from medkd_core.imaging.recipe import View
from medkd_core.jobs.experiment import EXPERIMENT_FILE, ExperimentSpec
from medkd_core.jobs.spec import (
    DataSpec,
    DistillationSpec,
    JobSpec,
    NetworkSpec,
    TeacherSpec,
    TrainingSpec,
)
from medkd_core.jobs.spec_text import spec_to_toml

PAPER = (
    "Explainable Knowledge Distillation for Efficient Medical Image Classification, "
    "arXiv:2508.15251"
)
PAPER_TEACHERS = ("densenet201", "visformer_s", "autoformer_v2_t")
PAPER_STUDENT = "ofa_595"

EXPLANATION_WEIGHT = 0.5

_FILMS = DataSpec(kind="covid-qu-ex", root=Path("COVID-QU-Ex"))
_TISSUE = DataSpec(kind="lc25000", root=Path("LC25000"))
_PAPER_TRAINING = TrainingSpec(epochs=60)

_COMMENTS = {
    "network.width": "Narrower networks are for quick looks; the paper's are those of width 1.",
    "network.weights": "'medkd weights fetch NAME' prints the path of published ones.",
    "training.class_balance": "Balanced by class, as in the paper; the number is MedKD's choice.",
    "distillation.soft_weight": "The paper's hybrid of labels and teachers; the number is MedKD's.",
    "distillation.remember": "Costs hardly more than no teachers, also for the students to come.",
    "distillation.explanation_weight": "Not of the paper, and not tuned: try more and less.",
}
_DATA_COMMENTS = {
    "covid-qu-ex": {
        "data.root": "The folder that holds 'Lung Segmentation Data', as published.",
        "data.groups": "The set has an official split and no patient identities.",
    },
    "lc25000": {
        "data.root": "The folder that holds 'lung_colon_image_set', as published.",
        "data.groups": "The set holds about 20 turned copies of each tile, which must not be "
        "parted.\nWithout a table they are found in the pictures ('medkd datasets group').",
    },
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """An experiment that is known by name.

    Attributes
    ----------
    experiment : ExperimentSpec
    specs : dict of str to JobSpec
        By file name, in the order of their running.
    """

    experiment: ExperimentSpec
    specs: dict[str, JobSpec]


def quick_look() -> Recipe:
    """One small teacher, the baseline and the distilled student: minutes on two cores."""
    series = _Series(
        "quick-look",
        _FILMS.model_copy(update={"limit_per_class": 400}),
        TrainingSpec(epochs=12, batch_size=16, learning_rate=2e-3),
        width=0.25,
        image_size=96,
    )
    return _recipe(
        ExperimentSpec(
            title="Quick look",
            question="Does a small student learn more from a small teacher than from labels alone?",
            seeds=1,
        ),
        series.teachers(PAPER_TEACHERS[:1]),
        {
            "baseline": series.baseline(),
            "distilled": series.distilled("distilled", PAPER_TEACHERS[:1]),
        },
    )


def paper_covid_qu_ex() -> Recipe:
    """The paper's chest films: COVID-19, Non-COVID, Normal; every question in one experiment."""
    return _paper("paper-covid-qu-ex", "The paper's chest films", _FILMS)


def paper_lc25000() -> Recipe:
    """The paper's tissue: five classes of lung and colon, split by tissue group."""
    return _paper("paper-lc25000", "The paper's tissue", _TISSUE)


def scratch_or_distilled() -> Recipe:
    """The student from scratch against the student distilled from one and from three teachers."""
    series = _Series("paper-covid-qu-ex", _FILMS, _PAPER_TRAINING)
    return _recipe(
        ExperimentSpec(
            title="From scratch or distilled",
            question="Does the student learn more from one teacher, or from three, than from the "
            "labels alone?",
        ),
        series.teachers(PAPER_TEACHERS),
        {
            "baseline": series.baseline(),
            "distilled-from-one": series.distilled("distilled from one", PAPER_TEACHERS[:1]),
            "distilled-from-three": series.distilled("distilled from three", PAPER_TEACHERS),
        },
    )


def with_explanations() -> Recipe:
    """The distilled student with and without being shown where its teachers looked."""
    series = _Series("paper-covid-qu-ex", _FILMS, _PAPER_TRAINING)
    return _recipe(
        ExperimentSpec(
            title="With and without explanations",
            question="Does a student that learns where its teachers looked decide better than one "
            "that learns only what they said?",
        ),
        series.teachers(PAPER_TEACHERS),
        {
            "distilled-from-three": series.distilled("distilled from three", PAPER_TEACHERS),
            "distilled-with-explanations": series.distilled(
                "distilled with explanations", PAPER_TEACHERS, EXPLANATION_WEIGHT
            ),
        },
    )


def trained_here_tested_there() -> Recipe:
    """Baseline and distilled student on films of a data set that nothing was trained on."""
    series = _Series("paper-covid-qu-ex", _FILMS, _PAPER_TRAINING)
    return _recipe(
        ExperimentSpec(
            title="Trained here, tested there",
            question="What is left of the student, and of what it gained from its teachers, on "
            "images of other hospitals?",
            elsewhere=DataSpec(kind="folder", root=Path("other-hospital")),
        ),
        series.teachers(PAPER_TEACHERS),
        {
            "baseline": series.baseline(),
            "distilled-from-three": series.distilled("distilled from three", PAPER_TEACHERS),
        },
    )


RECIPES: Mapping[str, Callable[[], Recipe]] = {
    "quick-look": quick_look,
    "paper-covid-qu-ex": paper_covid_qu_ex,
    "paper-lc25000": paper_lc25000,
    "scratch-or-distilled": scratch_or_distilled,
    "with-explanations": with_explanations,
    "trained-here-tested-there": trained_here_tested_there,
}


def recipe_text(
    name: str,
    *,
    data: Path | None = None,
    elsewhere: Path | None = None,
    every_entry: bool = False,
) -> dict[str, str]:
    """The files of a recipe as commented TOML.

    Parameters
    ----------
    name : str
        A key of `RECIPES`.
    data, elsewhere : Path, optional
        Roots of the data sets, instead of a place to fill in.
    every_entry : bool, default False
        Also the entries that are seldom changed.

    Returns
    -------
    dict of str to str
        File name to text: the experiment's, then the jobs' in the order of their running.

    Raises
    ------
    SpecError
        There is no such recipe.
    """
    if name not in RECIPES:
        raise SpecError(
            f"Cannot write the recipe '{name}'",
            because="there is no recipe of that name",
            cure=f"Choose one of {', '.join(RECIPES)}.",
        )
    recipe = RECIPES[name]()
    texts = {EXPERIMENT_FILE: _experiment_text(name, _tested_on(recipe, elsewhere))}
    for file, spec in recipe.specs.items():
        placed = spec if data is None else _with_root(spec, data)
        texts[file] = spec_to_toml(placed, _comments(name, file, spec), every_entry=every_entry)
    return texts


def _with_root(spec: JobSpec, root: Path) -> JobSpec:
    return spec.model_copy(update={"data": spec.data.model_copy(update={"root": root})})


@dataclass(frozen=True, slots=True)
class _Series:
    """What all jobs of an experiment have in common.

    Recipes that share a name and settings share their jobs: teachers are not trained twice.
    """

    name: str
    data: DataSpec
    training: TrainingSpec
    width: float = 1.0
    image_size: int | None = None

    def teachers(self, networks: tuple[str, ...]) -> dict[str, JobSpec]:
        return {f"teacher-{network}": self._teacher(network) for network in networks}

    def baseline(self) -> JobSpec:
        return self._job("baseline", PAPER_STUDENT)

    def _teacher(self, network: str) -> JobSpec:
        spec = self._job(f"teacher {network}", network)
        return spec.model_copy(update={"kind": "teacher"})

    def distilled(
        self, title: str, networks: tuple[str, ...], explanation_weight: float = 0.0
    ) -> JobSpec:
        return self._job(title, PAPER_STUDENT).model_copy(
            update={
                "kind": "distill",
                "teachers": tuple(
                    TeacherSpec(job=self._teacher(network).name) for network in networks
                ),
                "distillation": DistillationSpec(
                    remember=True, explanation_weight=explanation_weight
                ),
            }
        )

    def _job(self, title: str, network: str) -> JobSpec:
        return JobSpec(
            kind="student",
            name=f"{self.name} {title}",
            data=self.data,
            # As the published pictures were made square: the aspect ratio is not kept.
            view=View(fit="stretch"),
            network=NetworkSpec(name=network, width=self.width, image_size=self.image_size),
            training=self.training,
        )


def _paper(name: str, title: str, data: DataSpec) -> Recipe:
    series = _Series(name, data, _PAPER_TRAINING)
    return _recipe(
        ExperimentSpec(
            title=title,
            question="Does the student learn more from one teacher, from three, and from where "
            "they looked, than from the labels alone?",
            compare=(
                ("distilled-from-one", "baseline"),
                ("distilled-from-three", "baseline"),
                ("distilled-from-three", "distilled-from-one"),
                ("distilled-with-explanations", "distilled-from-three"),
            ),
        ),
        series.teachers(PAPER_TEACHERS),
        {
            "baseline": series.baseline(),
            "distilled-from-one": series.distilled("distilled from one", PAPER_TEACHERS[:1]),
            "distilled-from-three": series.distilled("distilled from three", PAPER_TEACHERS),
            "distilled-with-explanations": series.distilled(
                "distilled with explanations", PAPER_TEACHERS, EXPLANATION_WEIGHT
            ),
        },
    )


def _recipe(
    experiment: ExperimentSpec, teachers: dict[str, JobSpec], students: dict[str, JobSpec]
) -> Recipe:
    jobs = {**teachers, **students}
    numbered = {f"{number}-{arm}.toml": jobs[arm] for number, arm in enumerate(jobs, start=1)}
    return Recipe(experiment, numbered)


def _tested_on(recipe: Recipe, elsewhere: Path | None) -> ExperimentSpec:
    """A data set elsewhere is laid out as the recipe says, else as the one that is trained on."""
    if elsewhere is None:
        return recipe.experiment
    trained_on = next(iter(recipe.specs.values())).data
    laid_out = recipe.experiment.elsewhere or DataSpec(kind=trained_on.kind, root=elsewhere)
    moved = laid_out.model_copy(update={"root": elsewhere})
    return recipe.experiment.model_copy(update={"elsewhere": moved})


def _experiment_text(name: str, spec: ExperimentSpec) -> str:
    comments = {
        "": f"{name}: every job of this folder, and what is compared. Run all of it with:\n"
        "medkd experiment FOLDER (again to go on where it was stopped)",
        "seeds": "Three show the spread; claim nothing from one.",
        "elsewhere": "Its classes must have the same names. Without such a set, hold out one of\n"
        'your own sources: held_out_source = "NAME" in [data] of every specification.',
        "elsewhere.kind": "A folder for each class; or covid-qu-ex, lc25000, csv, dicom.",
    }
    return spec_to_toml(spec, comments)


def _comments(recipe: str, file: str, spec: JobSpec) -> dict[str, str]:
    head = (
        f"{recipe}: {file}. Alone: medkd train {file}; all jobs of the folder: medkd experiment\n"
        f"After {PAPER}:\n"
        "data, teachers, student, and the hybrid of balanced labels and teachers' soft labels are "
        "the paper's.\n"
        "Epochs, rates, sizes and weights are MedKD's choice. Entries that are not shown have\n"
        f"their defaults; 'medkd recipe {recipe} --every-entry' shows and explains them all."
    )
    return {"": head, **_COMMENTS, **_DATA_COMMENTS[spec.data.kind]}
