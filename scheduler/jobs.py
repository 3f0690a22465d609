"""What runs by itself, and how often it looks: one table.

A job only ticks. What is to be done, and whether it is done already, stands in rows; so a lost or doubled tick changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from outreach.services import Services
from scheduler import feeding, ticks


@dataclass(frozen=True)
class Job:
    """One line of the table."""

    name: str
    every: timedelta
    action: Callable[[Services], None]
    what: str


JOBS = (
    Job("feeds", timedelta(seconds=20), feeding.take_feeds, "load what came into the feed folder"),
    Job("late_feeds", timedelta(minutes=5), feeding.say_late, "tell a person of feeds that did not come by their hour"),
    Job("evaluate", timedelta(minutes=1), ticks.evaluate_and_plan, "when the day, the data or the rules changed: count, cross, plan"),
    Job("add_up", timedelta(minutes=5), ticks.add_up, "when the day or the data changed: add the district up for the dashboards"),
    Job("corrections", timedelta(minutes=1), ticks.recount_told, "when the data changed: count again what families were told"),
    Job(
        "notes", timedelta(minutes=1), ticks.look_at_notes, "when the data changed: propose to close disputes whose mark the feed corrected"
    ),
    Job("dispatch", timedelta(seconds=2), ticks.dispatch, "send what is due"),
    Job("reconcile", timedelta(minutes=1), ticks.reconcile, "ask the carrier about messages without a clear answer"),
    Job("follow_up", timedelta(minutes=5), ticks.follow_up, "do what follows a text that did not arrive"),
    Job("pull", timedelta(minutes=10), ticks.look_for_pulls, "find printed letters that are no longer right"),
    Job("mail_house", timedelta(minutes=1), ticks.mail_letters, "hand released letters to the mail house, and ask it about those in doubt"),
    Job("came_back", timedelta(hours=6), ticks.take_in_returns, "ask the mail house which letters the post brought back"),
    Job("catch_up", timedelta(minutes=5), ticks.catch_up, "take in texts that the carrier holds and we never heard"),
    Job("look_up", timedelta(minutes=1), ticks.look_up, "ask what kind of line a number is, and whether it changed hands"),
    Job("keep_in_step", timedelta(hours=1), ticks.keep_in_step, "compare opt-outs with the carrier's, and let it forget old words"),
    Job("on_call", timedelta(seconds=20), ticks.call_next, "where nobody has answered a danger, call the next person; test monthly"),
    Job(
        "mail",
        timedelta(minutes=1),
        ticks.send_mail,
        "e-mail that families wait, the feed report and the bulletins to those who chose them, and whatever else is due",
    ),
    Job("replies", timedelta(seconds=20), ticks.take_left_behind, "take in webhooks that were stored but not yet worked on"),
    Job("handover", timedelta(minutes=10), ticks.hand_over, "let open cases follow children who changed school"),
    Job("languages", timedelta(seconds=20), ticks.translate, "have texts translated by machine for staff, or give them to a helper"),
    Job("routing", timedelta(minutes=5), ticks.move_on, "where nobody acts on a family in the set time, ask the next person up"),
    Job(
        "shared_reasons",
        timedelta(minutes=30),
        ticks.see_what_is_shared,
        "where several families name the same, make it one task of the district",
    ),
    Job("did_it_help", timedelta(hours=1), ticks.ask_whether_it_helped, "ten school days after a step, ask the family whether it helps"),
    Job("media", timedelta(seconds=10), ticks.fetch_media, "fetch photos that families texted, and delete those kept for their time"),
    Job("seal_audit", timedelta(hours=1), ticks.seal_audit, "sign the audit trail, and look whether somebody touched what was signed"),
    Job("backup", timedelta(minutes=10), ticks.back_up, "once a day, from the hour in the settings: a snapshot of an embedded database"),
    Job(
        "reviews",
        timedelta(hours=1),
        ticks.remind,
        "tell people of blocks and restriction words to look at, and of requests to see a record",
    ),
    Job("contact_log", timedelta(minutes=10), ticks.write_contact_log, "write a day's contacts for the student information system"),
    Job("retention", timedelta(hours=1), ticks.let_go, "delete what is older than a person said, of the kinds they switched on"),
    Job("samples", timedelta(hours=1), ticks.sweep_samples, "delete uploaded samples of feeds that are a day old"),
    Job(
        "watch",
        timedelta(minutes=1),
        ticks.watch,
        "put before a person what goes wrong with the service itself: silent jobs, failures, cost",
    ),
)

WHAT = {job.name: job.what for job in JOBS}
"""What each job does, by its name, for the page that shows how they fare."""
