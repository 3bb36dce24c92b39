"""The JavaScript client: jQuery in a browser, reads alone."""

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

from tests.clients.facts import Facts
from tests.clients.libraries.base import Library, Refused
from tests.clients.libraries.python_json import actions

_moments = count(1353000000000)


class JavaScript(Library):
    """``jquery.deltacloud.js``; each request has a parameter ``_`` that defeats caches."""

    def _request(self, path: str) -> Any:
        answer = self.exchange(
            f"GET /api{path}?_={next(_moments)}",
            f"Host: {self.host}",
            "Connection: keep-alive",
            "X-Requested-With: XMLHttpRequest",
            self.authorization,
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.11 (KHTML, like Gecko) Chrome/23.0.1271.64",
            "Accept: application/json, text/javascript, */*; q=0.01",
            f"Referer: http://{self.host}/client.html",
            "Accept-Encoding: gzip,deflate,sdch",
            "Accept-Language: en-US,en;q=0.8",
            "Accept-Charset: ISO-8859-1,utf-8;q=0.7,*;q=0.3",
        )
        if answer.status != 200:
            raise Refused("false")
        return json.loads(answer.body)

    def _listed(self, name: str) -> list[Facts]:
        found = self._request(f"/{name}")[name]
        assert isinstance(found, list)  # anything else would be iterated by its keys
        return found

    def connect(self) -> Facts:
        api = self._request("")["api"]
        return {"driver": api["driver"], "version": api["version"]}

    def images(self) -> Sequence[Facts]:
        return [self._image(each) for each in self._listed("images")]

    def image(self, image_id: str) -> Facts:
        return self._image(self._request(f"/images/{image_id}")["image"])

    def sizes(self) -> Sequence[Facts]:
        return [
            {"id": each["id"], "name": each["name"], "values": each["properties"]}
            for each in self._listed("hardware_profiles")
        ]

    def realms(self) -> Sequence[Facts]:
        return [{name: each[name] for name in ("id", "name", "state")} for each in self._listed("realms")]

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._listed("instances")]

    def instance(self, instance_id: str) -> Facts:
        return self._instance(self._request(f"/instances/{instance_id}")["instance"])

    def _image(self, item: Facts) -> Facts:
        names = ("id", "href", "name", "description", "owner_id", "architecture", "state")
        return {"actions": actions(item), **{name: item[name] for name in names}}

    def _instance(self, item: Facts) -> Facts:
        return {"actions": actions(item), **{name: item[name] for name in ("id", "href", "name", "state", "owner_id")}}
