"""Every setting is explained, says where its value comes from, and no secret is shown."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from outreach.resources import data_folder
from outreach.settings import Settings, load_settings
from outreach.settings_guide import ELSEWHERE, Origin, Setting, matching, topics

SECRETS = {
    **{name: f"planted {name}" for name in ("secret_key", "smtp_password", "mail_house_key", "translation_key", "metrics_token")},
    **{name: f"planted {name}" for name in ("twilio_auth_token", "twilio_auth_token_secondary")},
    "database_url": "postgresql://me:planted@127.0.0.1/x",
    "feed_keys": {"sis": {"key": "planted", "secret": "planted"}},
}


def by_name(settings: Settings) -> dict[str, Setting]:
    return {one.name: one for topic in topics(settings) for one in topic.settings}


def test_every_setting_stands_there_once_with_a_group_and_an_explanation(tmp_path: Path) -> None:
    found = topics(load_settings(home=tmp_path))
    names = [one.name for topic in found for one in topic.settings]
    assert sorted(names) == sorted(set(Settings.model_fields) - {"now"})
    assert all(topic.group and topic.explanation for topic in found), [topic.settings for topic in found if not topic.explanation]
    shipped = tomllib.loads((data_folder("config") / "default.toml").read_text(encoding="utf-8"))
    assert {one.name for topic in found if topic.group != ELSEWHERE for one in topic.settings} == set(shipped)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    found = topics(load_settings(home=tmp_path, **SECRETS))
    assert "planted" not in repr(found)
    assert {one.value for topic in found for one in topic.settings if one.name in SECRETS} == {"set"}


def test_a_value_says_where_it_comes_from_and_the_last_word_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.toml").write_text('district_phone = "(312) 555-0100"\nquiet_start = "18:30"\nsender_rate = 3\n', encoding="utf-8")
    monkeypatch.setenv("OUTREACH_QUIET_START", "18:00")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC1")
    found = by_name(load_settings(home=tmp_path, district_name="Lincoln"))
    said = {
        name: (found[name].value, found[name].origin) for name in ("district_phone", "quiet_start", "sender_rate", "twilio_account_sid")
    }
    assert said == {
        "district_phone": ("(312) 555-0100", Origin.FILE),
        "quiet_start": ("18:00", Origin.ENVIRONMENT),
        "sender_rate": ("3", Origin.FILE),
        "twilio_account_sid": ("AC1", Origin.ENVIRONMENT),
    }
    assert (found["district_name"].origin, found["quiet_end"].origin, found["provider_timeout_seconds"].origin) == (
        Origin.PROGRAM,
        Origin.SHIPPED,
        Origin.SHIPPED,
    )


def test_settings_are_found_by_what_they_are_about(tmp_path: Path) -> None:
    found = topics(load_settings(home=tmp_path))
    assert [one.name for topic in matching(found, "confirms OPT-OUT") for one in topic.settings] == ["opt_out_confirmation"]
    assert matching(found, "quiet zebra") == []
    assert matching(found, "") == found
