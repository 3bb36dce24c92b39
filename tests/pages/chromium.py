"""Debian's Chromium: where it is, how it is installed, and how it is started without a screen or the network."""

import os
import shutil
import subprocess

import pytest

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
_INSTALL = ("apt-get", "install", "-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300")


def chromium() -> str:
    """The path of the browser, which is installed where that is possible; otherwise the test is skipped."""
    if not shutil.which("chromium") and os.geteuid() == 0 and shutil.which("apt-get"):
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environ, check=True)
        subprocess.run([*_INSTALL, "chromium", "fonts-dejavu-core"], env=environ, check=True, stdout=subprocess.DEVNULL)
    return shutil.which("chromium") or pytest.skip("the pages need a browser: sudo apt-get install chromium")
