"""Ends this process when its standard input closes: no service outlives the tests that started it."""

import os
import sys
import threading


def hold() -> None:
    """Watch from now on."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)
