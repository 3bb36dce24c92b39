"""The Vagrant plug-in: JSON by ``?format=json`` alone, arguments mixed up, a tenant in the user."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

from tests.clients.facts import Facts
from tests.clients.libraries.base import Library, Refused


class Vagrant(Library):
    """``vagrant-deltacloud-provider``, on rest-client: headers go as parameters or as one header."""

    user = "mockuser+tenant"
    _HEADERS = "headers[accept]=json&headers[content_type]=json"

    def _request(self, method: str, path: str, form: str | None = None) -> Any:
        headers = ["Accept: */*", "User-Agent: rest-client/2.1.0 (linux-gnu x86_64) ruby/3.1.7p261"]
        if form is None:
            headers.append('Headers: {:accept=>"json", :content_type=>"json"}')
        else:
            headers += [f"Content-Length: {len(form)}", "Content-Type: application/x-www-form-urlencoded"]
        headers += ["Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3", f"Host: {self.host}"]
        line = f"{method} /api{path}?format=json"
        answer = self.exchange(line, *headers, self.authorization, body=(form or "").encode())
        if answer.status not in (200, 201, 202, 204):
            raise Refused(str(answer.status))
        assert answer.headers["Content-Type"] == ("application/json" if answer.status != 204 else None)
        return json.loads(answer.body) if answer.body else None

    def _post(self, path: str, **parameters: str) -> Any:
        form = "&".join(f"body[{name}]={quote_plus(value)}" for name, value in parameters.items()) or "body"
        return self._request("POST", path, f"{form}&{self._HEADERS}")

    def images(self) -> Sequence[Facts]:
        return [{"id": each["id"], "name": each["name"]} for each in self._request("GET", "/images")["images"]]

    def sizes(self) -> Sequence[Facts]:
        found = []
        for each in self._request("GET", "/hardware_profiles")["hardware_profiles"]:
            values = {name: each["properties"].get(name) for name in ("cpu", "memory", "storage")}
            found.append({"id": each["id"], "name": each["name"], "cpu_memory_storage": list(values.values())})
        return found

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._request("GET", "/instances")["instances"]]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(self._request("GET", f"/instances/{instance_id}")["instance"])

    def create_image(self, instance: Facts, name: str) -> Facts | None:
        made = self._post("/images", instance_id=instance["id"], name=name)["image"]
        return {"id": made["id"], "name": made["name"]}

    def launch(self, image: Facts, name: str) -> Facts:
        parameters = {"name": name, "image_id": image["id"], "hwp_id": "m1-small", "keyname": "k1"}
        launched = self._instance(self._post("/instances", **parameters)["instance"])
        assert launched["keyname"] == "k1"
        return launched

    def act(self, instance: Facts, action: str) -> None:
        self._post(f"/instances/{instance['id']}/{action}")

    def destroy_instance(self, instance: Facts) -> None:
        assert self._request("DELETE", f"/instances/{instance['id']}") is None

    def delete_image(self, image: Facts) -> None:
        assert self._request("DELETE", f"/images/{image['id']}") is None

    def _instance(self, item: Facts) -> Facts:
        return {
            "id": item["id"],
            "name": item["name"],
            "state": item["state"],
            "keyname": item["authentication"].get("keyname"),
        }
