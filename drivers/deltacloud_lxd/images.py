"""Where an image is found: by fingerprint, by the beginning of one, by alias, or by the operation that publishes it."""

import re
from collections.abc import Mapping
from typing import Any

from deltacloud_images.errors import not_found
from deltacloud_images.kit import values
from deltacloud_images.models import ImageFilter
from deltacloud_lxd import convert
from deltacloud_lxd.client import Account, Operation, State, last_part

_WHOLE = re.compile(r"[0-9a-f]{64}")
_BEGINNING = re.compile(r"[0-9a-f]{1,63}")
_MAX_ALIAS = 255
_LXD_ARCHITECTURES = {ours: theirs for theirs, ours in convert.ARCHITECTURES.items()}
# LXD's filters have no quotation marks that all versions know.
_PLAIN = re.compile(r"[a-z0-9_]+")


def find(account: Account, image_id: str) -> Mapping[str, Any]:
    """Return the record of an image; raise ``ObjectNotFound`` for any text that leads to none."""
    pending = convert.parts_of_pending_id(image_id)
    record = _find(account, pending[1] if pending else image_id)
    if record is None or is_public(record):
        account.check_project()
    if record is None:
        raise not_found("Image", image_id)
    return record


def target(account: Account, alias: str) -> str:
    """Return the fingerprint that an alias leads to; empty if there is no such alias."""
    if alias in ("", ".", "..") or len(alias) > _MAX_ALIAS:
        return ""
    found = account.find("images", "aliases", alias)
    return "" if found is None else values.required(found.get("target"), str, "target of the alias")


def publication(account: Account, image_id: str) -> Operation | None:
    """Return the operation that publishes an image; ``None`` for other ids, and when it is done.

    Raises ``OperationFailed`` with LXD's sentence if it has failed. LXD forgets operations some seconds after their
    end: then the image is found by its alias, or not at all.
    """
    pending = convert.parts_of_pending_id(image_id)
    record = account.find("operations", pending[0]) if pending else None
    if not pending or record is None:
        return None
    operation = Operation.of(record)
    operation.check(f"Image '{pending[1]}' could not be published")
    return operation if operation.state is State.RUNNING else None


def query(wanted: ImageFilter) -> dict[str, str]:
    """Return the query that lists images: LXD can filter by architecture."""
    if wanted.architecture is None or not _PLAIN.fullmatch(wanted.architecture):
        return {}
    return {"filter": f"architecture eq {_LXD_ARCHITECTURES.get(wanted.architecture, wanted.architecture)}"}


def instance_query(image_id: str | None) -> dict[str, str]:
    """Return the query that lists instances: LXD can filter by image."""
    if image_id is None or not _WHOLE.fullmatch(image_id):
        return {}
    return {"filter": f"config.volatile.base_image eq {image_id}"}


def is_public(record: object) -> bool:
    """Return whether LXD shows an image to everybody, trusted or not."""
    return values.mapping(record).get("public") is not False


def fingerprint(record: Mapping[str, Any]) -> str:
    """Return the fingerprint of an image, or that an operation has made."""
    return values.required(record.get("fingerprint"), str, "fingerprint")


def _find(account: Account, image_id: str) -> Mapping[str, Any] | None:
    if _WHOLE.fullmatch(image_id):
        return account.find("images", image_id)
    known = target(account, image_id) or _completed(account, image_id)
    return account.find("images", known) if known else None


def _completed(account: Account, beginning: str) -> str:
    """Return the only fingerprint that begins so, or an empty text: LXD's response for several differs by version."""
    if not _BEGINNING.fullmatch(beginning):
        return ""
    paths = account.list("images", recursion="0")
    found = [each for path in paths if (each := last_part(path)).startswith(beginning)]
    return found[0] if len(found) == 1 else ""
