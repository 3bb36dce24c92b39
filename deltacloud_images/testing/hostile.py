"""What every driver does when its cloud is hostile: slow, very large, elsewhere, or hanging for one caller.

Every request goes through the driver's own transport. The server must answer in time, in bounded memory, and never
with a fault of its own.
"""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from deltacloud_images.driver import Capability, Driver
from deltacloud_images.errors import AuthenticationFailure, DeltacloudError, ProviderError, ProviderTimeout
from deltacloud_images.kit import pool, retries, threads
from deltacloud_images.kit.deadline import Cancelled, Deadline
from deltacloud_images.models import ImageFilter
from deltacloud_images.testing.attack import READS, connect, hostile, new_driver, run, verify
from deltacloud_images.testing.base import Conformance
from deltacloud_images.testing.behaviours import (
    LARGE,
    SLOW,
    HangingOnce,
    Recorder,
    endless_markup,
    redirecting,
    released,
)
from deltacloud_images.testing.faults import CALLS, Call
from deltacloud_images.testing.rig import Rig

#: What a driver may take beyond the limit of a request, in seconds.
GRACE_SECONDS = 2.0
#: How much a hostile response may add to the memory of the process, in MiB.
GROWTH_MIB = 110
_SHORT_SECONDS = 0.5


class HostileConformance(Conformance):
    """Needs a rig with proxies before the cloud, or the reason why there is no connection to attack."""

    @pytest.fixture(autouse=True)
    def short_pauses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.01)

    @pytest.mark.parametrize("logged_in", [True, False], ids=["logged in", "at login"])
    @pytest.mark.parametrize("attack", SLOW)
    def test_the_deadline_holds_whatever_the_cloud_does(self, rig: Rig, attack: str, logged_in: bool) -> None:
        with new_driver(rig) as driver:
            if logged_in:
                verify(rig, driver)
            with hostile(rig, SLOW[attack]) as attacked:
                if attacked:
                    assert isinstance(_lasts(rig, driver, READS["images"]), ProviderTimeout)

    @pytest.mark.parametrize("capability", [Capability.IMAGES, Capability.CREATE_IMAGE, Capability.CREATE_INSTANCE])
    def test_all_requests_of_a_call_share_one_limit(self, rig: Rig, capability: Capability) -> None:
        """Each request takes less than the limit, and all of a new caller's together more."""
        if capability not in rig.driver.capabilities:
            return
        image, instance = rig.seed_image(), rig.seed_instance()
        slow = Recorder(0.8 * _SHORT_SECONDS)
        with new_driver(rig) as driver, hostile(rig, slow) as attacked:
            if attacked:
                failure = _lasts(rig, driver, lambda catalog, *_: CALLS[capability](catalog, image, instance))
                assert failure is None or isinstance(failure, ProviderTimeout), repr(failure)
                assert len(slow.requests) <= 2 * rig.parallel_requests

    def test_nothing_is_sent_after_the_client_has_left(self, rig: Rig) -> None:
        left = Event()
        recorder = Recorder()

        def leave(exchange: Any) -> None:
            left.set()
            recorder(exchange)

        with new_driver(rig) as driver, hostile(rig, leave) as attacked:
            if attacked:
                with suppress(Cancelled):  # a call of one request ends with its response
                    run(rig, driver, READS["images"], Deadline(60, abandoned=left.is_set))
                assert 1 <= len(recorder.requests) <= rig.parallel_requests

    @pytest.mark.parametrize("logged_in", [True, False], ids=["logged in", "at login"])
    @pytest.mark.parametrize("attack", LARGE)
    def test_memory_stays_bounded(self, rig: Rig, attack: str, logged_in: bool) -> None:
        with new_driver(rig) as driver:
            if logged_in:
                verify(rig, driver)
            with hostile(rig, LARGE[attack]) as attacked:
                if attacked:
                    with _memory_is_bounded(), pytest.raises(ProviderError):
                        run(rig, driver, READS["images"], Deadline(60))

    @pytest.mark.parametrize("status", [400, 401, 500])
    def test_an_error_without_end_is_not_parsed_for_long(self, rig: Rig, status: int) -> None:
        with new_driver(rig) as driver, hostile(rig, endless_markup(status)) as attacked:
            if attacked:
                started = time.monotonic()
                with pytest.raises(DeltacloudError) as raised:
                    run(rig, driver, READS["images"], Deadline(60))
                assert len(str(raised.value)) < 1000
                assert time.monotonic() - started < _SHORT_SECONDS + GRACE_SECONDS

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_no_redirect_is_followed(self, rig: Rig, status: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as elsewhere:
            url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
            with new_driver(rig) as driver, hostile(rig, redirecting(status, url)) as attacked:
                if attacked:
                    with pytest.raises(ProviderError):
                        run(rig, driver, READS["images"], Deadline(10))
            elsewhere.setblocking(False)
            with pytest.raises(BlockingIOError):
                elsewhere.accept()

    def test_no_cookie_is_kept(self, rig: Rig) -> None:
        recorder = Recorder(header=("Set-Cookie", "hostile=1; Path=/"))
        with new_driver(rig) as driver, hostile(rig, recorder) as attacked:
            if attacked:
                for _ in range(2):
                    run(rig, driver, READS["images"], Deadline(60))
                assert len(recorder.requests) > 1
                assert not [each for each in recorder.requests if b"hostile=1" in each]

    def test_a_login_that_hangs_holds_up_no_other_caller(self, rig: Rig) -> None:
        hanging = HangingOnce()
        with (
            new_driver(rig) as driver,
            released(hanging),
            hostile(rig, hanging) as attacked,
            ThreadPoolExecutor(1) as one,
        ):
            if not attacked:
                return
            first = one.submit(verify, rig, driver)
            assert hanging.started.wait(30)
            with pytest.raises(AuthenticationFailure), connect(rig, driver, Deadline(10), wrong=True) as catalog:
                catalog.verify()
            hanging.released.set()
            first.result(30)

    def test_what_leaves_the_pool_while_it_is_used_still_works(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        expected = rig.seed_image()
        with new_driver(rig) as driver:
            verify(rig, driver)
            for each in list(pool._pools):
                monkeypatch.setattr(each, "_size", 0)

            def listed(_: int) -> bool:
                with connect(rig, driver, Deadline(60)) as catalog:
                    catalog.verify()
                    return expected in {image.id for image in catalog.images(ImageFilter())}

            with ThreadPoolExecutor(4) as threads:
                assert list(threads.map(listed, range(8))) == [True] * 8


def _lasts(rig: Rig, driver: Driver[Any], call: Call) -> DeltacloudError | None:
    """Run a call with a short limit; return its error, or fail where it goes on after the limit."""
    started = time.monotonic()
    running = threads.start(run, rig, driver, call, Deadline(_SHORT_SECONDS))
    try:
        running.result(_SHORT_SECONDS + GRACE_SECONDS)
    except DeltacloudError as error:
        failure: DeltacloudError | None = error
    except TimeoutError:
        pytest.fail(
            f"still waiting {time.monotonic() - started:.1f} s after it began, with a limit of {_SHORT_SECONDS} s"
        )
    else:
        failure = None
    return failure


@contextmanager
def _memory_is_bounded() -> Iterator[None]:
    """A context in which the memory of the process may not grow by more than ``GROWTH_MIB``.

    Linux keeps the peak of a process's memory (``VmHWM``); writing 5 to ``clear_refs`` resets it.
    """
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")
    yield
    grown = (_memory("VmHWM") - before) / 1024
    assert grown < GROWTH_MIB, f"{grown:.0f} MiB"


def _memory(name: str) -> int:
    """Return a figure of this process, in KiB."""
    return int(Path("/proc/self/status").read_text().partition(f"{name}:")[2].split()[0])
