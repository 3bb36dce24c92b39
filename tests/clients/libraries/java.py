"""The Java clients: JBoss Tools' on the DOM, which takes the first element of a name, and jclouds' on SAX, the last."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus
from xml.dom import minidom

from lxml import etree

from tests.clients.facts import Facts
from tests.clients.libraries.base import Library, Refused
from tests.clients.wire import Answer


def _first(element: minidom.Element, name: str) -> minidom.Element:
    return element.getElementsByTagName(name)[0]


def _text(element: minidom.Element) -> str:
    return "".join(node.data for node in element.childNodes if isinstance(node, minidom.Text))


class JBossTools(Library):
    """``org.deltacloud.client``, on ``HttpURLConnection``."""

    def _request(self, method: str, target: str) -> Answer:
        headers = ["Accept: application/xml;q=1", self.authorization]
        if method == "POST":
            headers.append("Content-Type: application/x-www-form-urlencoded")
        headers += ["Cache-Control: no-cache", "Pragma: no-cache", "User-Agent: Java/1.6.0_24"]
        headers += [f"Host: {self.host}", "Connection: keep-alive"]
        if method == "POST":
            headers.append("Content-Length: 0")
        answer = self.exchange(f"{method} {target}", *headers)
        if answer.status >= 400:
            raise Refused(str(answer.status))
        return answer

    def _elements(self, path: str, name: str) -> list[minidom.Element]:
        return list(minidom.parseString(self._request("GET", f"/api{path}").body).getElementsByTagName(name))

    def connect(self) -> Facts:
        return {"driver": self._elements("?format=xml", "api")[0].getAttribute("driver")}

    def images(self) -> Sequence[Facts]:
        return [self._image(each) for each in self._elements("/images", "image")]

    def image(self, image_id: str) -> Facts:
        return self._image(self._elements(f"/images/{image_id}", "image")[0])

    def sizes(self) -> Sequence[Facts]:
        return [
            {
                "id": each.getAttribute("id"),
                "properties": {
                    part.getAttribute("name"): self._property(part) for part in each.getElementsByTagName("property")
                },
            }
            for each in self._elements("/hardware_profiles", "hardware_profile")
        ]

    def realms(self) -> Sequence[Facts]:
        return [
            {
                "id": each.getAttribute("id"),
                "name": _text(_first(each, "name")),
                "state": _text(_first(each, "state")),
            }
            for each in self._elements("/realms", "realm")
        ]

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._elements("/instances", "instance")]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(self._elements(f"/instances/{instance_id}", "instance")[0])

    def create_image(self, instance: Facts, name: str) -> Facts | None:
        self._perform(instance, "create_image")
        return None

    def launch(self, image: Facts, name: str) -> Facts:
        query = f"name={quote_plus(name)}&image_id={image['id']}&hwp_id=m1-small&realm_id=us&commit=create"
        answer = self._request("POST", f"/api/instances?{query}")
        return self._instance(minidom.parseString(answer.body).getElementsByTagName("instance")[0])

    def act(self, instance: Facts, action: str) -> None:
        self._perform(instance, action)

    def destroy_instance(self, instance: Facts) -> None:
        self._perform(instance, "destroy")

    def _perform(self, instance: Facts, action: str) -> None:
        method, href = instance["actions"][action]
        self._request(method.upper(), self.target(href))

    def _image(self, element: minidom.Element) -> Facts:
        names = ("name", "owner_id", "description", "architecture")
        return {"id": element.getAttribute("id")} | {name: _text(_first(element, name)) for name in names}

    def _instance(self, element: minidom.Element) -> Facts:
        return {
            "id": element.getAttribute("id"),
            "name": _text(_first(element, "name")),
            "owner_id": _text(_first(element, "owner_id")),
            "image_id": _first(element, "image").getAttribute("id"),
            "hardware_profile_id": _first(element, "hardware_profile").getAttribute("id"),
            "realm_id": _first(element, "realm").getAttribute("id"),
            "state": _text(_first(element, "state")),
            "keyname": next((_text(each) for each in element.getElementsByTagName("keyname")), None),
            "actions": {
                link.getAttribute("rel"): (link.getAttribute("method"), link.getAttribute("href"))
                for link in element.getElementsByTagName("link")
            },
            "public_addresses": self._addresses(_first(element, "public_addresses")),
            "private_addresses": self._addresses(_first(element, "private_addresses")),
        }

    def _addresses(self, element: minidom.Element) -> list[str]:
        return [_text(each).strip() for each in element.childNodes if isinstance(each, minidom.Element)]

    def _property(self, part: minidom.Element) -> tuple[str, str, str, object]:
        kind = part.getAttribute("kind")
        allowed: object = None
        if kind == "range":
            given = _first(part, "range")
            allowed = (given.getAttribute("first"), given.getAttribute("last"))
        elif kind == "enum":
            allowed = [entry.getAttribute("value") for entry in _first(part, "enum").getElementsByTagName("entry")]
        return kind, part.getAttribute("unit"), part.getAttribute("value"), allowed


class JClouds(Library):
    """jclouds' binding."""

    def _request(self, method: str, href: str, form: str | None = None) -> Answer:
        headers = ["Accept: application/xml", self.authorization]
        if form:
            headers.append("Content-Type: application/x-www-form-urlencoded")
        headers += ["User-Agent: jclouds/1.0 java/1.6.0_24", f"Host: {self.host}", "Connection: keep-alive"]
        if method == "POST":
            headers.append(f"Content-Length: {len(form or '')}")
        answer = self.exchange(f"{method} {self.target(href)}", *headers, body=(form or "").encode())
        if answer.status >= 300:
            raise Refused(str(answer.status))
        return answer

    def _elements(self, href: str, name: str) -> list[Any]:
        return list(etree.fromstring(self._request("GET", href).body).iter(name))

    def connect(self) -> Facts:
        links = self._elements(self.api, "link")
        self._links = {link.get("rel"): link.get("href") for link in links}
        features = {link.get("rel"): [each.get("name") for each in link.iter("feature")] for link in links}
        return {
            "collections": tuple(self._links),
            "features": {rel: names for rel, names in features.items() if names},
        }

    def images(self) -> Sequence[Facts]:
        return [self._image(each) for each in self._elements(self._links["images"], "image")]

    def image(self, image_id: str) -> Facts:
        return self._image(self._elements(f"{self._links['images']}/{image_id}", "image")[-1])

    def sizes(self) -> Sequence[Facts]:
        return [
            {
                "id": each.get("id"),
                "href": each.get("href"),
                "name": self._last(each, "name"),
                "values": {part.get("name"): part.get("value") for part in each.iter("property")},
            }
            for each in self._elements(self._links["hardware_profiles"], "hardware_profile")
        ]

    def realms(self) -> Sequence[Facts]:
        return [
            {"id": each.get("id"), "href": each.get("href"), "limit": self._last(each, "limit") or None}
            | {name: self._last(each, name) for name in ("name", "state")}
            for each in self._elements(self._links["realms"], "realm")
        ]

    def states(self) -> Facts:
        found = {}
        for state in self._elements(self._links["instance_states"], "state"):
            steps = list(state.iter("transition"))
            found[state.get("name")] = [
                (step.get("to"), None if "auto" in step.attrib else step.get("action")) for step in steps
            ]
        return found

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._elements(self._links["instances"], "instance")]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(self._elements(f"{self._links['instances']}/{instance_id}", "instance")[-1])

    def launch(self, image: Facts, name: str) -> Facts:
        answer = self._request("POST", self._links["instances"], f"image_id={image['id']}&name={quote_plus(name)}")
        return self._instance(etree.fromstring(answer.body))

    def act(self, instance: Facts, action: str) -> None:
        self._perform(instance, action)

    def destroy_instance(self, instance: Facts) -> None:
        self._perform(instance, "destroy")

    def _perform(self, instance: Facts, action: str) -> None:
        method, href = instance["actions"][action]
        self._request(method.upper(), href)

    def _image(self, element: Any) -> Facts:
        names = ("owner_id", "name", "description", "architecture")
        return {"id": element.get("id"), "href": element.get("href")} | {
            name: self._last(element, name) for name in names
        }

    def _instance(self, element: Any) -> Facts:
        linked = ("image", "realm", "hardware_profile")
        return {
            "id": element.get("id"),
            "href": element.get("href"),
            "actions": {link.get("rel"): (link.get("method"), link.get("href")) for link in element.iter("link")},
            "public_addresses": [each.text for each in element.xpath(".//public_addresses//address")],
            "private_addresses": [each.text for each in element.xpath(".//private_addresses//address")],
            **{name: self._last(element, name) for name in ("owner_id", "name", "state")},
            **{f"{name}_href": [each.get("href") for each in element.iter(name)][-1] for name in linked},
        }

    def _last(self, element: Any, name: str) -> str:
        """The text that ended last, as its SAX handler keeps it."""
        return next((str(each.text or "").strip() for each in reversed(list(element.iter(name)))), "")
