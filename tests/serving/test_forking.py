"""A signal that reaches a worker right after its fork is not lost."""

import subprocess
import sys

#: The child's handler is the master process's until it sets its own, which it does when the signal has been sent.
PROGRAM = """
import os, signal
from deltacloud_images.serving.forking import hold_signals, release_signals

signal.signal(signal.SIGTERM, lambda *_: print("lost", flush=True))
reading, writing = os.pipe()
hold_signals()
child = os.fork()
if child == 0:
    os.read(reading, 1)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
    release_signals()
    os._exit(1)
print("held" if signal.pthread_sigmask(signal.SIG_BLOCK, ()) else "free", flush=True)
os.kill(child, signal.SIGTERM)
os.write(writing, b".")
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_signal_before_the_workers_handlers_is_handled_by_them() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.split() == ["free", "7"]
