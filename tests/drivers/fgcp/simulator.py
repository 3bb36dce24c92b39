"""FGCP's endpoint for tests: HTTPS that wants a client's certificate, and checks each call's signature against it."""

import argparse
import base64
import binascii
import socket
import ssl
import time
from collections import Counter
from contextlib import suppress
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1

from tests.drivers.fgcp.certificates import Authority, Issued
from tests.drivers.fgcp.state import Refused, State

PATH = "/ovissapi/endpoint"
_SKEW_SECONDS = 15 * 60


class Simulator(ThreadingHTTPServer):
    """Listens on a free port of loopback until it is closed. ``calls`` counts the actions that were asked for."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = State()
        self.authority = Authority("FGCP test authority")
        self.ca_file = self.authority.write(folder / "ca.pem")
        self.tls = self.server_tls(folder)
        self.users: set[bytes] = set()
        self.skew_seconds = 0.0
        self.calls: Counter[str] = Counter()
        self.under_way = self.most_under_way = 0
        self.delay_seconds = 0.0
        #: Actions that are done, but whose answers are lost with the connection.
        self.mute: set[str] = set()
        #: So many of the next calls are refused because there were too many.
        self.throttled = 0
        self.lock = Lock()
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}{PATH}"

    def server_tls(self, folder: Path) -> ssl.SSLContext:
        """A server's side that lets nobody in whose certificate this authority has not signed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority.server().write_pem(folder / "server.pem"))
        context.load_verify_locations(self.ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client_tls(self, certificate: Path) -> ssl.SSLContext:
        """A client's side that shows this certificate."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        context.load_cert_chain(certificate)
        return context

    def add_user(self, name: str, country: str = "AU") -> Issued:
        user = self.authority.user(name, country)
        self.users.add(user.der())
        return user

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection, with one call, as the service has it: it closes after each answer."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    @property
    def cloud(self) -> Simulator:
        return cast(Simulator, self.server)

    def handle(self) -> None:
        plain: socket.socket = self.connection
        encrypted = self.cloud.tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        try:
            encrypted.do_handshake()
        except OSError:
            _hang_up(encrypted)
            return
        self.connection = encrypted
        self.rfile, self.wfile = encrypted.makefile("rb"), encrypted.makefile("wb")
        self.close_connection = True
        with suppress(OSError):
            self.handle_one_request()
            self.wfile.flush()
            encrypted.unwrap()
        encrypted.close()

    def finish(self) -> None:
        """The files have been closed with the connection."""

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)), {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = {
            part.get_param("name", header="content-disposition"): part
            for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
        }
        call = ElementTree.fromstring(parts["Document"].get_content())
        assert call.tag == "OViSSRequest"
        assert parts["Document"].get_content_type() == "text/xml"
        attached = parts["diskImageXMLFilePath"]
        assert attached.get_filename()
        document = ElementTree.fromstring(attached.get_content())
        assert [each.text for each in document.iter("lcid")] == ["en", "ja"]
        paths = {"vserverId": "vserverId", "name": "locales/locale/name", "description": "locales/locale/description"}
        attachment = {name: document.findtext(path, "") for name, path in paths.items()}
        self._answer({each.tag: each.text or "" for each in call}, attachment)

    def _answer(self, parameters: dict[str, str], attachment: dict[str, str]) -> None:
        action = parameters.pop("Action", "")
        with self.cloud.lock:
            self.cloud.calls[action] += 1
            self.cloud.under_way += 1
            self.cloud.most_under_way = max(self.cloud.under_way, self.cloud.most_under_way)
            throttled, self.cloud.throttled = self.cloud.throttled, max(0, self.cloud.throttled - 1)
            self.cloud.under_way -= bool(throttled)
        if throttled:
            self.send_error(429)
            return
        if self.cloud.delay_seconds:
            time.sleep(self.cloud.delay_seconds)
        try:
            self._authenticate(parameters)
            content = self.cloud.state.perform(action, parameters, attachment)
            body = _xml(f"{action}Response", "SUCCESS", "Processing was completed.", content)
        except Refused as refusal:
            body = _xml("OViSSResponse", refusal.status, refusal.message, {})
        with self.cloud.lock:
            self.cloud.under_way -= 1
        if action in self.cloud.mute:
            return
        self.send_response(200)
        for name, value in (
            ("Content-Type", "text/xml;charset=UTF-8"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")

    def _authenticate(self, parameters: dict[str, str]) -> None:
        """Take the common parameters away, after each has been checked."""
        common = {name: parameters.pop(name, "") for name in ("Version", "Locale", "AccessKeyId", "Signature")}
        certificate = self.connection.getpeercert(binary_form=True)
        if certificate not in self.cloud.users:
            raise Refused("ERROR", "User not found in selectData. searchKey:userid")
        if common["Version"] != "2011-01-31" or common["Locale"] != "en":
            raise Refused("NOTFOUND", "API to the Version is not found.")
        key = x509.load_der_x509_certificate(certificate).public_key()
        assert isinstance(key, RSAPublicKey)
        try:
            signature = base64.b64decode(common["Signature"], validate=True)
            key.verify(signature, common["AccessKeyId"].encode(), PKCS1v15(), SHA1())
            _zone, milliseconds, version, method = base64.b64decode(common["AccessKeyId"]).decode().split("&")
        except (InvalidSignature, ValueError, binascii.Error) as error:
            raise Refused("VALIDATION_ERROR", "verify error") from error
        if (version, method) != ("1.0", "SHA1withRSA"):
            raise Refused("VALIDATION_ERROR", "verify error")
        if abs(time.time() + self.cloud.skew_seconds - int(milliseconds) / 1000) > _SKEW_SECONDS:
            raise Refused("VALIDATION_ERROR", "The time has to be synchronized with the API-Server time.")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


def _hang_up(refused: ssl.SSLSocket) -> None:
    """Close such that the client still reads the alert: a socket with unread bytes would be reset."""
    with socket.socket(fileno=refused.detach()) as plain, suppress(OSError):
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(4096):
            pass


def _xml(root: str, status: str, message: str, content: dict[str, Any]) -> bytes:
    inner = _elements({"responseMessage": message, "responseStatus": status, **content})
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\r\n<{root} xmlns="http://apioviss.jp.fujitsu.com">{inner}</{root}>\r\n'
    )
    return text.encode()


def _elements(content: dict[str, Any]) -> str:
    written = []
    for name, value in content.items():
        for each in value if isinstance(value, list) else [value]:
            inner = _elements(each) if isinstance(each, dict) else escape("" if each is None else str(each))
            written.append(f"<{name}>{inner}</{name}>" if inner else f"<{name}/>")
    return "\r\n".join(written)


def main() -> None:
    """Simulate the region ``au`` for one user until interrupted, to try the server on."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, help="gets the user's certificate and the configuration")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.absolute()
    cloud = Simulator(folder)
    cloud.add_user("alice").write_p12(folder / "certificates" / "alice" / "UserCert.p12", "secret")
    for system in cloud.state.systems.values():
        cloud.state.add_server(system, name="web")
    (folder / "config.toml").write_text(
        f'[drivers.fgcp]\ncertificates = "{folder}/certificates"\n\n'
        f'[drivers.fgcp.providers.au]\nurl = "{cloud.url}"\nca_file = "{cloud.ca_file}"\n'
    )
    print(f"{cloud.url} until Ctrl-C; user alice, passphrase secret; configuration: {folder}/config.toml", flush=True)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
    cloud.close()


if __name__ == "__main__":
    main()
