"""Settings: what is read, what outranks what, and that every fault names its place."""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.config import (
    DEFAULT_PAGE,
    KEYS,
    TEMPLATE,
    Config,
    Listener,
    Options,
    Secret,
    load,
    page_id_for,
    write_template,
)
from traywatch.config.lines import KeyLines
from traywatch.core.errors import ConfigError
from traywatch.core.model import Page

NO_ENVIRONMENT: Mapping[str, str] = {}
LOCAL = "http://127.0.0.1:8080"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def read(
    file: Path,
    text: str | bytes,
    environ: Mapping[str, str] = NO_ENVIRONMENT,
    options: Options = Options(),  # noqa: B008 - frozen
) -> Config:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(file, environ, options)


def faults(
    file: Path,
    text: str | bytes,
    environ: Mapping[str, str] = NO_ENVIRONMENT,
    options: Options = Options(),  # noqa: B008 - frozen
) -> list[str]:
    """What is reported, with the file's name shortened to its last part."""
    with pytest.raises(ConfigError) as raised:
        read(file, text, environ, options)
    return [fault.replace(str(file), file.name) for fault in raised.value.faults]


# ---------------------------------------------------------------- what is read


def test_without_a_file_openai_is_watched(settings: Path) -> None:
    assert load(settings, NO_ENVIRONMENT) == Config(pages=(DEFAULT_PAGE,))


def test_the_template_watches_openai_and_changes_no_default(settings: Path) -> None:
    assert read(settings, TEMPLATE) == Config(pages=(DEFAULT_PAGE,))


def test_the_template_uncommented_uses_every_key_and_is_without_fault(settings: Path) -> None:
    everything = re.sub(r"^#(?=[\[a-z])", "", TEMPLATE, flags=re.MULTILINE)
    config = read(settings, everything)
    assert (len(config.pages), config.listener is not None, len(config.relays)) == (2, True, 1)

    written = tomllib.loads(everything)
    used = {
        "": set(written),
        "pages": {key for page in written["pages"] for key in page},
        "listener": set(written["listener"]),
        "relay": {key for relay in written["relay"] for key in relay},
    }
    assert used == {table: set(keys) for table, keys in KEYS.items()}


def test_a_page_with_everything(settings: Path) -> None:
    config = read(
        settings,
        """
        interval = 90
        [[pages]]
        id = "gh"
        name = "GitHub"
        url = "https://WWW.githubstatus.com/eu/#top"
        platform = "Statuspage"
        interval = 45.5
        components = ["API*"]
        ignore = ["Copilot"]
        [[pages]]
        url = "https://status.openai.com"
        """,
    )
    assert config.pages == (
        Page("gh", "https://www.githubstatus.com/eu", "GitHub", "statuspage", 45.5,
             ("API*",), ("Copilot",)),
        Page("status.openai.com", "https://status.openai.com", interval_s=90.0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "taken", "page_id"),
    [
        ("https://status.openai.com", [], "status.openai.com"),
        ("https://status.openai.com", ["status.openai.com"], "status.openai.com-2"),
        ("https://intercomstatus.com/us-hosting", [], "intercomstatus.com-us-hosting"),
        ("http://user:pw@127.0.0.1:8080", [], "127.0.0.1-8080"),
        ("http://[::1]:80/", [], "1-80"),
        ("https://状態.example", [], "example"),
        ("https://状態", [], "page"),
    ],
)
def test_a_page_without_an_id_gets_one_from_its_address(
    url: str, taken: list[str], page_id: str
) -> None:
    assert page_id_for(url, taken) == page_id


def test_the_listener_is_off_until_its_heading_is_there(settings: Path) -> None:
    assert read(settings, "").listener is None
    assert read(settings, "[listener]").listener == Listener("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("9000", "127.0.0.1", 9000),
        ("0", "127.0.0.1", 0),
        ("localhost:9000", "localhost", 9000),
        ("[::1]:9000", "::1", 9000),
    ],
)
def test_where_to_listen(settings: Path, written: str, host: str, port: int) -> None:
    from_file = read(settings, f'[listener]\nlisten = "{written}"').listener
    from_flag = read(settings, "", options=Options(listen=written)).listener
    assert from_file == from_flag == Listener(host, port)


def test_a_relay_without_secrets_is_held_to_the_listeners(settings: Path) -> None:
    config = read(
        settings,
        """
        [listener]
        secrets = ["shared"]
        [[relay]]
        kind = "smee"
        url = "https://smee.io/a"
        [[relay]]
        kind = "ntfy"
        url = "https://ntfy.sh/b"
        page = "openai"
        secrets = ["own"]
        """,
    )
    assert [relay.secrets for relay in config.relays] == [(Secret("shared"),), (Secret("own"),)]
    assert [relay.page_id for relay in config.relays] == [None, "openai"]


def test_notepads_byte_order_mark_and_line_ends(settings: Path) -> None:
    text = b"\xef\xbb\xbf" + b'log_level = "debug"\r\npagse = 1\r\n'
    assert faults(settings, text) == ['config.toml:2: pagse: unknown key, did you mean "pages"?']


# ---------------------------------------------------------------- what outranks what


def test_flag_before_variable_before_file(settings: Path) -> None:
    text = 'log_format = "text"\nlog_level = "error"\ninterval = 100\n'
    environ = {
        "TRAYWATCH_LOG_FORMAT": "json",
        "TRAYWATCH_LOG_LEVEL": "debug",
        "TRAYWATCH_INTERVAL_S": "200",
        "TRAYWATCH_LISTEN": "9001",
        "TRAYWATCH_PAGES": "https://a.example, https://b.example",
    }
    by_variable = read(settings, text, environ)
    assert (by_variable.log_format, by_variable.log_level) == ("json", "debug")
    assert by_variable.listener == Listener(port=9001)
    assert [(page.id, page.interval_s) for page in by_variable.pages] == [
        ("a.example", 200.0),
        ("b.example", 200.0),
    ]

    options = Options(("https://c.example",), interval="300", log_format="text", listen="9002")
    by_flag = read(settings, text, environ, options)
    assert (by_flag.log_format, by_flag.log_level) == ("text", "debug")
    assert by_flag.listener == Listener(port=9002)
    assert [(page.id, page.interval_s) for page in by_flag.pages] == [("c.example", 300.0)]


def test_an_empty_variable_counts_as_unset(settings: Path) -> None:
    environ = {"TRAYWATCH_PAGES": "", "TRAYWATCH_LISTEN": "", "TRAYWATCH_SIGNING_SECRET": ""}
    assert read(settings, "", environ) == Config(pages=(DEFAULT_PAGE,))


def test_a_page_named_by_a_flag_keeps_its_settings(settings: Path) -> None:
    text = '[[pages]]\nid = "gh"\nurl = "https://www.githubstatus.com"\nignore = ["Copilot"]'
    options = Options(pages=("https://www.githubstatus.com/", "https://www.githubstatus.com"))
    (page,) = read(settings, text, options=options).pages
    assert (page.id, page.ignore) == ("gh", ("Copilot",))


def test_a_page_named_by_a_flag_never_takes_the_id_of_another(settings: Path) -> None:
    text = '[[pages]]\nid = "b.example"\nurl = "https://a.example"'
    (page,) = read(settings, text, options=Options(pages=("https://b.example",))).pages
    assert page.id == "b.example-2"


def test_the_variables_secret_replaces_the_files(settings: Path) -> None:
    environ = {"TRAYWATCH_SIGNING_SECRET": "It's a Secret to Everybody"}
    text = '[listener]\nsecrets = ["old"]\n[[relay]]\nkind = "smee"\nurl = "https://smee.io/a"'
    config = read(settings, text, environ)
    expected = (Secret("It's a Secret to Everybody"),)
    assert config.listener is not None
    assert config.listener.secrets == config.relays[0].secrets == expected


def test_a_relay_of_a_page_that_is_not_watched_in_this_run_is_left_out(settings: Path) -> None:
    text = '[[relay]]\nkind = "smee"\nurl = "https://smee.io/a"\npage = "openai"'
    assert read(settings, text, options=Options(pages=("https://x.example",))).relays == ()


# ---------------------------------------------------------------- what is wrong


def test_all_faults_at_once_each_with_its_place(settings: Path) -> None:
    text = """\
log_levl = "info"
log_format = "yaml"

[[pages]]
url = "https://status.openai.com"
nmae = "OpenAI"
components = [
    "API",
    3,
]

[[pages]]
id = "Not An Id"

[listener]
listen = "0.0.0.0"
"""
    not_an_id = "must be at most 64 of a-z 0-9 . _ - and begin with a letter or a digit"
    no_port = "must be [HOST:]PORT, for example 8000 or 127.0.0.1:8000"
    environ = {"TRAYWATCH_PAGE": "https://x.example", "TRAYWATCH_INTERVAL_S": "often"}
    assert faults(settings, text, environ, Options(listen="all:1:2")) == [
        'TRAYWATCH_PAGE: unknown variable, did you mean "TRAYWATCH_PAGES"?',
        'TRAYWATCH_INTERVAL_S: must be a number of seconds, not "often"',
        f'--listen: "all:1:2" {no_port}',
        'config.toml:1: log_levl: unknown key, did you mean "log_level"?',
        'config.toml:2: log_format: "yaml" is not known, known are: json, text',
        'config.toml:6: [[pages]] nmae: unknown key, did you mean "name"?',
        "config.toml:7: [[pages]] components: must be a string in quotes, not a number",
        "config.toml:12: [[pages]] url: is missing",
        f'config.toml:13: [[pages]] id: "Not An Id" {not_an_id}',
        f'config.toml:16: [listener] listen: "0.0.0.0" {no_port}',
    ]


# fmt: off
FAULTS: list[tuple[str | bytes, str]] = [
    ("a b", "1: is not TOML: Expected '=' after a key in a key/value pair"),
    ("\n\nx = [1,\n", "4: is not TOML: Invalid value"),
    (b"\n\xff", "2: is not in UTF-8"),
    ("x = " + "[" * 5000, " is nested too deeply"),
    ("pages = []", "1: pages: names no page to watch"),
    ("pages = 3", "1: pages: must be written as [[pages]]"),
    ('[pages]\nid = "x"', "1: pages: must be written as [[pages]]"),
    ("listener = true", "1: listener: must be a table: [listener]"),
    ("interval = true", "1: interval: must be a number of seconds, not true or false"),
    ("interval = inf", "1: interval: must be over 0 and at most 86400 seconds"),
    ("interval = 29.9",
     "1: interval: must be at least 30 seconds for https://status.openai.com"),
    ("log_level = 2024-01-01",
     "1: log_level: must be a string in quotes, not a date or time"),
    ('[[pages]]\nurl = "x.example"',
     '2: [[pages]] url: "x.example" is no address like https://status.example.com'),
    ('[[pages]]\nurl = "https://x.example:port"',
     '2: [[pages]] url: "https://x.example:port" is no address like https://status.example.com'),
    ('[[pages]]\nurl = "https://x.example/a b"',
     "2: [[pages]] url: must not hold spaces or control characters"),
    ('[[pages]]\nurl = "https://x.example"\nplatform = "statuspgae"',
     '3: [[pages]] platform: "statuspgae" is not known, did you mean "statuspage"?'),
    ('[listener]\nlisten = "0.0.0.0:80"',
     ("2: [listener] listen: 0.0.0.0 is reached from beyond this computer: a signing secret is"
      " required, as secrets in [listener] or as TRAYWATCH_SIGNING_SECRET")),
    ('[listener]\nsecrets = [""]', "2: [listener] secrets: must not be empty"),
    ('[listener]\nsecrets = ["keyring:"]',
     "2: [listener] secrets: keyring: must be followed by a name"),
    ('[listener]\nallowed_hosts = ["x:80"]',
     '2: [listener] allowed_hosts: "x:80" must be the name of a host, without a port'),
    ('[[relay]]\nkind = "smee"\nurl = "https://smee.io/a"\npage = "opnai"',
     ('4: [[relay]] page: there is no page "opnai", did you mean "openai"'
      " (https://status.openai.com)?")),
]
# fmt: on


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_a_fault_names_its_line(settings: Path, text: str | bytes, fault: str) -> None:
    assert faults(settings, text) == [f"config.toml:{fault}"]


def test_faults_come_by_line_after_those_of_flags_and_variables(settings: Path) -> None:
    text = "\n" * 8 + "log_level = 1\n" + 'log_format = "x"\n[[pages]]\nurl = "x"\ninterval = 0\n'
    text += '[[pages]]\nurl = "https://a.example"\n'
    options = Options(interval="5", listen="0.0.0.0:1")
    places = [one.partition(": ")[0] for one in faults(settings, text, options=options)]
    lines = [9, 10, 12, 13]
    assert places == ["--interval", "--listen", *(f"config.toml:{line}" for line in lines)]


RELAY = '[[relay]]\nkind = "smee"\nurl = "https://smee.io/a"\npage = '


@pytest.mark.parametrize(
    ("pages", "asked", "told"),
    [
        (['url = "https://joe:pw@a.example"', 'id = "gh"\nurl = "https://b.example"'], "x",
         "known are: a.example (https://***@a.example), gh (https://b.example)"),
        (['url = "https://status.a.example/eu"'], "status.a.example",
         'did you mean "status.a.example-eu" (https://status.a.example/eu)?'),
        (['url = "a.example"', 'url = "https://b.example"'], "x",
         "known are: b.example (https://b.example)"),
        (['url = "a.example"', 'id = "own"'], "x", "known are: own"),
        (['url = "a.example"', 'url = ""'], "x", "ids are made of addresses, and none can be read"),
    ],
)  # fmt: skip
def test_the_page_of_a_relay_is_looked_for_among_those_that_were_written(
    settings: Path, pages: list[str], asked: str, told: str
) -> None:
    text = "\n".join(f"[[pages]]\n{page}" for page in pages) + f'\n{RELAY}"{asked}"'
    found = faults(settings, text)[-1].partition("[[relay]] page: ")[2]
    assert found == f'there is no page "{asked}", {told}'


def test_ids_and_addresses_are_unique(settings: Path) -> None:
    text = """\
[[pages]]
id = "a"
url = "https://joe:secret@x.example"
[[pages]]
id = "a"
url = "https://joe:secret@X.example/"
"""
    taken = "is taken already: config.toml:3: [[pages]] url"
    assert faults(settings, text) == [
        'config.toml:5: [[pages]] id: "a" is taken already: config.toml:2: [[pages]] id',
        f'config.toml:6: [[pages]] url: "https://***@x.example" {taken}',
    ]


@pytest.mark.parametrize("place", ["--interval", "TRAYWATCH_INTERVAL_S", "file"])
@pytest.mark.parametrize(
    ("url", "floor"), [("https://x.example", 30), (LOCAL, 1), ("http://localhost", 1)]
)
def test_the_floor_of_the_interval(settings: Path, place: str, url: str, floor: int) -> None:
    def read_with(seconds: float) -> Config:
        text = f'[[pages]]\nurl = "{url}"\n'
        if place == "file":
            return read(settings, f"{text}interval = {seconds}")
        if place == "--interval":
            return read(settings, text, options=Options(interval=str(seconds)))
        return read(settings, text, {place: str(seconds)})

    assert read_with(floor).pages[0].interval_s == floor
    with pytest.raises(ConfigError, match=f"at least {floor} seconds for {url}$"):
        read_with(floor - 0.1)


def test_only_names_for_tests_are_passed_over(settings: Path) -> None:
    environ = {"TRAYWATCH_CORPUS": "/c", "TRAYWATCH_FAILPOINT": "x", "PATH": "/bin"}
    assert read(settings, "", environ).pages == (DEFAULT_PAGE,)
    assert faults(settings, "", {"TRAYWATCH_LOGLEVEL": "x"}) == [
        'TRAYWATCH_LOGLEVEL: unknown variable, did you mean "TRAYWATCH_LOG_LEVEL"?'
    ]


def test_a_folder_in_the_files_place(settings: Path) -> None:
    settings.mkdir()
    with pytest.raises(ConfigError, match=r"config\.toml: cannot be read: "):
        load(settings, NO_ENVIRONMENT)


beginnings = st.sampled_from(["", '[[pages]]\nurl = "', "[listener]\nlisten = "])


@given(head=beginnings, tail=st.text())
def test_no_text_brings_anything_but_a_config_error(
    head: str, tail: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    with contextlib.suppress(ConfigError):
        read(file, (head + tail).encode("utf-8", "surrogatepass"))


# ---------------------------------------------------------------- lines


def test_lines_of_every_way_to_write_a_key() -> None:
    text = '''\
# a = 1
top = 1
multi = """
[not] a = "table"
"""
array = [
  1,  # a, comment,
  { x = 1, y = [2] },
]
a.b."c d" = 1  # one, two,
[t]
inline = { k = 1 }
[[p]]
u = 1
[[p]]

u = 2
[p.sub]
v = 1
[q.r]
w = 1
'''
    lines = KeyLines(text)
    places = {
        ("top",): 2,
        ("multi",): 3,
        ("array",): 6,
        ("array", 1, "y", 0): 6,
        ("a", "b", "c d"): 10,
        ("t", "inline", "k"): 12,
        ("p", 0): 13,
        ("p", 0, "u"): 14,
        ("p", 1, "u"): 17,
        ("p", 1, "sub", "v"): 19,
        ("q", "r", "w"): 21,
        ("p", 1, "missing"): 15,
        ("missing",): 1,
    }
    assert {path: lines.of(*path) for path in places} == places


keys = st.from_regex(r"[a-z]{1,3}", fullmatch=True)
written_values = st.sampled_from(
    [
        "1",
        '"x # [y]"',
        "'''\n[z]\n'''",
        '"""a,\n# b = 1\n"""',
        "[\n 1, # ]\n\n 2,\n]",
        "{ k = [1] }",
    ]
)


@given(st.lists(st.tuples(keys, written_values), max_size=8, unique_by=lambda pair: pair[0]))
def test_every_key_is_found_on_the_line_it_was_written(pairs: list[tuple[str, str]]) -> None:
    text, expected = "", {}
    for key, value in pairs:
        expected[key] = text.count("\n") + 1
        text += f"{key} = {value}\n# comment = [\n\n"
    tomllib.loads(text)
    lines = KeyLines(text)
    assert {key: lines.of(key) for key in expected} == expected


# ---------------------------------------------------------------- template, secrets


def test_the_template_is_written_once_and_for_its_owner_only(settings: Path) -> None:
    file = settings.parent / "deep" / "er" / "config.toml"
    assert write_template(file) is True
    if os.name == "posix":
        assert all(one.stat().st_mode & 0o077 == 0 for one in (file, file.parent))
    file.write_text("# mine")
    assert write_template(file) is False
    assert file.read_text() == "# mine"


def test_a_secret_is_never_printed() -> None:
    config = Config(listener=Listener(secrets=(Secret("hunter2"), Secret("keyring:hunter2"))))
    assert "hunter2" not in f"{config!r} {config}"


def test_a_secret_in_a_fault_is_not_repeated(settings: Path) -> None:
    found = faults(settings, '[listener]\nsecrets = "hunter2"')
    assert found == ["config.toml:2: [listener] secrets: must be a list of strings, not a string"]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    import keyring as real

    held: dict[tuple[str, str], str] = {}
    monkeypatch.setattr(real, "get_password", lambda service, user: held.get((service, user)))
    return held


def test_a_secret_from_the_keyring(keyring: dict[tuple[str, str], str]) -> None:
    keyring["traywatch", "hook"] = "s3cret"
    assert Secret("keyring:hook").reveal() == "s3cret"
    assert Secret("plain").reveal() == "plain"
    with pytest.raises(ConfigError, match=r"keyring set traywatch other$"):
        Secret("keyring:other").reveal()


def test_a_keyring_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring as real
    import keyring.errors

    def locked(service: str, user: str) -> str:
        raise keyring.errors.KeyringLocked("No backend. See https://x.example for details.")

    monkeypatch.setattr(real, "get_password", locked)
    with pytest.raises(ConfigError) as raised:
        Secret("keyring:hook").reveal()
    why = "No backend. See https://x.example for details"
    assert raised.value.faults == (f"keyring:hook: the keyring cannot be used: {why}",)
