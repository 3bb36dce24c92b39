"""The pool of accounts is bounded in number and age, keeps no secret, and is not inherited by a forked process."""

import os
import pickle

import pytest

from deltacloud_fgcp.client import Client
from deltacloud_fgcp.pool import Account, Pool


def _account(accounts: Pool, *secrets: str) -> Account:
    """The pool does not look at clients."""
    return accounts.account(secrets, lambda: object.__new__(Client))


def test_an_account_is_kept_under_all_its_secrets() -> None:
    accounts = Pool()
    first = _account(accounts, "alice", "secret")
    assert _account(accounts, "alice", "secret") is first
    assert _account(accounts, "alice", "other") is not first
    assert _account(accounts, "alicesecret", "") is not first


def test_an_account_is_not_kept_longer_than_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("deltacloud_fgcp.pool.time.monotonic", lambda: now)
    accounts = Pool()
    first = _account(accounts, "alice")
    now += 600
    assert _account(accounts, "alice") is first
    now += 1
    assert _account(accounts, "alice") is not first


def test_those_seen_last_are_kept() -> None:
    accounts = Pool()
    first, second = _account(accounts, "first"), _account(accounts, "second")
    for number in range(254):
        _account(accounts, "first")
        _account(accounts, str(number))
    _account(accounts, "one more")
    assert _account(accounts, "first") is first
    assert _account(accounts, "second") is not second


def test_a_forked_process_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = Pool()
    first = _account(accounts, "alice")
    monkeypatch.setattr("deltacloud_fgcp.pool.os.getpid", lambda: os.getppid())
    assert _account(accounts, "alice") is not first


def test_no_secret_is_kept() -> None:
    accounts = Pool()
    _account(accounts, "alice", "a very secret passphrase")
    assert b"secret" not in pickle.dumps(list(accounts._accounts))
