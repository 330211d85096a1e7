"""Where a bundle will stand, and what its name still lacks. No widgets."""

from __future__ import annotations

import re
from pathlib import Path


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
