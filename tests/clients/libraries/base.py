"""What the round trip asks of a client library."""

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from tests.clients.facts import Facts
from tests.clients.wire import Address, Answer, basic, exchange, request


class Refused(Exception):
    """The library reports an error to its caller, with all that the library can tell of it."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Library:
    """One client library: the bytes that it sends, and what it reads out of the answers.

    Each verb gives what the library hands to its caller, in the vocabulary of ``facts``, and only the fields that it
    reads. A verb that a library lacks is left as it is here.
    """

    user: ClassVar[str] = "mockuser"

    def __init__(self, address: Address) -> None:
        self.address = address
        self.host = f"{address[0]}:{address[1]}"
        self.api = f"http://{self.host}/api"
        self.authorization = basic(self.user)

    @classmethod
    def has(cls, verb: str) -> bool:
        return getattr(cls, verb) is not getattr(Library, verb)

    def exchange(self, line: str, *headers: str, body: bytes = b"") -> Answer:
        return exchange(self.address, request(f"{line} HTTP/1.1", *headers, body=body))

    def target(self, href: str) -> str:
        """What stands in the request line for an absolute link, byte for byte: the link without scheme and host."""
        parts = urlsplit(href)
        assert (parts.scheme, parts.netloc) == ("http", self.host)
        return href.removeprefix(f"http://{self.host}")

    def connect(self) -> Facts:
        raise NotImplementedError

    def accepted(self) -> bool:
        """Whether the credentials are valid."""
        raise NotImplementedError

    def images(self) -> Sequence[Facts]:
        raise NotImplementedError

    def images_where(self, name: str, value: str) -> Sequence[Facts]:
        raise NotImplementedError

    def image(self, image_id: str) -> Facts:
        raise NotImplementedError

    def sizes(self) -> Sequence[Facts]:
        raise NotImplementedError

    def realms(self) -> Sequence[Facts]:
        raise NotImplementedError

    def states(self) -> Facts:
        raise NotImplementedError

    def drivers(self) -> Facts:
        """Ids to names."""
        raise NotImplementedError

    def instances(self) -> Sequence[Facts]:
        raise NotImplementedError

    def instance(self, instance_id: str) -> Facts:
        raise NotImplementedError

    def create_image(self, instance: Facts, name: str) -> Facts | None:
        """The new image, or ``None`` where the library does not say."""
        raise NotImplementedError

    def launch(self, image: Facts, name: str) -> Facts:
        raise NotImplementedError

    def act(self, instance: Facts, action: str) -> None:
        raise NotImplementedError

    def destroy_instance(self, instance: Facts) -> None:
        raise NotImplementedError

    def delete_image(self, image: Facts) -> None:
        raise NotImplementedError
