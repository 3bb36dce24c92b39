"""The Python clients that read JSON: the package ``deltacloud``, Heat's plug-in on it, and skarmark's on httplib."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus, urlencode

from tests.clients.facts import Facts
from tests.clients.libraries.base import Library, Refused
from tests.clients.wire import Answer


def actions(item: Facts) -> Facts:
    return {each["rel"]: (each["method"], each["href"]) for each in item["actions"]}


class Requests(Library):
    """The package ``deltacloud``, on requests: parameters of a POST stand in the query string."""

    def _request(self, href: str, params: dict[str, str] | None = None, method: str = "get") -> Any:
        query = f"?{urlencode(params)}" if params else ""
        headers = [f"Host: {self.host}", "User-Agent: python-requests/1.1.0 CPython/2.7.3 Linux/3.7"]
        headers += ["Accept-Encoding: gzip, deflate, compress", "accept: application/json"]
        if method != "get":
            headers.append("Content-Length: 0")
        answer = self.exchange(f"{method.upper()} {self.target(href)}{query}", *headers, self.authorization)
        if answer.status >= 400:
            raise Refused(str(answer.status), answer.status)
        return json.loads(answer.body) if answer.body else None

    def connect(self) -> Facts:
        api = self._request(self.api)["api"]
        self._links = {link["rel"]: link["href"] for link in api["links"]}
        return {"collections": tuple(self._links)}

    def accepted(self) -> bool:
        try:
            return bool(self._request(self.api, {"force_auth": "1"}))
        except Refused as error:
            if error.status == 401:
                return False
            raise

    def images(self) -> Sequence[Facts]:
        names = ("id", "name", "state", "owner", "architecture", "description")
        return [
            {name.replace("owner", "owner_id"): each[name] for name in names}
            for each in self._request(self._links["images"])["images"]
        ]

    def sizes(self) -> Sequence[Facts]:
        found = self._request(self._links["hardware_profiles"])["hardware_profiles"]
        return [{"id": each["id"], "name": each["name"]} for each in found]

    def realms(self) -> Sequence[Facts]:
        found = self._request(self._links["realms"])["realms"]
        return [{name: each[name] for name in ("id", "name", "state")} for each in found]

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._request(self._links["instances"])["instances"]]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(self._request(f"{self._links['instances']}/{quote_plus(instance_id)}")["instance"])

    def create_image(self, instance: Facts, name: str) -> Facts | None:
        self.act(instance, "create_image")
        return None

    def launch(self, image: Facts, name: str) -> Facts:
        params = {"name": name, "hwp_id": "m1-small", "image_id": image["id"]}
        return self._instance(self._request(self._links["instances"], params, "post")["instance"])

    def act(self, instance: Facts, action: str) -> None:
        method, href = instance["actions"][action]
        self._request(href, method=method)

    def destroy_instance(self, instance: Facts) -> None:
        self.act(instance, "destroy")

    def _instance(self, item: Facts) -> Facts:
        return {
            "actions": actions(item),
            "public_addresses": [each["address"] for each in item["public_addresses"]],
            "private_addresses": [each["address"] for each in item["private_addresses"]],
            **{name: item[name] for name in ("id", "href", "name", "state", "owner_id")},
        }


class Heat(Requests):
    """Heat's plug-in: Nova's verbs, states and parameters put on the package ``deltacloud``."""

    STATUS = ("START", "PENDING", "RUNNING", "UNKNOWN", "STOPPED", "FINISH")

    def launch(self, image: Facts, name: str) -> Facts:
        assert self.accepted()
        script = "#cloud-config\nhostname: ü & <b>\n"
        params = {"name": name, "hwp_id": "m1-small", "image_id": image["id"], "keyname": "k1", "user_data": script}
        launched = self._request(self._links["instances"], params, "post")["instance"]
        assert launched["authentication"] == {"keyname": "k1"}
        return self._refreshed(self._instance(launched))

    def act(self, instance: Facts, action: str) -> None:
        super().act(self._refreshed(instance), action)

    def _refreshed(self, instance: Facts) -> Facts:
        return self._instance(self._request(instance["href"])["instance"])

    def _instance(self, item: Facts) -> Facts:
        assert item["state"] in self.STATUS
        return super()._instance(item)


class Httplib(Library):
    """skarmark's ``deltacloud.py``: builds its paths, and calls every body a form."""

    def _request(self, method: str, path: str, form: str = "") -> Any:
        headers = [f"Host: {self.host}", "Accept-Encoding: identity"]
        if method == "POST":
            headers.append(f"Content-Length: {len(form)}")
        headers += ["Content-Type: application/x-www-form-urlencoded", self.authorization, "Accept: application/json"]
        answer: Answer = self.exchange(f"{method} /api{path}", *headers, body=form.encode())
        document = json.loads(answer.body)
        if "error" in document:
            raise Refused(document["message"])
        return document

    def images(self) -> Sequence[Facts]:
        return [self._image(each) for each in self._request("GET", "/images")["images"]]

    def image(self, image_id: str) -> Facts:
        return self._image(self._request("GET", f"/images/{image_id}")["image"])

    def sizes(self) -> Sequence[Facts]:
        return [
            {"id": each["id"], "href": each["href"], "name": each["name"], "values": each["properties"]}
            for each in self._request("GET", "/hardware_profiles")["hardware_profiles"]
        ]

    def realms(self) -> Sequence[Facts]:
        found = self._request("GET", "/realms")["realms"]
        return [{name: each[name] for name in ("id", "href", "name", "state")} for each in found]

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._request("GET", "/instances")["instances"]]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(self._request("GET", f"/instances/{instance_id}")["instance"])

    def launch(self, image: Facts, name: str) -> Facts:
        form = urlencode({"name": name, "flavor_id": "m1-small", "public_key": "k1", "image_id": image["id"]})
        return self._instance(self._request("POST", "/instances", form)["instance"])

    def act(self, instance: Facts, action: str) -> None:
        self._request("POST", f"/instances/{instance['id']}/{action}")

    def _image(self, item: Facts) -> Facts:
        names = ("id", "href", "name", "description", "owner_id", "architecture", "state", "creation_time", "root_type")
        return {
            "hardware_profiles": [each["id"] for each in item["hardware_profiles"]],
            "actions": actions(item),
            **{name: item[name] for name in names},
        }

    def _instance(self, item: Facts) -> Facts:
        linked = ("image", "realm", "hardware_profile")
        return {
            "actions": actions(item),
            "public_addresses": [each["address"] for each in item["public_addresses"]],
            "private_addresses": [each["address"] for each in item["private_addresses"]],
            **{name: item[name] for name in ("id", "href", "name", "state", "owner_id", "launch_time")},
            **{f"{name}_id": item[name]["id"] for name in linked},
            **{f"{name}_href": item[name]["href"] for name in linked},
        }
