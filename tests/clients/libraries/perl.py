"""WebService::Deltacloud: asks without credentials first, sends no length, and accepts whatever comes."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

from lxml import etree

from tests.clients.facts import Facts
from tests.clients.libraries.base import Library, Refused


class Perl(Library):
    """On LWP and XML::Simple.

    In its strict mode XML::Simple gives up on the API's enums and typed addresses, Apache Deltacloud's own too; played
    is the same reading, lenient in these two.
    """

    def _request(self, method: str, path: str) -> Any:
        headers = ["TE: deflate,gzip;q=0.3", "Connection: TE, close"]
        rest = [f"Host: {self.host}", "User-Agent: libwww-perl/6.68"]
        if method == "POST":
            rest.append("Content-Type: application/x-www-form-encoded")
        answer = self.exchange(f"{method} /api{path}", *headers, *rest)
        if answer.status == 401:
            answer = self.exchange(f"{method} /api{path}", *headers, self.authorization, *rest)
        if not 200 <= answer.status < 300:
            raise Refused(str(answer.status))
        return etree.fromstring(answer.body)

    def _listed(self, path: str, name: str) -> list[Any]:
        found = self._request("GET", path).findall(name)
        assert all(each.get("id") for each in found)  # they become the keys of a hash
        return list(found)

    def images(self) -> Sequence[Facts]:
        return [self._image(each) for each in self._listed("/images", "image")]

    def image(self, image_id: str) -> Facts:
        return self._image(self._request("GET", f"/images/{image_id}?id={image_id}"))

    def sizes(self) -> Sequence[Facts]:
        return [
            {
                "id": each.get("id"),
                "name": each.findtext("name"),
                "values": {part.get("name"): part.get("value") for part in each.findall("property")},
            }
            for each in self._listed("/hardware_profiles", "hardware_profile")
        ]

    def realms(self) -> Sequence[Facts]:
        found = self._listed("/realms", "realm")
        return [
            {"id": each.get("id"), "name": each.findtext("name"), "state": each.findtext("state")} for each in found
        ]

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._listed("/instances", "instance")]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(self._request("GET", f"/instances/{instance_id}?id={instance_id}"))

    def launch(self, image: Facts, name: str) -> Facts:
        query = f"image_id={image['id']}&hwp_id=m1-small&name={quote_plus(name)}"
        return self._instance(self._request("POST", f"/instances?{query}"))

    def _image(self, item: Any) -> Facts:
        names = ("name", "description", "owner_id", "architecture", "state")
        return {"id": item.get("id"), "href": item.get("href")} | {name: item.findtext(name) for name in names}

    def _instance(self, item: Any) -> Facts:
        assert all(link.get("rel") for link in item.iter("link"))  # keys again
        linked = ("image", "realm", "hardware_profile")
        return {
            "id": item.get("id"),
            "href": item.get("href"),
            "actions": {link.get("rel"): (link.get("method"), link.get("href")) for link in item.iter("link")},
            "public_addresses": [each.text for each in item.find("public_addresses")],
            "private_addresses": [each.text for each in item.find("private_addresses")],
            **{name: item.findtext(name) for name in ("name", "owner_id", "state")},
            **{f"{name}_href": item.find(name).get("href") for name in linked},
        }
