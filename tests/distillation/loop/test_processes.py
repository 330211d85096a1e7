"""What the environment says of the processes of a run."""

import pytest
from lightning_fabric.plugins.environments import LightningEnvironment, TorchElasticEnvironment

from medkd_core.distillation.loop.processes import Place, cluster_environment, place

TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "none",
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "GROUP_RANK": "1",
}
SLURM = {
    "SLURM_STEP_ID": "0",
    "SLURM_NTASKS": "4",
    "SLURM_NNODES": "2",
    "SLURM_PROCID": "2",
    "SLURM_LOCALID": "0",
    "SLURM_NODEID": "1",
    "SLURM_JOB_ID": "1234567",
    "SLURM_STEP_NODELIST": "node[3-4]",
}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*TORCHRUN, *SLURM, "MASTER_ADDR", "MASTER_PORT", "SLURM_NODELIST"):
        # Set first, so that what the code itself sets is taken back as well.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def give(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_process_that_nobody_else_started_is_alone() -> None:
    assert place() == Place(0, 1, 1)
    assert place().is_first
    assert isinstance(cluster_environment(), LightningEnvironment)


def test_torchrun_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, TORCHRUN)
    assert place() == Place(rank=3, count=4, on_node=2)
    assert place().nodes == 2


def test_srun_is_believed_in_the_words_of_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, SLURM)
    assert place() == Place(rank=2, count=4, on_node=2)
    environment = cluster_environment()
    assert isinstance(environment, TorchElasticEnvironment)
    assert environment.main_address == "node3"
    assert 15_000 <= environment.main_port < 25_000
    assert (environment.global_rank(), environment.node_rank()) == (2, 1)


def test_allocation_without_srun_starts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, {**SLURM, "SLURM_STEP_ID": "batch"})
    assert place() == Place()
    assert isinstance(cluster_environment(), LightningEnvironment)
