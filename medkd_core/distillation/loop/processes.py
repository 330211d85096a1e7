"""Which process this is, among those that torchrun or Slurm started for one run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from lightning_fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)

_FIRST_PORT = 15_000
_PORTS = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """A process among those of a run.

    Attributes
    ----------
    rank : int
        Among all, from 0; the first one alone speaks and writes.
    count : int
        Of all processes.
    on_node : int
        How many of them run on each machine.
    """

    rank: int = 0
    count: int = 1
    on_node: int = 1

    @property
    def is_first(self) -> bool:
        """The one that speaks and writes."""
        return self.rank == 0

    @property
    def nodes(self) -> int:
        """Machines."""
        return self.count // self.on_node


def place() -> Place:
    """Where the environment says that this process stands; alone, where it says nothing."""
    said = _said(os.environ)
    if said is None:
        return Place()
    return Place(int(said["RANK"]), int(said["WORLD_SIZE"]), int(said["LOCAL_WORLD_SIZE"]))


def cluster_environment() -> ClusterEnvironment:
    """What Fabric is to believe of the processes, not to guess: ``srun`` may be installed here."""
    said = _said(os.environ)
    if said is None:
        return LightningEnvironment()
    os.environ.update(said)
    return TorchElasticEnvironment()


def _said(environment: Mapping[str, str]) -> dict[str, str] | None:
    """The variables of torchrun, given by it or read from those of Slurm's ``srun``."""
    if "TORCHELASTIC_RUN_ID" in environment:
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "GROUP_RANK")
        return {name: environment[name] for name in names}
    # An allocation (sbatch, salloc) is no step: only srun starts all its processes.
    if environment.get("SLURM_STEP_ID", "").isdigit() and int(environment["SLURM_NTASKS"]) > 1:
        return _of_slurm(environment)
    return None


def _of_slurm(environment: Mapping[str, str]) -> dict[str, str]:
    count, nodes = int(environment["SLURM_NTASKS"]), int(environment["SLURM_NNODES"])
    hosts = environment.get("SLURM_STEP_NODELIST") or environment["SLURM_NODELIST"]
    port = _FIRST_PORT + int(environment["SLURM_JOB_ID"]) % _PORTS
    return {
        "RANK": environment["SLURM_PROCID"],
        "WORLD_SIZE": str(count),
        "LOCAL_RANK": environment["SLURM_LOCALID"],
        "LOCAL_WORLD_SIZE": str(count // nodes),
        "GROUP_RANK": environment["SLURM_NODEID"],
        "MASTER_ADDR": environment.get("MASTER_ADDR")
        or SLURMEnvironment.resolve_root_node_address(hosts),
        "MASTER_PORT": environment.get("MASTER_PORT") or str(port),
    }
