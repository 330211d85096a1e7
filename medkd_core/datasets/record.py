"""A data set as everything else sees it: records with a label, a split and a group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["train", "validation", "test"]

ImageDone = Callable[[int, int], None]
"""Called with the images finished so far and their number; may raise `OperationCancelled`."""

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


Attributes = tuple[tuple[str, str], ...]
"""Names and values of whatever else is known of an image, in a fixed order."""


@dataclass(frozen=True, slots=True)
class Found:
    """An image as its place in the folders, or its row in a table, describes it.

    Attributes
    ----------
    path : Path
    label : str
    split : str or None
        None where neither folders nor table name a split; then no image of the set has one.
    lung_mask, infection_mask : Path or None
    group, source : str
        Empty where they are not known.
    attributes : tuple of (str, str)
    """

    path: Path
    label: str
    split: Split | None = None
    lung_mask: Path | None = None
    infection_mask: Path | None = None
    group: str = ""
    source: str = ""
    attributes: Attributes = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """What a data set holds, as its layout names it; nothing was decoded.

    Attributes
    ----------
    images : tuple of Found
    classes : tuple of str
        In the order of the network's outputs; one of them may have no image.
    warnings : tuple of str
        What whoever uses the set must know, as sentences.
    """

    images: tuple[Found, ...]
    classes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One image of a data set; nothing of it was decoded yet.

    Attributes
    ----------
    path : Path
    label : str
    split : str
    group : str
        Images of one group (patient, tissue block) never stand in different splits, unless a
        warning of the data set says so.
    source : str
        Where the image comes from, for results per source; empty when unknown.
    lung_mask, infection_mask : Path or None
        Grey pictures of the image's size, 0 outside and 255 inside.
    attributes : tuple of (str, str)
        Further columns of the set's table: names and values.
    """

    path: Path
    label: str
    split: Split
    group: str
    source: str = ""
    lung_mask: Path | None = None
    infection_mask: Path | None = None
    attributes: Attributes = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """Records with their classes, and what a reader of results must know about them."""

    name: str
    classes: tuple[str, ...]
    records: tuple[Record, ...]
    warnings: tuple[str, ...] = ()

    def split(self, name: Split) -> list[Record]:
        """Records of one split, in their fixed order."""
        return [record for record in self.records if record.split == name]

    def class_index(self, label: str) -> int:
        """Position of a label among the classes; raises ValueError for a foreign one."""
        return self.classes.index(label)
