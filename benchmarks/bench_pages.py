"""The images page with 10,000 rows in a real Chromium: until it is ready, and until typing has narrowed it."""

import sqlite3
import statistics
import tempfile
import time
import urllib.request
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.measure import gunicorn, paired, report
from tests.pages.chromium import FLAGS, chromium

ROWS = 10_000
ROUNDS = 5
_SEED = """
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?)
    INSERT INTO images (name, description, owner_id, architecture, created_at, available_at)
    SELECT 'ubuntu-jammy-22.04-amd64-server-' || n, 'Canonical, Ubuntu, 22.04 LTS, build ' || n, 'mockuser', 'x86_64',
           1700000000 + n, 0 FROM counted
"""
#: Ready: all is parsed and scripts have run, and the browser has drawn a frame.
_DRAWN = "() => new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn)))"
_NARROW = """async () => {
    const box = document.getElementById("narrow"), started = performance.now();
    box.value = "server-777";
    box.dispatchEvent(new Event("input"));
    await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn))));
    return (performance.now() - started) / 1000;
}"""


def _ready(page: Page, path: str) -> float:
    started = time.monotonic()
    page.goto(path, wait_until="domcontentloaded")
    page.evaluate(_DRAWN)
    return time.monotonic() - started


def _fetched(url: str) -> float:
    started = time.monotonic()
    urllib.request.urlopen(
        urllib.request.Request(url, headers={"Authorization": "Basic bW9ja3VzZXI6bW9ja3Bhc3N3b3Jk"})
    ).read()
    return time.monotonic() - started


def _measure(page: Page, root: str) -> None:
    page.goto("/api/images?name=nothing")  # signs in
    ready, empty, _ = paired(
        lambda: _ready(page, "/api/images"), lambda: _ready(page, "/api/images?name=nothing"), ROUNDS
    )
    print(f"images page of {ROWS} rows ready in Chromium after {ready:.2f} s (to be within 2 s); empty {empty:.2f} s")
    page.goto("/api/images")
    assert page.locator("tbody tr").count() == ROWS
    narrowed = statistics.median(page.evaluate(_NARROW) for _ in range(ROUNDS))
    print(f"typing has narrowed {ROWS} rows after {narrowed * 1000:.0f} ms")
    html, xml, ratio = paired(
        lambda: _fetched(f"{root}/api/images?format=html"), lambda: _fetched(f"{root}/api/images")
    )
    report("the page beside the XML, fetched without a browser", ratio, "at most 2.00", f"{html:.2f} s and {xml:.2f} s")


def main() -> None:
    """Print one line a figure."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        config = Path(folder, "config.toml")
        config.write_text(f'[server]\nlog_level = "warning"\n[drivers.mock]\npath = "{folder}/mock.sqlite3"\n')
        with gunicorn("deltacloud_images:create_app()", {"DELTACLOUD_IMAGES_CONFIG": str(config)}) as (port, _):
            root = f"http://127.0.0.1:{port}"
            _fetched(f"{root}/api/images")
            with closing(sqlite3.connect(f"{folder}/mock.sqlite3")) as connection, connection:
                connection.execute(_SEED, (ROWS - 3,))
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            login = {"username": "mockuser", "password": "mockpassword"}
            _measure(browser.new_page(base_url=root, http_credentials=login), root)  # type: ignore[arg-type]
            browser.close()
