import os
import stat
import zipfile
from pathlib import Path

import pytest

from medkd_core.bundles import packing
from medkd_core.bundles.contents import is_bundle
from medkd_core.bundles.packing import pack_bundle
from medkd_core.bundles.read import open_bundle
from medkd_core.bundles.write import write_bundle
from medkd_core.errors import BundleError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path, manifest, files):
    return write_bundle(tmp_path / "lungs", manifest, files)


def zip_of(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_zip_of_a_bundle_is_the_same_bundle(folder, tmp_path):
    packed = open_bundle(pack_bundle(folder, tmp_path / "lungs.zip"))
    assert packed.digest == open_bundle(folder).digest
    assert packed.folder != folder


def test_second_look_at_a_zip_uses_the_same_copy(folder, tmp_path):
    archive = pack_bundle(folder, tmp_path / "lungs.zip")
    assert open_bundle(archive).folder == open_bundle(archive).folder


def test_zip_of_the_folder_itself_is_read_too(folder, tmp_path):
    members = {f"lungs/{file.name}": file.read_bytes() for file in folder.iterdir()}
    assert open_bundle(zip_of(tmp_path / "with_folder.zip", members)).manifest.name == "lungs"


def test_model_is_told_from_a_study_whether_packed_or_not(folder, tmp_path):
    films = tmp_path / "films.zip"
    with zipfile.ZipFile(films, "w") as packed:
        packed.writestr("inner/film.dcm", b"no film")
    assert is_bundle(folder)
    assert is_bundle(pack_bundle(folder, tmp_path / "bundle.zip"))
    assert not is_bundle(films)
    assert not is_bundle(tmp_path)
    assert not is_bundle(tmp_path / "missing.zip")


def test_packing_never_overwrites(folder, tmp_path):
    (tmp_path / "lungs.zip").write_bytes(b"mine")
    with pytest.raises(BundleError, match="already there"):
        pack_bundle(folder, tmp_path / "lungs.zip")
    assert (tmp_path / "lungs.zip").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "name", ["../bundle.json", "/bundle.json", "a/b/bundle.json", "a\\..\\b.json", "weights.pkl"]
)
def test_hostile_names_are_refused_and_nothing_is_unpacked(tmp_path, cache, name):
    with pytest.raises(BundleError):
        open_bundle(zip_of(tmp_path / "hostile.zip", {name: "{}"}))
    assert not [file for file in cache.rglob("*") if file.is_file()]
    assert not (tmp_path / "bundle.json").exists()


def test_link_in_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("bundle.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "elsewhere")
    with pytest.raises(BundleError, match="is a link"):
        open_bundle(tmp_path / "link.zip")


def test_two_members_of_one_name_are_refused(tmp_path):
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive,
    ):
        archive.writestr("bundle.json", "{}")
        archive.writestr("bundle.json", "[]")
    with pytest.raises(BundleError, match="two of its files have one name"):
        open_bundle(tmp_path / "twice.zip")


def test_zip_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "MAX_BYTES", 1000)
    with pytest.raises(BundleError, match="larger than a bundle may be"):
        open_bundle(zip_of(tmp_path / "large.zip", {"bundle.json": " " * 1001}))


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 truncated"])
def test_file_that_is_no_zip_is_refused(tmp_path, content):
    (tmp_path / "model.zip").write_bytes(content)
    with pytest.raises(BundleError, match="no zip that can be read"):
        open_bundle(tmp_path / "model.zip")


def test_zip_with_a_flipped_bit_is_refused_by_its_name(folder, tmp_path, cache):
    archive = pack_bundle(folder, tmp_path / "lungs.zip")
    content = bytearray(archive.read_bytes())
    content[60] ^= 1
    archive.write_bytes(content)
    with pytest.raises(BundleError, match=r"lungs\.zip"):
        open_bundle(archive)
    assert not [file for file in cache.rglob("*") if file.is_file()]


def test_altered_copy_in_the_cache_is_thrown_away(folder, tmp_path):
    archive = pack_bundle(folder, tmp_path / "lungs.zip")
    (open_bundle(archive).folder / "small.onnx").write_bytes(b"altered")
    with pytest.raises(BundleError, match=r"lungs\.zip: small\.onnx differs"):
        open_bundle(archive)
    assert open_bundle(archive).onnx_path("small").read_bytes() == b"graph of small"


def test_zip_that_grows_beyond_what_weights_do_is_refused(tmp_path, cache):
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("small.onnx", bytes(packing.ALWAYS_ALLOWED_BYTES + 1))
    with pytest.raises(BundleError, match="larger than a bundle may be"):
        open_bundle(archive)
    assert not [file for file in cache.rglob("*") if file.is_file()]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_no_bundle_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not is_bundle(tmp_path / "pipe")


def test_a_zip_of_thousands_of_files_is_no_bundle_and_is_not_listed(tmp_path: Path) -> None:
    films = tmp_path / "films.zip"
    with zipfile.ZipFile(films, "w") as packed:
        packed.writestr("bundle.json", "{}")
        for number in range(2000):
            packed.writestr(f"film {number}", b"")
    assert not is_bundle(films)
