"""The Python clients that read XML: mfojtik's on httplib2, and Opus' on httplib with multipart bodies."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus, urlsplit
from xml.dom import minidom

from lxml import etree

from tests.clients.facts import Facts
from tests.clients.libraries.base import Library, Refused
from tests.clients.wire import Answer


class Httplib2(Library):
    """``deltacloud.py`` of mfojtik: every request goes without credentials first, forms without a type."""

    def _request(self, method: str, uri: str, form: str | None = None) -> Any:
        uri = uri if uri.startswith("http://") else self.api + uri
        headers = [f"Host: {self.host}"]
        if form is not None:
            headers.append(f"Content-Length: {len(form)}")
        headers += ["accept: application/xml", "user-agent: Python-httplib2/0.7.2 (gzip)"]
        headers.append("accept-encoding: gzip, deflate")
        line, body = f"{method} {self.target(uri)}", (form or "").encode()
        answer = self.exchange(line, *headers, body=body)
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="mock-deltacloud", charset="UTF-8"'
            answer = self.exchange(line, *headers, self.authorization.replace("A", "a", 1), body=body)
        if answer.status >= 400:
            raise Refused(str(answer.status))
        return etree.fromstring(answer.body)

    def connect(self) -> Facts:
        links = self._request("GET", "/").xpath("/api/link")
        self._links = {link.xpath("@rel")[0]: link.xpath("@href")[0] for link in links}
        return {"collections": tuple(self._links)}

    def images(self) -> Sequence[Facts]:
        names = ("name", "state", "owner_id", "architecture", "description")
        return [
            {"id": each.xpath("@id")[0]} | {name: each.xpath(name)[0].text or "" for name in names}
            for each in self._request("GET", self._links["images"]).xpath("/images/image")
        ]

    def sizes(self) -> Sequence[Facts]:
        found = self._request("GET", self._links["hardware_profiles"]).xpath("/hardware_profiles/hardware_profile")
        return [
            {
                "id": each.xpath("@id")[0],
                "name": each.xpath("name")[0].text,
                "values": {part.xpath("@name")[0]: part.xpath("@value")[0] for part in each.xpath("property")},
            }
            for each in found
        ]

    def realms(self) -> Sequence[Facts]:
        found = self._request("GET", self._links["realms"]).xpath("/realms/realm")
        return [
            {"id": each.xpath("@id")[0], "name": each.xpath("name")[0].text, "state": each.xpath("state")[0].text}
            for each in found
        ]

    def instances(self) -> Sequence[Facts]:
        found = self._request("GET", self._links["instances"]).xpath("/instances/instance")
        return [self._instance(each) for each in found]

    def launch(self, image: Facts, name: str) -> Facts:
        form = f"image_id={image['id']}&name={quote_plus(name)}"
        return self._instance(self._request("POST", self._links["instances"], form).xpath("/instance")[0])

    def act(self, instance: Facts, action: str) -> None:
        _, href = instance["actions"][action]
        self._request("POST", href, "")

    def _instance(self, item: Any) -> Facts:
        links = item.xpath("actions/link")
        return {
            "id": item.xpath("@id")[0],
            "actions": {link.get("rel"): (link.get("method"), link.get("href")) for link in links},
            "public_addresses": item.xpath("public_addresses/address/text()"),
            "private_addresses": item.xpath("private_addresses/address/text()"),
            **{name: item.xpath(name)[0].text for name in ("name", "state", "owner_id")},
        }


class Opus(Library):
    r"""The cloud driver of Opus: multipart bodies that end in ``\n\r``, POSTs without a length."""

    BOUNDARY = "127.0.0.1.0.4711.1290000000.000.1"

    def _request(self, method: str, uri: str, form: dict[str, str] | None = None) -> Any:
        # It cuts what stands behind a semicolon or a question mark off any link.
        path, query = urlsplit(uri).path.partition(";")[0], urlsplit(uri).query
        headers = [f"Host: {self.host}", "Accept-Encoding: identity"]
        body = ""
        for name, value in (form or {}).items():
            body += f'--{self.BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        if form:
            body += f"--{self.BOUNDARY}--\n\r"
            headers += [f"Content-Length: {len(body)}", f"Content-Type: multipart/form-data; boundary={self.BOUNDARY}"]
        headers += ["Accept: application/xml", self.authorization]
        answer: Answer = self.exchange(f"{method} {path}{f'?{query}' if query else ''}", *headers, body=body.encode())
        if not 200 <= answer.status < 400:
            raise Refused(str(answer.status))
        return minidom.parseString(answer.body).documentElement

    def _elements(self, singular: str, query: str = "") -> list[minidom.Element]:
        root = self._request("GET", self._links[f"{singular}s"] + query)
        assert root.tagName == f"{singular}s"
        return list(root.getElementsByTagName(singular))

    def connect(self) -> Facts:
        root = self._request("GET", self.api)
        assert root.tagName == "api"
        links = root.getElementsByTagName("link")
        self._links = {link.getAttribute("rel"): link.getAttribute("href") for link in links}
        return {"driver": root.getAttribute("driver"), "collections": tuple(self._links)}

    def images(self) -> Sequence[Facts]:
        return [self._image(each) for each in self._elements("image")]

    def images_where(self, name: str, value: str) -> Sequence[Facts]:
        return [self._image(each) for each in self._elements("image", f"?{name}={value}")]

    def image(self, image_id: str) -> Facts:
        found = self._elements("image", f"?id={image_id}")
        if not found:
            raise Refused("list index out of range")
        return self._image(found[0])

    def realms(self) -> Sequence[Facts]:
        return [
            {"id": each.getAttribute("id")} | {name: self._texts(each, name)[0] for name in ("name", "state")}
            for each in self._elements("realm")
        ]

    def instances(self) -> Sequence[Facts]:
        return [self._instance(each) for each in self._elements("instance")]

    def instance(self, instance_id: str) -> Facts:
        found = self._elements("instance", f"?id={instance_id}")
        if not found:
            raise Refused("list index out of range")
        return self._instance(found[0])

    def launch(self, image: Facts, name: str) -> Facts:
        form = {"image_id": image["id"], "realm_id": "us", "name": name}
        return self._instance(self._request("POST", self._links["instances"], form))

    def act(self, instance: Facts, action: str) -> None:
        _, href = self.instance(instance["id"])["actions"][action]
        self._request("POST", href)

    def _texts(self, element: minidom.Element, name: str) -> list[str]:
        found = element.getElementsByTagName(name)
        return ["".join(node.data for node in each.childNodes if isinstance(node, minidom.Text)) for each in found]

    def _image(self, element: minidom.Element) -> Facts:
        names = ("owner_id", "name", "description", "architecture")
        return {"id": element.getAttribute("id")} | {name: self._texts(element, name)[0] for name in names}

    def _instance(self, element: minidom.Element) -> Facts:
        links = element.getElementsByTagName("link")
        linked = {
            f"{name}_id": element.getElementsByTagName(name)[0].getAttribute("href").strip("/").split("/")[-1]
            for name in ("image", "realm")
        }
        addresses = ("public_addresses", "private_addresses")
        return {
            "id": element.getAttribute("id"),
            "actions": {
                link.getAttribute("rel"): (link.getAttribute("method"), link.getAttribute("href")) for link in links
            },
            **linked,
            **{name: self._texts(element, name)[0] for name in ("owner_id", "name", "state")},
            **{name: self._texts(element.getElementsByTagName(name)[0], "address") for name in addresses},
        }
