"""What EC2's error codes and the exceptions of botocore and urllib3 mean to a client.

Source: "Error codes for the Amazon EC2 API" in the EC2 API Reference.
"""

from ssl import SSLCertVerificationError

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from urllib3 import exceptions as urllib3_errors

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
)

#: Whatever is raised for what a cloud did.
FAILURES = (ClientError, BotoCoreError, ResponseParserError, urllib3_errors.HTTPError)

#: EC2 refused because it was asked too often: nothing has happened.
THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "EC2ThrottledException",
        "BandwidthLimitExceeded",
        "429",
    }
)

#: Codes of EC2 and STS. EC2 names kinds of trouble behind a dot (``InvalidAMIID.NotFound``): a code that is not here as
#: a whole means what its kind means.
_MEANING: dict[str, type[DeltacloudError]] = {
    # who asks
    "AuthFailure": AuthenticationFailure,
    "ExpiredToken": AuthenticationFailure,
    "ExpiredTokenException": AuthenticationFailure,
    "IncompleteSignature": AuthenticationFailure,
    "InvalidAccessKeyId": AuthenticationFailure,
    "InvalidClientTokenId": AuthenticationFailure,
    "InvalidSecurity": AuthenticationFailure,
    "InvalidToken": AuthenticationFailure,
    "MissingAuthenticationToken": AuthenticationFailure,
    "RequestExpired": AuthenticationFailure,
    "SignatureDoesNotMatch": AuthenticationFailure,
    "UnrecognizedClientException": AuthenticationFailure,
    # what the caller may
    "AccessDenied": Forbidden,
    "AccessDeniedException": Forbidden,
    "Blocked": Forbidden,
    "OperationNotPermitted": Forbidden,
    "OptInRequired": Forbidden,
    "PendingVerification": Forbidden,
    "UnauthorizedOperation": Forbidden,
    # what there is
    "Malformed": ObjectNotFound,
    "NotFound": ObjectNotFound,
    "InvalidAMIID.Unavailable": ObjectNotFound,
    "InvalidInstanceType": ObjectNotFound,
    # what is asked for
    "InvalidAMIName.Malformed": ValidationFailure,
    "InvalidBlockDeviceMapping": ValidationFailure,
    "InvalidCharacter": ValidationFailure,
    "InvalidInput": ValidationFailure,
    "InvalidParameter": ValidationFailure,
    "InvalidParameterCombination": ValidationFailure,
    "InvalidParameterDependency": ValidationFailure,
    "InvalidParameterValue": ValidationFailure,
    "InvalidUserData.Malformed": ValidationFailure,
    "MissingParameter": ValidationFailure,
    "Unsupported": ValidationFailure,
    "UnsupportedHibernationConfiguration": ValidationFailure,
    "VPCIdNotSpecified": ValidationFailure,
    # what can be now
    "Duplicate": Conflict,
    "InUse": Conflict,
    "AttachmentLimitExceeded": Conflict,
    "ConcurrentCreateImageNoRebootLimitExceeded": Conflict,
    "ConcurrentSnapshotLimitExceeded": Conflict,
    "HostLimitExceeded": Conflict,
    "IncorrectInstanceState": Conflict,
    "IncorrectState": Conflict,
    "InstanceLimitExceeded": Conflict,
    "InsufficientCapacity": Conflict,
    "InsufficientFreeAddressesInSubnet": Conflict,
    "InsufficientHostCapacity": Conflict,
    "InsufficientInstanceCapacity": Conflict,
    "InsufficientReservedInstanceCapacity": Conflict,
    "InsufficientVolumeCapacity": Conflict,
    "MaxIOPSLimitExceeded": Conflict,
    "MaxSpotInstanceCountExceeded": Conflict,
    "PendingSnapshotLimitExceeded": Conflict,
    "PrivateIpAddressLimitExceeded": Conflict,
    "ResourceLimitExceeded": Conflict,
    "SecurityGroupsPerInstanceLimitExceeded": Conflict,
    "SnapshotLimitExceeded": Conflict,
    "UnsupportedOperation": Conflict,
    "VcpuLimitExceeded": Conflict,
    "VolumeLimitExceeded": Conflict,
    # how fast
    "RequestTimeout": ProviderTimeout,
    "RequestTimeoutException": ProviderTimeout,
}

_LONGEST_MESSAGE = 500
_UNREACHABLE = "EC2 could not be reached, or the connection was lost."


def translate(error: Exception) -> DeltacloudError | None:
    """The meaning of an error; ``None`` where it is none of these, but a bug of ours."""
    match error:
        case ClientError():
            return _refusal(error)
        case ParamValidationError():
            return None
        case urllib3_errors.NewConnectionError():  # to urllib3, a refused connection is a late one
            return ProviderError(_UNREACHABLE)
        case ConnectTimeoutError() | ReadTimeoutError() | urllib3_errors.TimeoutError():
            return ProviderTimeout("EC2 did not answer in time.")
        case SSLError() | urllib3_errors.SSLError():
            return ProviderError("There is no trusted TLS connection to EC2: see the provider's ca_file.")
        case ResponseParserError():
            return ProviderError("EC2's answer could not be read.")
        case BotoCoreError() | urllib3_errors.HTTPError():
            return ProviderError(_UNREACHABLE)
    return None


def code_of(error: ClientError) -> str:
    """EC2's code, as its documentation lists it."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_untrusted(error: Exception) -> bool:
    """Whether the cloud's certificate is to blame, which no other attempt will mend."""
    origin = error.kwargs.get("error") if isinstance(error, SSLError) else error
    if not isinstance(origin, urllib3_errors.SSLError):
        return False
    return bool(origin.args) and isinstance(origin.args[0], SSLCertVerificationError)


def _refusal(error: ClientError) -> DeltacloudError:
    code = code_of(error)
    meaning = _MEANING.get(code) or _MEANING.get(code.rpartition(".")[2])
    if meaning is AuthenticationFailure:
        return AuthenticationFailure(f"EC2 does not accept the access key id and secret access key ({code}).")
    message = error.response.get("Error", {}).get("Message", "")[:_LONGEST_MESSAGE]
    if meaning is None:
        return ProviderError(f"EC2 failed ({code}): {message}")
    return meaning(f"EC2 refuses this ({code}): {message}")
