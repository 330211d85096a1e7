"""Icons, style sheet and the embedded demo, found as files beside this module."""

from __future__ import annotations

from pathlib import Path

RESOURCES = Path(__file__).resolve().parent
DEMO_BUNDLE = RESOURCES / "demo" / "bundle"
DEMO_STUDIES = RESOURCES / "demo" / "studies"
ICONS = RESOURCES / "icons"
