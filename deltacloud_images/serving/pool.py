"""The threads of a worker, which start when they are first needed and end with the process."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread


class ThreadPool:
    """At most ``size`` daemon threads. Unlike those of ``concurrent.futures`` they do not delay the process's end."""

    def __init__(self, size: int) -> None:
        """Start no thread yet."""
        self.size = size
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = Lock()
        self._started = 0
        #: How many tasks threads have, or wait for a thread.
        self.unfinished = 0

    @property
    def full(self) -> bool:
        """Whether every thread has a task."""
        return self.unfinished >= self.size

    def submit(self, task: Callable[[], None]) -> None:
        """Have a thread call the task, which raises nothing, as soon as one is free."""
        with self._lock:
            self.unfinished += 1
            starts = self._started < min(self.unfinished, self.size)
            self._started += starts
        self._tasks.put(task)
        if starts:
            Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            self._tasks.get()()
            with self._lock:
                self.unfinished -= 1
