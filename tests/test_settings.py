"""Settings and paths: defaults that run, the environment wins, errors name the entry."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from coach import settings
from coach.errors import InputError


def test_defaults_run_and_make_nothing(clean_home: Path) -> None:
    assert settings.load() == settings.Settings()
    assert not clean_home.exists()


def test_file_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save({"country": "GB", "port": 7999})
    monkeypatch.setenv("COACH_PORT", "8123")
    loaded = settings.load()
    assert (loaded.country, loaded.port) == ("GB", 8123)


def test_save_keeps_the_rest_and_none_removes() -> None:
    settings.save({"country": "GB", "port": 7999})
    settings.save({"country": None})
    assert (settings.load().country, settings.load().port) == (None, 7999)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COACH_PORT", "abc"),
        ("COACH_PORT", "70000"),
        ("COACH_THREADS", "0"),
        ("COACH_OPEN_BROWSER", "perhaps"),
    ],
)
def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=name):
        settings.load()


@pytest.mark.parametrize("text", ["port = ", "colour = 'red'", "port = true", "\x00"])
def test_a_bad_file_is_named(clean_home: Path, text: str) -> None:
    clean_home.mkdir()
    (clean_home / "settings.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="settings"):
        settings.load()


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=60))
def test_any_text_survives_saving(clean_home: Path, value: str) -> None:
    settings.save({"country": value})
    assert settings.load().country == value
