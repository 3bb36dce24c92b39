"""HTTP to a cloud: bounded in time and size, with one meaning of TLS settings and proxies."""

import gzip
import os
import socket
import ssl
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
import trustme

from deltacloud_images.errors import ProviderError, ProviderTimeout
from deltacloud_images.kit import retries, sockets
from deltacloud_images.kit.deadline import Cancelled, Deadline, in_force
from deltacloud_images.kit.retries import ConnectionLost, Unreached
from deltacloud_images.kit.sockets import ResponseTooLarge
from deltacloud_images.kit.tls import tls_context
from deltacloud_images.kit.transport import RefusedCertificate, Response, Transport, UntrustedCertificate
from tests.kit.cloud import Behaviour, dribbles, floods, misbehaving, ok, sends, silent

LIMIT_SECONDS = 0.2
GRACE_SECONDS = 2.0
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.01)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def get(url: str, seconds: float = 10.0, transport: Transport | None = None) -> Response:
    with in_force(Deadline(seconds)):
        return (transport or Transport("The cloud")).request("GET", url)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


SLOW: dict[str, Behaviour] = {
    "silence": silent,
    "a byte of the head at a time": dribbles(b"", b"H"),
    "a header without end": dribbles(HEAD + b"X: ", b"x"),
    "100 Continue without end": dribbles(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a byte of the body at a time": dribbles(HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
    "a byte of a chunk at a time": dribbles(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b"x"),
    "a body without length": dribbles(HEAD + b"\r\n", b"x"),
}


@pytest.mark.parametrize("behave", SLOW.values(), ids=SLOW)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_deadline_holds_against_a_slow_cloud(
    behave: Behaviour, scheme: str, server_tls: ssl.SSLContext, ca_file: str
) -> None:
    with misbehaving(behave, server_tls if scheme == "https" else None) as cloud:
        started = time.monotonic()
        with pytest.raises(ProviderTimeout, match=r"within the limit of 0\.2 seconds"):
            get(cloud.url, LIMIT_SECONDS, Transport("The cloud", ca_file=ca_file))
    assert time.monotonic() - started < LIMIT_SECONDS + GRACE_SECONDS


def test_the_deadline_holds_for_a_tls_handshake_and_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ProviderTimeout):
            get(f"https://127.0.0.1:{port}/", LIMIT_SECONDS)
    with socket.socket() as full:  # its queue of connections is full: another one is neither accepted nor refused
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        started = time.monotonic()
        with pytest.raises(ProviderTimeout):
            get(f"http://127.0.0.1:{full.getsockname()[1]}/", LIMIT_SECONDS)
        assert time.monotonic() - started < LIMIT_SECONDS + GRACE_SECONDS
        for each in waiting:
            each.close()


def test_the_deadline_holds_for_a_name_that_is_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    released = Event()
    real = socket.getaddrinfo

    def hanging(host: str, *arguments: object, **options: object) -> object:
        if host == "slow.example" and "flags" not in options:
            released.wait()
        return real(host, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    with pytest.raises(ProviderTimeout):
        get("http://slow.example/", LIMIT_SECONDS)
    released.set()


def test_the_deadline_holds_for_a_cloud_that_does_not_read() -> None:
    released = Event()
    with misbehaving(lambda _: bool(released.wait())) as cloud, in_force(Deadline(LIMIT_SECONDS)):  # type: ignore[arg-type]
        started = time.monotonic()
        with pytest.raises(ProviderTimeout):
            Transport("The cloud").request("POST", cloud.url, body=bytes(50_000_000))
        assert time.monotonic() - started < LIMIT_SECONDS + GRACE_SECONDS
        released.set()


def test_a_client_that_left_ends_the_wait_and_no_other_request_begins() -> None:
    left = Event()
    deadline = Deadline(60, abandoned=left.is_set)
    with misbehaving(silent) as cloud, in_force(deadline):
        transport = Transport("The cloud")

        def leave(_: socket.socket) -> None:
            left.set()
            cloud.released.wait()

        cloud.behave = leave
        started = time.monotonic()
        with pytest.raises(Cancelled):
            transport.request("GET", cloud.url)
        assert time.monotonic() - started < GRACE_SECONDS
        with pytest.raises(Cancelled):
            transport.request("GET", cloud.url)
        assert len(cloud.requests) == 1


MANY = 64 * 1024 * 1024
PIECE = bytes(1024 * 1024)


def gzipped(size: int) -> bytes:
    return gzip.compress(bytes(size))


LARGE: dict[str, Callable[[], Behaviour]] = {
    "an announced length": lambda: floods(HEAD + b"Content-Length: 1000000000\r\n\r\n", PIECE),
    "a body without length": lambda: floods(HEAD + b"\r\n", PIECE),
    "chunks without end": lambda: floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + PIECE + b"\r\n"),
    "a small gzip of much": lambda: sends(ok(gzipped(4 * MANY), "Content-Encoding: gzip")),
    "many small gzips": lambda: sends(ok(gzipped(1024 * 1024) * 256, "Content-Encoding: gzip")),
    "a small zlib of much": lambda: sends(ok(zlib.compress(bytes(4 * MANY)), "Content-Encoding: deflate")),
}


@pytest.mark.parametrize("behaviour", LARGE.values(), ids=LARGE)
def test_a_large_response_is_refused_before_it_is_in_memory(behaviour: Callable[[], Behaviour]) -> None:
    behave = behaviour()
    with misbehaving(behave) as cloud:
        tracemalloc.start()
        try:
            with pytest.raises(ResponseTooLarge, match="32 MiB"):
                get(cloud.url)
            assert tracemalloc.get_traced_memory()[1] < 2.5 * sockets.MAX_BYTES
        finally:
            tracemalloc.stop()


def test_100_continue_without_end_is_bounded_in_bytes() -> None:
    with misbehaving(floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)) as cloud, pytest.raises(ResponseTooLarge):
        get(cloud.url, 60)


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "compress"])
def test_a_coding_that_was_not_asked_for_is_an_error(coding: str) -> None:
    with (
        misbehaving(sends(ok(gzip.compress(gzip.compress(b"x")), f"Content-Encoding: {coding}"))) as cloud,
        pytest.raises(ProviderError, match="content coding"),
    ):
        get(cloud.url)


def test_a_coded_body_is_decoded_and_a_damaged_one_is_an_error() -> None:
    with misbehaving(sends(ok(gzip.compress(b"one") + gzip.compress(b"two"), "Content-Encoding: gzip"))) as cloud:
        assert get(cloud.url).body == b"onetwo"
        cloud.behave = sends(ok(gzip.compress(b"one")[:-4], "Content-Encoding: gzip"))
        with pytest.raises(ProviderError, match="incomplete"):
            get(cloud.url)
        cloud.behave = sends(ok(b"plain", "Content-Encoding: gzip"))
        with pytest.raises(ProviderError, match="damaged"):
            get(cloud.url)


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 200 OK\r\nContent-Len",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n",),
        (b"\x00\xff garbage\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",),
    ],
    ids=repr,
)
def test_a_response_that_is_cut_or_nonsense_is_a_lost_connection(pieces: tuple[bytes, ...]) -> None:
    with misbehaving(sends(*pieces)) as cloud:
        with pytest.raises(ProviderError) as raised:
            get(cloud.url)
        assert raised.value.name == "ProviderError"
        assert len(cloud.requests) == (retries.MAX_ATTEMPTS if isinstance(raised.value, ConnectionLost) else 1)


@pytest.mark.parametrize("token", ["a\r\nX: y", "\u2603", "\ud800"])
def test_a_token_that_no_header_can_carry_is_an_error_of_the_cloud(token: str) -> None:
    with misbehaving(sends(ok(b"never"))) as cloud, in_force(Deadline(5)):
        with pytest.raises(ProviderError, match="a header of a request to The cloud is malformed"):
            Transport("The cloud").request("GET", cloud.url, headers={"Authorization": token})
        assert not [each for each in cloud.requests if each]


@pytest.mark.parametrize(
    "url", ["", "nonsense", "http://", "http://[", "http://a:b:c/", "http://a:99999/", "ftp://a/", "http://\ud800/"]
)
def test_an_address_that_is_none_is_an_error_of_the_cloud(url: str) -> None:
    with pytest.raises(ProviderError, match="The address or a header"):
        get(url)


def test_redirects_are_not_followed_and_cookies_are_not_kept() -> None:
    response = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    with misbehaving(sends(response)) as cloud:
        transport = Transport("The cloud")
        assert [get(cloud.url, transport=transport).status for _ in range(2)] == [302, 302]
        assert len(cloud.requests) == 2
        assert all(b"Cookie" not in each for each in cloud.requests)


def test_a_refused_connection_is_tried_again_and_then_unreached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreached, match="The cloud could not be reached"):
        get(f"http://127.0.0.1:{port}/")


def test_a_lost_connection_repeats_reads_alone() -> None:
    with misbehaving(sends()) as cloud, in_force(Deadline(10)):
        with pytest.raises(ConnectionLost):
            Transport("The cloud").request("POST", cloud.url, body=b"create")
        assert len(cloud.requests) == 1
        with pytest.raises(ConnectionLost):
            Transport("The cloud").request("POST", cloud.url, body=b"list", repeatable=True)
        assert len(cloud.requests) == 1 + retries.MAX_ATTEMPTS


THROTTLED = b"HTTP/1.1 429 No\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"


def test_throttled_requests_are_sent_again_whatever_they_do() -> None:
    with misbehaving(sends(THROTTLED % b"0")) as cloud, in_force(Deadline(10)):
        response = Transport("The cloud").request("POST", cloud.url, body=b"create")
        assert (response.status, response.retry_after, len(cloud.requests)) == (429, 0.0, retries.MAX_ATTEMPTS)


def test_no_retry_begins_past_the_deadline() -> None:
    with misbehaving(sends(THROTTLED % b"3600")) as cloud:
        assert get(cloud.url).retry_after == 3600.0
        assert len(cloud.requests) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("9" * 400, 999999999.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 99 Jan 99999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    with misbehaving(
        sends(b"HTTP/1.1 400 No\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n" % text.encode())
    ) as cloud:
        assert get(cloud.url).retry_after == seconds


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_that_the_cloud_refuses_is_shown_once(
    server_tls: ssl.SSLContext, authority: trustme.CA, ca_file: str, version: ssl.TLSVersion
) -> None:
    server_tls.minimum_version = server_tls.maximum_version = version
    server_tls.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server_tls)
    stranger = tls_context(ca_file=ca_file)
    trustme.CA().issue_cert("stranger@example.com").configure_cert(stranger)
    with misbehaving(sends(ok(b"never")), server_tls) as cloud:
        with pytest.raises(RefusedCertificate, match="UNKNOWN_CA"):
            get(cloud.url, transport=Transport("The cloud", tls=stranger))
        assert cloud.connections == 1


def test_certificates_are_verified_by_the_file_the_environment_or_certifi(
    server_tls: ssl.SSLContext, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with misbehaving(sends(ok(b"fine")), server_tls) as cloud:
        with pytest.raises(UntrustedCertificate, match="ca_file"):
            get(cloud.url)
        assert get(cloud.url, transport=Transport("The cloud", ca_file=ca_file)).body == b"fine"
        assert get(cloud.url, transport=Transport("The cloud", verify_tls=False)).body == b"fine"
        requests_before = len(cloud.requests)
        with pytest.raises(UntrustedCertificate):
            get(cloud.url.replace("localhost", "127.0.0.1"), transport=Transport("The cloud", ca_file=ca_file))
        assert len(cloud.requests) == requests_before
    from deltacloud_images.kit.tls import shared_tls_context

    shared_tls_context.cache_clear()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(ProviderError, match="authorities to verify The cloud by cannot be read"):
        get("https://localhost:9/")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    with misbehaving(sends(ok(b"fine")), server_tls) as cloud:
        assert get(cloud.url).body == b"fine"
    shared_tls_context.cache_clear()


def test_a_context_that_checks_no_host_name_accepts_any_name_of_a_trusted_certificate(
    server_tls: ssl.SSLContext, ca_file: str
) -> None:
    pinned = tls_context(ca_file=ca_file)
    pinned.check_hostname = False
    with misbehaving(sends(ok(b"fine")), server_tls) as cloud:
        url = cloud.url.replace("localhost", "127.0.0.1")
        assert get(url, transport=Transport("The cloud", tls=pinned)).body == b"fine"


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that opens tunnels, and forwards nothing else."""
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        request = cloud.requests[-1]
        seen.append(request)
        method, target = request.split()[:2]
        if method != b"CONNECT":
            connection.sendall(ok(b"by the proxy"))
            return
        host, _, port = target.decode().partition(":")
        with socket.create_connection((host, int(port))) as upstream:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            there = Thread(target=_copy, args=(connection, upstream), daemon=True)
            there.start()
            _copy(upstream, connection)

    with misbehaving(serve) as cloud:
        yield f"http://user:p%40ss@127.0.0.1:{cloud.port}", seen


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
    except OSError:
        pass


def test_proxies_of_the_environment_are_used(
    proxy: tuple[str, list[bytes]], server_tls: ssl.SSLContext, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, seen = proxy
    monkeypatch.setenv("http_proxy", address)
    monkeypatch.setenv("https_proxy", address)
    with misbehaving(sends(ok(b"fine")), server_tls) as cloud:
        assert get("http://cloud.example/v1?a=b").body == b"by the proxy"
        assert seen[0].startswith(b"GET http://cloud.example/v1?a=b HTTP/1.1\r\n")
        assert b"Proxy-Authorization: Basic dXNlcjpwQHNz" in seen[0]
        assert get(cloud.url, transport=Transport("The cloud", ca_file=ca_file)).body == b"fine"
        assert seen[1].startswith(b"CONNECT localhost:")
        monkeypatch.setenv("no_proxy", "localhost")
        assert get(cloud.url, transport=Transport("The cloud", ca_file=ca_file)).body == b"fine"
        assert len(seen) == 2


def test_a_forked_process_opens_its_own_connections() -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(ok(b"fine"))
        while connection.recv(65536):
            connection.sendall(ok(b"again"))

    with misbehaving(serve) as cloud:
        transport = Transport("The cloud")
        assert get(cloud.url, transport=transport).body == b"fine"
        assert get(cloud.url, transport=transport).body == b"again"
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.write(writer, bytes(get(cloud.url, transport=transport).body))
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reader, 10) == b"fine"
        assert get(cloud.url, transport=transport).body == b"again"
