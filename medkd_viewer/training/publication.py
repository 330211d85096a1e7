"""Where a bundle will stand, and what its name still lacks. No widgets."""

from __future__ import annotations

import re
from pathlib import Path

from medkd_viewer.counting import plural
from medkd_viewer.training.comparison import ComparedRun, compare
from medkd_viewer.training.facts_card import Facts
from medkd_viewer.training.run_facts import metric_facts
from medkd_viewer.training.runs import Run
from medkd_viewer.training.words import network_label


def bundle_folder(parent: Path, name: str, version: str) -> Path:
    """Return the folder that a bundle of that name and version gets: ``chest-demo-1.0``."""
    return parent / re.sub(r"[^\w.]+", "-", f"{name} {version}".lower()).strip("-.")


def missing(name: str, version: str, parent: str) -> dict[str, str]:
    """Say what is missing or wrong, by entry: ``name``, ``version``, ``folder``."""
    problems = {}
    if not name.strip():
        problems["name"] = "Give it a name."
    if not re.fullmatch(r"\w[\w.\-]*", version.strip()):
        problems["version"] = "Letters, digits and dots, such as 1.0."
    if not Path(parent.strip() or ".").is_dir() or not parent.strip():
        problems["folder"] = "There is no such folder."
    elif not problems and bundle_folder(Path(parent), name, version).exists():
        problems["folder"] = "It holds a bundle of that name and version already."
    return problems


def content_facts(run: Run) -> Facts:
    """Tell what the bundle of a completed run will hold."""
    compared = compare(run)
    if not isinstance(compared, ComparedRun):
        return (("Result", compared),)
    spec, result = compared.spec, compared.result
    return (
        ("Student", f"{network_label(spec.network.name)}, width {spec.network.width:g}"),
        ("Input", f"{result.recipe.size} px, {result.recipe.interpolation}"),
        ("Teachers", plural(len(spec.teachers), "network") if spec.teachers else "none"),
        ("Classes", ", ".join(result.classes)),
        ("Trained on", f"{result.dataset}, {plural(result.train_images, 'image')}"),
        ("Tested on", plural(result.test_images, "image")),
        *metric_facts(compared),
    )
