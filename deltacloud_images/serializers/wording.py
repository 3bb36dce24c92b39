"""What the pages say in words: states as colours, errors as advice, amounts, times and commands."""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

from deltacloud_images.models import HardwareProfile, Property
from deltacloud_images.states import CHANGING

#: States of images and instances on all clouds, by what they mean to a person; any other is ``other``.
_MEANING = {
    "good": {"AVAILABLE", "ACTIVE", "OK", "RUNNING", "UP"},
    "moving": CHANGING,
    "bad": {"ERROR", "FAILED", "INVALID", "ILLEGAL", "KILLED", "UNEXPECTED_STOP", "START_ERROR", "STOP_ERROR"},
}
_MEANINGS = {state: meaning for meaning, states in _MEANING.items() for state in states}

#: For each status, what happened and what to do next.
_ADVICE = {
    400: ("That cannot work as it was asked", "Go back and change what the message names; what you typed is kept."),
    401: ("Sign in to go on", "Sign in again: your browser asks for the credentials."),
    403: ("That is not allowed", "Ask the owner, or sign in with an account that may do this."),
    404: (
        "There is no such thing here",
        "It may have been deleted meanwhile, or the address has a slip. Look in a list.",
    ),
    405: ("That is not possible now", "Look at its page again: it shows what is possible in its present state."),
    406: ("No such format", "Leave the format out of the address, or ask for xml, json or html."),
    409: ("Its state does not permit that now", "Wait until the state has changed, or change it, and try again."),
    413: ("That is too much", "Send less, or ask the operator to raise the limit."),
    501: ("This cloud cannot do that", "Choose another cloud, or do without."),
    502: ("The cloud failed", "Try again in a minute. If it lasts, ask who runs the cloud."),
    504: ("The cloud did not answer in time", "Look whether it happened all the same before you try again."),
}
_OUR_FAULT = ("The server failed", "Try again. If it lasts, give its operator the request id below.")


def meaning(state: str) -> str:
    """``good``, ``moving`` (it changes by itself), ``bad`` or ``other``."""
    return _MEANINGS.get(state, "other")


def advice(status: int) -> tuple[str, str]:
    """What happened and what to do next."""
    return _ADVICE.get(status, _OUR_FAULT)


def when(moment: datetime | None) -> str:
    """``2012-10-25 12:27`` in UTC, or an empty text."""
    return moment.astimezone(UTC).isoformat(" ")[:16] if moment else ""


def elapsed(since: datetime | None) -> str:
    """How long ago that was, ``2 min 5 s``; empty where it is unknown or to come."""
    seconds = int((datetime.now(UTC) - since).total_seconds()) if since else -1
    for size, unit, smaller, part in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // smaller} {part}"
    return f"{seconds} s" if seconds >= 0 else ""


def label(name: str) -> str:
    """``hardware_profiles`` as ``Hardware profiles``."""
    return name.replace("_", " ").removesuffix("*").capitalize()


def amount(known: Property | None) -> str:
    """``2``, ``1 to 6``, ``850 or 1024 GB``; a dash where the cloud does not tell."""
    if known is None:
        return "\u2013"
    unit = f" {known.unit}" if known.unit in ("MB", "GB") else ""
    if known.kind == "range":
        return f"{known.first} to {known.last}{unit}"
    return " or ".join(known.entries or (known.value,)) + unit


def size(profile: HardwareProfile) -> str:
    """A profile in one line: ``m1-large: 1 to 6 CPU, 7680 to 15360 MB memory``."""
    names = {"cpu": " CPU", "memory": " memory", "storage": " storage", "architecture": ""}
    told = [amount(each) + names[each.name] for each in profile.properties if each.value]
    return ": ".join(filter(None, [profile.name or profile.id, ", ".join(told)]))


def curl(credentials: Sequence[str], href: str, *options: str) -> str:
    """A curl command, with placeholders for the credentials; without any where none are needed."""
    user = ["-u", ":".join(credentials)] if credentials else []
    return shlex.join(["curl", *user, *options, href])
