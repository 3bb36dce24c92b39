"""The Ruby clients: 0.x on rest-client, which follows links, and 1.x on Faraday, which builds its paths."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

from lxml import etree

from tests.clients.facts import Facts
from tests.clients.libraries.base import Library, Refused
from tests.clients.wire import Answer


def _tree(answer: Answer) -> Any:
    return etree.fromstring(answer.body)


class Ruby0(Library):
    """``deltacloud-client`` 0.x."""

    def _get(self, href: str, query: str = "") -> Any:
        return self._request("GET", href + query)

    def _request(self, method: str, href: str, form: str | None = None) -> Any:
        headers = ["Accept: application/xml", f"{self.authorization}", "Accept-Encoding: gzip, deflate"]
        if form is not None:
            headers += [f"Content-Length: {len(form)}", "Content-Type: application/x-www-form-urlencoded"]
        headers += ["User-Agent: Ruby", f"Host: {self.host}"]
        answer = self.exchange(f"{method} {self.target(href)}", *headers, body=(form or "").encode())
        if answer.status == 500 or (method == "POST" and form and answer.status != 201):
            raise Refused("".join(_tree(answer).xpath("/error/message/text()")))
        return _tree(answer) if answer.body else None

    def connect(self) -> Facts:
        api = self._get(self.api)
        self._links = {link.get("rel"): link.get("href") for link in api.xpath("/api/link")}
        return {
            "driver": api.get("driver"),
            "version": api.get("version"),
            "collections": tuple(self._links),
            "features": {link.get("rel"): link.xpath("feature/@name") for link in api.xpath("/api/link[feature]")},
        }

    def accepted(self) -> bool:
        return bool(self._get(self.api, "?force_auth=1").tag == "api")

    def images(self) -> Sequence[Facts]:
        return [self._image(each) for each in self._get(self._links["images"]).xpath("/images/image")]

    def images_where(self, name: str, value: str) -> Sequence[Facts]:
        return [self._image(each) for each in self._get(self._links["images"], f"?{name}={value}").xpath("//image")]

    def image(self, image_id: str) -> Facts:
        found = self._get(f"{self._links['images']}/{image_id}").xpath("/image")
        if not found:
            raise Refused("nil")
        return self._image(found[0])

    def sizes(self) -> Sequence[Facts]:
        found = self._get(self._links["hardware_profiles"]).xpath("/hardware_profiles/hardware_profile")
        return [
            {
                "id": each.get("id"),
                "href": each.get("href"),
                "name": each.findtext("name"),
                "values": {part.get("name"): part.get("value") for part in each.findall("property")},
            }
            for each in found
        ]

    def realms(self) -> Sequence[Facts]:
        found = self._get(self._links["realms"]).xpath("/realms/realm")
        return [{"id": each.get("id"), "href": each.get("href"), "name": each.findtext("name")} for each in found]

    def states(self) -> Facts:
        return {
            state.get("name"): [(step.get("to"), step.get("action")) for step in state.findall("transition")]
            for state in self._get(self._links["instance_states"]).xpath("/states/state")
        }

    def drivers(self) -> Facts:
        found = self._get(self._links["drivers"]).xpath("/drivers/driver")
        return {each.get("id"): each.findtext("name") for each in found}

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._get(self._links["instances"]).xpath("/instances/instance")]

    def instance(self, instance_id: str) -> Facts:
        found = self._get(f"{self._links['instances']}/{instance_id}").xpath("/instance")
        if not found:
            raise Refused("nil")
        return self._instance(found[0])

    def create_image(self, instance: Facts, name: str) -> Facts | None:
        method, href = instance["actions"]["create_image"]
        return self._image(self._request(method.upper(), href, f"name={quote_plus(name)}"))

    def launch(self, image: Facts, name: str) -> Facts:
        form = f"name={quote_plus(name)}&hwp_id&image_id={image['id']}"
        return self._instance(self._request("POST", self._links["instances"], form))

    def act(self, instance: Facts, action: str) -> None:
        self._follow(instance, action)
        self.instance(instance["id"])  # its state and actions are read anew

    def destroy_instance(self, instance: Facts) -> None:
        self._follow(instance, "destroy")

    def delete_image(self, image: Facts) -> None:
        self._follow(image, "destroy_image")

    def _follow(self, owner: Facts, rel: str) -> None:
        method, href = owner["actions"][rel]
        self._request(method.upper(), href, "" if method == "post" else None)

    def _image(self, item: Any) -> Facts:
        names = ("name", "description", "owner_id", "architecture", "state", "creation_time", "root_type")
        return self._stateful(item) | {name: item.findtext(name) or "" for name in names}

    def _instance(self, item: Any) -> Facts:
        linked = {f"{name}_id": item.find(name).get("id") for name in ("image", "realm", "hardware_profile")}
        texts = {name: item.findtext(name) for name in ("name", "owner_id", "launch_time")}
        return (
            self._stateful(item)
            | linked
            | texts
            | {
                "state": item.findtext("state"),
                "public_addresses": item.xpath("public_addresses/*/text()"),
                "private_addresses": item.xpath("private_addresses/*/text()"),
            }
        )

    def _stateful(self, item: Any) -> Facts:
        # It takes what has exactly one list of actions and one state for a thing with both, and a link without
        # method or rel ends it.
        assert len(item.xpath(".//actions")) == len(item.xpath(".//state")) == 1
        links = item.xpath(".//actions/link")
        assert all(link.get("method") and link.get("rel") for link in links)
        actions = {link.get("rel"): (link.get("method"), link.get("href")) for link in links}
        return {"id": item.get("id"), "href": item.get("href"), "actions": actions}


class Ruby1(Library):
    """``deltacloud-client`` 1.x."""

    def _request(self, method: str, path: str) -> Answer:
        headers = ["Accept: application/xml", "X-Deltacloud-Driver: mock", self.authorization]
        if method == "POST":
            headers.append("Content-Length: 0")
        headers += ["Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3", f"Host: {self.host}"]
        if method == "POST":
            headers.append("Content-Type: application/x-www-form-urlencoded")
        answer = self.exchange(f"{method} /api{path}", *headers)
        if answer.status in (400, 401, 403, 404, 405, 406, 409, 500, 501, 502):
            error = _tree(answer)
            assert (error.tag, error.find("backend").get("driver")) == ("error", "mock")
            raise Refused(error.findtext("message"), answer.status)
        return answer

    def _list(self, path: str) -> list[Any]:
        found = list(_tree(self._request("GET", path)).xpath("/*/*"))
        assert all(each.get("id") for each in found)  # one without an id ends it
        return found

    def connect(self) -> Facts:
        api = _tree(self._request("GET", ""))
        return {
            "driver": api.get("driver"),
            "version": api.get("version"),
            "provider": api.get("provider"),
            "collections": tuple(link.get("rel") for link in api.xpath("link")),
            "features": {link.get("rel"): link.xpath("feature/@name") for link in api.xpath("link[feature]")},
        }

    def accepted(self) -> bool:
        try:
            return self._request("GET", "?force_auth=true").status == 200
        except Refused as error:
            if error.status == 401:
                return False
            raise

    def images(self) -> Sequence[Facts]:
        return [self._image(each) for each in self._list("/images")]

    def images_where(self, name: str, value: str) -> Sequence[Facts]:
        return [self._image(each) for each in self._list(f"/images?{name}={value}")]

    def image(self, image_id: str) -> Facts:
        return self._image(_tree(self._request("GET", f"/images/{image_id}")))

    def sizes(self) -> Sequence[Facts]:
        return [
            {
                "id": each.get("id"),
                "name": each.findtext("name"),
                "properties": {part.get("name"): self._property(part) for part in each.xpath("property")},
            }
            for each in self._list("/hardware_profiles")
        ]

    def realms(self) -> Sequence[Facts]:
        return [
            {"id": each.get("id"), "name": each.findtext("name"), "state": each.findtext("state")}
            for each in self._list("/realms")
        ]

    def states(self) -> Facts:
        return {
            state.get("name"): [(step.get("to"), step.get("action")) for step in state.xpath("transition")]
            for state in _tree(self._request("GET", "/instance_states")).xpath("/states/state")
        }

    def drivers(self) -> Facts:
        return {each.get("id"): each.findtext("name") for each in self._list("/drivers")}

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._list("/instances")]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(_tree(self._request("GET", f"/instances/{instance_id}")))

    def create_image(self, instance: Facts, name: str) -> Facts | None:
        assert "create_image" in instance["rels"]
        return self._image(
            _tree(self._request("POST", f"/images?instance_id={instance['id']}&name={quote_plus(name)}"))
        )

    def launch(self, image: Facts, name: str) -> Facts:
        assert "m1-small" in image["hardware_profiles"]
        query = f"hwp_id=m1-small&image_id={image['id']}&name={quote_plus(name)}"
        launched = _tree(self._request("POST", f"/instances?{query}"))
        assert launched.tag == "instance"
        return self._instance(launched)

    def act(self, instance: Facts, action: str) -> None:
        answer = self._request("POST", f"/instances/{instance['id']}/{action}")
        assert 200 <= answer.status < 300
        self._instance(_tree(answer))

    def destroy_instance(self, instance: Facts) -> None:
        assert self._request("DELETE", f"/instances/{instance['id']}").status == 204

    def delete_image(self, image: Facts) -> None:
        assert self._request("DELETE", f"/images/{image['id']}").status == 204

    def _image(self, item: Any) -> Facts:
        names = ("name", "description", "owner_id", "architecture", "state", "creation_time", "root_type")
        return {"id": item.get("id"), "hardware_profiles": item.xpath("hardware_profiles/hardware_profile/@id")} | {
            name: item.findtext(name) or "" for name in names
        }

    def _instance(self, item: Any) -> Facts:
        linked = {f"{name}_id": item.find(name).get("id") for name in ("image", "realm", "hardware_profile")}
        return linked | {
            "id": item.get("id"),
            "name": item.findtext("name"),
            "state": item.findtext("state"),
            "owner_id": item.findtext("owner_id"),
            "public_addresses": item.xpath("public_addresses/address/text()"),
            "private_addresses": item.xpath("private_addresses/address/text()"),
            "rels": item.xpath("actions/link/@rel"),
        }

    def _property(self, part: Any) -> tuple[str, str, str, object]:
        kind = part.get("kind")
        allowed: object = None
        if kind == "range":
            allowed = (part.find("range").get("first"), part.find("range").get("last"))
        elif kind == "enum":
            allowed = part.xpath("enum/entry/@value")
        else:
            assert kind in ("fixed", "opaque")
        return kind, part.get("unit"), part.get("value"), allowed
