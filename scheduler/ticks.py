"""What each job does at one tick."""

from __future__ import annotations

from contextlib import suppress
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from outreach import keyring, sqlite_files
from outreach.attention import actions as attention
from outreach.cases import actions as cases
from outreach.cases import (
    alerts,
    answers,
    catching_up,
    clerk,
    corrections,
    danger,
    did_it_help,
    escalation,
    helper_alerts,
    leads,
    oncall,
    shared_reasons,
    speaking,
)
from outreach.cases.crossings import open_for_crossings
from outreach.cases.intake import process_left_behind, take_waiting
from outreach.clock import local_date
from outreach.consent import reviews
from outreach.consent.actions import lift_ended
from outreach.delivery import actions as delivery
from outreach.delivery import drift, feed_report, following, instance, letter_pulls, lookups, mail, mailing
from outreach.delivery import reconcile as reconciliation
from outreach.delivery.provider import Account
from outreach.delivery.redaction import redact
from outreach.evidence import bulletins, contact_log, snapshots
from outreach.feeds.samples import sweep
from outreach.keeping import snapshots as backups
from outreach.keeping import standing
from outreach.planning import brakes
from outreach.planning.actions import plan
from outreach.records import holds, requests, retention
from outreach.replies import media
from outreach.services import Services
from outreach.staff import seals
from outreach.staff.keys import secret_key
from outreach.thresholds.actions import evaluate, last_evaluation, there_is_news
from outreach.thresholds.versions import in_force

_log = structlog.get_logger()
_BACKUP = "backup"
_CONTACT_LOG = "contact_log"


def evaluate_and_plan(services: Services) -> None:
    """When there is news: evaluate the rules, open cases for crossings that ask for one, and plan messages."""
    now, settings = services.clock.now(), services.settings
    with services.database.read() as session:
        rules = in_force(session, settings, now)
        if not (there_is_news(session, rules, settings=settings, now=now) or _went_live(session)):
            return
    with services.database.write() as session:
        found = evaluate(session, rules, settings=settings, now=now)
        planned = plan(session, settings=settings, now=now)
        open_for_crossings(session, settings=settings, now=now)
    _log.info("evaluated", crossings=len(found), new=sum(c.new for c in found), planned=len(planned))


def add_up(services: Services) -> None:
    """When more is known, or a day began: add the district up for the dashboards."""
    now, settings = services.clock.now(), services.settings
    with services.database.read() as session:
        days = [snapshots.add_up(session, settings, day, now) for day in snapshots.missing(session, settings, now)]
    for day in days:
        with services.database.write() as session:
            snapshots.keep(session, day, now)
        _log.info("added up", groups=len(day.groups))


def seal_audit(services: Services) -> None:
    """Look whether somebody touched the audit trail, then sign what has settled: a new seal would hide a missing one."""
    key, home, now = secret_key(services.settings), services.settings.home, services.clock.now()
    with services.database.write() as session:
        for sentence in seals.verify(session, key, home).broken:
            attention.raise_item(session, kind="audit_broken", key=f"audit_broken:{sentence}", sentence=sentence, now=now, urgent=True)
        made = seals.seal(session, key, now)
        newest = (made.id, made.digest) if made is not None else None
    if newest is not None:
        seals.note_outside(home, *newest)


def back_up(services: Services) -> None:
    """Make the day's snapshot of an embedded database; where it cannot be made a person is told."""
    settings, now = services.settings, services.clock.now()
    here, newest = now.astimezone(ZoneInfo(settings.zone)), backups.newest(settings.backups)
    made_today = newest is not None and newest.astimezone(here.tzinfo).date() >= here.date()
    if not services.database.is_sqlite or not settings.backups_kept or made_today or here.time() < settings.backup_at:
        return
    try:
        ring = keyring.ring_of(settings.encryption_keys, settings.home)
        backups.make(services.database, settings.home, settings.backups, now=now, kept=settings.backups_kept, ring=ring)
    except (OSError, *sqlite_files.ERRORS, keyring.KeyringError) as error:
        why = f"{error} It" if isinstance(error, keyring.KeyringError) else "Is the disk full? It"
        sentence = f"Today's snapshot of the database could not be made. {why} is tried again every ten minutes. Tell IT."
        with services.database.write() as session:
            attention.raise_item(session, kind="backup", key=_BACKUP, sentence=sentence, now=now)
        return
    _log.info("snapshot made")
    with services.database.write() as session:
        attention.resolve_key(session, _BACKUP, by="backup", now=now)


def watch(services: Services) -> None:
    """Put before a person what goes wrong with the service itself."""
    with services.database.write() as session:
        standing.watch(session, services.settings, services.clock.now())


def _went_live(session: Session) -> bool:
    """Whether a school left shadow mode since the last evaluation."""
    last = last_evaluation(session)
    return last is not None and brakes.lifted_since(session, last.at)


def recount_told(services: Services) -> None:
    """When more is known: count again what families were told, and put what is wrong before a person."""
    found = corrections.recount(services.database, services.settings, services.clock.now())
    if found.checked:
        _log.info("recounted", checked=found.checked, wrong=found.wrong, new=found.new)


def look_at_notes(services: Services) -> None:
    """When marks changed: compare them with what families said of the record."""
    if agreeing := clerk.look(services.database, services.settings, services.clock.now()):
        _log.info("feed agrees with families", words=agreeing)


def dispatch(services: Services) -> None:
    """Send what is due, once everything that families wrote has been heard: it may be a stop."""
    account = _account(services)
    if account and not catching_up.heard_everything(services.database, account, services.settings, services.clock):
        return
    take_waiting(services.database, services.settings, services.clock.now())
    delivery.dispatch(services.database, services.provider, services.settings, services.clock)


def reconcile(services: Services) -> None:
    """Settle messages without a clear answer."""
    if services.provider is not None:
        reconciliation.reconcile(services.database, services.provider, services.settings, services.clock)


def catch_up(services: Services) -> None:
    """Take in texts that the carrier holds and we never heard."""
    if account := _account(services):
        with suppress(OSError):  # the next tick asks again
            catching_up.catch_up(services.database, account, services.settings, services.clock)


def look_up(services: Services) -> None:
    """Ask what kind of line a number is, and whether it changed hands, before its first text."""
    if account := _account_at_home(services):
        lookups.look_up(services.database, account, services.settings, services.clock)


def keep_in_step(services: Services) -> None:
    """Compare opt-outs with the carrier's, tell it of those it does not know, and let it forget old words."""
    if account := _account_at_home(services):
        drift.keep_in_step(services.database, account, services.clock)
        with services.database.read() as session:
            held = holds.held(session).phones
        redact(services.database, account, services.settings, services.clock, held)


def _account(services: Services) -> Account | None:
    provider: object = services.provider
    return provider if isinstance(provider, Account) else None


def _account_at_home(services: Services) -> Account | None:
    """The carrier's account for what changes something there; a copied database asks it nothing but what came in."""
    return None if instance.held(services.database, services.clock.now()) else _account(services)


def follow_up(services: Services) -> None:
    """Try again, write a letter, or tell a person where a text did not arrive; let numbers be texted again whose rest is over."""
    following.follow(services.database, services.settings, services.clock)
    with services.database.write() as session:
        lift_ended(session, services.clock.now())


def send_mail(services: Services) -> None:
    """Plan what chosen e-mails are due, the alerts that families and tasks wait, and send what waits."""
    alerts.plan(services.database, services.settings, services.clock.now())
    helper_alerts.plan(services.database, services.settings, services.clock.now())
    feed_report.plan(services.database, services.settings, services.clock.now())
    bulletins.plan(services.database, services.settings, services.clock.now())
    mail.send_due(services.database, services.mailer, services.clock)


def take_left_behind(services: Services) -> None:
    """Work on webhooks that wait in files, or were stored and left behind."""
    process_left_behind(services.database, services.settings, services.clock.now())
    with services.database.read() as session:
        if not answers.are_left_unsaid(session, services.clock.now()):
            return
    with services.database.write() as session:
        cases.take_over_unsaid(session, services.settings, services.clock.now())


def call_next(services: Services) -> None:
    """Call the next person wherever nobody has answered in time; test those whose month is nearly over."""
    now = services.clock.now()
    danger.escalate(services.database, services.settings, now)
    with services.database.read() as session:
        if not oncall.due_for_test(session, services.settings, now):
            return
    with services.database.write() as session:
        oncall.test_monthly(session, services.settings, now)


def hand_over(services: Services) -> None:
    """Let open cases follow children who changed school."""
    if moved := leads.follow(services.database, services.settings, services.clock.now()):
        _log.info("cases handed over", cases=moved)


def move_on(services: Services) -> None:
    """Move families on whom nobody acted in the set time, or whose person is away or gone."""
    if moved := escalation.escalate(services.database, services.settings, services.clock.now()):
        _log.info("cases moved on", cases=moved)


def translate(services: Services) -> None:
    """Have what waits translated by machine, or give it to a language helper."""
    if made := speaking.translate_due(services.database, services.translator, services.settings, services.clock.now()):
        _log.info("translated", texts=made)


def see_what_is_shared(services: Services) -> None:
    """Put before the district what several families of a school name at once."""
    with services.database.write() as session:
        if found := shared_reasons.look(session, services.clock.now()):
            _log.info("shared reasons found", tasks=len(found))


def ask_whether_it_helped(services: Services) -> None:
    """Ask families whether what was done ten school days ago helps."""
    if asked := did_it_help.ask_due(services.database, services.settings, services.clock.now()):
        _log.info("asked whether it helped", families=asked)


def write_contact_log(services: Services) -> None:
    """Write the contact log of days that are over; where the folder cannot be written to a person is told."""
    settings, now = services.settings, services.clock.now()
    try:
        days = contact_log.write_due(services.database, settings, now)
    except OSError:
        sentence = "The contact log for the SIS could not be written (contact_log_folder). It is tried again every ten minutes. Tell IT."
        with services.database.write() as session:
            attention.raise_item(session, kind="contact_log", key=_CONTACT_LOG, sentence=sentence, now=now)
        return
    if days:
        _log.info("contact log written", days=len(days))
        with services.database.write() as session:
            attention.resolve_key(session, _CONTACT_LOG, by="contact_log", now=now)


def fetch_media(services: Services) -> None:
    """Fetch the photos that came with families' texts, and delete those that were kept for their time."""
    now = services.clock.now()
    if services.media is not None:
        media.fetch_waiting(services.database, services.media, services.settings, now)
    with services.database.read() as session:
        held = holds.held(session).phones
    if gone := media.sweep(services.database, services.settings, now, held):
        _log.info("photos deleted", photos=gone)


def remind(services: Services) -> None:
    """Put before people what waits for their reading: restriction words, blocks whose day of review has come, requests to see a record."""
    now = services.clock.now()
    with services.database.write() as session:
        reviews.remind(session, local_date(now, services.settings.zone), now)
        requests.remind(session, now)


def let_go(services: Services) -> None:
    """Let go what is older than a person said, of the kinds that a person switched on."""
    if gone := retention.tick(services.database, services.settings, services.clock.now()):
        _log.info("let go", rows=gone)


def sweep_samples(services: Services) -> None:
    """Delete exports that somebody uploaded to look at and did not come back to."""
    if gone := sweep(services.settings.home, services.clock.now()):
        _log.info("samples deleted", samples=gone)


def mail_letters(services: Services) -> None:
    """Hand letters whose print hour has come to the mail house, and look up those without a clear answer."""
    mailing.mail_due(services.database, services.house, services.settings, services.clock)
    mailing.reconcile(services.database, services.house, services.clock)


def take_in_returns(services: Services) -> None:
    """Take in what the post brought back to the mail house."""
    mailing.look_for_returns(services.database, services.house, services.clock)


def look_for_pulls(services: Services) -> None:
    """Compare printed letters that may still lie here with what is known now."""
    with services.database.write() as session:
        letter_pulls.look(session, services.settings, services.clock.now())
