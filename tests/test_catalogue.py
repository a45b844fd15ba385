"""The list of known services, and finding in it."""

from __future__ import annotations

import pytest

from traywatch import catalogue
from traywatch.cli import main


def test_the_very_name_comes_first_then_what_begins_with_it() -> None:
    names = [known.name.casefold() for known in catalogue.search("GitHub")]
    assert names[0] == "github"
    begins = [name.startswith("github") for name in names]
    assert begins == sorted(begins, reverse=True)


@pytest.mark.parametrize(
    "words",
    [
        "github",
        "GITHUB",
        "GitHub.com",
        "git-hub",
        "github!",
        "github.com?",
        "git hub",
        "https://www.github.com/",
    ],
)
def test_a_name_is_found_however_it_is_written(words: str) -> None:
    assert catalogue.search(words)[0].url == "https://www.githubstatus.com"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("monday.com", "Monday.com"),
        ("1password", "1Password"),
        ("anthropic", "Anthropic"),
        ("ChatGPT", "ChatGPT"),
    ],
)
def test_the_first_that_is_found(words: str, first: str) -> None:
    assert catalogue.search(words)[0].name == first


def test_a_name_of_one_letter_and_its_domain_is_not_every_name_with_that_letter() -> None:
    assert len(catalogue.search("x.com")) < 50


def test_every_word_must_be_there() -> None:
    assert catalogue.search("openai")[0].url == "https://status.openai.com"
    assert catalogue.search("openai zzz") == ()
    for nothing in ("", "  ", "!", "- .", "https://"):
        assert catalogue.search(nothing) == ()


def test_the_list_is_well_formed() -> None:
    every = tuple(catalogue._read())
    assert len(every) > 1_000
    for known in every:
        assert known.name and known.name == known.name.strip()
        assert known.url.startswith("https://") and not known.url.endswith("/")
    assert len({(known.name, known.url) for known in every}) == len(every)


def test_find_prints_addresses_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", "open", "ai"]) == 0
    assert "OpenAI  https://status.openai.com\n" in capsys.readouterr().out


def test_finding_nothing_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", "no such service at all"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "traywatch: no known service is called no such service at all; traywatch check URL tries"
        " any page of Atlassian Statuspage or incident.io\n"
    )
