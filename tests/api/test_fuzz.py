"""Generated requests to a live server: every response is one that the OpenAPI document describes.

``FUZZ_EXAMPLES`` sets how many requests are generated for each operation; ``make fuzz`` uses many.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import Live

#: What the contract demands otherwise: unknown parameters are ignored, and an unknown image or realm is a 400.
_EXCLUDED = "negative_data_rejection,positive_data_acceptance"


def test_generated_requests_get_documented_responses(live: Live, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        f"http://127.0.0.1:{live.port}/api/openapi.json",
        *("--auth", "mockuser:mockpassword", "--seed", "20121025", "--generation-deterministic", "--no-color"),
        *("--max-redirects", "0"),
        *("--max-examples", os.environ.get("FUZZ_EXAMPLES", "40"), "--exclude-checks", _EXCLUDED),
    ]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout[-5000:] + finished.stderr
    generated = re.search(r"(\d+) generated, \1 passed", finished.stdout)
    assert generated, finished.stdout[-2000:]
    assert int(generated[1]) > 500
