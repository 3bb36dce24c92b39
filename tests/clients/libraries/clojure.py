"""The Clojure client: JSON alone, and every request, an empty one too, says that it holds JSON."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

from tests.clients.facts import Facts
from tests.clients.libraries.base import Library, Refused
from tests.clients.libraries.python_json import actions


class Clojure(Library):
    """``deltacloud.client``, on clj-http."""

    def _request(self, method: str, target: str) -> Any:
        assert method in ("get", "post", "delete")  # the method of a link is the name of a function
        headers = ["Connection: close", self.authorization, "Accept: application/json"]
        headers += ["Content-Type: application/json", "accept-encoding: gzip, deflate"]
        if method == "post":
            headers.append("Content-Length: 0")
        headers += [f"Host: {self.host}", "User-Agent: Apache-HttpClient/4.2.2 (java 1.5)"]
        answer = self.exchange(f"{method.upper()} {target}", *headers)
        if answer.status >= 400:
            raise Refused(str(answer.status))
        return json.loads(answer.body) if answer.body else None

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._request("get", "/api/instances")["instances"]]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(self._request("get", f"/api/instances/{instance_id}")["instance"])

    def create_image(self, instance: Facts, name: str) -> Facts | None:
        self._follow(instance, "create_image")
        return None

    def launch(self, image: Facts, name: str) -> Facts:
        query = f"name={quote_plus(name)}&image_id={image['id']}&hwp_memory="
        return self._instance(self._request("post", f"/api/instances?{query}")["instance"])

    def act(self, instance: Facts, action: str) -> None:
        self._instance(self._follow(instance, action)["instance"])

    def destroy_instance(self, instance: Facts) -> None:
        assert self._follow(instance, "destroy") is None

    def _follow(self, instance: Facts, rel: str) -> Any:
        method, href = instance["actions"][rel]
        return self._request(method, self.target(href))

    def _instance(self, item: Facts) -> Facts:
        return {
            "actions": actions(item),
            "public_addresses": [each["address"] for each in item["public_addresses"] if each["type"] == "hostname"],
            **{name: item[name] for name in ("id", "name", "state")},
        }
