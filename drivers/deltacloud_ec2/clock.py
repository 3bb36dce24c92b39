"""Whether a request was refused because the clock of this machine is wrong, which its signatures depend on."""

import logging
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit import xml
from deltacloud_images.kit.transport import Response

#: A request has to arrive within this time of its signature's time stamp.
#: Source: "AWS Signature Version 4 for API requests" in the IAM User Guide.
_MAX_SECONDS = 300.0
#: The codes of refusals in which the time may be at fault.
_CODES = frozenset({"AuthFailure", "InvalidClientTokenId", "RequestExpired", "SignatureDoesNotMatch"})
#: EC2 uses one code for a wrong signature and a wrong time, and only its message says which.
_MESSAGES = ("Signature expired", "Signature not yet current")

logger = logging.getLogger(__name__)


def check(response: Response, has_token: bool) -> None:
    """Raise ``ProviderError``, and log a warning, for a refusal that is due to this machine's clock.

    ``has_token`` says whether the caller signs with a session token: EC2 says RequestExpired for an expired one too.
    """
    try:
        root = xml.parse(response.body)
    except ProviderError:
        return
    code, said = root.findtext(".//{*}Code") or "", root.findtext(".//{*}Message") or ""
    if code not in _CODES:
        return
    seconds = _seconds_off(response)
    has_expired = code == "RequestExpired" and not has_token
    if has_expired or said.startswith(_MESSAGES) or abs(seconds) > _MAX_SECONDS:
        logger.warning("The clock of this machine seems to be wrong: %+.0f s beside EC2's (%s).", seconds, code)
        raise ProviderError(f"EC2 refuses the time of the request ({code}): the clock of this server is wrong.")


def _seconds_off(response: Response) -> float:
    """Return by how many seconds this machine's clock is ahead of the response's ``Date``; 0 without one."""
    try:
        theirs = parsedate_to_datetime(response.headers.get("Date", ""))
        return (datetime.now(UTC) - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))).total_seconds()
    except (ValueError, OverflowError):
        return 0.0
