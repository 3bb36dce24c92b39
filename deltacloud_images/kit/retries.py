"""When a request is sent to a cloud again: one policy for all drivers.

A request that was refused because of too many requests, or that never reached the cloud, has changed nothing and is
always sent again. After other temporary failures only reads are sent again, because a create that may have happened
must not happen twice. Retries grow apart with jitter, heed ``Retry-After``, and never begin past the deadline.
"""

from collections.abc import Callable
from enum import Enum
from typing import Protocol, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, retry_if_result, wait_random_exponential

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit.deadline import current
from deltacloud_images.kit.tally import Tally

#: How often a request is sent at most.
MAX_ATTEMPTS = 4
#: The longest pause before the second attempt, in seconds; it doubles with each further one.
FIRST_PAUSE_SECONDS = 0.2


class Retry(Enum):
    """What a response, or the lack of one, says about sending the request again."""

    NEVER = "never"  # final, or it may have changed something
    READS = "reads"  # a temporary failure: again, if the request changes nothing
    ALWAYS = "always"  # it has changed nothing


class Answered(Protocol):
    """A response as the policy sees it."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def retry_after(self) -> float | None:
        """The seconds that ``Retry-After`` asks for, if any."""


Response = TypeVar("Response", bound=Answered)


class Unreached(ProviderError):
    """The cloud could not be reached: the request was not sent."""


class ConnectionLost(ProviderError):
    """The connection was lost before the response was complete: whether the request was executed is not known."""


def by_status(response: Answered) -> Retry:
    """Judge a response by its HTTP status."""
    if response.status == 429 or (response.status == 503 and response.retry_after is not None):
        return Retry.ALWAYS
    return Retry.READS if response.status in (500, 502, 503, 504) else Retry.NEVER


def retrying(
    send: Callable[[], Response], *, repeatable: bool, judge: Callable[[Response], Retry] = by_status
) -> Response:
    """Send a request, again where the policy says so, and return its last response.

    ``send`` sends it once. ``repeatable`` says that the request changes nothing. ``judge`` tells what a response with a
    status of 400 and above means. Raises what the last attempt raises.
    """
    deadline = current()
    deadline.check()
    tally = deadline.tally
    try:
        response = tally.time(send, again=False)
    except (Unreached, ConnectionLost) as error:
        first: Response | ProviderError = error
    else:
        if response.status < 400:
            return response
        first = response
    return _again(first, lambda: tally.time(send, again=True), repeatable, _counted(judge, tally))


def _again(
    first: Response | ProviderError, send: Callable[[], Response], repeatable: bool, judge: Callable[[Response], Retry]
) -> Response:
    """Go on after the first attempt, whose outcome is given."""
    outcomes = [first]

    def attempt() -> Response:
        outcome = outcomes.pop() if outcomes else send()
        if isinstance(outcome, ProviderError):
            raise outcome
        return outcome

    def permits(verdict: Retry) -> bool:
        return verdict is Retry.ALWAYS or (verdict is Retry.READS and repeatable)

    policy = Retrying(
        retry=retry_if_exception(lambda error: permits(_judge_error(error)))
        | retry_if_result(lambda response: response.status >= 400 and permits(judge(response))),
        wait=_pause,
        stop=_is_over,
        sleep=current().sleep,
        retry_error_callback=_last_outcome,
    )
    result: Response = policy(attempt)
    return result


def _counted(judge: Callable[[Response], Retry], tally: Tally) -> Callable[[Response], Retry]:
    """Return the judge, which then counts what it judges to be one request too many."""

    def counted(response: Response) -> Retry:
        verdict = judge(response)
        if verdict is Retry.ALWAYS:
            tally.throttle()
        return verdict

    return counted


def _judge_error(error: BaseException) -> Retry:
    if isinstance(error, Unreached):
        return Retry.ALWAYS
    return Retry.READS if isinstance(error, ConnectionLost) else Retry.NEVER


def _pause(state: RetryCallState) -> float:
    jittered: float = wait_random_exponential(multiplier=FIRST_PAUSE_SECONDS, min=FIRST_PAUSE_SECONDS / 2)(state)
    return max(jittered, _asked_pause(state))


def _is_over(state: RetryCallState) -> bool:
    longest = FIRST_PAUSE_SECONDS * 2 ** (state.attempt_number - 1)
    return state.attempt_number >= MAX_ATTEMPTS or max(longest, _asked_pause(state)) >= current().left()


def _asked_pause(state: RetryCallState) -> float:
    outcome = state.outcome
    if outcome is None or outcome.failed:
        return 0.0
    return outcome.result().retry_after or 0.0


def _last_outcome(state: RetryCallState) -> object:
    assert state.outcome is not None
    return state.outcome.result()
