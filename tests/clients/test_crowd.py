"""A thousand requests at once: two workers of eight threads lose nothing and double nothing."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from threading import Barrier

import pytest

from tests.clients.conftest import Server
from tests.clients.facts import IMAGES

THREADS = 40
ROUNDS = 5  # of five requests each: 1,000 in all


@dataclass(slots=True)
class Member:
    """One of the crowd: what it has made, what of that is gone, and how often it was answered."""

    number: int
    made: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)

    def run(self, server: Server, start: Barrier) -> None:
        start.wait()
        for turn in range(ROUNDS):
            kept = self.create(server, f"crowd-{self.number}-{turn}-a")
            self.look(server)
            lost = self.create(server, f"crowd-{self.number}-{turn}-b")
            self.delete(server, lost)
            self.look(server)
            assert kept != lost

    def create(self, server: Server, name: str) -> str:
        answer = server.call(f"POST /api/images?instance_id=inst1&name={name}", "Content-Length: 0")
        self.statuses[answer.status] += 1
        new_id = answer.headers["Location"].rpartition("/")[2]
        assert new_id not in self.made
        self.made[new_id] = name
        return new_id

    def delete(self, server: Server, image_id: str) -> None:
        self.statuses[server.call(f"DELETE /api/images/{image_id}").status] += 1
        self.gone.add(image_id)

    def look(self, server: Server) -> None:
        """The list has all that this member has made and not deleted, once, and nothing that it has deleted."""
        answer = server.call("GET /api/images?format=json")
        self.statuses[answer.status] += 1
        listed = Counter(each["id"] for each in json.loads(answer.body)["images"])
        assert set(listed.values()) == {1}
        assert self.made.keys() & listed.keys() == self.made.keys() - self.gone


def rows(server: Server) -> list[tuple[str, str]]:
    """Ids and names in the cloud's own file."""
    with closing(sqlite3.connect(server.database)) as connection:
        return connection.execute("SELECT id, name FROM images ORDER BY number").fetchall()


def run(server: Server, members: Sequence[Member]) -> None:
    start = Barrier(len(members))
    with ThreadPoolExecutor(len(members)) as pool:
        for each in [pool.submit(member.run, server, start) for member in members]:
            each.result()


def test_a_thousand_mixed_requests_lose_and_double_nothing(server: Server) -> None:
    members = [Member(number) for number in range(THREADS)]
    run(server, members)

    statuses = sum((member.statuses for member in members), Counter[int]())
    assert statuses == {201: 400, 200: 400, 204: 200}
    made = [image_id for member in members for image_id in member.made]
    assert len(made) == len(set(made)) == 400
    left = {i: name for member in members for i, name in member.made.items() if i not in member.gone}
    in_file = [row for row in rows(server) if row[0] not in IMAGES]
    assert dict(in_file) == left
    assert len(in_file) == len(left) == 200
    listed = json.loads(server.call("GET /api/images?format=json&owner_id=self&name=crowd-*").body)["images"]
    assert {each["id"]: each["name"] for each in listed} == left
    assert len(listed) == 200

    for image_id in left:
        assert server.call(f"DELETE /api/images/{image_id}").status == 204
    assert [image_id for image_id, _ in rows(server)] == list(IMAGES)


@pytest.mark.parametrize("attempt", range(5))
def test_one_of_many_who_delete_an_image_at_once_has_deleted_it(server: Server, attempt: int) -> None:
    answer = server.call("POST /api/images?instance_id=inst1", "Content-Length: 0")
    image_id = answer.headers["Location"].rpartition("/")[2]
    start = Barrier(16)

    def delete() -> int:
        start.wait()
        return server.call(f"DELETE /api/images/{image_id}").status

    with ThreadPoolExecutor(16) as pool:
        statuses = Counter(each.result() for each in [pool.submit(delete) for _ in range(16)])
    assert statuses == {204: 1, 404: 15}
    assert image_id not in dict(rows(server))
