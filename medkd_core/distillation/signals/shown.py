"""The images that teachers are asked about, told apart by their content."""

from __future__ import annotations

from dataclasses import dataclass, field

from lightning_fabric import Fabric

from medkd_core.datasets.augmentation import AugmentationKind
from medkd_core.datasets.record import ImageDone
from medkd_core.distillation.data import Films, augmentation_kind
from medkd_core.distillation.signals.views import view_count, view_seed
from medkd_core.jobs.code_digest import code_digest
from medkd_core.jobs.spec import JobSpec

_CODE = ("networks", "distillation/inputs.py", "distillation/signals/teacher.py")
_LIBRARIES = ("torch", "timm", "numpy", "opencv-python-headless")


@dataclass(frozen=True, slots=True)
class Shown:
    """Training images and how they are changed.

    Attributes
    ----------
    films : Films
    kind : {"film", "tissue"} or None
        None leaves the images as they are.
    seed : int
    views : int
        How many augmented views there are to remember.
    squares : str
        SHA-256 of all pixels; how the images were prepared is part of them.
    """

    films: Films
    kind: AugmentationKind | None
    seed: int
    views: int
    squares: str

    def facts(self, fabric: Fabric, *code: str) -> dict[str, object]:
        """What all that is computed from the plain images depends on.

        Parameters
        ----------
        fabric : Fabric
        *code : str
            Rooms of ``medkd_core`` that take part beside those that always do.
        """
        return {
            "squares": self.squares,
            "device": fabric.device.type,
            "precision": str(fabric.strategy.precision.precision),
            "code": code_digest((*_CODE, *code), _LIBRARIES),
        }


def shown_images(films: Films, spec: JobSpec) -> Shown:
    """The training images of a job; their pixels are all read."""
    return Shown(
        films, augmentation_kind(spec), view_seed(spec), view_count(spec), films.pixel_digest()
    )


@dataclass(slots=True)
class Tally:
    """Counts the questions that are answered.

    Attributes
    ----------
    total : int
        Questions in all.
    progress : callable, optional
        Called with those done and the total; may raise to end the work.
    """

    total: int
    progress: ImageDone | None = None
    _done: int = field(default=0, init=False)

    def add(self, answered: int = 0) -> None:
        """So many more are answered; with 0 only whether to go on is asked."""
        self._done += answered
        if self.progress is not None:
            self.progress(min(self._done, self.total), self.total)
