"""What a client wants in the engine's search language; the server checks the answer again, so it may hold too much."""

import re

from deltacloud_images.models import ImageFilter

# What needs no quotes in the language, in which * is a wildcard; names with anything else are looked for by the server.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_PLAIN_PATTERN = re.compile(r"[A-Za-z0-9_.*-]+")
_WORDS = frozenset({"and", "or", "sortby", "page", "asc", "desc"})
_STATES = frozenset({"OK", "LOCKED", "ILLEGAL"})


def datacenter(name: str) -> str:
    """What is in the data center; everything where ``name`` is empty."""
    if not name:
        return ""
    return f"datacenter={name}" if _is_plain(_PLAIN, name) else f'datacenter="{name}"'


def templates(datacenter_name: str, wanted: ImageFilter) -> str:
    """The templates that are wanted, as far as the engine can tell."""
    terms = [datacenter(datacenter_name)]
    if wanted.name and _is_plain(_PLAIN_PATTERN, wanted.name):
        start, star, _ = wanted.name.partition(
            "*"
        )  # what follows a * may be in the version, which is no part of the name
        terms += [f"name={start}{star}"] if start else []
    if wanted.state and wanted.state.upper() in _STATES:
        terms.append(f"status={wanted.state.lower()}")
    return " and ".join(filter(None, terms))


def _is_plain(plain: re.Pattern[str], text: str) -> bool:
    return plain.fullmatch(text) is not None and text.lower() not in _WORDS
