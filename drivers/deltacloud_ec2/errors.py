"""What EC2's error codes and the exceptions of botocore mean to a client.

Source: "Error codes for the Amazon EC2 API" in the EC2 API Reference.
"""

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
    quota_exhausted,
    refused,
    throttled,
)
from deltacloud_images.kit import xml
from deltacloud_images.kit.retries import Retry, by_status
from deltacloud_images.kit.transport import Response
from deltacloud_images.kit.values import message

#: Whatever is raised for what a cloud did.
FAILURES = (ClientError, BotoCoreError, ResponseParserError)

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

#: The token of a list's next page is no longer valid.
_EXPIRED_TOKENS = frozenset({"InvalidNextToken", "InvalidPaginationToken"})

#: EC2 and STS refuse with these the keys of a caller whose account has not enabled the region.
#: Source: "Why did I receive the IAM error 'AWS was not able to validate the provided access credentials' in some AWS
#: Regions?" in the AWS knowledge center.
_MAY_BE_REGION = frozenset({"AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException"})
_REGION_HINT = (
    " If they are right elsewhere: the account may not have enabled this region, or the session token may be from the"
    " global endpoint of STS, whose tokens are valid only in regions that are enabled by default."
)

#: A limit of the caller's account is reached.
_QUOTAS = frozenset(
    {
        "AttachmentLimitExceeded",
        "ConcurrentCreateImageNoRebootLimitExceeded",
        "ConcurrentSnapshotLimitExceeded",
        "HostLimitExceeded",
        "InstanceLimitExceeded",
        "KeyPairLimitExceeded",
        "MaxIOPSLimitExceeded",
        "MaxSpotInstanceCountExceeded",
        "PendingSnapshotLimitExceeded",
        "PrivateIpAddressLimitExceeded",
        "ResourceLimitExceeded",
        "SecurityGroupsPerInstanceLimitExceeded",
        "SnapshotLimitExceeded",
        "VcpuLimitExceeded",
        "VolumeLimitExceeded",
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
    "DefaultVpcDoesNotExist": ValidationFailure,
    "InvalidFilter": ValidationFailure,
    "InvalidID": ValidationFailure,
    "InvalidInstanceAttributeValue": ValidationFailure,
    "InvalidKey.Format": ValidationFailure,
    "InvalidKeyPair.Format": ValidationFailure,
    "InvalidNextToken": ValidationFailure,
    "InvalidQueryParameter": ValidationFailure,
    "InvalidSubnet": ValidationFailure,
    "TagLimitExceeded": ValidationFailure,
    "TagPolicyViolation": ValidationFailure,
    "UnknownParameter": ValidationFailure,
    "UnsupportedImageType": ValidationFailure,
    "UnsupportedTenancy": ValidationFailure,
    "ValidationError": ValidationFailure,
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
    "DependencyViolation": Conflict,
    "InsufficientAddressCapacity": Conflict,
    "InvalidKMSKey.InvalidState": Conflict,
    "InvalidState": Conflict,
    "SnapshotCreationPerVolumeRateExceeded": Conflict,
    "InUse": Conflict,
    "IncorrectInstanceState": Conflict,
    "IncorrectState": Conflict,
    "InsufficientCapacity": Conflict,
    "InsufficientFreeAddressesInSubnet": Conflict,
    "InsufficientHostCapacity": Conflict,
    "InsufficientInstanceCapacity": Conflict,
    "InsufficientReservedInstanceCapacity": Conflict,
    "InsufficientVolumeCapacity": Conflict,
    "UnsupportedOperation": Conflict,
    # how fast
    "RequestTimeout": ProviderTimeout,
    "RequestTimeoutException": ProviderTimeout,
}


def translate(error: Exception) -> DeltacloudError | None:
    """Return the meaning of an error; ``None`` where it is none of these, but a bug of ours."""
    match error:
        case DeltacloudError():
            return error
        case ClientError():
            return _refusal(error)
        case ParamValidationError():
            return None
        case HTTPClientError() if isinstance(failure := error.kwargs.get("error"), DeltacloudError):
            return failure
        case ResponseParserError():
            return ProviderError("EC2's response could not be read.")
        case BotoCoreError():
            return ProviderError("EC2 could not be used.")
    return None


def code_of(error: ClientError) -> str:
    """Return EC2's code, as its documentation lists it."""
    return str(error.response.get("Error", {}).get("Code", ""))


def has_expired(error: Exception) -> bool:
    """Return whether EC2 refused the token of a list's next page."""
    return isinstance(error, ClientError) and code_of(error) in _EXPIRED_TOKENS


def malformed(what: str) -> ProviderError:
    """Return the error for a response that lacks what EC2 promises."""
    return ProviderError(f"EC2's response describes no {what}.")


def judge(response: Response) -> Retry:
    """Tell whether a request that EC2 refused may be sent again: EC2 throttles with other statuses than 429."""
    try:
        code = xml.parse(response.body).findtext(".//{*}Code") or ""
    except ProviderError:
        code = ""
    return Retry.ALWAYS if code in THROTTLED else by_status(response)


def _refusal(error: ClientError) -> DeltacloudError:
    code = code_of(error)
    details = error.response.get("Error", {})
    said = message(details.get("Message", ""))
    if code in THROTTLED:
        return throttled("EC2", None)
    if code in _QUOTAS:
        return quota_exhausted("EC2", f"{said} ({code})")
    meaning = _MEANING.get(code) or _MEANING.get(code.rpartition(".")[2])
    if meaning is AuthenticationFailure:
        hint = _REGION_HINT if code in _MAY_BE_REGION else ""
        return AuthenticationFailure(f"EC2 does not accept the access key id and secret access key ({code}).{hint}")
    if meaning is Forbidden:
        return refused("EC2", f"{said} ({code})")
    if meaning is None:
        return ProviderError(f"EC2 failed ({code}): {said}")
    return meaning(f"EC2 refuses this ({code}): {said}")
