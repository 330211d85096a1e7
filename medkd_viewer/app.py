"""The launcher: what can be typed, and one sentence when the window cannot be shown."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from medkd_core import __version__
from medkd_core.errors import MedKDError
from medkd_viewer.display_check import require_display, require_qt

# More than the largest screens have; beyond some size Qt cannot paint a window.
_LARGEST_SIDE = 8192
# Named here too: Qt is not imported before it is known that there is a screen.
_LAYOUTS = ("opinion", "one", "two", "four", "one_and_four")


class _OneLine(logging.Formatter):
    """No traceback reaches a user; the log has it."""

    def formatException(self, ei: object) -> str:  # noqa: N802
        """Nothing."""
        return ""


def main(argv: Sequence[str] | None = None) -> int:
    """Start the viewer; returns the exit status: 0 done, 1 could not, 2 wrong usage."""
    wanted = parse(sys.argv[1:] if argv is None else argv)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    terminal.setFormatter(_OneLine("%(name)s: %(message)s"))
    logging.basicConfig(handlers=[terminal])
    try:
        if wanted.screenshot:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        else:
            require_display()
        require_qt()
        from medkd_viewer.session import run

        return run(wanted)
    except MedKDError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line as a namespace; a wrong one ends the process with status 2."""
    parser = argparse.ArgumentParser(
        prog="medkd-viewer",
        description="Read medical images with a second opinion. Research use only.",
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="files, folders or ZIP files"
    )
    parser.add_argument("--demo", action="store_true", help="open the demo studies and model")
    parser.add_argument("--model", type=Path, metavar="BUNDLE", help="folder or zip of a model")
    parser.add_argument(
        "--screenshot", type=Path, metavar="PNG", help="draw the finished window to a file and exit"
    )
    parser.add_argument("--device", default=None, metavar="auto|cpu|cuda:N", help="computed on")
    parser.add_argument("--tab", choices=("read", "train"), default="read", help="shown first")
    parser.add_argument("--layout", choices=_LAYOUTS, help="how the panes stand")
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the window, in pixels")
    parser.add_argument("--hide-patient", action="store_true", help="name no patient, for teaching")
    parser.add_argument("--version", action="version", version=f"MedKD {__version__}")
    return parser.parse_args(argv)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{3,5})x(\d{3,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size like 1440x900")
    size = int(match[1]), int(match[2])
    if max(size) > _LARGEST_SIDE:
        raise argparse.ArgumentTypeError(f"'{text}' is larger than {_LARGEST_SIDE} pixels")
    return size


if __name__ == "__main__":
    sys.exit(main())
