"""Downloads from a server of our own: broken off, resumed, changed on the way, and hostile."""

import hashlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from medkd_core.errors import NetworkError
from medkd_core.networks import downloading
from medkd_core.networks.downloading import download

CONTENT = bytes(range(256)) * 2000


@dataclass
class Server:
    """A released file on an https server, and how the server behaves."""

    trust: ssl.SSLContext
    url: str = ""
    content: bytes = CONTENT
    etag: str | None = '"1"'
    breaks_after: int | None = None
    ranges: bool = True
    status: int = 200
    redirect: str = ""
    asked: list[str | None] = field(default_factory=list)

    def download(self, target: Path, **options: object) -> Path:
        return download(self.url, target, trust=self.trust, **options)  # type: ignore[arg-type]


class Handler(http.server.BaseHTTPRequestHandler):
    behaviour: Server

    def do_GET(self) -> None:
        server, wanted = self.behaviour, self.headers.get("Range")
        server.asked.append(wanted)
        if server.redirect or server.status >= 400:
            self.send_response(302 if server.redirect else server.status)
            self.send_header("Location", server.redirect)
            self.end_headers()
            return
        start = 0
        if wanted and server.ranges and self.headers["If-Range"] == server.etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(server.content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            whole = len(server.content)
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if server.etag:
            self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(len(server.content) - start))
        self.end_headers()
        self.wfile.write(server.content[start : server.breaks_after])

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    authority = trustme.CA()
    trust, own = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(trust)
    authority.issue_cert("localhost").configure_cert(own)
    behaviour = Server(trust)
    handler = type("Bound", (Handler,), {"behaviour": behaviour})
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listening.socket = own.wrap_socket(listening.socket, server_side=True)
    behaviour.url = f"https://localhost:{listening.server_port}/weights.pth"
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield behaviour
    listening.shutdown()
    thread.join()
    listening.server_close()


def remains(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


def test_a_file_arrives_whole_with_its_progress(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = server.download(tmp_path / "new" / "weights.pth", progress=lambda *now: seen.append(now))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert remains(path.parent) == {"weights.pth"}


def test_what_had_arrived_when_the_connection_broke_is_not_asked_for_again(
    server: Server, tmp_path: Path
) -> None:
    server.breaks_after = 100_000
    with pytest.raises(NetworkError, match="broke off; what has arrived is kept"):
        server.download(tmp_path / "weights.pth")
    assert not (tmp_path / "weights.pth").exists()
    server.breaks_after = None
    assert server.download(tmp_path / "weights.pth").read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-"]
    assert remains(tmp_path) == {"weights.pth"}


@pytest.mark.parametrize("change", ["another version", "no ranges", "no version"])
def test_a_download_that_cannot_go_on_starts_over(
    server: Server, tmp_path: Path, change: str
) -> None:
    if change == "no version":
        server.etag = 'W/"1"'
    server.breaks_after = 100_000
    kept = "" if change == "no version" else "; what has arrived is kept"
    with pytest.raises(NetworkError, match=f"broke off{kept}"):
        server.download(tmp_path / "weights.pth")
    server.breaks_after = None
    if change == "another version":
        server.etag, server.content = '"2"', CONTENT[::-1]
    server.ranges = change != "no ranges"
    assert server.download(tmp_path / "weights.pth").read_bytes() == server.content


@pytest.mark.parametrize("kind", ["sha256", "git-blob"])
def test_a_file_that_was_not_published_is_refused_and_removed(
    server: Server, tmp_path: Path, kind: str
) -> None:
    blob = b"blob %d\0" % len(CONTENT) + CONTENT
    digest = {
        "sha256": f"sha256:{hashlib.sha256(CONTENT).hexdigest()}",
        "git-blob": f"git-blob:{hashlib.sha1(blob).hexdigest()}",
    }[kind]
    assert server.download(tmp_path / "right.pth", digest=digest).is_file()
    server.content = CONTENT[:-1] + b"x"
    with pytest.raises(NetworkError, match="not the file that was published"):
        server.download(tmp_path / "wrong.pth", digest=digest)
    assert remains(tmp_path) == {"right.pth", ".wrong.pth.version"}
    server.content = CONTENT
    assert server.download(tmp_path / "wrong.pth", digest=digest).is_file()


def test_addresses_that_are_not_https_are_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="not an https address"):
        download(server.url.replace("https", "http"), tmp_path / "weights.pth")
    server.redirect = "http://localhost/elsewhere"
    with pytest.raises(NetworkError, match="redirects to an address that is not https"):
        server.download(tmp_path / "weights.pth")
    assert not remains(tmp_path)


def test_a_server_that_nobody_vouches_for_is_not_believed(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="cannot be reached"):
        download(server.url, tmp_path / "weights.pth")


@pytest.mark.parametrize("status", [404, 416, 500])
def test_a_refusal_is_told_with_its_number(server: Server, tmp_path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(NetworkError, match=f"the server answered {status}.*by hand"):
        server.download(tmp_path / "weights.pth")


def test_a_whole_file_that_was_not_taken_over_is_fetched_again(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / ".weights.pth.partial").write_bytes(CONTENT)
    (tmp_path / ".weights.pth.version").write_text('"1"')
    assert server.download(tmp_path / "weights.pth").read_bytes() == CONTENT
    assert server.asked == [f"bytes={len(CONTENT)}-", None]


@pytest.mark.parametrize("noted", [b"\xff\xfe", b'"1"\nHost: x', b""])
def test_a_damaged_note_of_the_version_starts_over(
    server: Server, tmp_path: Path, noted: bytes
) -> None:
    (tmp_path / ".weights.pth.partial").write_bytes(b"something else")
    (tmp_path / ".weights.pth.version").write_bytes(noted)
    assert server.download(tmp_path / "weights.pth").read_bytes() == CONTENT


def test_an_answer_that_makes_no_sense_is_refused(server: Server, tmp_path: Path) -> None:
    server.redirect = "https://[bad/x"
    with pytest.raises(NetworkError, match="makes no sense"):
        server.download(tmp_path / "weights.pth")


def test_a_file_of_unreasonable_size_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "LARGEST", 1000)
    with pytest.raises(NetworkError, match="larger than"):
        server.download(tmp_path / "weights.pth")


def test_a_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NetworkError, match=r"Cannot write .*file/weights\.pth"):
        server.download(tmp_path / "file" / "weights.pth")
