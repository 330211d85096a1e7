"""Where published weights come from, and the folder on this machine where they are kept."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import platformdirs

from medkd_core.errors import NetworkError
from medkd_core.networks.registry import TIMM_PREFIX, network_facts

if TYPE_CHECKING:
    from medkd_core.networks.weights import LoadReport

_HUB_FILE = "model.safetensors"
_DISK_ERRORS = {errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EPERM}
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
        Empty where it is not known.
    digest : str or None
        Of the file, ``sha256:...`` or ``git-blob:...``; None where none is known. Hugging Face
        also announces one when a file is fetched.
    """

    address: str
    hub_id: str | None = None
    trained_on: str = "ImageNet-1K"
    digest: str | None = None


def _hub(hub_id: str, digest: str | None = None) -> PublishedWeights:
    return PublishedWeights(f"https://huggingface.co/{hub_id}", hub_id=hub_id, digest=digest)


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
        "vgg19": _hub(
            "timm/vgg19.tv_in1k",
            "sha256:11aea017b543ff59233749d8f1cf544cda749378f5790d2fedab841fb86b7669",
        ),
        "vgg19_bn": _hub(
            "timm/vgg19_bn.tv_in1k",
            "sha256:f8249087e63bae61c6166bb23d7c26efe1b2a43fd9fb5cd60ac6ce00535ba312",
        ),
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

    config = timm.get_pretrained_cfg(facts.name.removeprefix(TIMM_PREFIX))
    if config is None or not config.hf_hub_id or not config.num_classes:
        raise NetworkError(
            f"Cannot fetch the weights of {name}",
            because="timm knows of none that were published with a classifier",
        )
    return replace(_hub(config.hf_hub_id), trained_on="")


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
        The file, as `weights_path` names it. What was fetched before is not fetched again; a file
        that was imported is replaced.

    Raises
    ------
    NetworkError
        The address cannot be reached, or what it gave is not what was published.
    """
    # Downloading locks files, with a library that a reading room does not have.
    from medkd_core.networks.downloading import download

    target = weights_path(name, folder)
    source = published_weights(name)
    with _only_one(target):
        if origin_of(target) == source.address:
            return target
        if source.hub_id is not None:
            file = _from_hub(name, source.hub_id, source.digest)
            _import(name, file, target, source.address)
            return target
        released = target.with_suffix(".released")
        download(source.address, released, digest=source.digest, progress=progress)
        try:
            _import(name, released, target, source.address)
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
    return _import(name, source, weights_path(name, folder), "a file of the user's")


def origin_of(path: Path) -> str | None:
    """Where a file of `weights_path` came from; None if there is none, or it is damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            return (file.metadata() or {}).get("origin", "")
    except (OSError, SafetensorError):
        return None


@contextmanager
def _only_one(target: Path) -> Iterator[None]:
    """Let one process at a time fetch a file."""
    from filelock import FileLock

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(f".{target.name}.lock"))
        with lock:
            yield
    except OSError as error:
        raise NetworkError(
            "Cannot write weights to", path=target, because=error.strerror or "the disk refused"
        ) from error


def _import(name: str, source: Path, target: Path, origin: str) -> LoadReport:
    import torch

    from medkd_core.networks.creation import create_network
    from medkd_core.networks.weights import classes_in, load_weights, save_weights

    with torch.device("meta"):
        classes = classes_in(source, create_network(name))
    network = create_network(name, classes)
    report = load_weights(network, source)
    save_weights(network, target, origin)
    return report


def _from_hub(name: str, hub_id: str, digest: str | None) -> Path:
    import huggingface_hub as hub
    from huggingface_hub.utils import logging

    # It would tell of every try; in the end there is one sentence.
    logging.set_verbosity_error()
    try:
        announced = hub.get_hf_file_metadata(hub.hf_hub_url(hub_id, _HUB_FILE)).etag or ""
        path = Path(hub.hf_hub_download(hub_id, _HUB_FILE))
    except Exception as error:  # the hub answers with errors of a dozen libraries
        raise NetworkError(
            f"Cannot fetch the weights of {name}",
            because=_why_not_from_hub(error, hub_id),
            cure=f"Check the connection, or download {_HUB_FILE} there and import it.",
        ) from error
    # Of a large file the hub announces the SHA-256.
    expected = digest or (f"sha256:{announced}" if _SHA256.fullmatch(announced) else None)
    if expected is not None and expected != f"sha256:{_sha256(path)}":
        path.resolve().unlink()
        raise NetworkError(
            f"Cannot use the weights of {name}",
            path=path,
            because="the file is not the one that was published",
            cure="Fetch it again.",
        )
    return path


def _why_not_from_hub(error: Exception, hub_id: str) -> str:
    address = f"https://huggingface.co/{hub_id}"
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        return f"the disk refused ({error.strerror})"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"{address} answered {status}"
    return f"{address} cannot be reached"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
