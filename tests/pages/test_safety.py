"""Nothing that a cloud or a stranger's page says becomes markup, leaks credentials or acts in a person's name."""

import re
from base64 import b64encode
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Visit
from tests.pages.places import PLACES
from tests.pages.site import CREDENTIALS, Site

HOSTILE = """<script>alert(1)</script><img src=x onerror="alert(2)">'"&amp;"""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_VALUES = "[...document.querySelectorAll('input')].map(each => each.value).join()"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def hostile(site: Site) -> Site:
    """A cloud in which every text that an account can choose is hostile."""
    site.add_image(HOSTILE, HOSTILE, ready=False)
    site.write("UPDATE images SET name = ?, description = ?, owner_id = ?, architecture = ?", *[HOSTILE] * 4)
    site.write("UPDATE instances SET name = ?, keyname = ?, memory = ?, address_prefix = ?", *[HOSTILE] * 4)
    site.write("UPDATE realms SET name = ?", HOSTILE)
    return site


@pytest.mark.parametrize(
    "path",
    [
        "/api/images",
        "/api/images?sort=name",
        "/api/images/img1",
        "/api/images/img4",
        "/api/images/new",
        "/api/images/new?instance_id=inst1",
        "/api/images/new?instance_id=inst3",
        "/api/instances",
        "/api/instances/inst0",
        "/api/instances/inst3",
        "/api/instances/new?image_id=img1",
        "/api/realms",
        "/api/realms/us",
        f"/api/images?name={quote(HOSTILE)}",
        f"/api/images?owner_id=x&state={quote(HOSTILE)}",
        f"/api/instances?realm_id={quote(HOSTILE)}",
        f"/api/images/{quote(HOSTILE, safe='')}",
        f"/api/images?format={quote(HOSTILE)}",
        f"/api;driver={quote(HOSTILE, safe='')}",
        f"/api;provider={quote(HOSTILE, safe='')}/images",
        f"/api;provider={quote(HOSTILE, safe='')}/drivers",
    ],
)
def test_hostile_texts_are_shown_as_text(hostile: Site, visit: Visit, path: str) -> None:
    page = visit(path)
    page.wait_for_load_state("networkidle")
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 1
    assert page.locator("[onerror]").count() == 0
    assert "<script>alert(1)</script>" in str(page.locator("body").text_content()) + page.evaluate(_VALUES)


def test_pages_carry_a_strict_policy_and_other_answers_none(site: Site) -> None:
    for path in PLACES.values():
        headers = site.get(path, headers=BROWSER).headers
        assert headers["Content-Type"] == "text/html; charset=utf-8", path
        assert headers["Content-Security-Policy"] == POLICY, path
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
    for accept in ("application/xml", "application/json"):
        headers = site.get("/api/images", headers={"Accept": accept}).headers
        assert not {"Content-Security-Policy", "X-Frame-Options", "Referrer-Policy"} & set(headers)


def test_no_inline_script_or_style_and_no_other_host(page: Page, site: Site) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text) if "Content Security" in message.text else None)
    for path in PLACES.values():
        page.goto(path)
        inline = page.locator("style, [style], script:not([src]), [onclick], [onload], [onsubmit]")
        assert inline.count() == 0, path
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(site.url).netloc}
    assert blocked == []


def test_no_credential_in_any_page_or_address(page: Page) -> None:
    addresses: set[str] = set()
    page.on("request", lambda request: addresses.add(request.url))
    secret = CREDENTIALS["password"]
    token = b64encode(f"{CREDENTIALS['username']}:{secret}".encode()).decode()
    for path in PLACES.values():
        page.goto(path)
        content = page.content()
        assert secret not in content, path
        assert token not in content, path
        addresses.update(page.locator("a").evaluate_all("links => links.map(link => link.href)"))
        addresses.update(page.locator("form").evaluate_all("forms => forms.map(form => form.action)"))
    assert not [each for each in addresses if "@" in each or secret in each or token in each]


def test_another_sites_form_is_refused(page: Page, site: Site) -> None:
    page.goto("/api/images")  # signs in
    form = f'<form method=post action="{site.url}/api/images/img3"><input name=_method value=delete><button>Go</button>'
    page.route("http://evil.example/", lambda route: route.fulfill(content_type="text/html", body=form))
    page.goto("http://evil.example/")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".status")).to_have_text("Error 403")
    expect(page.locator(".message")).to_contain_text("another site's page")
    assert len(site.write("SELECT * FROM images")) == 3


def test_another_site_cannot_frame_a_page(page: Page, site: Site) -> None:
    frame = f'<iframe src="{site.url}/"></iframe>'
    page.route("http://evil.example/", lambda route: route.fulfill(content_type="text/html", body=frame))
    page.goto("http://evil.example/", wait_until="networkidle")
    assert page.frames[1].url == "chrome-error://chromewebdata/"
    assert "Your clouds" not in page.frames[1].content()


def test_programs_get_documents_where_browsers_are_sent_on(site: Site) -> None:
    made = site.get("/api/images/img1").status_code, site.get("/api/images/new").status_code
    assert made == (200, 404)  # to programs, new is an id
    for accept, expected in (("text/html", (303, 303, 303)), ("application/xml", (201, 201, 202))):
        answers = [
            site.post("/api/images", {"instance_id": "inst1"}, accept),
            site.post("/api/instances", {"image_id": "img1"}, accept),
            site.post("/api/instances/inst1/reboot", {}, accept),
        ]
        assert tuple(each.status_code for each in answers) == expected
    assert re.fullmatch(
        rf"{site.url}/api/images/img\d+", site.post("/api/images", {"instance_id": "inst1"}).headers["Location"]
    )


def test_files_of_a_version_are_kept_and_others_asked_for_again(page: Page, site: Site) -> None:
    page.goto("/")
    style = page.locator("link[rel=stylesheet]").get_attribute("href")
    assert style is not None
    kept = site.get(style.removeprefix(site.url))
    assert (kept.headers["Content-Type"], kept.headers["Cache-Control"]) == (
        "text/css; charset=utf-8",
        "public, max-age=31536000, immutable",
    )
    other = site.get("/static/pages.css?v=old")
    assert (other.text, other.headers["Cache-Control"]) == (kept.text, "max-age=0, private, must-revalidate")
    assert site.get("/static/pages.py").status_code == 404
    assert site.get("/static/..%2fapp.py").status_code == 404
