"""``deltacloud-images serve`` as a process, for tests of what the command itself does."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

RUN = (sys.executable, "-m", "deltacloud_images")


@contextmanager
def serving(
    *arguments: str, folder: Path, run: Sequence[str | Path] = RUN
) -> Iterator[tuple[int, list[str], "subprocess.Popen[str]"]]:
    """Start the command on a free port; give the port, the lines it printed, and the process.

    ``folder`` gets the mock cloud and the log, and is the current folder of the process. ``run`` is the command.
    """
    environ = {**os.environ, "XDG_DATA_HOME": str(folder)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*run, "serve", "-p", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environ,
            cwd=folder,
        )
    assert process.stdout
    try:
        printed = [process.stdout.readline() for _ in range(3)]
        port = re.search(r"http://127\.0\.0\.1:(\d+)/api", printed[0])
        assert port, (printed, (folder / "log").read_text())
        yield int(port[1]), printed, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()
