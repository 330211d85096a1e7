"""A real Slurm cluster of one node, this machine, in a temporary folder: Debian's slurm-wlm, munge.

Its daemons listen on the loopback interface alone, and nothing of the system's own configuration
is touched. ``python one_node_slurm.py`` starts one to play with, until Enter is pressed.
"""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
PARTITION = "small"
_PATIENCE_SECONDS = 60.0

# linuxproc and none: the other ways to hold on to processes want control groups of their own.
# A requeued job waits for the expiry of its credential, two minutes unless set.
_CONFIGURATION = """
ClusterName=medkd
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
KillWait=20
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} State=UNKNOWN
PartitionName={partition} Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def reason_against_slurm() -> str:
    """Why Slurm cannot be started here; empty when it can."""
    missing = [name for name in PROGRAMS if _program(name) is None]
    if missing:
        return f"needs Debian's slurm-wlm and munge ({', '.join(missing)} not found)"
    return "" if os.geteuid() == 0 else "Slurm's daemons start jobs as root"


@contextmanager
def one_node_slurm(processors: int = 4) -> Iterator[Path]:
    """Start a cluster; gives its configuration file, for ``SLURM_CONF``.

    Parameters
    ----------
    processors : int
        That the node pretends to have.
    """
    with ExitStack() as stack:
        # A short path: the name of a socket may have 107 bytes.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-")))
        configuration = _write_configuration(folder, processors)
        environment = {**os.environ, "SLURM_CONF": str(configuration)}
        for command in _daemons(folder, configuration):
            stack.enter_context(_daemon(command, environment, folder))
        _wait_until_idle(environment, folder)
        yield configuration


def _write_configuration(folder: Path, processors: int) -> Path:
    folder.chmod(0o755)  # munge refuses a socket that others cannot reach
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    controller_port, node_port = _free_ports(2)
    path = folder / "slurm.conf"
    path.write_text(
        _CONFIGURATION.format(
            host=platform.node().partition(".")[0],
            folder=folder,
            controller_port=controller_port,
            node_port=node_port,
            processors=processors,
            partition=PARTITION,
        )
    )
    return path


def _daemons(folder: Path, configuration: Path) -> list[list[str]]:
    munge = ["--foreground", "--force", f"--key-file={folder}/munge.key"]
    munge += [f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid"]
    munge += [f"--seed-file={folder}/munged.seed", f"--log-file={folder}/munged.log"]
    return [
        [str(_program("munged")), *munge],
        [str(_program("slurmctld")), "-D", "-c", "-f", str(configuration)],
        [str(_program("slurmd")), "-D", "-c", "-f", str(configuration)],
    ]


@contextmanager
def _daemon(command: list[str], environment: dict[str, str], folder: Path) -> Iterator[None]:
    output = (folder / f"{Path(command[0]).name}.out").open("wb")
    with output, subprocess.Popen(command, env=environment, stdout=output, stderr=output) as daemon:
        try:
            yield
        finally:
            daemon.terminate()
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()


def _wait_until_idle(environment: dict[str, str], folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    command = ["sinfo", "--noheader", "--format=%t"]
    while True:
        answer = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        if answer.stdout.strip() == "idle":
            return
        if time.monotonic() > deadline:
            said = "\n".join(path.read_text() for path in folder.glob("*.log"))
            raise RuntimeError(f"Slurm did not start: {answer.stdout}{answer.stderr}\n{said}")
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [each.getsockname()[1] for each in sockets]


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/sbin")))


if __name__ == "__main__":
    with one_node_slurm() as configuration:
        input(f"export SLURM_CONF={configuration} ")
