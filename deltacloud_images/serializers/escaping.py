"""Makes text fit for XML."""

import re

_NOT_XML = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"  # XML 1.0, section 2.2
#: What cannot stand in XML as it is.
SPECIAL = re.compile(f"[<>&'\"\\t\\n\\r{_NOT_XML}]")
_DROPPED = re.compile(f"[{_NOT_XML}]")
_REPLACED = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&#39;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;"}
_REPLACED["\r"] = "&#13;"  # parsers would turn these three into blanks or line feeds


def escape(text: str) -> str:
    """The text for an element or an attribute; characters that XML cannot carry are left out."""
    if SPECIAL.search(text) is None:
        return text
    return SPECIAL.sub(lambda match: _REPLACED.get(match[0], ""), text)


def cdata(text: str) -> str:
    """The text as a CDATA section."""
    return f"<![CDATA[{_DROPPED.sub('', text).replace(']]>', ']]]]><![CDATA[>')}]]>"
