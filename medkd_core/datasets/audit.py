"""What is wrong with a data set: counts, balance, unreadable files, copies, leaks, masks."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, computed_field

from medkd_core.datasets import covid_qu_ex
from medkd_core.datasets.covid_qu_ex import same_pixels
from medkd_core.datasets.duplicates import Fingerprint, find_duplicates, fingerprint
from medkd_core.datasets.loading import dataset_of, empty_classes, list_images
from medkd_core.datasets.record import Found, ImageDone, Listing
from medkd_core.errors import DatasetError, UnreadableFileError
from medkd_core.imaging.frame import FloatArray
from medkd_core.imaging.preprocessing import view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import DatasetKind, DataSpec

NO_SPLIT = "no split"
NEAR_DUPLICATE_LIMITS = (
    "Near duplicates are copies that were compressed again, scaled or changed in brightness; "
    "cropped, shifted, freely turned or annotated copies are not found. Mirrored and "
    "quarter-turned copies are looked for in LC25000 only."
)
_WHOLE_RANGE = View(intensity="full")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileProblem(_Part):
    """A file, relative to the set's root, and what is wrong with it."""

    path: str
    problem: str


class DuplicateSet(_Part):
    """Images that are copies of one another."""

    images: list[str]
    """Paths relative to the set's root."""
    exact: bool
    """All of them are equal byte for byte."""
    splits: list[str]
    classes: list[str]


class MaskCounts(_Part):
    """Images of one class with a mask, without one, and with one that marks nothing."""

    present: int
    missing: int
    blank: int


class AuditReport(_Part):
    """What `audit_dataset` found."""

    root: str
    kind: DatasetKind
    images: int
    classes: dict[str, int]
    empty_classes: list[str]
    """Classes that the set should have and that no image is of."""
    splits: dict[str, dict[str, int]]
    """Images by split, then class; ``no split`` where the folders name none."""
    balance: float
    """Images of the smallest class for each image of the largest; 0 with an empty class."""
    sizes: dict[str, int]
    """Images by size, ``"256 x 256"`` (rows x columns), the commonest first."""
    unreadable: list[FileProblem]
    mask_problems: list[FileProblem]
    """Masks that cannot be read or are not of their image's size."""
    lung_masks: dict[str, MaskCounts]
    infection_masks: dict[str, MaskCounts]
    duplicates: list[DuplicateSet]
    refusal: str
    """Why no network can be trained on it as it is; empty where one can."""
    near_duplicate_limits: str = NEAR_DUPLICATE_LIMITS
    warnings: list[str]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def leaks(self) -> list[DuplicateSet]:
        """Copies that stand in more than one split."""
        return [copies for copies in self.duplicates if len(copies.splits) > 1]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def contradictions(self) -> list[DuplicateSet]:
        """Copies that stand in more than one class."""
        return [copies for copies in self.duplicates if len(copies.classes) > 1]


def audit_dataset(spec: DataSpec, *, progress: ImageDone | None = None) -> AuditReport:
    """Look at every file of a data set.

    Parameters
    ----------
    spec : DataSpec
        As a job would name it.
    progress : callable, optional

    Raises
    ------
    DatasetError
        When there is no such folder, no image in it, or something wrong with the table.
    """
    return _Audit(spec).run(progress)


class _Audit:
    """The running totals of one audit."""

    def __init__(self, spec: DataSpec) -> None:
        self.spec, self.root, self.kind = spec, spec.root, spec.kind
        self.listing = _listing(spec)
        self.found = self.listing.images
        self.unreadable: list[FileProblem] = []
        self.mask_problems: list[FileProblem] = []
        self.readable: list[Found] = []
        self.fingerprints: list[Fingerprint] = []
        self.sizes: Counter[str] = Counter()
        self.marked: Counter[tuple[str, str, str]] = Counter()

    def run(self, progress: ImageDone | None) -> AuditReport:
        for index, image in enumerate(self.found):
            self._look_at(image)
            if progress is not None:
                progress(index + 1, len(self.found))
        return self._report()

    def _look_at(self, image: Found) -> None:
        try:
            pixels = _grey(image.path)
        except UnreadableFileError as error:
            self.unreadable.append(FileProblem(path=self._name(image.path), problem=error.because))
            return
        self.readable.append(image)
        self.sizes[f"{pixels.shape[0]} x {pixels.shape[1]}"] += 1
        digest = hashlib.sha256(image.path.read_bytes()).hexdigest()
        self.fingerprints.append(fingerprint(pixels, digest, turned=self.kind == "lc25000"))
        self._look_at_mask("lung", image.lung_mask, image.label, pixels.shape)
        self._look_at_mask("infection", image.infection_mask, image.label, pixels.shape)

    def _look_at_mask(
        self, organ: str, mask: Path | None, label: str, shape: tuple[int, ...]
    ) -> None:
        if mask is None:
            self.marked[organ, label, "missing"] += 1
            return
        problem = ""
        try:
            # As stored: a display would stretch a blank mask to whatever it likes.
            pixels = read_frame(mask).stored
            self.marked[organ, label, "present" if pixels.any() else "blank"] += 1
            if pixels.shape[:2] != shape:
                problem = (
                    f"{pixels.shape[0]} x {pixels.shape[1]}, its image {shape[0]} x {shape[1]}"
                )
        except UnreadableFileError as error:
            problem = error.because
        if problem:
            self.mask_problems.append(FileProblem(path=self._name(mask), problem=problem))

    def _report(self) -> AuditReport:
        classes = dict.fromkeys(self.listing.classes, 0) | Counter(
            image.label for image in self.found
        )
        duplicates = [self._duplicate_set(copies) for copies in find_duplicates(self.fingerprints)]
        return AuditReport(
            root=str(self.root),
            kind=self.kind,
            images=len(self.found),
            classes=classes,
            empty_classes=empty_classes(self.listing),
            splits=self._splits(),
            balance=min(classes.values()) / max(classes.values()),
            sizes=dict(self.sizes.most_common()),
            unreadable=self.unreadable,
            mask_problems=self.mask_problems,
            lung_masks=self._mask_counts("lung"),
            infection_masks=self._mask_counts("infection"),
            duplicates=duplicates,
            warnings=list(self.listing.warnings),
            refusal=self._refusal(),
        )

    def _splits(self) -> dict[str, dict[str, int]]:
        splits: dict[str, dict[str, int]] = {}
        for image in self.found:
            counts = splits.setdefault(image.split or NO_SPLIT, {})
            counts[image.label] = counts.get(image.label, 0) + 1
        return splits

    def _refusal(self) -> str:
        spec = self.spec
        if self.kind == "lc25000" and spec.groups is None:
            # Training would look for groups in the pictures, which tear none; here it takes long.
            spec = spec.model_copy(update={"allow_leak": True})
        try:
            dataset_of(self.listing, spec, seed=0)
        except DatasetError as error:
            return f"{error.reason}."
        return ""

    def _mask_counts(self, organ: str) -> dict[str, MaskCounts]:
        if not any(image.lung_mask or image.infection_mask for image in self.found):
            return {}
        return {
            label: MaskCounts(
                present=self.marked[organ, label, "present"],
                missing=self.marked[organ, label, "missing"],
                blank=self.marked[organ, label, "blank"],
            )
            for label in self.listing.classes
        }

    def _duplicate_set(self, copies: list[int]) -> DuplicateSet:
        images = [self.readable[index] for index in copies]
        return DuplicateSet(
            images=[self._name(image.path) for image in images],
            exact=len({self.fingerprints[index].digest for index in copies}) == 1,
            splits=sorted({image.split or NO_SPLIT for image in images}),
            classes=sorted({image.label for image in images}),
        )

    def _name(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.root)).as_posix()


def _listing(spec: DataSpec) -> Listing:
    if spec.kind == "covid-qu-ex" and spec.root.is_dir():
        # An audit has the time to look into files of equal size, too.
        return replace(
            list_images(spec), warnings=covid_qu_ex.list_images(spec, same_pixels).warnings
        )
    return list_images(spec)


def _grey(path: Path) -> FloatArray:
    image = view_image(read_frame(path), _WHOLE_RANGE)
    return image.mean(axis=-1) if image.ndim == 3 else image
