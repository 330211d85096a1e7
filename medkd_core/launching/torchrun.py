"""torchrun for one machine: ``python -m medkd_core.launching.torchrun N -m MODULE ARGUMENTS``.

PyTorch's own ``torchrun --standalone`` lets the processes meet at a port that every network
interface offers, and believes whoever comes there. Here they meet on the loopback interface.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

LOOPBACK = "127.0.0.1"


def run_shared(processes: int, program: list[str]) -> None:
    """Run a Python program as several processes that know of each other.

    Parameters
    ----------
    processes : int
        On this machine.
    program : list of str
        As behind ``python``: ``["-m", MODULE, ARGUMENT, ...]``.
    """
    from torch.distributed.run import main

    # Gloo and NCCL choose an interface of their own when none is named.
    for library in ("GLOO", "NCCL"):
        os.environ.setdefault(f"{library}_SOCKET_IFNAME", _loopback_interface())
    store = _meeting_point()
    main(
        [
            *("--nnodes", "1", "--node-rank", "0", "--nproc-per-node", str(processes)),
            *("--master-addr", LOOPBACK, "--master-port", str(store.port)),
            *program,
        ]
    )


def _meeting_point() -> TCPStore:
    """A key-value store that torchrun finds by its port, within this process, and uses itself."""
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    listener = socket.create_server((LOOPBACK, 0))
    return TCPStore(
        LOOPBACK,
        listener.getsockname()[1],
        is_master=True,
        wait_for_workers=False,
        multi_tenant=True,
        master_listen_fd=listener.detach(),
    )


def _loopback_interface() -> str:
    return next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")


if __name__ == "__main__":
    run_shared(int(sys.argv[1]), sys.argv[2:])
