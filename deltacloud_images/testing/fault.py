"""The single faults that every call of a driver is run with."""

from enum import StrEnum


class Fault(StrEnum):
    """How a cloud can be broken."""

    REFUSED = "refused"  # the connection is refused
    TIMEOUT = "timeout"  # the request is taken and never answered
    SERVER_ERROR = "server_error"  # an internal error of the cloud
    GARBAGE = "garbage"  # an answer that makes no sense
    CUT = "cut"  # the connection is cut in the middle of an answer
    EXPIRED = "expired"  # the session, token or password has become invalid
    THROTTLED = "throttled"  # the cloud refuses because it was asked too often
