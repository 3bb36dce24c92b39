"""What every driver does with responses that make no sense: wrong values in every field, and lists without end."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from itertools import count, cycle
from typing import Any

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Capability, Driver
from deltacloud_images.errors import DeltacloudError, InternalError, ProviderError, ProviderTimeout
from deltacloud_images.kit import pages
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.testing.attack import READS, hostile, new_driver, run
from deltacloud_images.testing.base import Conformance
from deltacloud_images.testing.behaviours import Recorder, Replay
from deltacloud_images.testing.exchange import Reply
from deltacloud_images.testing.mutation import mutations, shrunk
from deltacloud_images.testing.rig import Rig

#: How many changes of each good response are tried.
CHANGES = 80
#: How many responses of one call are changed: all further ones are pages like the last.
MAX_REPLIES = 5


class SenselessConformance(Conformance):
    """Good responses of the cloud are recorded, changed in one place each, and played to the driver."""

    def test_pages_without_end_are_an_error(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pages, "MAX_PAGES", 20)
        numbers = count()
        _pages_end(rig, lambda: f"token{next(numbers)}", at_most=20)

    @pytest.mark.parametrize("tokens", ["A", "AB", "ABC"])
    def test_pages_in_a_circle_are_an_error(self, rig: Rig, tokens: str) -> None:
        circle = cycle(tokens)
        _pages_end(rig, lambda: next(circle), at_most=len(tokens) + 1)

    @pytest.mark.parametrize("call", READS)
    def test_senseless_values_are_never_a_fault_of_the_server(self, rig: Rig, call: str) -> None:
        if Capability(call.removesuffix("s") + "s") not in rig.driver.capabilities:
            return
        image, instance = rig.seed_image(), rig.seed_instance()

        def read(catalog: Catalog, *_: str) -> object:
            return READS[call](catalog, image, instance)

        failures = []
        for index, replies in _recorded(rig, read):
            for words, body in mutations(replies[index].body, CHANGES):
                changed = replies[index].with_body(body)
                with hostile(rig, Replay(replies, index, cycle([changed]))), new_driver(rig) as driver:
                    if problem := _problem(rig, driver, read):
                        failures.append(f"response {index + 1} of {len(replies)}, {words}: {problem}")
        assert not failures, f"{len(failures)} failures:\n" + "\n".join(failures[:20])


def _recorded(rig: Rig, read: Callable[[Catalog, str, str], object]) -> Iterator[tuple[int, list[Reply]]]:
    """The good replies to all requests of a call by a new driver, with the index of each."""
    recorder = Recorder()
    with new_driver(rig) as driver, hostile(rig, recorder):
        run(rig, driver, read, Deadline(60))
    replies = [each.with_body(shrunk(each.body)) for each in recorder.replies]
    for index in range(min(len(replies), MAX_REPLIES)):
        yield index, replies


def _problem(rig: Rig, driver: Driver[Any], read: Callable[[Catalog, str, str], object]) -> str:
    """What is wrong with a call's result or error; empty if nothing is."""
    try:
        found = run(rig, driver, read, Deadline(5))
    except InternalError as error:
        return repr(error)
    except ProviderTimeout as error:
        return f"waited for nothing: {error}"
    except DeltacloudError:
        return ""
    except Exception as error:  # noqa: BLE001 (each kind is a failure)
        return repr(error)
    unsound = [each for each in (found if isinstance(found, list | tuple) else [found]) if not _is_sound(each)]
    return f"unsound: {unsound[0]!r:.300}" if unsound else ""


def _is_sound(value: object) -> bool:
    """Whether a model consists of what models consist of."""
    if is_dataclass(value) and not isinstance(value, type):
        return all(_is_sound(getattr(value, each.name)) for each in fields(value))
    if isinstance(value, tuple):
        return all(map(_is_sound, value))
    if isinstance(value, datetime):
        return value.tzinfo is UTC
    return value is None or isinstance(value, str | bool | int)


def _pages_end(rig: Rig, token: Callable[[], str], at_most: int) -> None:
    paged = 0
    for index, replies in _recorded(rig, READS["images"]):
        if rig.with_next_page(replies[index].body, "token") is None:
            continue
        paged += 1
        body = replies[index].body
        endless = (replies[index].with_body(rig.with_next_page(body, token()) or b"") for _ in count())
        replay = Replay(replies[: index + 1], index, endless)
        with new_driver(rig) as driver, hostile(rig, replay), pytest.raises(ProviderError):
            run(rig, driver, READS["images"], Deadline(60))
        assert replay.sent <= index + 1 + at_most
        break
    assert paged or rig.unpaged, "a rig whose list of images has no pages says why"
