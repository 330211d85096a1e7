"""Which key does what: the defaults of `COMMANDS` with what the reader has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence

from medkd_viewer.commands import COMMANDS, Command

Keys = tuple[str, ...]

_BY_NAME = {command.name: command for command in COMMANDS}
_NATIVE = QKeySequence.SequenceFormat.NativeText
_PORTABLE = QKeySequence.SequenceFormat.PortableText
_RESERVED = {
    "moves the film": ("Left", "Right", "Up", "Down"),
    "zooms the film": ("+", "=", "-"),
    "closes and cancels": ("Esc",),
    "opens the menu": ("Alt+M",),
    "goes back to the control before": ("Shift+Tab", "Shift+Backtab", "Backtab"),
    "goes to a step of the Train tab": ("Alt+1", "Alt+2", "Alt+3", "Alt+4", "Alt+5"),
}
_RESERVED_OUTSIDE_PANES = {
    "goes to the next control": ("Tab",),
    "presses the control in focus": ("Return", "Enter", "Space"),
}


@dataclass(frozen=True, slots=True)
class Clash:
    """A key that cannot be given to one command while another has it.

    Attributes
    ----------
    key : str
        The key of `other`, in Qt's portable words.
    other : Command
    whole : bool
        Both are the same; else one of them is how the other begins.
    """

    key: str
    other: Command
    whole: bool

    def __str__(self) -> str:
        """One sentence that names the other command."""
        if self.whole:
            return f"{native(self.key)} already means “{self.other.text}”."
        return f"{native(self.key)}, which means “{self.other.text}”, begins alike."


class KeyBindings:
    """The keys of every command.

    The keys of panes are heard inside the window, and the window's keys inside panes, so that any
    two commands can clash.

    Parameters
    ----------
    changes : mapping of str to sequence of str, optional
        By a command's name, its keys where they differ from the defaults. What is damaged in them
        is left out and told in `problems`.

    Attributes
    ----------
    problems : tuple of str
        Sentences.
    """

    def __init__(self, changes: Mapping[str, Sequence[str]] | None = None) -> None:
        self._changes: dict[str, Keys] = {}
        self.problems: tuple[str, ...] = ()
        self.load(changes or {})

    def load(self, changes: Mapping[str, Sequence[str]]) -> None:
        """Take saved changes instead of those of now; what is damaged is told in `problems`."""
        self._changes.clear()
        taken = [self._take_saved(name, keys) for name, keys in changes.items()]
        self.problems = (*filter(None, taken), *self._mend_clashes())

    def keys(self, name: str) -> Keys:
        """The keys of a command, the one to show first."""
        return self._changes.get(name, _normal_keys(_BY_NAME[name].keys))

    def changes(self) -> dict[str, list[str]]:
        """What differs from the defaults, as it is saved."""
        return {name: list(keys) for name, keys in self._changes.items()}

    def refusal(self, name: str, key: str) -> str:
        """Why a command can never have a key, as a sentence; empty when it can."""
        if not is_key(key):
            return "This is no key that can be heard."
        reserved = dict(_RESERVED)
        if not _BY_NAME[name].in_panes:
            reserved |= _RESERVED_OUTSIDE_PANES
        for meaning, keys in reserved.items():
            if any(chord in keys for chord in _chords(normal(key))):
                return f"{native(key)} {meaning}; it cannot be given away."
        return ""

    def clashes(self, name: str, keys: Iterable[str]) -> tuple[Clash, ...]:
        """Every key of another command that stands against giving `keys` to this one."""
        wanted = [_chords(normal(key)) for key in keys]
        return tuple(
            Clash(held, other, _chords(held) in wanted)
            for other in COMMANDS
            if other.name != name
            for held in self.keys(other.name)
            if any(_begin_alike(_chords(held), chords) for chords in wanted)
        )

    def bind(self, name: str, keys: Sequence[str]) -> None:
        """Give keys to a command, taking them from the commands that have them."""
        for clash in self.clashes(name, keys):
            left = tuple(key for key in self.keys(clash.other.name) if key != clash.key)
            self._set(clash.other.name, left)
        self._set(name, _normal_keys(keys))

    def reset(self, name: str) -> None:
        """Give a command its default keys back, taking them from whoever has them."""
        self.bind(name, _BY_NAME[name].keys)

    def reset_all(self) -> None:
        """Give every command its default keys back."""
        self._changes.clear()

    def is_default(self, name: str) -> bool:
        """The command has the keys it came with."""
        return name not in self._changes

    def _set(self, name: str, keys: Keys) -> None:
        self._changes.pop(name, None)
        if keys != self.keys(name):
            self._changes[name] = keys

    def _take_saved(self, name: str, keys: Sequence[str]) -> str:
        if name not in _BY_NAME:
            return f"The saved keys name “{name}”, which is no command; they were left out."
        if any(self.refusal(name, key) for key in keys):
            text = _BY_NAME[name].text
            return f"The saved key of “{text}” cannot be used; it has its own key again."
        self._set(name, _normal_keys(keys))
        return ""

    def _mend_clashes(self) -> tuple[str, ...]:
        for name in list(self._changes):
            if clashes := self.clashes(name, self.keys(name)):
                self.reset_all()
                mine, other = _BY_NAME[name].text, clashes[0].other.text
                return (
                    f"In the saved keys, “{mine}” and “{other}” share a key; all keys are as they "
                    "came.",
                )
        return ()


def normal(key: str) -> str:
    """A key in Qt's portable words: ``"ctrl+O"`` becomes ``"Ctrl+O"``; empty when it is none."""
    return QKeySequence(key, _PORTABLE).toString(_PORTABLE)


def native(key: str) -> str:
    """A key in the words of this system."""
    return QKeySequence(key, _PORTABLE).toString(_NATIVE)


def is_key(key: str) -> bool:
    """The words name a key that a keyboard can send."""
    return bool(normal(key))


def _normal_keys(keys: Iterable[str]) -> Keys:
    return tuple(dict.fromkeys(normal(key) for key in keys))


def _chords(key: str) -> tuple[str, ...]:
    """The keys that are pressed one after the other: ``"Ctrl+K, Ctrl+,"`` are two."""
    return tuple(key.split(", ")) if key else ()


def _begin_alike(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    shorter = min(len(first), len(second))
    return shorter > 0 and first[:shorter] == second[:shorter]
