"""The yardstick: a Flask view that returns the bytes of a file and does nothing else."""

import os
from pathlib import Path

from flask import Flask, Response

app = Flask(__name__)
BODY = Path(os.environ["BENCH_BODY"]).read_bytes()


@app.get("/<path:_path>")
def view(_path: str) -> Response:
    return Response(BODY, content_type="application/xml")
