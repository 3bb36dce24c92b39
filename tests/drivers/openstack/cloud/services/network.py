"""``network.py PORT``: neutron as nova sees it where there are no networks: every list is empty, no quota is used."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import lifeline

RESOURCES = ("port", "network", "floatingip", "security_group", "security_group_rule")


class NoNetworks(BaseHTTPRequestHandler):
    """Answers GET."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.rstrip("/")
        collection = path.split("/")[-1].replace("-", "_") or "versions"
        answer = {"quota": dict.fromkeys(RESOURCES, -1)} if "/quotas/" in path else {collection: []}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


lifeline.hold()
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), NoNetworks).serve_forever()
