"""A responder between the driver and moto: writes down what EC2 was really sent, and plays what moto has not."""

from collections import deque
from collections.abc import Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

_OF_EVERY_REQUEST = ("Action", "Version")

_LATER_PAGE = "a page that is not the first"

Answer = tuple[int, bytes]


class Request:
    """What was asked: a target, an action, its parameters and the HTTP headers, from a port of the sender's."""

    def __init__(self, target: str, body: bytes, headers: Mapping[str, str], port: int) -> None:
        self.target = target
        self.port = port
        given = dict(parse_qsl(body.decode(), keep_blank_values=True))
        self.action = given["Action"]
        self.parameters = {name: value for name, value in given.items() if name not in _OF_EVERY_REQUEST}
        self.headers = headers


class Front:
    """Passes requests on to moto, except where a test wants another answer."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.requests: list[Request] = []
        self._target = target
        self._answers: dict[str, deque[Answer]] = {}
        self._rewrites: list[tuple[str, bytes, bytes]] = []
        self._page_size = 0
        #: The header ``Date`` of responses; ``None``: the time.
        self.date: str | None = None
        self._lock = Lock()
        self._second_page_may_come = Event()
        self._second_page_may_come.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.let_pages_come()
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """Be as transparent as at first."""
        self.let_pages_come()
        self.requests.clear()
        self._answers.clear()
        self._rewrites.clear()
        self.date = None
        self._page_size = 0

    def sent(self, action: str) -> list[dict[str, str]]:
        """The parameters of every request for that action."""
        return [each.parameters for each in self.requests if each.action == action]

    def play(self, action: str, *answers: Answer) -> None:
        """Answer the next requests for that action like this."""
        self._answers[action] = deque(answers)

    def play_later_page(self, *answers: Answer) -> None:
        """Answer the next requests for a page that is not the first like this."""
        self._answers[_LATER_PAGE] = deque(answers)

    def rewrite(self, action: str, old: str, new: str) -> None:
        """Change moto's answers to that action."""
        self._rewrites.append((action, old.encode(), new.encode()))

    def page(self, size: int) -> None:
        """Give DescribeImages pages of at most so many."""
        self._page_size = size

    def hold_pages(self) -> None:
        """Let all pages but the first wait."""
        self._second_page_may_come.clear()

    def let_pages_come(self) -> None:
        self._second_page_may_come.set()

    def _answer(self, request: Request, body: bytes) -> Answer:
        with self._lock:
            self.requests.append(request)
            kind = _LATER_PAGE if "NextToken" in request.parameters else request.action
            if played := self._answers.get(kind):
                return played.popleft()
        status, answer = self._pass_on(urlsplit(request.target).path, body, request.headers)
        for action, old, new in self._rewrites:
            if action == request.action:
                assert old in answer
                answer = answer.replace(old, new)
        if self._page_size and request.action == "DescribeImages" and "ImageId.1" not in request.parameters:
            if "NextToken" in request.parameters:
                self._second_page_may_come.wait()
            answer = self._cut(answer, request.parameters)
        return status, answer

    def _pass_on(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = HTTPConnection(*self._target)
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def _cut(self, answer: bytes, parameters: dict[str, str]) -> bytes:
        root = etree.fromstring(answer)
        images = root.find("{*}imagesSet")
        assert images is not None
        first = int(parameters.get("NextToken", "0"))
        last = first + min(self._page_size, int(parameters["MaxResults"]))
        everything = list(images)
        for image in everything[:first] + everything[last:]:
            images.remove(image)
        if last < len(everything):
            etree.SubElement(root, etree.QName(etree.QName(root).namespace, "nextToken")).text = str(last)
        return etree.tostring(root, xml_declaration=True, encoding="utf-8")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(self.path, body, dict(self.headers), self.client_address[1])
                status, answer = front._answer(request, body)
                self.send_response_only(status)
                self.send_header("Date", self.date_time_string() if front.date is None else front.date)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def failure(status: int, code: str, message: str = "as the test wants it") -> Answer:
    """An error as EC2 sends it."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        "<RequestID>0d1e6f2a</RequestID></Response>"
    )
    return status, text.encode()
