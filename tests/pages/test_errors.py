"""Each error as a person sees it: plain words, what to do next, the request id, and nothing of the server's inside."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Visit
from tests.pages.site import OTHER_ACCOUNT, Site


def assert_error(page: Page, status: int, title: str, message: str, advice: str) -> None:
    main = page.get_by_role("main")
    expect(main.get_by_role("heading", level=1)).to_have_text(title)
    expect(main.locator(".status")).to_have_text(f"Error {status}")
    expect(main.locator(".message")).to_have_text(message)
    expect(main).to_contain_text(advice)
    expect(main).to_contain_text(re.compile("Request id [0-9a-f]{16}"))
    expect(main.get_by_role("link", name="Home")).to_be_visible()
    assert not re.search(r"Traceback|\.py|File \"|mockpassword", page.content())


@pytest.mark.parametrize(
    ("path", "status", "title", "message", "advice"),
    [
        (
            "/api;driver=nothing/images",
            400,
            "That cannot work as it was asked",
            "There is no driver 'nothing'",
            "Go back and change what the message names",
        ),
        ("/api/images/nothing", 404, "There is no such thing here", "Image 'nothing' was not found.", "Look in a list"),
        ("/nowhere", 404, "There is no such thing here", "There is nothing at '/nowhere'.", "Look in a list"),
        (
            "/api/images?format=pdf",
            406,
            "No such format",
            "There is no format 'pdf'; use one of xml, json, html.",
            "Leave the format out",
        ),
        (
            "/api;driver=second;provider=buggy/images",
            500,
            "The server failed",
            "The server failed by a fault of its own; its log tells more by the request id.",
            "give its operator the request id",
        ),
        (
            "/api;driver=second/images/new",
            501,
            "This cloud cannot do that",
            "Second has no create image.",
            "Choose another cloud",
        ),
        (
            "/api;driver=second;provider=failing/images",
            502,
            "The cloud failed",
            "Second refused the connection.",
            "Try again in a minute",
        ),
        (
            "/api;driver=second;provider=silent/images",
            504,
            "The cloud did not answer in time",
            "Second did not answer in time.",
            "Look whether it happened",
        ),
    ],
)
def test_errors_of_an_address(
    page: Page, path: str, status: int, title: str, message: str, advice: str, site: Site
) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status
    if status == 400:
        assert page.locator(".message").inner_text().startswith(message)
        message = page.locator(".message").inner_text()
    assert_error(page, status, title, message, advice)


def decline_to_sign_in(page: Page) -> None:
    """Press Cancel when the browser asks for user and password."""
    session = page.context.new_cdp_session(page)

    def go_on(event: dict[str, Any]) -> None:
        session.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    def cancel(event: dict[str, Any]) -> None:
        answer = {"requestId": event["requestId"], "authChallengeResponse": {"response": "CancelAuth"}}
        session.send("Fetch.continueWithAuth", answer)

    session.on("Fetch.requestPaused", go_on)
    session.on("Fetch.authRequired", cancel)
    session.send("Fetch.enable", {"handleAuthRequests": True})


def test_not_signed_in(visit: Visit) -> None:
    page = visit("/", http_credentials=None)
    decline_to_sign_in(page)
    page.goto("/api/images")
    assert_error(
        page,
        401,
        "Sign in to go on",
        "Credentials of the cloud are needed, by HTTP Basic authentication.",
        "On Mock the user name is your user and the password your password.",
    )
    expect(page.get_by_role("link", name="Sign in")).to_have_attribute("href", re.compile(r"/api\?force_auth=1$"))


def test_wrong_password(visit: Visit) -> None:
    page = visit("/api;driver=second/images", http_credentials={"username": "mockuser", "password": "wrong"})
    expect(page.locator(".message")).to_have_text("The mock cloud does not accept this user and password.")
    expect(page.get_by_role("main")).to_contain_text("On Second the user name is your access key")


def test_another_accounts_image_cannot_be_deleted(page: Page, visit: Visit, site: Site) -> None:
    page.goto(f"/api/images/{site.add_image('theirs', owner='other')}")
    expect(page.get_by_text("Delete image…")).to_have_count(0)
    expect(page.get_by_role("main")).to_contain_text("You cannot delete this image")
    theirs = visit(page.url, http_credentials=OTHER_ACCOUNT)
    theirs.get_by_text("Delete image…").click()
    site.write("UPDATE images SET owner_id = 'mockuser' WHERE id = 'img4'")
    theirs.get_by_role("button", name="Yes, delete image").click()
    assert_error(
        theirs, 403, "That is not allowed", "Image 'img4' belongs to another account.", "Ask the owner, or sign in"
    )


def test_an_action_that_has_become_impossible(page: Page, site: Site) -> None:
    page.goto("/api/instances/inst1")
    site.write("UPDATE instances SET state = 'STOPPED' WHERE id = 'inst1'")
    page.get_by_role("button", name="Stop").click()
    message = "Instance 'inst1' is STOPPED: 'stop' is not possible now, but start, destroy is."
    assert_error(page, 405, "That is not possible now", message, "Look at its page again")


def test_an_image_that_has_become_impossible(page: Page, site: Site) -> None:
    page.goto("/api/images/new?instance_id=inst1")
    site.write("UPDATE instances SET imageable = 0 WHERE id = 'inst1'")
    page.get_by_role("button", name="Create image").click()
    message = "Instance 'inst1' cannot be saved as an image: the mock cloud locks it."
    assert_error(page, 409, "Its state does not permit that now", message, "Wait until the state has changed")


def test_a_value_out_of_range_names_what_is_allowed(page: Page) -> None:
    page.goto("/api/instances/new?image_id=img1")
    page.get_by_label("Hardware profile").select_option("m1-large")
    page.get_by_text("More choices").click()
    page.get_by_label("CPUs").fill("99")
    page.get_by_role("button", name="Launch").click()
    message = "hwp_cpu is '99', but hardware profile 'm1-large' allows from 1 to 6 (count)."
    assert_error(page, 400, "That cannot work as it was asked", message, "what you typed is kept")
    page.go_back()
    expect(page.get_by_label("Hardware profile")).to_have_value("m1-large")
    expect(page.locator("#cpu")).to_have_value("99")


def test_too_much(page: Page) -> None:
    page.goto("/api/instances/new?image_id=img1")
    page.get_by_text("More choices").click()
    page.get_by_label("User data").fill("x" * 5000)
    page.get_by_role("button", name="Launch").click()
    assert_error(page, 413, "That is too much", "The body exceeds the limit of 4096 bytes.", "Send less")
