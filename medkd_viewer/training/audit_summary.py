"""What ``medkd datasets audit --json`` found, as the Data step tells it. No widgets."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from medkd_viewer.counting import plural

SPLIT_ORDER = ("train", "validation", "test")
BALANCED = 0.5
"""From here on, images of the smallest class for each of the largest, balance needs no word."""


class _File(BaseModel):
    path: str
    problem: str


class _Copies(BaseModel):
    images: list[str]


class _Masks(BaseModel):
    present: int


class AuditSummary(BaseModel):
    """The part of an audit's report that is shown; what else it holds is left out."""

    model_config = ConfigDict(frozen=True)

    images: int
    classes: dict[str, int]
    splits: dict[str, dict[str, int]]
    """Images by split, then class."""
    balance: float
    sizes: dict[str, int]
    unreadable: list[_File]
    mask_problems: list[_File]
    leaks: list[_Copies]
    contradictions: list[_Copies]
    lung_masks: dict[str, _Masks] = {}
    infection_masks: dict[str, _Masks] = {}
    warnings: list[str]
    refusal: str = ""

    @property
    def headline(self) -> str:
        """What is in it, in a sentence."""
        size, count = next(iter(self.sizes.items()), ("", 0))
        sides = f"all {size}" if count == self.images else f"{len(self.sizes)} sizes"
        classes = plural(len(self.classes), "class", "classes")
        return f"{plural(self.images, 'image')} in {classes}, {sides}."

    @property
    def split_names(self) -> list[str]:
        """The splits in the order of their use."""
        known = [name for name in SPLIT_ORDER if name in self.splits]
        return known + [name for name in self.splits if name not in SPLIT_ORDER]

    @property
    def columns(self) -> dict[str, dict[str, int]]:
        """Images of each class: by split, all, and with each kind of mask where there are any."""
        masks = {"with lungs": self.lung_masks, "with infection": self.infection_masks}
        marked = {
            name: {label: found.present for label, found in classes.items()}
            for name, classes in masks.items()
            if any(found.present for found in classes.values())
        }
        splits = {name: self.splits[name] for name in self.split_names}
        return splits | {"all": self.classes} | marked

    @property
    def findings(self) -> list[str]:
        """What to beware of, a sentence each."""
        found = [
            _files("cannot be read and will be refused", self.unreadable),
            _files("cannot be used as masks", self.mask_problems),
            _copies("copies stand in different splits: results would be too good", self.leaks),
            _copies("copies stand in different classes", self.contradictions),
        ]
        if self.refusal:
            found.append(f"Nothing can be trained on this set: {self.refusal}")
        if 0 < self.balance < BALANCED:
            found.append(
                f"The smallest class has {100 * self.balance:.0f} % of the largest; "
                "training weighs classes by their number."
            )
        return [*filter(None, found), *self.warnings]


def read_summary(text: str) -> AuditSummary | None:
    """Read the report; None when it is none."""
    try:
        return AuditSummary.model_validate_json(text)
    except ValidationError:
        return None


def _files(what: str, files: list[_File]) -> str:
    return f"{plural(len(files), 'file')} {what}, {files[0].path} first." if files else ""


def _copies(what: str, sets: list[_Copies]) -> str:
    if not sets:
        return ""
    return f"{plural(len(sets), 'set')} of {what}; {', '.join(sets[0].images[:2])} first."
