"""Chooses the format of an answer, from ``?format=`` or from ``Accept``."""

import re
from functools import lru_cache

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from deltacloud_images.errors import NotAcceptable

_TYPES = {
    "xml": ("application/xml", "text/xml"),
    "json": ("application/json",),
    "html": ("text/html", "application/xhtml+xml"),
}
PRIMARY = "xml"
#: A parameter of a media type, such as ``charset=utf-8``, but not its quality.
_PARAMETER = re.compile(r"""\s*;\s*(?!q\s*=)[\w-]+\s*=\s*("[^"]*"|[^\s;,]*)""", re.IGNORECASE)
FORMATS = tuple(_TYPES)


def format_by_name(name: str) -> str:
    """``xml``, ``json`` or ``html``, as ``?format=`` asks; raises ``NotAcceptable``."""
    if name.lower() not in _TYPES:
        raise NotAcceptable(f"There is no format '{name}'; use one of {', '.join(FORMATS)}.")
    return name.lower()


def format_by_accept(accept: str | None) -> str:
    """``xml``, ``json`` or ``html``, as ``Accept`` asks; raises ``NotAcceptable``."""
    return _by_accept(accept[:2000]) if accept and accept.strip() else PRIMARY


@lru_cache(maxsize=256)
def _by_accept(accept: str) -> str:
    """The format with the highest quality; among equals the one listed first, those matched by wildcards last."""
    sloppy = re.sub(r"q\s*=\s*\.", "q=0.", _PARAMETER.sub("", accept))
    accepted = parse_accept_header(re.sub(r"(^|,)\s*\*\s*(?=;|,|$)", r"\1*/*", sloppy), MIMEAccept)
    named = [each.lower() for each, _ in accepted]
    best, best_rank = "", (0.0, 0)
    for name, types in _TYPES.items():
        offered = [types[0], *(each for each in types[1:] if each in named)]
        quality = max(accepted.quality(each) for each in offered)
        position = min((accept.lower().find(each) for each in types if each in named), default=len(accept))
        rank = (float(quality), -position)
        if quality > 0 and (not best or rank > best_rank):
            best, best_rank = name, rank
    if not best:
        raise NotAcceptable(f"None of '{accept}' is served; there are application/xml, application/json and text/html.")
    return best
