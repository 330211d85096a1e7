"""Where published weights come from, and what happens when they cannot be had."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from medkd_core.errors import NetworkError
from medkd_core.networks import NETWORKS, create_network
from medkd_core.networks.published import (
    PUBLISHED,
    fetch_weights,
    import_weights,
    origin_of,
    published_weights,
    weights_path,
)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def test_every_network_has_an_address() -> None:
    assert set(PUBLISHED) == set(NETWORKS)


@pytest.mark.usefixtures("offline")
def test_fetching_without_a_connection_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"timm/densenet201.tv_in1k cannot be reached\. Check"):
        fetch_weights("densenet201", tmp_path / "weights")
    assert not weights_path("densenet201", tmp_path / "weights").exists()


def test_a_released_file_is_fetched_checked_and_kept_as_safetensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(url: str, target: Path, **options: object) -> None:
        assert url == PUBLISHED["ofa_595"].address
        torch.save({"state_dict": create_network("ofa_595", 5).state_dict()}, target)

    monkeypatch.setattr("medkd_core.networks.downloading.download", download)
    path = fetch_weights("ofa_595", tmp_path / "weights")
    assert load_file(path)["classifier.linear.weight"].shape == (5, 1536)
    assert [file for file in path.parent.iterdir() if file.suffix != ".lock"] == [path]


def test_a_file_that_hugging_face_did_not_announce_is_refused_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob, link = tmp_path / ("0" * 64), tmp_path / "model.safetensors"
    blob.write_bytes(b"something else")
    link.symlink_to(blob)
    announced = SimpleNamespace(etag="0" * 64)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda _url: announced)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *_: str(link))
    with pytest.raises(NetworkError, match="not the one that was published"):
        fetch_weights("densenet201", tmp_path / "weights")
    assert not blob.exists()


def test_a_pinned_digest_is_held_against_what_the_hub_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"something else")
    theirs = SimpleNamespace(etag=hashlib.sha256(b"something else").hexdigest())
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda _url: theirs)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *_: str(file))
    with pytest.raises(NetworkError, match="not the one that was published"):
        fetch_weights("vgg19", tmp_path / "weights")


def test_every_released_file_is_fetched_over_https() -> None:
    assert all(published.address.startswith("https://") for published in PUBLISHED.values())


def test_what_was_fetched_is_not_fetched_again_and_what_is_damaged_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def download(url: str, target: Path, **options: object) -> None:
        fetched.append(url)
        torch.save(create_network("ofa_595", 5).state_dict(), target)

    monkeypatch.setattr("medkd_core.networks.downloading.download", download)
    path = fetch_weights("ofa_595", tmp_path)
    assert fetch_weights("ofa_595", tmp_path) == path
    assert len(fetched) == 1
    path.write_bytes(b"")
    assert origin_of(path) is None
    fetch_weights("ofa_595", tmp_path)
    assert origin_of(path) == PUBLISHED["ofa_595"].address
    assert len(fetched) == 2


def test_what_was_imported_does_not_pass_as_published(tmp_path: Path) -> None:
    own = tmp_path / "own.pth"
    torch.save(create_network("ofa_595", 3).state_dict(), own)
    import_weights("ofa_595", own, tmp_path / "weights")
    assert origin_of(weights_path("ofa_595", tmp_path / "weights")) == "a file of the user's"


def test_a_tag_of_timm_names_its_own_weights() -> None:
    assert published_weights("timm:resnet50.tv_in1k").hub_id == "timm/resnet50.tv_in1k"
    with pytest.raises(NetworkError, match="published with a classifier"):
        published_weights("timm:eva02_tiny_patch14_224")


def test_a_released_pickle_is_imported_as_safetensors_with_its_own_head(tmp_path: Path) -> None:
    released = tmp_path / "released.pth"
    network = create_network("ofa_595", num_classes=11)
    torch.save({"state_dict": network.state_dict()}, released)
    report = import_weights("ofa_595", released, tmp_path / "weights")
    path = weights_path("ofa_595", tmp_path / "weights")
    assert report.classes_in_file == 11
    assert load_file(path)["classifier.linear.weight"].shape == (11, 1536)


def test_a_file_of_another_network_is_not_imported(tmp_path: Path) -> None:
    released = tmp_path / "released.pth"
    torch.save(create_network("vgg19", 3, width=0.05).state_dict(), released)
    with pytest.raises(NetworkError, match="belong to another network"):
        import_weights("ofa_595", released, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()
