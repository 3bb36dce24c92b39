"""Waiting until an image or an instance has reached its next state."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from deltacloud_images import create_app
from deltacloud_images.testing import eventually
from deltacloud_images.web import waiting
from tests.conftest import client_of, write_config
from tests.serving.server import HEAD, Server, read_all, running, status_of


@pytest.fixture
def slow(tmp_path: Path) -> FlaskClient:
    """A client of a mock cloud that takes a moment to build an image."""
    return client_of(create_app(write_config(tmp_path, mock="image_build_seconds = 0.6")))


def new_image(client: FlaskClient) -> str:
    response = client.post("/api/images?instance_id=inst1&format=json")
    assert (response.status_code, response.headers["Retry-After"]) == (201, "5")
    assert response.get_json()["image"]["state"] == "PENDING"
    return str(response.headers["Location"])


@pytest.mark.parametrize(
    ("query", "headers"),
    [("?wait=20", {}), ("", {"Prefer": "wait=20"}), ("", {"Prefer": 'respond-async, Wait = "20" ; x=y'})],
)
def test_the_response_comes_when_the_state_is_reached(slow: FlaskClient, query: str, headers: dict[str, str]) -> None:
    response = slow.get(new_image(slow) + query, headers=headers)
    assert (response.status_code, response.headers.get("Retry-After")) == (200, None)
    assert "<state>AVAILABLE</state>" in response.text


@pytest.mark.parametrize("query", ["", "?wait=0"])
def test_without_a_wait_the_state_is_the_present_one(slow: FlaskClient, query: str) -> None:
    response = slow.get(new_image(slow) + query)
    assert response.headers["Retry-After"] == "5"
    assert "<state>PENDING</state>" in response.text


def test_a_wait_ends_with_the_state_that_there_is(tmp_path: Path) -> None:
    client = client_of(create_app(write_config(tmp_path, mock="image_build_seconds = 1000")))
    response = client.get(new_image(client) + "?wait=1")
    assert (response.status_code, response.headers["Retry-After"]) == (200, "5")
    assert "<state>PENDING</state>" in response.text


def test_what_changes_no_more_is_not_waited_for(client: FlaskClient) -> None:
    for path in ("/api/images/img1", "/api/instances/inst1"):
        response = client.get(f"{path}?wait=300")
        assert (response.status_code, response.headers.get("Retry-After")) == (200, None)
    assert client.get("/api/images/nope?wait=300").status_code == 404


@pytest.mark.parametrize("wait", ["301", "-1", "soon", "1.5"])
def test_a_bad_wait_is_refused(client: FlaskClient, wait: str) -> None:
    response = client.get(f"/api/images/img1?wait={wait}&format=json")
    message = f"wait is '{wait}', but has to be a whole number from 0 to 300."
    assert (response.status_code, response.get_json()["message"]) == (400, message)


def test_a_senseless_preference_is_ignored(client: FlaskClient) -> None:
    for preference in ("wait=soon", "wait", "await=5", "wait=99999999999999999999"):
        assert client.get("/api/images/img1", headers={"Prefer": preference}).status_code == 200


def test_without_a_place_the_present_state_comes_at_once(slow: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_WAITING", 0)
    response = slow.get(new_image(slow) + "?wait=300")
    assert (response.status_code, response.headers["Retry-After"]) == (200, "5")


def test_places_are_given_back(slow: FlaskClient) -> None:
    room = slow.application.extensions["deltacloud_images"].waiting_room
    slow.get(new_image(slow) + "?wait=20")
    slow.get("/api/images/nope?wait=20")
    assert room.waiting == 0


def test_those_who_wait_for_the_same_share_what_the_cloud_says() -> None:
    room = waiting.WaitingRoom()
    asked = []

    def find() -> waiting.Thing:
        asked.append(time.monotonic())
        return thing

    class Pending:
        state = "PENDING"

    thing = Pending()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: room.look(("mock", "caller", "img1"), 60, find), range(100)))
    assert all(each is thing for each in found)
    assert len(asked) <= 8  # those who came before the first response
    room.look(("mock", "another caller", "img1"), 60, find)
    room.look(("mock", "caller", "img1"), 0, find)
    assert len(asked) <= 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with few threads, and a cloud that never finishes an image."""
    folder = tmp_path_factory.mktemp("waiting")
    config = "workers = 1\nthreads = 10\nthreads_per_cloud = 4"
    with running(folder, server=config, mock="image_build_seconds = 100000") as server:
        yield server


def raw(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{HEAD}\r\n".encode()


def test_500_waiting_clients_hold_no_thread_and_leave_no_trace(server: Server) -> None:
    created = server.send("POST", "/api/images?instance_id=inst1")
    assert created.status == 201
    path = "/api/images/img4?wait=300"
    with ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(server.connect(raw(path)))
        assert [server.get("/api/images").status for _ in range(20)] == [200] * 20
        late = stack.enter_context(server.connect(raw("/api/images/img4?wait=1")))
        assert status_of(late.recv(65536)) == 200
    assert eventually(lambda: server.get("/api/images/img4?wait=1").status == 200)


def test_a_server_that_stops_responds_to_those_who_wait(tmp_path: Path) -> None:
    with running(tmp_path, server="workers = 1", mock="image_build_seconds = 100000") as server:
        server.send("POST", "/api/images?instance_id=inst1")
        with server.connect(raw("/api/images/img4?wait=300")) as connection:
            assert server.get("/api/images").status == 200
            assert server.stop() == 0
            response = read_all(connection)
        assert status_of(response) == 200
        assert b"<state>PENDING</state>" in response
