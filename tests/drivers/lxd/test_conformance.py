"""The LXD driver passes the conformance suite."""

from functools import lru_cache

import pytest

from deltacloud_images.testing import DriverConformance
from deltacloud_lxd.identity import Identity

# The suite makes thousands of drivers: each certificate is opened once.
_open_once = lru_cache(Identity.tls)


class TestLxd(DriverConformance):
    """All of it."""

    @pytest.fixture(autouse=True)
    def cheap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Identity, "tls", lambda self, provider: _open_once(self, provider))
