"""The command line: each command is loaded when it is called, so that ``outreach --help`` is instant."""

from __future__ import annotations

import importlib
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
    except OSError as error:
        if error.filename is None:  # no file a person could look at: a fault of ours, to be seen whole
            traceback.print_exc()
            sys.exit(_FAULT)
        _say("outreach", f"{error.filename} cannot be used: {error.strerror}.")
    except Exception:  # noqa: BLE001 - a fault of ours is neither done nor refused, and has a code of its own
        traceback.print_exc()
        sys.exit(_FAULT)
    sys.exit(2)


def _say(who: str, sentence: str) -> None:
    """One line on stderr, however the sentence was set."""
    click.echo(f"{who}: {' '.join(sentence.split())}", err=True)
