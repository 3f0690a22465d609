"""The command line: each command is loaded when it is called, so that ``outreach --help`` is instant."""

from __future__ import annotations

import errno
import importlib
import sqlite3
import sys
import traceback

import click

from outreach.attendance.profiles import UnknownProfileError
from outreach.attendance.refusal import RefusedError
from outreach.cases.triage import TriageError
from outreach.database import SchemaError, UnavailableError
from outreach.delivery.letter_batches import NoSuchBatchError
from outreach.delivery.letter_rules import BatchError
from outreach.evidence.contact_log import NotOverError
from outreach.keeping.files import KeepingError
from outreach.keyring import KeyringError
from outreach.messages.actions import ApprovalError
from outreach.messages.exchange_intake import ImportRefusedError
from outreach.messages.registration import RegistrationError
from outreach.messages.translations import TranslationFileError
from outreach.settings import SettingsError
from outreach.staff.actions import AccountError
from outreach.thresholds.rules import RulesError
from outreach.wiring import DatabaseUnusableError

_COMMANDS = {
    "import": "feed:import_",
    "draft": "feed:draft_",
    "counts": "counting:counts",
    "explain": "explaining:explain",
    "reconcile": "reconciling:reconcile",
    "evaluate": "rules:evaluate",
    "plan": "rules:plan",
    "dispatch": "sending:dispatch",
    "letters": "sending:letters",
    "messages": "words:messages",
    "triage": "triage:triage",
    "init": "running:init",
    "doctor": "running:doctor",
    "user": "running:user",
    "audit": "audit:audit",
    "serve": "running:serve",
    "worker": "working:worker",
    "contact-log": "telling:contact_log",
    "registration-pack": "registering:registration_pack",
    "backup": "keeping:backup",
    "export": "keeping:export",
    "restore": "keeping:restore",
    "release": "keeping:release",
    "keys": "keeping:keys",
    "demo": "demo:demo",
}
REFUSALS = (
    RefusedError,
    SettingsError,
    SchemaError,
    DatabaseUnusableError,
    UnavailableError,
    UnknownProfileError,
    BatchError,
    NoSuchBatchError,
    ApprovalError,
    TranslationFileError,
    ImportRefusedError,
    TriageError,
    AccountError,
    RulesError,
    KeepingError,
    KeyringError,
    NotOverError,
    RegistrationError,
)
"""What a person can put right: one sentence on stderr, exit 2, nothing written."""


_FAULT = 70
"""Exit code of a fault of ours (``EX_SOFTWARE``)."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of a district's day."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command by name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(f"outreach.commands.{module}"), name)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above names commands only
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="outreach")
def cli() -> None:
    """Tell families how many school days their child has missed, hear what stands in the way, get a person to help."""


def main() -> None:
    """Run one command; a refusal is one sentence and exit code 2."""
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
    except click.UsageError as error:
        _say(error.ctx.command_path if error.ctx else "outreach", error.format_message())
    except click.ClickException as error:
        _say("outreach", error.format_message())
    except click.Abort:
        pass
    except REFUSALS as error:
        _say("outreach", str(error))
    except Exception as error:  # noqa: BLE001 - a fault of ours is neither done nor refused, and has a code of its own
        _say_fault(error)
    sys.exit(2)


def _say_fault(error: Exception) -> None:
    """Say what a person can put right at the machine: room, or a file that cannot be used; else be seen whole, with a code of its own."""
    if _is_for_want_of_room(error):
        _say("outreach", "The disk is full. What was begun is undone; make room, and do it again.")
    elif isinstance(error, OSError) and error.filename is not None:
        _say("outreach", f"{error.filename} cannot be used: {error.strerror}.")
    else:
        traceback.print_exc()
        sys.exit(_FAULT)


def _is_for_want_of_room(error: Exception) -> bool:
    """Whether a file system, SQLite or PostgreSQL (53100) said that nothing more fits."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError):
        return cause.errno in {errno.ENOSPC, errno.EDQUOT}
    return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(cause, "sqlstate", None) == "53100"


def _say(who: str, sentence: str) -> None:
    """One line on stderr, however the sentence was set."""
    click.echo(f"{who}: {' '.join(sentence.split())}", err=True)
