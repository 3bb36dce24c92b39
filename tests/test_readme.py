"""The README's curl lines, in their order, against a fresh server: a new user follows them literally."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner

from deltacloud_images.cli import main
from tests.conftest import Live
from tests.curl import ask

README = (Path(__file__).parent.parent / "README.md").read_text()
VARIABLES = {"$api": "/api", "$auth": "mockuser:mockpassword"}


def commands() -> Iterator[list[str]]:
    """Every curl command of the indented blocks, as a shell splits it, with the README's variables put in."""
    for line in re.findall(r"^    (.*curl .*)$", README, re.MULTILINE):
        for command in line.split(" #")[0].split(";" if line.count("curl ") > 1 else "\n"):
            for name, value in VARIABLES.items():
                command = command.replace(name, value)
            words = shlex.split(command)
            if words[:1] == ["curl"]:
                yield words[1:]


def test_every_curl_line_works_in_its_order_and_after_a_reset_again(live: Live) -> None:
    assert "`.venv/bin/deltacloud-images mock reset`" in README
    for _ in range(2):
        follow(live)
        reset = CliRunner().invoke(main, ["mock", "reset", "--config", str(live.folder / "config.toml")])
        assert (reset.exit_code, reset.output) == (0, "The pretend cloud is as it was at first.\n")


def follow(live: Live) -> None:
    answers = [ask(words, f"http://127.0.0.1:{live.port}") for words in commands()]
    assert [answer.status_code for answer in answers] == [
        *(200, 200, 200, 201, 204),
        *(200, 200, 201, 200, 200, 201, 202, 202, 204, 201),
    ]
    assert answers[1].json()["images"][0]["id"] == "img1"
    assert answers[3].headers["Location"].endswith("/api/images/img4")
    assert "<name>saved</name>" in answers[7].text
    assert "value='8192'" in answers[10].text
