"""Download a released file: over HTTPS, resumed where it broke off, held against its digest."""

from __future__ import annotations

import errno
import hashlib
import http.client
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from filelock import FileLock

from medkd_core.errors import NetworkError

Progress = Callable[[int, int], None]

LARGEST = 2_000_000_000
_PIECE = 1 << 20
_ETAG = re.compile(rb'"[!#-~]+"')
_SECONDS_OF_SILENCE = 30
_PARTIAL_CONTENT, _BEYOND_THE_END = 206, 416
_UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}
_NETWORK_ERRORS = (
    urllib.error.URLError,
    http.client.HTTPException,
    ssl.SSLError,
    TimeoutError,
    ConnectionError,
)
_CURE = "Check the connection, or download the file by hand and import it."


def download(
    url: str,
    target: Path,
    *,
    digest: str | None = None,
    progress: Progress | None = None,
    trust: ssl.SSLContext | None = None,
) -> Path:
    """Download a file, whole or not at all.

    What has arrived is kept beside the target when the connection breaks, and the next call goes
    on from there if the server's file is still the same. Two calls at a time wait for each other.

    Parameters
    ----------
    url : str
        ``https://`` only; so is whatever it redirects to.
    target : Path
        Its folder is made if need be. A file that is there is replaced.
    digest : str, optional
        ``sha256:...`` or ``git-blob:...`` (SHA-1 as git names the file's content).
    progress : callable, optional
        Called with the bytes that are here and the bytes there are; 0 where it is not known.
    trust : ssl.SSLContext, optional
        Certificates to trust; the system's when left out.

    Raises
    ------
    NetworkError
        The address cannot be reached or does not answer with a file, the file is larger than 2 GB
        or not the one that was published, or the disk refuses.
    """
    partial, version = _beside(target, "partial"), _beside(target, "version")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(_beside(target, "lock")):
            try:
                _receive(url, partial, version, progress, trust)
            except urllib.error.HTTPError as error:
                if error.code != _BEYOND_THE_END or not version.exists():
                    raise
                # All of it had arrived, or the file is shorter now: start over.
                version.unlink()
                _receive(url, partial, version, progress, trust)
            if digest is not None and _digest_of(partial, digest) != digest:
                partial.unlink()
                raise _cannot(url, "what arrived is not the file that was published", _CURE)
            version.unlink(missing_ok=True)
            partial.replace(target)
    except _NETWORK_ERRORS as error:
        raise _cannot(url, _in_words(error, kept=version.exists()), _CURE) from error
    except ValueError as error:
        raise _cannot(url, "the server's answer makes no sense", _CURE) from error
    except OSError as error:
        if error.errno in _UNREACHABLE:
            raise _cannot(url, "the address cannot be reached", _CURE) from error
        raise NetworkError(
            "Cannot write", path=target, because=error.strerror or "the disk refused"
        ) from error
    return target


def _receive(
    url: str,
    partial: Path,
    version: Path,
    progress: Progress | None,
    trust: ssl.SSLContext | None,
) -> None:
    etag = version.read_bytes() if version.exists() else b""
    here = partial.stat().st_size if partial.exists() and _ETAG.fullmatch(etag) else 0
    request = urllib.request.Request(url)
    if here:
        request.add_header("Range", f"bytes={here}-")
        # Answered with the rest only if the file is still that version, else with the whole.
        request.add_header("If-Range", etag.decode("ascii"))
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=trust), _HttpsRedirects()
    )
    if not url.startswith("https://"):
        raise _cannot(url, "it is not an https address", "Ask for the file over https.")
    with opener.open(request, timeout=_SECONDS_OF_SILENCE) as answer:
        resumed = answer.status == _PARTIAL_CONTENT and _starts_at(answer, here)
        here = here if resumed else 0
        total = here + int(answer.headers.get("Content-Length") or 0)
        _note_version(answer.headers.get("ETag"), version)
        with partial.open("ab" if resumed else "wb") as file:
            _copy(answer, file, here, total, url, progress)


def _copy(
    answer: IO[bytes], file: IO[bytes], here: int, total: int, url: str, progress: Progress | None
) -> None:
    while piece := answer.read(_PIECE):
        here += len(piece)
        if max(here, total) > LARGEST:
            raise _cannot(url, "it is larger than 2 GB, and so is no such file", "")
        file.write(piece)
        if progress is not None:
            progress(here, total)
    if here < total:
        raise ConnectionError


class _HttpsRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https://"):
            raise _cannot(req.full_url, "it redirects to an address that is not https", _CURE)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _starts_at(answer: http.client.HTTPResponse, here: int) -> bool:
    return (answer.headers.get("Content-Range") or "").startswith(f"bytes {here}-")


def _note_version(etag: str | None, version: Path) -> None:
    """Keep the file's name for its version; a weak one does not promise the same bytes."""
    if etag and _ETAG.fullmatch(etag.encode("ascii", "replace")):
        version.write_bytes(etag.encode("ascii"))
    else:
        version.unlink(missing_ok=True)


def _digest_of(path: Path, like: str) -> str:
    """The file's digest of the same kind."""
    kind = like.partition(":")[0]
    found = hashlib.sha256()
    if kind == "git-blob":
        found = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return f"{kind}:{found.hexdigest()}"


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}.{what}")


def _in_words(error: Exception, *, kept: bool) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} ({error.reason})"
    if isinstance(error, ConnectionError | http.client.IncompleteRead | TimeoutError):
        rest = "; what has arrived is kept, and the next try goes on there" if kept else ""
        return f"the connection broke off{rest}"
    return "the address cannot be reached"


def _cannot(url: str, because: str, cure: str) -> NetworkError:
    return NetworkError(f"Cannot download {url}", because=because, cure=cure)
