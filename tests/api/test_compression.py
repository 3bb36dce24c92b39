"""Compressed responses: when they are sent, what they mean to caches, and how they stream."""

import gzip
import re
import zlib
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deltacloud_images.errors import ProviderError
from deltacloud_images.models import Image, ImageFilter
from deltacloud_images.web.responses import MAX_DOCUMENT
from deltacloud_mock.session import MockSession
from tests.api.test_streaming import fill
from tests.conftest import Live, client_of

GZIP = {"Accept-Encoding": "gzip"}
VARY = "Accept, Accept-Encoding, Authorization, X-Deltacloud-Driver, X-Deltacloud-Provider"
LARGE, SMALL = "/api/images", "/api/images/img1?format=json"


@pytest.mark.parametrize("path", [LARGE, "/api/images?format=json", "/api/images?format=html", "/api/nope?format=html"])
def test_a_document_is_the_same_after_decoding(client: FlaskClient, path: str) -> None:
    plain, compressed = client.get(path), client.get(path, headers=GZIP)
    assert compressed.status_code == plain.status_code
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert compressed.headers["Content-Type"] == plain.headers["Content-Type"]
    assert compressed.headers["Vary"] == plain.headers["Vary"] == VARY
    assert "Content-Encoding" not in plain.headers
    assert int(compressed.headers["Content-Length"]) == len(compressed.data) < len(plain.data)
    if plain.status_code == 200:
        assert gzip.decompress(compressed.data) == plain.data


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("deflate, gzip;q=0.5", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("*;q=0, gzip", "gzip"),
        ("gzip;q=0, x-gzip", "gzip"),
        ("gzip;q=0", None),
        ("gzip ; q = 0", None),
        ("*;q=0", None),
        ("gzip;q=0, *", None),
        ("gzip;q=0.5, identity", None),
        ("identity", None),
        ("identity;q=0", None),
        ("deflate, br, zstd", None),
        ("gzip;q=x", None),
        ("", None),
    ],
)
def test_the_client_chooses_the_coding(client: FlaskClient, accept_encoding: str, coding: str | None) -> None:
    response = client.get(LARGE, headers={"Accept-Encoding": accept_encoding})
    assert (response.status_code, response.headers.get("Content-Encoding")) == (200, coding)


def test_small_documents_are_compressed_only_if_nothing_else_is_accepted(client: FlaskClient) -> None:
    plain = client.get(SMALL, headers=GZIP)
    assert len(plain.data) < 1024
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"].startswith('"')
    compressed = client.get(SMALL, headers={"Accept-Encoding": "gzip, identity;q=0"})
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(compressed.data) == plain.data


def test_either_etag_gives_304_that_names_the_response_it_stands_for(client: FlaskClient) -> None:
    strong = client.get(LARGE).headers["ETag"]
    weak = client.get(LARGE, headers=GZIP).headers["ETag"]
    assert weak == f"W/{strong}"
    for held in (strong, weak, f'"other", {weak}', "*"):
        for headers, etag in (({}, strong), (GZIP, weak)):
            unchanged = client.get(LARGE, headers={**headers, "If-None-Match": held})
            assert (unchanged.status_code, unchanged.data) == (304, b"")
            assert unchanged.headers["ETag"] == etag
            assert unchanged.headers["Vary"] == VARY
            assert "Content-Encoding" not in unchanged.headers
    assert client.get(LARGE, headers={**GZIP, "If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", [LARGE, SMALL, "/api/nope", "/static/pages.css"])
def test_head_has_the_headers_of_a_compressed_get(live: Live, path: str) -> None:
    changing = {"date", "x-request-id", "connection"}

    def headers(method: str) -> tuple[int, dict[str, str]]:
        raw = f"{method} {path} HTTP/1.1\r\nHost: localhost:3001\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
        response = live.send(raw.encode())
        return response.status, {name: value for name, value in response.headers if name.lower() not in changing}

    assert headers("HEAD") == headers("GET")


def test_files_for_browsers_vary_by_coding_alone(client: FlaskClient) -> None:
    page = client.get("/?format=html").text
    version = re.search(r"/static/pages\.css(\?v=\w+)", page)
    assert version
    response = client.get(f"/static/pages.css{version[1]}", headers=GZIP)
    assert (response.headers["Content-Encoding"], response.headers["Vary"]) == ("gzip", "Accept-Encoding")


def test_a_large_list_streams_compressed(live: Live) -> None:
    fill(live.folder, 3000)
    plain = live.get("/api/images")
    compressed = live.get("/api/images", "Accept-Encoding: gzip")
    assert compressed["Transfer-Encoding"] == "chunked"
    assert compressed["Content-Encoding"] == "gzip"
    assert (compressed.all("ETag"), compressed["Vary"]) == ([], VARY)
    assert gzip.decompress(compressed.body) == plain.body
    assert len(compressed.body) < len(plain.body) / 10


class _Failing(MockSession):
    """Its list fails after more than the server holds back."""

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        for number in range(5000):
            yield Image(f"img{number}", "x" * 1000)
        raise ProviderError("the cloud broke")


def test_what_was_written_before_a_failure_can_be_read(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltacloud_mock.driver.MockSession", _Failing)
    pieces = client_of(app).get("/api/images", headers=GZIP, buffered=False).iter_encoded()
    decoder = zlib.decompressobj(31)
    sizes = [len(decoder.decompress(next(pieces)))]
    with pytest.raises(ProviderError):
        sizes.extend(len(decoder.decompress(piece)) for piece in pieces)
    assert min(sizes) > 0
    assert sum(sizes) > MAX_DOCUMENT
    assert not decoder.eof
