"""The folder in which the server's processes share their metrics."""

import atexit
import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share() -> None:
    """Make the folder, unless the operator has named one, which is emptied; remove it when this process ends.

    To be called in the master process before the metrics are imported.
    """
    if "prometheus_client" in sys.modules:  # at a reload: the folder is in use
        return
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        Path(named).mkdir(parents=True, exist_ok=True)
        for each in Path(named).glob("*.db"):
            each.unlink()
        return
    folder = os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="deltacloud-images-")
    atexit.register(partial(_remove, folder, os.getpid()))


def forget_worker(_server: Any, worker: Any) -> None:
    """Drop the present values of a worker that has ended; what it has counted stays."""
    if FOLDER_VARIABLE in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # not before ``share``

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
