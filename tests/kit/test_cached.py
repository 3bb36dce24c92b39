"""A value is fetched once in a while."""

import time

import pytest

from deltacloud_images.kit.cached import Cached


def test_a_value_is_kept_until_it_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    values = iter(["first", "second"])
    cached: Cached[str] = Cached(60)
    assert not cached.is_known
    assert [cached.get(lambda: next(values)) for _ in range(2)] == ["first", "first"]
    now[0] += 59
    assert cached.is_known
    now[0] += 1
    assert not cached.is_known
    assert cached.get(lambda: next(values)) == "second"


def test_a_failure_is_not_kept() -> None:
    cached: Cached[str] = Cached(60)
    with pytest.raises(ConnectionError):
        cached.get(lambda: (_ for _ in ()).throw(ConnectionError()))
    assert cached.get(lambda: "later") == "later"
