"""Reads the heads of responses: complete ones only, and faster than by the e-mail parser of http.client."""

from http.client import HTTPException, HTTPMessage, HTTPResponse, LineTooLong, RemoteDisconnected

_MAX_LINE = 64 * 1024
_MAX_FIELDS = 100
_MAX_DIGITS = 20
_NO_BODY = (204, 304)


class Head(HTTPResponse):
    """http.client's response, except for how its head is read.

    A head that is cut raises ``RemoteDisconnected``; http.client takes the end of the connection for the end of the
    head, and so a cut response for an empty one. All interim responses (1xx) are skipped. A line that is no header
    field is ignored.

    Source: RFC 9110, section 15.2, and RFC 9112, sections 5 and 6.
    """

    def begin(self) -> None:
        """Read the head, once."""
        if self.headers is not None:
            return
        version, status, reason = self._read_status()
        while 100 <= status < 200:
            self._read_fields()
            version, status, reason = self._read_status()
        self.code = self.status = status
        self.reason = reason.strip()
        self.version = 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        fields = self._read_fields()
        self.headers = self.msg = HTTPMessage()
        for name, value in fields:
            self.headers.set_raw(name, value)
        self._frame({name.lower(): value for name, value in reversed(fields)})

    def _read_fields(self) -> list[tuple[str, str]]:
        """Return names and values up to the empty line."""
        fields: list[tuple[str, str]] = []
        while (line := self._read_line()) not in (b"\r\n", b"\n"):
            text = line.decode("latin-1")
            name, colon, value = text.partition(":")
            if fields and text[0] in " \t":  # the rest of a folded value
                fields[-1] = (fields[-1][0], f"{fields[-1][1]} {text.strip()}")
            elif colon:
                fields.append((name.strip(), value.strip()))
            if len(fields) > _MAX_FIELDS:
                raise HTTPException(f"more than {_MAX_FIELDS} header fields")
        return fields

    def _read_line(self) -> bytes:
        line = self.fp.readline(_MAX_LINE + 1)
        if len(line) > _MAX_LINE:
            raise LineTooLong("header line")
        if not line.endswith(b"\n"):
            raise RemoteDisconnected("the head of the response is cut")
        return line

    def _frame(self, fields: dict[str, str]) -> None:
        """Note where the body ends, and whether the connection can be used again."""
        self.chunked = fields.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        length = fields.get("content-length", "")
        is_length = length.isascii() and length.isdigit() and len(length) < _MAX_DIGITS
        self.length = int(length) if is_length and not self.chunked else None
        if self.status in _NO_BODY or self._method == "HEAD":  # type: ignore[attr-defined]
            self.length = 0
        connection = fields.get("connection", "").lower()
        closes = "close" in connection if self.version == 11 else "keep-alive" not in connection
        self.will_close = closes or (not self.chunked and self.length is None)
