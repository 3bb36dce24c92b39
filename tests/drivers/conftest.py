"""What the tests of all drivers share: short pauses before retries."""

import pytest

from deltacloud_images.kit import retries


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.01)
