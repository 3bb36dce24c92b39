"""Debian's Chromium: where it is, how it is installed, and how it is started without a screen or the network."""

import os
import shutil
import subprocess
from ctypes.util import find_library

import pytest

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
_PACKAGES = ("chromium", "fonts-dejavu-core", "libatomic1")
_INSTALL = ("apt-get", "install", "-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300")


def chromium() -> str:
    """The path of the browser, which is installed where that is possible; otherwise the test is skipped.

    Playwright's own program needs libatomic, which a small Debian lacks.
    """
    missing = not shutil.which("chromium") or not find_library("atomic")
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environ, check=True)
        subprocess.run([*_INSTALL, *_PACKAGES], env=environ, check=True, stdout=subprocess.DEVNULL)
    return shutil.which("chromium") or pytest.skip("the pages need a browser: sudo apt-get install chromium libatomic1")
