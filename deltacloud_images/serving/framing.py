"""Finds the end of a request's body among the bytes that have arrived, without waiting for more."""

import re
from dataclasses import dataclass
from typing import Protocol

#: The longest size line of a chunk, and the longest trailer section, in bytes.
_MAX_LINE = 8190
#: How many times larger than the largest body its chunked form may be; chunks of one byte need 6.
_MAX_RATIO = 8
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{1,16}")


class Body(Protocol):
    """A body that is being received."""

    #: Whether bytes of the body may follow that nobody reads: the connection cannot be used again.
    cut: bool

    @property
    def complete(self) -> bool:
        """Whether all was received that will be."""
        ...

    def take(self, data: bytes) -> int:
        """Return how many of these bytes belong to the body."""
        ...


@dataclass(slots=True)
class LengthBody:
    """A body of ``left`` bytes."""

    left: int
    cut: bool = False

    @property
    def complete(self) -> bool:
        """Whether all was received that will be."""
        return self.cut or self.left == 0

    def take(self, data: bytes) -> int:
        """Return how many of these bytes belong to the body."""
        taken = min(self.left, len(data))
        self.left -= taken
        return taken


class ChunkedBody:
    """A body in chunks, of at most ``limit`` bytes in all.

    A larger or malformed body is cut; the application reads what there is of it, and refuses it.
    """

    def __init__(self, limit: int) -> None:
        """Start before the first chunk."""
        self.complete = False
        self.cut = False
        self._limit = limit
        self._received = self._left = self._raw = 0
        self._line = bytearray()
        self._read_line = self._read_size

    def take(self, data: bytes) -> int:
        """Return how many of these bytes belong to the body."""
        position = 0
        while position < len(data) and not self.complete:
            position = self._take_data(data, position) if self._left else self._take_line(data, position)
        self._raw += position
        if self._raw > _MAX_RATIO * self._limit:
            self._end(cut=True)
        return position

    def _take_data(self, data: bytes, position: int) -> int:
        taken = min(self._left, len(data) - position)
        self._left -= taken
        self._received += taken
        if self._received > self._limit:
            self._end(cut=True)
        return position + taken

    def _take_line(self, data: bytes, position: int) -> int:
        end = data.find(b"\n", position) + 1 or len(data)
        self._line += data[position:end]
        if len(self._line) > _MAX_LINE:
            self._end(cut=True)
        elif self._line.endswith(b"\n"):
            line = bytes(self._line)
            self._line.clear()
            self._read_line(line)
        return end

    def _read_size(self, line: bytes) -> None:
        digits = line.partition(b";")[0].strip()
        if not line.endswith(b"\r\n") or not _HEXADECIMAL.fullmatch(digits):
            self._end(cut=True)
            return
        self._left = int(digits, 16)
        self._read_line = self._read_end_of_data if self._left else self._read_trailer

    def _read_end_of_data(self, line: bytes) -> None:
        if line != b"\r\n":
            self._end(cut=True)
        self._read_line = self._read_size

    def _read_trailer(self, line: bytes) -> None:
        if line == b"\r\n":
            self._end()

    def _end(self, *, cut: bool = False) -> None:
        self.complete = True
        self.cut = self.cut or cut
