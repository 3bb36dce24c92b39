"""A worker whose threads are all taken leaves new connections to the others."""

from threading import Event

from deltacloud_images.config import ServerSettings
from deltacloud_images.serving.limits import Limits
from deltacloud_images.serving.pool import ThreadPool
from deltacloud_images.serving.worker import WaitingWorker
from deltacloud_images.testing import eventually


def test_a_worker_accepts_only_while_it_has_a_free_thread() -> None:
    worker = WaitingWorker.__new__(WaitingWorker)  # without gunicorn's arbiter, which the decision does not need
    worker.limits = Limits.of(ServerSettings())
    worker.pool = ThreadPool(2)
    worker._connections = set()
    released, finished = Event(), []

    def hang() -> None:
        released.wait()
        finished.append(True)

    room = []
    for _ in range(2):
        room.append(worker._has_room())
        worker.pool.submit(hang)
    assert room == [True, True]
    assert not worker._has_room()
    released.set()
    assert eventually(lambda: len(finished) == 2)
    assert eventually(worker._has_room)
