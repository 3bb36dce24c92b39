"""The forms that a browser gets where the cloud is EC2."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

from deltacloud_images import create_app
from deltacloud_images.config import ApiSettings, Settings
from tests.conftest import client_of
from tests.drivers.ec2.rig import EC2Rig
from tests.drivers.ec2.test_image_changes import all_snapshots, snapshots_of
from tests.web import basic


@pytest.fixture
def browser(rig: EC2Rig) -> Iterator[FlaskClient]:
    provider = {"endpoint_url": rig.moto.url, "sts_endpoint_url": rig.moto.url, "region": "us-east-1"}
    tables: dict[str, Any] = {"ec2": {"default_provider": "moto", "providers": {"moto": provider}}}
    app = create_app(Settings(api=ApiSettings(default_driver="ec2"), drivers=tables))
    with client_of(app, basic(rig.credentials.user, rig.credentials.password)) as client:
        client.environ_base["HTTP_ACCEPT"] = "text/html"
        yield client


@pytest.mark.parametrize(
    ("method", "path", "given", "message"),
    [
        ("POST", "images", "instance_id=i-1&no_reboot=perhaps", "no_reboot is 'perhaps', but has to be true or false."),
        ("DELETE", "images/ami-1", "delete_snapshots=2", "delete_snapshots is '2', but has to be true or false."),
        *(
            (
                "POST",
                "instances",
                f"image_id=ami-1&instance_count={count}",
                f"instance_count is '{count}', but has to be a whole number from 1 on.",
            )
            for count in ("0", "-1", "two", "1.5", "²", "9" * 19)
        ),
    ],
)
def test_a_bad_value_is_refused_before_ec2_is_asked(
    browser: FlaskClient, method: str, path: str, given: str, message: str
) -> None:
    response = browser.open(f"/api/{path}?{given}&format=json", method=method)
    assert (response.status_code, response.get_json()["message"]) == (400, message)


def form(browser: FlaskClient, path: str) -> Any:
    """The page's form that changes something."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    page: Any = html.fromstring(answer.text)
    (found,) = page.xpath("//form[@method='post']")
    return found


def fields(browser: FlaskClient, path: str) -> list[str]:
    """The names of what can be filled in, in the order of the page."""
    return [each.get("name") for each in form(browser, path).xpath(".//input|.//select|.//textarea")]


def test_all_that_ec2_takes_at_launch_can_be_filled_in(browser: FlaskClient) -> None:
    assert fields(browser, "/api/instances/new?image_id=ami-0a000000000000001") == [
        *("image_id", "name", "hwp_id", "realm_id", "keyname", "user_data", "firewalls1", "instance_count")
    ]


def test_all_that_ec2_takes_for_an_image_can_be_filled_in(rig: EC2Rig, browser: FlaskClient) -> None:
    path = f"/api/images/new?instance_id={rig.seed_instance()}"
    assert fields(browser, path) == ["instance_id", "name", "description", "no_reboot"]


@pytest.mark.parametrize("ticked", [True, False])
def test_an_image_is_deleted_with_its_snapshots_where_that_is_ticked(
    rig: EC2Rig, browser: FlaskClient, ticked: bool
) -> None:
    image = rig.seed_image()
    snapshots = snapshots_of(rig, image)
    deleting = form(browser, f"/api/images/{image}")
    deleting.fields["delete_snapshots"] = ticked
    answer = browser.post(deleting.action, data=dict(deleting.form_values()))
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://localhost:3001/api/images")
    assert image not in rig.image_ids()
    assert snapshots & all_snapshots(rig) == (set() if ticked else snapshots)
