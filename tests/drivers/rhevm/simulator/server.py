"""The engine's HTTP: login and sessions, resources, searches, faults; every request is kept for tests to look at."""

import re
import ssl
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4
from xml.etree.ElementTree import Element, fromstring

from tests.drivers.rhevm.simulator.documents import Writer, as_bytes
from tests.drivers.rhevm.simulator.state import Cluster, NotFound, Refused, State, Template, Vm

_NOT_FOUND_PAGE = b"<html><head><title>JBoss Web - Error report</title></head><body><HR size=1 noshade></body></html>"
_PAGING = re.compile(r"(?P<terms>.*?) ?sortby name asc page (?P<page>[0-9]+)")
_FIRST_PAGE = re.compile(r" ?sortby name asc page 1(?![0-9])|;max=500")
#: The resources on a page where no number is given. Source: "Pagination" in the guides of 3.0 and 3.6.
_OLD_PAGE_SIZE = 100
_TERM = re.compile(r'(datacenter|name|status)=("[^"]*"|[^"\s]+)')


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes
    cookie: str
    accept: str
    filtered: bool


class BadRequest(Exception):
    """Wrong in itself, whatever the state: reason and detail."""


class Simulator:
    """An engine of a version, at ``/api`` (3) or ``/ovirt-engine/api`` (4), on a free port of loopback."""

    user = "jane@example.com"
    password = "s3cret päss"

    def __init__(self, version: tuple[int, int], tls: ssl.SSLContext) -> None:
        self.version = version
        self.base = "/api" if version[0] == 3 else "/ovirt-engine/api"
        self.state = State()
        self.requests: list[Request] = []
        self.sessions: set[str] = set()
        #: Statuses to answer to the next requests in place of what they ask for.
        self.hiccups: list[int] = []
        #: The ids of what the user has permissions for, where the user has no administrator's role.
        self.permitted: set[str] | None = None
        self.writer = Writer(version, self.base)
        handler = type("Handler", (_Handler,), {"engine": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.address: tuple[str, int] = self._server.server_address[:2]  # type: ignore[assignment]
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @contextmanager
    def recorded(self) -> Iterator[list[str]]:
        """The requests that come while the context is open, as ``GET /vms?search=``, once it is left.

        What asks for a first page is left out.
        """
        start, seen = len(self.requests), list[str]()
        yield seen
        paths = [_FIRST_PAGE.sub("", unquote(each.path.removeprefix(self.base))) for each in self.requests[start:]]
        seen += [f"{each.method} {path}" for each, path in zip(self.requests[start:], paths, strict=True)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def refusal(self) -> int:
        """RHEV-M 3.1 answers 400 to what its state does not permit; later engines answer 409."""
        return 400 if self.version < (3, 2) else 409

    def answer(self, request: Request) -> tuple[int, bytes]:
        """Status and body for a request of a user who is logged in."""
        url = urlsplit(request.path)
        path, _, matrix = url.path.partition(";")
        parts = path.removeprefix(self.base).strip("/").split("/")
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        if self.version < (4, 0):
            query.pop("max", None)
        query |= dict(each.split("=") for each in matrix.split(";") if each)
        try:
            with self.state.lock:
                self._check_permission(request, parts)
                status, root = self._resource(request, parts, query)
        except NotFound:
            return 404, _NOT_FOUND_PAGE
        except Refused as refused:
            return self.refusal(), as_bytes(self.writer.fault("Operation Failed", str(refused)))
        except BadRequest as bad:
            return 400, as_bytes(self.writer.fault("Incomplete parameters", str(bad)))
        return status, b"" if root is None else as_bytes(root)

    def _check_permission(self, request: Request, parts: list[str]) -> None:
        """An ordinary user's queries have to be filtered. Source: ``QueriesCommandBase`` in ovirt-engine."""
        if self.permitted is None:
            return
        if not request.filtered:
            raise Refused("query execution failed due to insufficient permissions.")
        if parts[0] in ("templates", "vms") and len(parts) > 1 and parts[1] not in self.permitted:
            if request.method == "GET":
                raise NotFound(parts[1])
            raise Refused("User is not authorized to perform this action.")

    def _visible(self, things: list[Any], request: Request) -> list[Any]:
        return [each for each in things if not request.filtered or self.permitted is None or each.id in self.permitted]

    def _resource(self, request: Request, parts: list[str], query: dict[str, str]) -> tuple[int, Element | None]:
        match request.method, parts:
            case "GET" | "HEAD", [""]:
                return 200, self.writer.api()
            case "GET", [collection]:
                return 200, self._list(collection, request, query)
            case "GET", ["templates", its_id]:
                return 200, self.writer.template(self.state.template(its_id))
            case "GET", ["vms", its_id]:
                return 200, self._vm(self.state.vm(its_id), request, query)
            case "GET", ["vms", its_id, "nics"]:
                return 200, self.writer.nics(self.state.vm(its_id))
            case "POST", ["templates"]:
                return 202, self._add_template(_document(request, "template"))
            case "POST", ["vms"]:
                return 202, self._add_vm(_document(request, "vm"), request)
            case "POST", ["vms", its_id, "start" | "shutdown" | "reboot" as action]:
                if action == "reboot" and self.version < (3, 4):
                    raise NotFound(action)
                _document(request, "action")
                self.state.act(its_id, action)
                return 200, self.writer.action()
            case "DELETE", ["templates", its_id]:
                self.state.remove_template(its_id)
                return 200, None
            case "DELETE", ["vms", its_id]:
                self.state.remove_vm(its_id)
                return 200, None
        raise NotFound(request.path)

    def _list(self, collection: str, request: Request, query: dict[str, str]) -> Element:
        state, writer = self.state, self.writer
        search, page = _page(query, self.version)
        wanted = _terms(search)
        match collection:
            case "datacenters":
                return writer.collection("data_centers", [writer.datacenter(each) for each in page(state.datacenters)])
            case "clusters":
                clusters = [each for each in state.clusters if _is_in(each, wanted)]
                return writer.collection("clusters", [writer.cluster(each) for each in page(clusters)])
            case "instancetypes" if self.version >= (3, 5):
                return writer.collection("instance_types", [writer.instance_type(e) for e in state.instance_types])
            case "templates":
                found = [each for each in state.templates if _is_in(each.cluster, wanted) and _is(each, wanted)]
                return writer.collection(
                    "templates", [writer.template(each) for each in self._visible(page(found), request)]
                )
            case "vms":
                vms = [each for each in state.vms if _is_in(each.cluster, wanted) and _is(each, wanted)]
                return writer.collection(
                    "vms", [self._vm(each, request, query) for each in self._visible(page(vms), request)]
                )
        raise NotFound(collection)

    def _vm(self, vm: Vm, request: Request, query: dict[str, str]) -> Element:
        """With what ``detail`` (3) and ``follow`` (4.2) ask for in it."""
        follow = query.get("follow", "").split(",") if self.version >= (4, 2) else []
        nics = "nics" in follow or (self.writer.old and "detail=nics" in request.accept)
        return self.writer.vm(vm, nics=nics, devices="reported_devices" in follow)

    def _add_template(self, document: Element) -> Element:
        vm = document.find("vm")
        if vm is None or not document.findtext("name"):
            raise BadRequest("Template [vm.id|name, name] required for add")
        name, description = document.findtext("name") or "", document.findtext("description") or ""
        return self.writer.template(self.state.add_template(name, description, vm.get("id", "")))

    def _add_vm(self, document: Element, request: Request) -> Element:
        cluster, template = document.find("cluster"), document.find("template")
        if cluster is None or template is None or not document.findtext("name"):
            raise BadRequest("VM [name, template.id|name, cluster.id|name] required for add")
        source = self.state.template(template.get("id", ""))
        vm = Vm(document.findtext("name") or "", source.id, self.state.cluster(cluster.get("id", "")))
        vm.memory = int(document.findtext("memory") or source.memory)
        vm.type = document.findtext("type") or "server"
        if vm.type not in ("server", "desktop"):
            raise BadRequest(f"Invalid value for VmType: {vm.type}")
        self._size(vm, document)
        self._payload(vm, document)
        return self._vm(self.state.add_vm(vm), request, {})

    def _size(self, vm: Vm, document: Element) -> None:
        topology = document.find("cpu/topology")
        if topology is not None:
            read = topology.get if self.writer.old else topology.findtext
            vm.sockets, vm.cores = int(read("sockets") or 0), int(read("cores") or 0)
        kind = document.find("instance_type")
        if kind is not None:
            (found,) = [each for each in self.state.instance_types if each.id == kind.get("id")]
            vm.instance_type_id, vm.memory, vm.cores = found.id, found.memory, found.cores

    def _payload(self, vm: Vm, document: Element) -> None:
        payload = document.find("payloads/payload")
        if payload is not None:
            files = payload.findall("file" if self.version < (3, 3) else "files/file")
            if not files:
                raise BadRequest("Payload [file] required for add")
            names = [each.get("name") if self.version < (3, 3) else each.findtext("name") for each in files]
            vm.files = {name or "": each.findtext("content") or "" for name, each in zip(names, files, strict=True)}
            medium = payload.get("type") if self.writer.old else payload.findtext("type")
            vm.medium = f"{medium}:{payload.findtext('volume_id') or ''}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may leave in the middle of an answer; anything else is a mistake of the simulator."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    engine: ClassVar[Simulator]
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece: two would wait for each other's acknowledgement

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        cookie = SimpleCookie(self.headers.get("Cookie", ""))
        session = cookie["JSESSIONID"].value if "JSESSIONID" in cookie else ""
        filtered = self.headers.get("Filter") == "true"
        request = Request(self.command, self.path, body, session, self.headers.get("Accept", ""), filtered)
        self.engine.requests.append(request)
        self.engine.state.step()
        if self.engine.hiccups:
            self._send(self.engine.hiccups.pop(0), b"", {"Location": "https://127.0.0.1:1/", "Retry-After": "0"})
            return
        if not self._is_logged_in(session):
            self._send(401, _NOT_FOUND_PAGE, {"WWW-Authenticate": 'Basic realm="ENGINE"'})
            return
        self._send(*self.engine.answer(request), self._session_headers(session))

    do_GET = do_HEAD = do_POST = do_DELETE = handle_any  # noqa: N815

    def _is_logged_in(self, session: str) -> bool:
        """A session that has ended is not replaced by the password beside it."""
        if session:
            return session in self.engine.sessions
        scheme, _, secret = self.headers.get("Authorization", "").partition(" ")
        good = f"{self.engine.user}:{self.engine.password}"
        return scheme == "Basic" and b64decode(secret).decode() == good

    def _session_headers(self, session: str) -> dict[str, str]:
        if self.headers.get("Prefer") != "persistent-auth":
            self.engine.sessions.discard(session)
            return {}
        if session:
            return {}
        made = uuid4().hex
        self.engine.sessions.add(made)
        return {"Set-Cookie": f"JSESSIONID={made}; Path={self.engine.base}; Secure"}

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        kind = "text/html;charset=utf-8" if body is _NOT_FOUND_PAGE else "application/xml"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Tests look at ``requests`` instead."""


def _document(request: Request, tag: str) -> Element:
    root = fromstring(request.body)
    if root.tag != tag:
        raise BadRequest(f"a {tag} is wanted")
    return root


def _page(query: dict[str, str], version: tuple[int, int]) -> tuple[str, Callable[[list[Any]], list[Any]]]:
    """The search without its paging, and what cuts the page out of all that is found.

    Source: "Pagination" and "Maximum results parameter" in the REST API Guide.
    """
    search = query.get("search", "")
    paging = _PAGING.fullmatch(search)
    whole = _OLD_PAGE_SIZE if version < (3, 6) else sys.maxsize
    size = int(query.get("max", whole)) if "search" in query else sys.maxsize
    if paging is None:
        return search, lambda found: found[:size]
    first = (int(paging["page"]) - 1) * size
    return paging["terms"], lambda found: sorted(found, key=lambda each: str(each.name))[first : first + size]


def _terms(search: str) -> dict[str, str]:
    """The search language, as far as it is used: terms that all have to hold."""
    found = {}
    for term in filter(None, re.split(r" and (?=\w+=)", search)):
        match = _TERM.fullmatch(term)
        if match is None:
            raise BadRequest(f"the search {search!r} makes no sense")
        found[match[1]] = match[2].strip('"')
    return found


def _is_in(cluster: Cluster | None, wanted: dict[str, str]) -> bool:
    if "datacenter" not in wanted:
        return True
    return bool(cluster and cluster.datacenter and wanted["datacenter"] in cluster.datacenter.name)


def _is(thing: Template | Vm, wanted: dict[str, str]) -> bool:
    """Names are compared without regard to case, and ``*`` is any text."""
    pattern = re.escape(wanted.get("name", "*")).replace(r"\*", ".*")
    return re.fullmatch(pattern, thing.name, re.IGNORECASE) is not None and wanted.get("status") in (None, thing.status)
