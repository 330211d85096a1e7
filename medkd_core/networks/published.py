"""Where published weights come from, and the folder on this machine where they are kept."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import platformdirs

from medkd_core.errors import NetworkError
from medkd_core.networks.registry import network_facts


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """Where a network's weights were published.

    Attributes
    ----------
    address : str
        For a person: a Hugging Face repository or a release page.
    hub_id : str or None
        Repository on Hugging Face that MedKD can fetch from; None: to be downloaded by hand and
        imported.
    trained_on : str
    """

    address: str
    hub_id: str | None
    trained_on: str = "ImageNet-1K"


def _hub(hub_id: str) -> PublishedWeights:
    return PublishedWeights(address=f"https://huggingface.co/{hub_id}", hub_id=hub_id)


PUBLISHED: Mapping[str, PublishedWeights] = MappingProxyType(
    {
        "ofa_595": PublishedWeights("https://github.com/mit-han-lab/once-for-all", None),
        "ofa_595_s": PublishedWeights(
            "https://github.com/Alibaba-MIIL/ImageNet21K", None, "ImageNet-21K-P"
        ),
        "densenet201": _hub("timm/densenet201.tv_in1k"),
        "visformer_s": _hub("timm/visformer_small.in1k"),
        "autoformer_v2_t": PublishedWeights("https://github.com/microsoft/Cream", None),
        "vgg19": _hub("timm/vgg19.tv_in1k"),
        "vgg19_bn": _hub("timm/vgg19_bn.tv_in1k"),
    }
)


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
    return home / f"{network_facts(name).name}.safetensors"


def fetch_weights(name: str, folder: Path | None = None) -> Path:
    """Fetch published weights from Hugging Face.

    Returns
    -------
    Path
        The file, as `weights_path` names it; one that is there already is not fetched again.

    Raises
    ------
    NetworkError
        They have to be downloaded by hand, or the address cannot be reached.
    """
    target = weights_path(name, folder)
    if target.is_file():
        return target
    published = PUBLISHED[name]
    if published.hub_id is None:
        raise NetworkError(
            f"Cannot fetch the weights of {name}",
            because="they were published as a file to be downloaded by hand",
            cure=f"Download them from {published.address}, then import the file.",
        )
    _place(_downloaded(name, published.hub_id), target)
    return target


def import_weights(name: str, source: Path, folder: Path | None = None) -> Path:
    """Take over a weights file that the user has, after checking that it fits the network.

    Parameters
    ----------
    name : str
        Registry name.
    source : Path
        What `load_weights` reads. Its head is kept, whatever its number of classes.

    Returns
    -------
    Path
        The safetensors file, as `weights_path` names it.

    Raises
    ------
    NetworkError
        The file cannot be read, or does not fit.
    """
    import torch

    from medkd_core.networks.creation import create_network
    from medkd_core.networks.weights import (
        class_count,
        head_name,
        load_weights,
        read_tensors,
        save_weights,
    )

    target = weights_path(name, folder)
    with torch.device("meta"):
        head = head_name(create_network(name))
    network = create_network(name, class_count(read_tensors(source), head, source))
    load_weights(network, source)
    save_weights(network, target)
    return target


def _downloaded(name: str, hub_id: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(hub_id, "model.safetensors"))
    except Exception as error:
        # The hub answers with errors of a dozen libraries; all mean that there is no file.
        raise NetworkError(
            f"Cannot fetch the weights of {name}",
            because=f"{PUBLISHED[name].address} cannot be reached",
            cure="Check the connection, or download model.safetensors there and import it.",
        ) from error


def _place(source: Path, target: Path) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, partial)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise NetworkError(
            "Cannot write weights to", path=target, because=error.strerror or "the disk refused"
        ) from error
