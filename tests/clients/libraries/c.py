"""libdeltacloud: ignores the status, and takes new ids out of the header text."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from lxml import etree

from tests.clients.facts import Facts
from tests.clients.libraries.base import Library, Refused
from tests.clients.wire import Answer


class LibDeltacloud(Library):
    """The C library, on libcurl and libxml2."""

    def _request(self, method: str, href: str, form: str | None = None) -> Answer:
        headers = [f"Host: {self.host}", self.authorization, "Accept: application/xml"]
        if form is not None:
            headers += [f"Content-Length: {len(form)}", "Content-Type: application/x-www-form-urlencoded"]
        answer = self.exchange(f"{method} {self.target(href)}", *headers, body=(form or "").encode())
        if answer.body.startswith(b"<error"):
            raise Refused((etree.fromstring(answer.body).findtext("message") or "").strip(" \t\n"))
        return answer

    def _root(self, href: str, name: str) -> Any:
        root = etree.fromstring(self._request("GET", href).body)
        assert root.tag == name
        return root

    def _listed(self, rel: str, root: str) -> Any:
        return list(self._root(self._links[rel], root))

    def connect(self) -> Facts:
        api = self._root(self.api, "api")
        self._links = {link.get("rel"): link.get("href") for link in api.findall("link")}
        return {
            "driver": api.get("driver"),
            "version": api.get("version"),
            "collections": tuple(self._links),
            "features": {
                link.get("rel"): [each.get("name") for each in link.findall("feature")]
                for link in api.findall("link")
                if len(link)
            },
        }

    def images(self) -> Sequence[Facts]:
        return [self._image(each) for each in self._listed("images", "images") if each.tag == "image"]

    def image(self, image_id: str) -> Facts:
        return self._image(self._root(f"{self.api}/images/{quote(image_id)}", "image"))

    def sizes(self) -> Sequence[Facts]:
        return [
            {
                "id": each.get("id"),
                "href": each.get("href"),
                "name": each.xpath("string(./name)"),
                "properties": {part.get("name"): self._property(part) for part in each.findall("property")},
            }
            for each in self._listed("hardware_profiles", "hardware_profiles")
        ]

    def realms(self) -> Sequence[Facts]:
        return [
            {"id": each.get("id"), "href": each.get("href")}
            | {name: each.xpath(f"string(./{name})") or None for name in ("name", "state", "limit")}
            for each in self._listed("realms", "realms")
        ]

    def states(self) -> Facts:
        found = {}
        for state in self._listed("instance_states", "states"):
            steps = state.findall("transition")
            assert all((step.get("auto") == "true") == (step.get("action") is None) for step in steps)
            found[state.get("name")] = [(step.get("to"), step.get("action")) for step in steps]
        return found

    def drivers(self) -> Facts:
        return {each.get("id"): each.xpath("string(./name)") for each in self._listed("drivers", "drivers")}

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._listed("instances", "instances") if each.tag == "instance"]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(self._root(f"{self.api}/instances/{quote(instance_id)}", "instance"))

    def create_image(self, instance: Facts, name: str) -> Facts | None:
        self._request("POST", self._links["images"], f"name={quote(name)}&instance_id={quote(instance['id'])}")
        return None

    def launch(self, image: Facts, name: str) -> Facts:
        form = f"name={quote(name)}&image_id={quote(image['id'])}"
        head = self._request("POST", self._links["instances"], form).head
        [location] = [line for line in head.split("\n") if line.lower().startswith("location:")]
        return self.instance(location[location.rindex("/") + 1 : -1])  # without the carriage return

    def act(self, instance: Facts, action: str) -> None:
        _, href = instance["actions"][action]
        self._request("POST", href, "")

    def destroy_instance(self, instance: Facts) -> None:
        self._request("DELETE", instance["href"])

    def _image(self, item: Any) -> Facts:
        names = ("name", "description", "owner_id", "architecture", "state")
        return {"id": item.get("id"), "href": item.get("href")} | {
            name: item.xpath(f"string(./{name})") for name in names
        }

    def _instance(self, item: Any) -> Facts:
        paths = {"image_id": "image/@id", "image_href": "image/@href", "realm_id": "realm/@id"}
        paths |= {"realm_href": "realm/@href", "hardware_profile_id": "hardware_profile/@id"}
        paths |= {name: name for name in ("name", "owner_id", "state")}
        [actions] = item.findall("actions")
        return {name: item.xpath(f"string(./{path})") for name, path in paths.items()} | {
            "id": item.get("id"),
            "href": item.get("href"),
            "actions": {link.get("rel"): (link.get("method"), link.get("href")) for link in actions.findall("link")},
            "public_addresses": item.xpath("./public_addresses/address/text()"),
            "private_addresses": item.xpath("./private_addresses/address/text()"),
        }

    def _property(self, part: Any) -> tuple[str, str, str, object]:
        allowed: object = None
        if (given := part.find("range")) is not None:
            allowed = (given.get("first"), given.get("last"))
        elif (given := part.find("enum")) is not None:
            allowed = [entry.get("value") for entry in given.findall("entry")]
        if allowed:
            param = part.find("param")
            assert param.get("name") == f"hwp_{part.get('name')}"
            assert (param.get("href"), param.get("method"), param.get("operation")) == (
                f"{self.api}/instances",
                "post",
                "create",
            )
        return part.get("kind"), part.get("unit"), part.get("value"), allowed
