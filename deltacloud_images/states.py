"""Which states of images and instances, on all clouds, are on their way to another."""

#: Such states change by themselves.
CHANGING = frozenset(
    {
        *("PENDING", "QUEUED", "SAVING", "CREATING", "IMPORTING", "UPLOADING", "REGISTERING", "LOCKED", "TRANSIENT"),
        *("STARTING", "STOPPING", "SHUTTING_DOWN", "REBOOTING", "DEPLOYING", "DELETING", "PENDING_DELETE"),
    }
)
