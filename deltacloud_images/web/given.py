"""The parameters of one request as its operation reads them: known, checked, and those that nothing reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from deltacloud_images.driver import Driver
from deltacloud_images.errors import ValidationFailure
from deltacloud_images.features import Parameter
from deltacloud_images.models import no_options
from deltacloud_images.web.operations import FORMAT, METHOD, PAGES, Operation
from deltacloud_images.web.parameters import Parameters

_MAX_IGNORED = 20


@dataclass(frozen=True, slots=True)
class Given:
    """The values that a request gives for the parameters of its operation.

    ``options`` are the driver's own parameters, checked. ``ignored`` are the names of parameters that nothing reads.
    """

    values: Mapping[str, str] = field(default_factory=no_options)
    options: Mapping[str, str] = field(default_factory=no_options)
    ignored: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        """Return the value, or ``None``."""
        return self.values.get(name)

    def text(self, name: str) -> str:
        """Return the value, or an empty text."""
        return self.values.get(name, "")

    def require(self, name: str) -> str:
        """Return the value; raise ``ValidationFailure`` that names the parameter if it is missing."""
        if name not in self.values:
            raise ValidationFailure(f"The parameter '{name}' is missing.")
        return self.values[name]

    @property
    def ignored_header(self) -> str:
        """The names in ``ignored``, percent-encoded, as a header lists them."""
        return ", ".join(quote(name[:100], safe="_-.*~[]", errors="replace") for name in self.ignored[:_MAX_IGNORED])


@dataclass(frozen=True, slots=True)
class _Known:
    """What one operation reads for one driver."""

    parameters: Mapping[str, Parameter]
    options: frozenset[str]

    def find(self, name: str) -> Parameter | None:
        """Return the parameter that a name in a request stands for."""
        known = self.parameters.get(name)
        return known or next((each for each in self._families() if name.startswith(each.prefix)), None)

    def _families(self) -> Iterator[Parameter]:
        return (each for each in self.parameters.values() if each.prefix)


def read(operation: Operation, driver: Driver[Any], given: Parameters, *, for_page: bool = False) -> Given:
    """Return what a request gives for an operation; ``for_page`` says that a page is the response.

    Raises ``ValidationFailure`` for a value that is not allowed, and for a parameter that was given twice.
    """
    if not given.names:
        return Given()
    known = _known(operation, driver, for_page)
    values: dict[str, str] = {}
    options: dict[str, str] = {}
    ignored: list[str] = []
    for name in given.names:
        parameter = known.find(name)
        if parameter is None:
            ignored.append(name)
        elif (value := given.get(name)) is not None:
            target = options if parameter.name in known.options else values
            target[name] = parameter.check(name, value)
    return Given(values, options, tuple(ignored))


@lru_cache(maxsize=512)
def _known(operation: Operation, driver: Driver[Any], for_page: bool) -> _Known:
    common = (FORMAT, METHOD, *(PAGES if for_page else ()))
    parameters = {each.name: each for each in common} | operation.reads(driver)
    return _Known(parameters, frozenset(each.name for each in operation.options(driver)))
