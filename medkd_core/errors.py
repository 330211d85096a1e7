"""Every error that a user may see, in one tree.

::

    MedKDError                 what could not be done, to which file, why, and the cure
    ├── UnreadableFileError    a file that holds no picture that can be shown
    ├── DatasetError           a data set that cannot be indexed, split or written
    ├── SpecError              a specification with a wrong, missing or misspelt entry
    ├── JobError               a job that cannot be started, found, stopped or resumed
    ├── NetworkError           a network or its weights that cannot be made
    ├── EngineError            a network that cannot be run on the chosen device
    ├── ExplanationError       a map that cannot be computed
    ├── BundleError            a bundle that is damaged, foreign or cannot be written
    ├── WorkerError            a helper process that died or did not answer
    └── DisplayError           a window that cannot be shown on this machine

    OperationCancelled         not an error: somebody asked for the work to stop
"""

from __future__ import annotations

from pathlib import Path


class MedKDError(Exception):
    """Something that could not be done, told in a sentence that a user can act on.

    Parameters
    ----------
    what : str
        What could not be done, without the file's name: ``"Cannot read"``.
    because : str
        The reason, as half a sentence without a full stop.
    cure : str
        What to do about it, as a whole sentence; may be empty.
    path : Path or str, optional
        The file or folder concerned.
    """

    def __init__(
        self, what: str, *, because: str, cure: str = "", path: Path | str | None = None
    ) -> None:
        self.what = what
        self.because = because
        self.cure = cure
        self.path = None if path is None else Path(path)
        subject = what if path is None else f"{what} {path}"
        super().__init__(f"{subject}: {because}." + (f" {cure}" if cure else ""))

    @property
    def reason(self) -> str:
        """The reason and the cure without a full stop, for a list that names the file itself."""
        return ". ".join(filter(None, (self.because, self.cure.rstrip("."))))

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders; the default would call the class with one argument.
        return _rebuild, (type(self), self.what, self.because, self.cure, self.path)


def _rebuild(
    kind: type[MedKDError], what: str, because: str, cure: str, path: Path | None
) -> MedKDError:
    return kind(what, because=because, cure=cure, path=path)


class UnreadableFileError(MedKDError):
    """A file that holds no picture that can be shown."""


class DatasetError(MedKDError):
    """A data set that cannot be indexed, split or written."""


class SpecError(MedKDError):
    """A specification with a wrong, missing or misspelt entry."""


class JobError(MedKDError):
    """A job that cannot be started, found, stopped or resumed."""


class NetworkError(MedKDError):
    """A network or its weights that cannot be made."""


class EngineError(MedKDError):
    """A network that cannot be run on the chosen device."""


class ExplanationError(MedKDError):
    """A map that cannot be computed."""


class BundleError(MedKDError):
    """A bundle that is damaged, foreign or cannot be written."""


class WorkerError(MedKDError):
    """A helper process that died or did not answer."""


class DisplayError(MedKDError):
    """A window that cannot be shown on this machine."""


class OperationCancelled(Exception):  # noqa: N818 (nothing went wrong)
    """Somebody asked for the work to stop; nothing went wrong."""
