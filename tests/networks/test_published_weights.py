"""Where published weights come from, and what happens when they cannot be had."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medkd_core.errors import NetworkError
from medkd_core.networks import NETWORKS, create_network
from medkd_core.networks.published import PUBLISHED, fetch_weights, import_weights, weights_path


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
    assert not (tmp_path / "weights").exists()


def test_a_released_file_is_fetched_checked_and_kept_as_safetensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(url: str, target: Path, **options: object) -> None:
        assert url == PUBLISHED["ofa_595"].address
        target.parent.mkdir(parents=True)
        torch.save({"state_dict": create_network("ofa_595", 5).state_dict()}, target)

    monkeypatch.setattr("medkd_core.networks.published.download", download)
    path = fetch_weights("ofa_595", tmp_path / "weights")
    assert load_file(path)["classifier.linear.weight"].shape == (5, 1536)
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_hugging_face_did_not_announce_is_refused_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob, link = tmp_path / ("0" * 64), tmp_path / "model.safetensors"
    blob.write_bytes(b"something else")
    link.symlink_to(blob)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *_: str(link))
    with pytest.raises(NetworkError, match="not the one that Hugging Face announced"):
        fetch_weights("densenet201", tmp_path / "weights")
    assert not blob.exists()


def test_every_released_file_is_fetched_over_https() -> None:
    assert all(published.address.startswith("https://") for published in PUBLISHED.values())


def test_weights_that_are_there_are_not_fetched_again(tmp_path: Path) -> None:
    there = weights_path("vgg19", tmp_path)
    there.touch()
    assert fetch_weights("vgg19", tmp_path) == there


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
