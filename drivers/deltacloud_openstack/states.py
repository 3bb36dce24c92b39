"""The states that nova's servers go through, and what can be done in each."""

from deltacloud_images.models import StateMachine, Transition

STATES = StateMachine(
    Transition("start", "pending", "create"),
    Transition("pending", "running"),
    Transition("running", "rebooting", "reboot"),
    Transition("rebooting", "running"),
    Transition("running", "stopping", "stop"),
    Transition("stopping", "stopped"),
    Transition("stopped", "pending", "start"),
    Transition("pending", "shutting_down", "destroy"),
    Transition("running", "shutting_down", "destroy"),
    Transition("rebooting", "shutting_down", "destroy"),
    Transition("stopping", "shutting_down", "destroy"),
    Transition("stopped", "shutting_down", "destroy"),
    Transition("error", "shutting_down", "destroy"),
    Transition("shutting_down", "finish"),
)

#: Nova's status -> the API's state. What is not here is UNKNOWN.
STATE_OF_STATUS = {
    "ACTIVE": "RUNNING",
    "BUILD": "PENDING",
    "DELETED": "FINISHED",
    "ERROR": "ERROR",
    "HARD_REBOOT": "REBOOTING",
    "MIGRATING": "RUNNING",
    "PASSWORD": "RUNNING",
    "PAUSED": "STOPPED",
    "REBOOT": "REBOOTING",
    "REBUILD": "PENDING",
    "RESCUE": "RUNNING",
    "RESIZE": "PENDING",
    "REVERT_RESIZE": "PENDING",
    "SHELVED": "STOPPED",
    "SHELVED_OFFLOADED": "STOPPED",
    "SHUTOFF": "STOPPED",
    "SOFT_DELETED": "FINISHED",
    "SUSPENDED": "STOPPED",
    "VERIFY_RESIZE": "RUNNING",
}

#: What a server is doing -> the state that this makes of it, whatever its status is.
STATE_OF_TASK = {
    "deleting": "SHUTTING_DOWN",
    "soft-deleting": "SHUTTING_DOWN",
    "powering-off": "STOPPING",
    "powering-on": "PENDING",
    "rebooting": "REBOOTING",
    "rebooting_hard": "REBOOTING",
    "reboot_pending": "REBOOTING",
    "reboot_started": "REBOOTING",
}

#: Nova's action that brings a server of that status back to ACTIVE.
START_ACTIONS = {
    "SHUTOFF": "os-start",
    "PAUSED": "unpause",
    "SUSPENDED": "resume",
    "SHELVED": "unshelve",
    "SHELVED_OFFLOADED": "unshelve",
}

#: Statuses in which nova makes an image of a server, as long as it is doing nothing else.
IMAGEABLE = frozenset({"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"})


def state(status: str, task: str) -> str:
    """Return the API's state of a server; ``task`` is what it is doing, or empty."""
    return STATE_OF_TASK.get(task, "") or STATE_OF_STATUS.get(status, "UNKNOWN")


def actions(status: str, task: str, *, locked: bool) -> tuple[str, ...]:
    """Return the actions that nova would accept now.

    A locked server refuses all of them, one that is busy (being imaged, for example) all but destroy.
    """
    known = STATES.actions(state(status, task))
    if locked:
        return ()
    if not task and (status == "ACTIVE" or status in START_ACTIONS):
        return known
    return tuple(action for action in known if action == "destroy")
