"""The mock driver's table of the configuration."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from pydantic import Field

from deltacloud_images.schema import settings


@settings
class MockSettings:
    """``[drivers.mock]``."""

    #: The SQLite file; empty: ``deltacloud-images/mock.sqlite3`` in the user's XDG data directory.
    path: str = ""
    #: User name -> password of every account.
    users: Annotated[Mapping[str, str], Field(min_length=1)] = field(
        default_factory=lambda: {"mockuser": "mockpassword"}, repr=False
    )
    #: Every call takes that much longer; where it exceeds the time limit, the cloud does not answer.
    delay_seconds: Annotated[float, Field(ge=0)] = 0.0
    #: The share of calls, 0 to 1, that fail as if the cloud were broken; nothing is changed by them.
    failure_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    #: How long a new image is PENDING before it is AVAILABLE.
    image_build_seconds: Annotated[float, Field(ge=0)] = 0.0
