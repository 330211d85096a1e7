"""Experiments by name: commented specifications to start from, in the order of their running."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from medkd_core.errors import SpecError
from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import (
    DataSpec,
    JobKind,
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

_ROOT_COMMENT = {
    "covid-qu-ex": "The folder that holds 'Lung Segmentation Data', as published.",
    "lc25000": "The folder that holds 'lung_colon_image_set', as published.",
    "folder": "A folder with one folder of images per class.",
}
_GROUPS_COMMENT = {
    "covid-qu-ex": "The set has an official split and no patient identities.",
    "lc25000": "The set holds about 20 turned copies of each tile: copies must not be parted.",
    "folder": "",
}


def quick_look() -> dict[str, JobSpec]:
    """One small teacher, the baseline and the distilled student: minutes on two cores."""
    return _experiment(
        "quick-look",
        DataSpec(kind="covid-qu-ex", root=Path("COVID-QU-Ex"), limit_per_class=400),
        teachers=("densenet201",),
        training=TrainingSpec(epochs=12, batch_size=16, learning_rate=2e-3),
        width=0.25,
        image_size=96,
    )


def paper_covid_qu_ex() -> dict[str, JobSpec]:
    """The paper's chest films: COVID-19, Non-COVID, Normal."""
    data = DataSpec(kind="covid-qu-ex", root=Path("COVID-QU-Ex"))
    return _experiment("paper-covid-qu-ex", data, PAPER_TEACHERS, TrainingSpec(epochs=60))


def paper_lc25000() -> dict[str, JobSpec]:
    """The paper's tissue: five classes of lung and colon, split by tissue group."""
    data = DataSpec(
        kind="lc25000",
        root=Path("lung_colon_image_set"),
        groups=Path("groups.csv"),
        group_column="tissue_group",
    )
    return _experiment("paper-lc25000", data, PAPER_TEACHERS, TrainingSpec(epochs=60))


RECIPES: Mapping[str, Callable[[], dict[str, JobSpec]]] = {
    "quick-look": quick_look,
    "paper-covid-qu-ex": paper_covid_qu_ex,
    "paper-lc25000": paper_lc25000,
}
"""Name of a recipe and what makes its specifications: file name to specification."""


def recipe_text(name: str) -> dict[str, str]:
    """The specifications of a recipe as commented TOML.

    Parameters
    ----------
    name : str
        A key of `RECIPES`.

    Returns
    -------
    dict of str to str
        File name to text, in the order in which the jobs are to be run.

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
    specs = RECIPES[name]()
    return {file: spec_to_toml(spec, _comments(name, file, spec)) for file, spec in specs.items()}


def _experiment(
    name: str,
    data: DataSpec,
    teachers: tuple[str, ...],
    training: TrainingSpec,
    width: float = 1.0,
    image_size: int | None = None,
) -> dict[str, JobSpec]:
    """Teachers, the student without teachers, and the student distilled from all of them."""
    # As the published pictures were made square: the aspect ratio is not kept.
    view = View(fit="stretch")

    def job(
        kind: JobKind, network: str, title: str, taught_by: tuple[TeacherSpec, ...] = ()
    ) -> JobSpec:
        return JobSpec(
            kind=kind,
            name=f"{name} {title}",
            data=data,
            view=view,
            network=NetworkSpec(name=network, width=width, image_size=image_size),
            teachers=taught_by,
            training=training,
        )

    taught_by = tuple(TeacherSpec(job=f"{name} teacher {teacher}") for teacher in teachers)
    jobs = [job("teacher", teacher, f"teacher {teacher}") for teacher in teachers]
    jobs.append(job("student", PAPER_STUDENT, "baseline"))
    jobs.append(job("distill", PAPER_STUDENT, "distilled", taught_by))
    return {
        f"{number}-{spec.name.removeprefix(name + ' ').replace(' ', '-')}.toml": spec
        for number, spec in enumerate(jobs, start=1)
    }


def _comments(recipe: str, file: str, spec: JobSpec) -> dict[str, str]:
    return {
        "": f"{recipe}: {file}. Run it with: medkd train {file}\nAfter {PAPER}.\n"
        "Epochs, rates and sizes are MedKD's choice where the paper leaves them open.",
        "data.root": _ROOT_COMMENT[spec.data.kind],
        "data.groups": _GROUPS_COMMENT[spec.data.kind],
    }
