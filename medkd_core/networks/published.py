"""Where published weights come from, and the folder on this machine where they are kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import platformdirs

from medkd_core.errors import NetworkError
from medkd_core.networks.downloading import download
from medkd_core.networks.registry import network_facts

if TYPE_CHECKING:
    from medkd_core.networks.weights import LoadReport

_HUB_FILE = "model.safetensors"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """Where a network's weights were published.

    Attributes
    ----------
    address : str
        For a person: a Hugging Face repository, or the released file itself.
    hub_id : str or None
        Repository on Hugging Face; None where `address` is the file.
    trained_on : str
    digest : str or None
        Of a released file, ``sha256:...`` or ``git-blob:...``; None where none was published.
        Hugging Face announces the digest of each file when it is fetched.
    """

    address: str
    hub_id: str | None = None
    trained_on: str = "ImageNet-1K"
    digest: str | None = None

    @property
    def is_verified(self) -> bool:
        """Whether a fetched file can be held against a digest."""
        return self.hub_id is not None or self.digest is not None


def _hub(hub_id: str) -> PublishedWeights:
    return PublishedWeights(address=f"https://huggingface.co/{hub_id}", hub_id=hub_id)


PUBLISHED: Mapping[str, PublishedWeights] = MappingProxyType(
    {
        "ofa_595": PublishedWeights(
            "https://raw.githubusercontent.com/han-cai/files/master/ofa/ofa_specialized/"
            "flops-595M_top1-80.0_finetune-75/init"
        ),
        "ofa_595_s": PublishedWeights(
            "https://miil-public-eu.oss-eu-central-1.aliyuncs.com/model-zoo/ImageNet_21K_P/models/"
            "ofa_flops_595m_s_miil_21k.pth",
            trained_on="ImageNet-21K-P",
        ),
        "densenet201": _hub("timm/densenet201.tv_in1k"),
        "visformer_s": _hub("timm/visformer_small.in1k"),
        "autoformer_v2_t": PublishedWeights(
            "https://github.com/silent-chen/AutoFormerV2-model-zoo/releases/download/v1.0.0/"
            "S3-T.pth"
        ),
        "vgg19": _hub("timm/vgg19.tv_in1k"),
        "vgg19_bn": _hub("timm/vgg19_bn.tv_in1k"),
    }
)
"""Published weights of the networks that MedKD makes; those of ``timm:NAME`` are timm's to know."""


def published_weights(name: str) -> PublishedWeights:
    """Where the weights of a network were published.

    Raises
    ------
    NetworkError
        There is no such network, or none of its weights were published.
    """
    facts = network_facts(name)
    if facts.name in PUBLISHED:
        return PUBLISHED[facts.name]
    import timm

    config = timm.get_pretrained_cfg(facts.timm_name, allow_unregistered=False)
    if config is None or not config.hf_hub_id:
        raise NetworkError(
            f"Cannot fetch the weights of {name}", because="timm knows of none that were published"
        )
    return _hub(config.hf_hub_id)


def weights_path(name: str, folder: Path | None = None) -> Path:
    """Where a network's published weights lie once they were fetched or imported.

    Parameters
    ----------
    name : str
        Registry name.
    folder : Path, optional
        The user's cache when left out.
    """
    home = folder or platformdirs.user_cache_path("medkd", appauthor=False) / "weights"
    return home / f"{network_facts(name).name.replace(':', '-')}.safetensors"


def fetch_weights(
    name: str, folder: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Fetch published weights, and check that they fit the network.

    A fetch that broke off goes on where it stopped.

    Parameters
    ----------
    name : str
        Registry name.
    folder : Path, optional
        The user's cache when left out.
    progress : callable, optional
        Called with the bytes that are here and the bytes there are. Hugging Face's library draws
        a bar of its own instead.

    Returns
    -------
    Path
        The file, as `weights_path` names it; one that is there already is not fetched again.

    Raises
    ------
    NetworkError
        The address cannot be reached, or what it gave is not what was published.
    """
    target = weights_path(name, folder)
    if target.is_file():
        return target
    source = published_weights(name)
    if source.hub_id is not None:
        import_weights(name, _from_hub(name, source.hub_id), folder)
        return target
    released = target.with_suffix(".released")
    download(source.address, released, digest=source.digest, progress=progress)
    try:
        import_weights(name, released, folder)
    finally:
        released.unlink(missing_ok=True)
    return target


def import_weights(name: str, source: Path, folder: Path | None = None) -> LoadReport:
    """Take over a weights file that the user has, after checking that it fits the network.

    It is kept as `weights_path` says, as safetensors in our spelling.

    Parameters
    ----------
    name : str
        Registry name.
    source : Path
        What `load_weights` reads. Its head is kept, whatever its number of classes.

    Returns
    -------
    LoadReport
        How many classes the file tells apart, and whose spelling it had.

    Raises
    ------
    NetworkError
        The file cannot be read, or does not fit.
    """
    import torch

    from medkd_core.networks.creation import create_network
    from medkd_core.networks.weights import classes_in, load_weights, save_weights

    with torch.device("meta"):
        classes = classes_in(source, create_network(name))
    network = create_network(name, classes)
    report = load_weights(network, source)
    save_weights(network, weights_path(name, folder))
    return report


def _from_hub(name: str, hub_id: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        path = Path(hf_hub_download(hub_id, _HUB_FILE))
    except Exception as error:
        # The hub answers with errors of a dozen libraries; all mean that there is no file.
        raise NetworkError(
            f"Cannot fetch the weights of {name}",
            because=f"https://huggingface.co/{hub_id} cannot be reached",
            cure=f"Check the connection, or download {_HUB_FILE} there and import it.",
        ) from error
    # The hub's cache calls a large file by the SHA-256 that the hub announced for it.
    announced = path.resolve().name
    if _SHA256.fullmatch(announced) and announced != _sha256(path):
        path.resolve().unlink()
        raise NetworkError(
            f"Cannot use the weights of {name}",
            path=path,
            because="the file is not the one that Hugging Face announced",
            cure="Fetch it again.",
        )
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
