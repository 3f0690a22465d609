"""Settings: where a value comes from, and what a bad one says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from outreach.clock import FixedClock, MovableClock, SystemClock
from outreach.settings import SettingsError, load_settings

MORNING = "2026-10-05T10:00:00-05:00"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home folder that the environment of every test names."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def test_shipped_settings_are_complete_and_send_nothing() -> None:
    settings = load_settings()

    assert (settings.provider, settings.now, settings.zone) == ("", None, "America/Chicago")


def test_the_environment_beats_the_homes_file_and_the_file_beats_what_is_shipped(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "settings.toml").write_text('district_name = "From the file"\ndistrict_phone = "(312) 555-0101"\nsend_days = [1, 2]\n')
    monkeypatch.setenv("OUTREACH_DISTRICT_NAME", "From the environment")

    settings = load_settings()

    assert settings.district_name == "From the environment"
    assert settings.district_phone == "(312) 555-0101"
    assert settings.send_days == [1, 2]
    assert settings.default_language == "en"


def test_an_empty_word_in_the_environment_switches_the_provider_off_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "settings.toml").write_text('provider = "twilio"\n')
    monkeypatch.setenv("OUTREACH_PROVIDER", "")

    assert load_settings().provider == ""


def test_a_home_given_by_the_caller_brings_its_own_file(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "settings.toml").write_text('district_name = "Another home"\n')

    settings = load_settings(home=other)

    assert settings.district_name == "Another home"
    assert settings.database == f"sqlite:///{other / 'outreach.db'}"


@pytest.mark.parametrize(
    ("url", "understood"),
    [
        ("postgresql://db.example/outreach", "postgresql+psycopg://db.example/outreach"),
        ("postgres://db.example/outreach", "postgresql+psycopg://db.example/outreach"),
        ("postgresql+psycopg://db.example/outreach", "postgresql+psycopg://db.example/outreach"),
        ("sqlite:///elsewhere.db", "sqlite:///elsewhere.db"),
    ],
)
def test_any_usual_spelling_of_a_database_address_is_understood(url: str, understood: str) -> None:
    assert load_settings(database_url=url).database == understood


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("OUTREACH_NOW", "2026-10-05T10:00:00", "now: must be an instant with its zone"),
        ("OUTREACH_NOW", "yesterday", "now: should be a valid datetime"),
        ("OUTREACH_TIMEZONE", "Mars/Olympus", "timezone: 'Mars/Olympus' is not a time zone name"),
        ("OUTREACH_TIMEZONE", "../etc", "timezone: '../etc' is not a time zone name"),
        ("OUTREACH_PROVIDER", "pigeon", "provider: should be '', 'twilio' or 'simulator'"),
        ("OUTREACH_SENDER_RATE", "0", "sender_rate: should be greater than 0"),
        ("OUTREACH_SEND_DAYS", "[0, 7]", "send_days.1: should be less than or equal to 6"),
        ("OUTREACH_SEND_DAYS", "0, 1", "lists are written like [0, 1, 2]"),
        ("OUTREACH_QUIET_START", "late", "quiet_start: should be in a valid time format"),
        ("OUTREACH_QUIET_END", "20:00", "quiet_end must be earlier in the day than quiet_start"),
        ("OUTREACH_WEEKLY_NUDGE_CAP", "-1", "weekly_nudge_cap: should be greater than or equal to 0"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_in_one_sentence(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_bad_setting_gets_its_own_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTREACH_PROVIDER", "pigeon")
    monkeypatch.setenv("OUTREACH_SENDER_RATE", "none")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert [sentence.split(":")[0] for sentence in str(refused.value).split("; ")] == ["provider", "sender_rate"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'distrikt_name = "Lincoln"\n', "distrikt_name: is not a setting"),
        (b"district_name = Lincoln\n", "settings.toml cannot be read"),
        (b'district_name = "Jos\xe9"\n', "settings.toml cannot be read"),
    ],
)
def test_a_mistake_in_the_homes_file_is_named(home: Path, content: bytes, sentence: str) -> None:
    (home / "settings.toml").write_bytes(content)

    with pytest.raises(SettingsError, match=sentence):
        load_settings()


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY", "OUTREACH_SECRET_KEY"):
        monkeypatch.setenv(name, "hush-hush")
    monkeypatch.setenv("OUTREACH_DATABASE_URL", "postgresql://outreach:hush-hush@db.example/outreach")
    settings = load_settings()

    assert settings.twilio_auth_token == "hush-hush"
    assert "hush" not in repr(settings)
    assert "hush" not in str(settings)

    with pytest.raises(SettingsError) as refused:
        load_settings(sender_rate=0, twilio_auth_token=["hush-hush"])
    assert "hush" not in str(refused.value)


def test_twilio_is_set_up_by_its_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC0")
    monkeypatch.setenv("TWILIO_MESSAGING_SERVICE_SID", "MG0")
    settings = load_settings()

    assert (settings.twilio_account_sid, settings.twilio_messaging_service_sid) == ("AC0", "MG0")


@pytest.mark.parametrize(
    "base", ["", "https://api.twilio.com", "http://127.0.0.1.example.com", "http://127.0.0.1@example.com", "127.0.0.1:8000"]
)
def test_a_pretended_time_is_refused_where_texts_could_reach_real_phones(base: str) -> None:
    with pytest.raises(SettingsError, match="the clock is moved"):
        load_settings(now=MORNING, provider="twilio", twilio_api_base=base)


@pytest.mark.parametrize("base", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_a_pretended_time_is_welcome_where_the_carrier_is_on_this_machine(base: str) -> None:
    assert load_settings(now=MORNING, provider="twilio", twilio_api_base=base).clock() == FixedClock(datetime.fromisoformat(MORNING))


def test_the_demos_home_never_sends_through_a_real_carrier(home: Path) -> None:
    """A demo clock left in the home moves time as surely as OUTREACH_NOW does."""
    MovableClock(home / "demo-clock.json").move_to(datetime(2026, 10, 5, 15, tzinfo=UTC))

    with pytest.raises(SettingsError, match="the clock is moved"):
        load_settings(provider="twilio")


def test_the_clock_is_the_computers_unless_a_setting_or_a_demo_moves_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTREACH_NOW", "")
    assert isinstance(load_settings().clock(), SystemClock)

    MovableClock(home / "demo-clock.json").move_to(datetime(2026, 10, 5, 15, tzinfo=UTC))
    assert isinstance(load_settings().clock(), MovableClock)

    monkeypatch.setenv("OUTREACH_NOW", MORNING)
    assert load_settings().clock().now() == datetime(2026, 10, 5, 15, tzinfo=UTC)
