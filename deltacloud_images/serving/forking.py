"""Keeps signals that reach a worker between its fork and the moment at which it handles signals.

gunicorn's worker inherits the handlers of the master process, which put the signal into a queue that nobody reads in
the worker: a SIGTERM in this moment is lost, and the master waits for the worker until its grace time is over.
"""

import os
import signal

_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1}


def hold_signals() -> None:
    """Let signals wait, in this process until it has forked, in its child until ``release_signals``."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def release_signals() -> None:
    """Handle signals again, those that wait first."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


os.register_at_fork(after_in_parent=release_signals)
