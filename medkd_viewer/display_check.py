"""Can this machine show a window? Asked before Qt, which would abort the process."""

from __future__ import annotations

import ctypes
import os
import sys

from medkd_core.errors import DisplayError

# What Qt loads at run time, and the Debian package that has it.
DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
_XCB_LIBRARIES = tuple(name for name in DEBIAN_PACKAGES if "xcb" in name or "-x11" in name)
_DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def require_display() -> None:
    """Pass when a window can be shown.

    Raises
    ------
    DisplayError
        There is no display, it does not answer, or a library that it needs is missing.
    """
    if not sys.platform.startswith("linux"):
        return
    if not any(os.environ.get(name) for name in _DISPLAY_VARIABLES):
        raise _no_window("there is no display")
    if _uses_xcb():
        if not _x_server_answers():
            raise _no_window(f"the display {os.environ.get('DISPLAY', '')} does not answer")
        missing = [name for name in _XCB_LIBRARIES if not _is_installed(name)]
        if missing:
            raise missing_library(*missing)


def require_qt() -> None:
    """Pass when Qt can be loaded.

    Raises
    ------
    DisplayError
        Names the system library that is missing and the package that has it.
    """
    try:
        import PySide6.QtSvg
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        library = str(error).split(":", maxsplit=1)[0]
        raise missing_library(library) from error


def require_fonts() -> None:
    """Pass when there is a font to write with; needs a running QApplication.

    Raises
    ------
    DisplayError
        The system has no font.
    """
    from PySide6.QtGui import QFontDatabase

    if not QFontDatabase.families():
        raise DisplayError(
            "Cannot write on the screen",
            because="this system has no fonts",
            cure="On Debian or Ubuntu: apt install fonts-dejavu-core",
        )


def missing_library(*libraries: str) -> DisplayError:
    """The sentence for system libraries that are not installed."""
    packages = " ".join(DEBIAN_PACKAGES[name] for name in libraries if name in DEBIAN_PACKAGES)
    cure = f"On Debian or Ubuntu: apt install {packages}" if packages else ""
    names = ", ".join(libraries)
    return DisplayError(
        "Cannot start the window", because=f"Qt needs {names}, not installed here", cure=cure
    )


def _no_window(because: str) -> DisplayError:
    return DisplayError(
        "Cannot open a window",
        because=because,
        cure="Log in to a desktop, or draw to a file: medkd-viewer --demo --screenshot demo.png",
    )


def _x_server_answers() -> bool:
    """Ask the server that the environment names, as Qt will."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    answers = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return answers


def _uses_xcb() -> bool:
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform:
        return platform.startswith("xcb")
    return bool(os.environ.get("DISPLAY")) and not os.environ.get("WAYLAND_DISPLAY")


def _is_installed(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
