"""The pictures and documents of a study, counted and found without listing them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import overload

from medkd_core.imaging.study import Instance, Series, Study


@dataclass(frozen=True, slots=True)
class Image:
    """One picture of a study: a frame of an instance."""

    instance: Instance
    frame: int


class Images(Sequence[Image]):
    """Pictures of instances in reading order; a file may claim millions, none is made in advance.

    Parameters
    ----------
    instances : sequence of Instance
    """

    def __init__(self, instances: Sequence[Instance]) -> None:
        self._instances = [one for one in instances if one.frames > 0]
        self._ends = list(accumulate(one.frames for one in self._instances))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def position_of(self, image: Image) -> int:
        """Where a picture stands, from 0; 0 when it is not among them."""
        for one, end in zip(self._instances, self._ends, strict=True):
            if one.path == image.instance.path:
                return end - one.frames + image.frame
        return 0

    @overload
    def __getitem__(self, position: int) -> Image: ...
    @overload
    def __getitem__(self, position: slice) -> list[Image]: ...
    def __getitem__(self, position: int | slice) -> Image | list[Image]:
        if isinstance(position, slice):
            return [self[n] for n in range(*position.indices(len(self)))]
        wanted = position + len(self) if position < 0 else position
        if not 0 <= wanted < len(self):
            raise IndexError(position)
        number = bisect_right(self._ends, wanted)
        instance = self._instances[number]
        return Image(instance, wanted - (self._ends[number] - instance.frames))


def images_of(study: Study) -> Images:
    """Every picture of a study in reading order."""
    return Images(study.instances)


def documents_of(study: Study | Series) -> list[Instance]:
    """What has no pictures: reports, waveforms, plans, presentation states."""
    return [one for one in study.instances if one.frames == 0]


def count_images(study: Study | Series) -> int:
    """How many pictures."""
    return sum(one.frames for one in study.instances)


def middle_image(part: Study | Series) -> Image | None:
    """The picture that stands for a series, or for the first series of a study that has any."""
    parts = part.series if isinstance(part, Study) else (part,)
    images = next((images for one in parts if (images := Images(one.instances))), None)
    return images[len(images) // 2] if images else None


def first_position(study: Study, series: Series) -> int:
    """Where a series begins among the pictures of its study, from 0."""
    number = next(n for n, one in enumerate(study.series) if one.uid == series.uid)
    return sum(map(count_images, study.series[:number]))


def stack_at(study: Study, position: int) -> range:
    """The pictures that a step goes through from one of them: those of its series.

    Films of which each was sent as a series of its own are one stack, as a reader takes them.
    """
    start = 0
    pictured = [series for series in study.series if count_images(series)]
    for _, together in groupby(pictured, key=_stack_key):
        stack = range(start, start + sum(map(count_images, together)))
        if position in stack:
            return stack
        start = stack.stop
    return range(0)


def _stack_key(series: Series) -> tuple[str, str]:
    return series.modality, "" if count_images(series) == 1 else series.uid
