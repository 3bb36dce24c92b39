"""The clusters of the provider's data center, and what is in them."""

from collections.abc import Iterable, Iterator

from lxml import etree

from deltacloud_images.errors import ProviderError
from deltacloud_rhevm import convert, search
from deltacloud_rhevm.engine import Engine


class Clusters:
    """The clusters of one data center, or of all.

    The engine's search compares names as patterns, so that it also finds other data centers than the one of that name.
    Ids decide.
    """

    def __init__(self, engine: Engine, datacenter: str) -> None:
        """Ask for nothing yet; ``datacenter`` is a name, or empty for all."""
        self._engine = engine
        self._datacenter = datacenter

    def datacenters(self) -> Iterator[etree._Element]:
        """Yield all data centers of the engine."""
        return self._engine.listed("/datacenters", "data_centers", "data_center")

    def listed(self, datacenters: Iterable[etree._Element]) -> Iterator[etree._Element]:
        """Yield the clusters; ``datacenters`` are the engine's. Raise ``ProviderError`` if the name is unknown."""
        ids = {each.get("id", "") for each in datacenters if each.findtext("name") == self._datacenter}
        if self._datacenter and not ids:
            raise ProviderError(f"The engine has no data center '{self._datacenter}' that this user may see.")
        clusters = self._engine.listed("/clusters", "clusters", "cluster", search=search.datacenter(self._datacenter))
        return (each for each in clusters if not ids or convert.link(each, "data_center") in ids)

    def first(self) -> str:
        """Return the id of the first cluster; an empty text if there is none."""
        clusters = self.listed(self.datacenters() if self._datacenter else ())
        return next((each.get("id", "") for each in clusters), "")

    def members(self, found: Iterator[etree._Element]) -> Iterator[etree._Element]:
        """Yield those resources that are in one of the clusters, whose ids are fetched anew every few minutes."""
        if not self._datacenter:
            return found
        ids = self._engine.kept(lambda account: account.clusters, self._fetch_ids)
        return (each for each in found if convert.link(each, "cluster") in ids)

    def _fetch_ids(self) -> frozenset[str]:
        return frozenset(each.get("id", "") for each in self.listed(self.datacenters()))
