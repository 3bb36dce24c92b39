"""The configuration: defaults, environment, and every bad key named with its line."""

from pathlib import Path
from typing import Any

import pytest

from deltacloud_images.config import ORIGINAL_OVERRIDES, OVERRIDES, Settings, check, line_of, load
from deltacloud_images.errors import ConfigurationError
from deltacloud_images.schema import HttpsUrl, InvalidTable, OptionalUrl, Url, settings, settings_from_table


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_defaults() -> None:
    settings = load(environ={})
    assert settings == Settings()
    assert (settings.server.host, settings.server.port, settings.api.default_driver) == ("127.0.0.1", 3001, "mock")


def test_a_file_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, '[server]\nport = 4000\n[api]\ndefault_provider = "eu"\n[drivers.mock]\npath = "x"\n')
    settings = load(path, {})
    assert (settings.server.port, settings.api.default_provider) == (4000, "eu")
    assert settings.drivers == {"mock": {"path": "x"}}
    assert load(environ={"DELTACLOUD_IMAGES_CONFIG": str(path)}) == settings


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[server]\nport = 4000\nhost = "127.0.0.1"\nlog_level = "info"\n')
    values = ["0.0.0.0", "5000", "debug", "fgcp", "uk"]
    settings = load(path, dict(zip(OVERRIDES, values, strict=True)))
    assert (settings.server.host, settings.server.port, settings.server.log_level) == ("0.0.0.0", 5000, "debug")
    assert (settings.api.default_driver, settings.api.default_provider) == ("fgcp", "uk")


def test_the_originals_variables_win_over_the_file_and_ours_over_them(tmp_path: Path) -> None:
    path = write(tmp_path, '[server]\nport = 4000\nhost = "127.0.0.1"\n')
    originals = dict(zip(ORIGINAL_OVERRIDES, ["127.0.0.2", "5000", "fgcp", "uk"], strict=True))
    settings = load(path, originals)
    assert (settings.server.host, settings.server.port) == ("127.0.0.2", 5000)
    assert (settings.api.default_driver, settings.api.default_provider) == ("fgcp", "uk")
    ours = dict(zip(OVERRIDES, ["127.0.0.3", "6000", "debug", "ec2", "eu-west-1"], strict=True))
    settings = load(path, {**ours, **originals})
    assert (settings.server.host, settings.server.port) == ("127.0.0.3", 6000)
    assert (settings.api.default_driver, settings.api.default_provider) == ("ec2", "eu-west-1")


@pytest.mark.parametrize(
    ("environ", "begin", "end"),
    [
        ({"API_USER": "sesame"}, "API_USER in the environment: ", " Unset it to start."),
        ({"API_PASSWORD": "sesame"}, "API_PASSWORD in the environment: ", " Unset it to start."),
        (
            {"API_USER": "sesame", "API_PASSWORD": "sesame"},
            "API_USER and API_PASSWORD in the environment: ",
            " Unset both to start.",
        ),
    ],
)
def test_the_originals_credentials_are_refused(environ: dict[str, str], begin: str, end: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environ=environ)
    reason = (
        "this server has no credentials of its own, because anybody who reaches it could then act in their name. "
        "Clients send the cloud's with each request, as HTTP Basic."
    )
    assert str(caught.value) == begin + reason + end
    assert load(environ=dict.fromkeys(environ, "")) == Settings()


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("DELTACLOUD_IMAGES_PORT", "high", r"server\.port: .*valid integer"),
        ("DELTACLOUD_IMAGES_PORT", "70000", r"server\.port: .*less than or equal to 65535"),
        ("DELTACLOUD_IMAGES_LOG_LEVEL", "loud", r"server\.log_level: .*'debug', 'info'"),
    ],
)
def test_a_bad_environment_is_named(variable: str, value: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load(environ={variable: value})


BAD = """\
[server]
host = "127.0.0.1"
prot = 3001  # a typo
port = "3001"
workers = 0
log_level = "loud"

[api]
default_driver = "nope"

[sever]
port = 1

[drivers.mock]
path = "/tmp/x"
paht = "y"
failure_rate = 2
users = { mockuser = 5 }

[drivers.unknown]
key = 1
"""


def test_check_names_every_bad_key_and_its_line(tmp_path: Path) -> None:
    found = [str(problem) for problem in check(write(tmp_path, BAD))]
    expected = {
        "line 3: server.prot: there is no such key",
        "line 4: server.port: Input should be a valid integer",
        "line 5: server.workers: Input should be greater than or equal to 1",
        "line 6: server.log_level: Input should be 'debug', 'info', 'warning' or 'error'",
        "line 11: sever: there is no such key",
        "line 16: drivers.mock.paht: there is no such key",
        "line 17: drivers.mock.failure_rate: Input should be less than or equal to 1",
        "line 18: drivers.mock.users.mockuser: Input should be a valid string",
    }
    assert expected <= set(found)
    rest = sorted(set(found) - expected)
    assert len(rest) == 2
    assert rest[0].startswith("line 20: drivers.unknown: there is no such driver; there are ")
    assert rest[1].startswith("line 9: api.default_driver: there is no driver 'nope'; there are ")
    lines = [int(each.split()[1].rstrip(":")) for each in found]
    assert lines == sorted(lines)


def test_loading_names_the_same_lines(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"config\.toml: line 2: drivers\.mock\.paht: there is no such key"):
        load(write(tmp_path, "[drivers.mock]\npaht = 1\n"), {})
    with pytest.raises(ConfigurationError, match=r"config\.toml: line 2: server\.prot: there is no such key"):
        load(write(tmp_path, "[server]\nprot = 1\n"), {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server\n", r"not TOML: .*line 1"),
        ("server = 3\n", "line 1: server: "),
        ("drivers = 3\n", "line 1: drivers: "),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load(write(tmp_path, text), {"DELTACLOUD_IMAGES_PORT": "1"})


@pytest.mark.parametrize(
    "url",
    [
        "cloud.example",
        "cloud.example:8773",
        "ftp://cloud.example",
        "https://",
        "https:///path",
        "https://user:sesame@cloud.example",
        "https://cloud.example?sesame",
        "https://cloud.example/#sesame",
        "https://cloud example",
        "https://cloud.example:sesame",
        "https://cloud.example:70000",
        "https://cloud.example:0",
        "https://[::1",
    ],
)
@pytest.mark.parametrize("kind", [Url, OptionalUrl, HttpsUrl])
def test_urls_have_no_credentials_and_no_mistakes(kind: Any, url: str) -> None:
    @settings
    class Table:
        url: kind

    with pytest.raises(InvalidTable) as caught:
        settings_from_table(Table, {"url": url})
    (problem,) = caught.value.problems
    assert problem.path == ("url",)
    assert problem.reason.endswith("://host[:port][/path], without user, query and fragment")


def test_urls_are_taken_as_they_are() -> None:
    @settings
    class Table:
        one: Url
        two: HttpsUrl
        three: OptionalUrl = ""

    for one in ("http://127.0.0.1:5555", "https://[::1]:8773/services/compute", "https://cloud.example/"):
        assert settings_from_table(Table, {"one": one, "two": "https://cloud.example"}) == Table(
            one=one, two="https://cloud.example"
        )
    with pytest.raises(
        InvalidTable, match=r"two: it has to be https://host.*; three: it has to be https://host.* or http://host"
    ):
        settings_from_table(Table, {"one": "http://a", "two": "http://cloud.example", "three": "b"})


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nope\.toml: No such file or directory"):
        load(tmp_path / "nope.toml", {})
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8 text"):
        load(tmp_path / "binary.toml", {})


def test_a_secret_never_shows(tmp_path: Path) -> None:
    text = '[drivers.mock]\nusers = { mockuser = "sesame" }\n'
    assert "sesame" not in repr(load(write(tmp_path, text), {}))
    text += "bad = 1\n"
    assert all("sesame" not in str(problem) for problem in check(write(tmp_path, text)))


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('a = """\nb = 1\n"""\n\n# note\nb = 2\n', ("b",), 6),
        ("[t]\nx = [\n  1,\n  2,\n]\ny = 3\n", ("t", "x"), 2),
        ("[t]\nx = [\n  1,\n]\ny = 3\n", ("t", "y"), 5),
        ("t = { a = 1, b = 2 }\n", ("t", "b"), 1),
        ("t.a.b = 1\n", ("t", "a", "b"), 1),
        ("[t]\na = 1\n", ("t", "missing"), 1),
        ("", ("t",), 0),
    ],
)
def test_lines_are_found_however_a_key_is_written(text: str, path: tuple[str, ...], line: int) -> None:
    assert line_of(text, path) == line
