"""E-mails over SMTP, one connection each: staff get few, and a server that is away must not cost the others."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from outreach.delivery.mail import Mail
from outreach.delivery.provider import Answer, Outcome
from outreach.settings import Settings

_FINAL = 500
"""From this code on the server means it for good (RFC 5321 §4.2.1)."""
_TAKEN = frozenset({250, 251})


class SmtpMailer:
    """Hands e-mails to the mail server of the settings."""

    def __init__(self, settings: Settings) -> None:
        """Work with *settings*; nothing is connected before there is something to send."""
        self._settings = settings

    @classmethod
    def from_settings(cls, settings: Settings) -> SmtpMailer | None:
        """The mailer of these settings, or None while they name no server."""
        return cls(settings) if settings.smtp_host else None

    def send(self, mail: Mail) -> Answer:
        """Ask once. Only what goes wrong after the words began to leave is uncertain: before that the server took nothing."""
        try:
            server = self._connected()
        except smtplib.SMTPAuthenticationError:
            return Answer(Outcome.TRY_LATER, detail=f"{self._settings.smtp_host} does not accept the user name and password")
        except (smtplib.SMTPException, OSError) as error:
            return Answer(Outcome.TRY_LATER, detail=f"{self._settings.smtp_host} does not answer ({type(error).__name__})")
        try:
            return self._handed_over(server, mail)
        finally:
            with suppress(smtplib.SMTPException, OSError):  # the answer stands, whatever becomes of the goodbye
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        its, safely = self._settings, ssl.create_default_context()
        if its.smtp_tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(its.smtp_host, its.smtp_port, timeout=its.smtp_timeout_seconds, context=safely)
        else:
            server = smtplib.SMTP(its.smtp_host, its.smtp_port, timeout=its.smtp_timeout_seconds)
        try:
            if its.smtp_tls == "starttls":
                server.starttls(context=safely)
            if its.smtp_user:
                server.login(its.smtp_user, its.smtp_password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _handed_over(self, server: smtplib.SMTP, mail: Mail) -> Answer:
        try:
            for code, said in (server.mail(self._settings.mail_from), server.rcpt(mail.address)):
                if code not in _TAKEN:
                    return _no(code, said)
        except (smtplib.SMTPException, OSError) as error:
            return Answer(Outcome.TRY_LATER, detail=f"{self._settings.smtp_host} broke off ({type(error).__name__})")
        try:
            code, said = server.data(self._message(mail))
        except smtplib.SMTPDataError as error:  # it did not even want to hear the words
            return _no(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return Answer(Outcome.UNCERTAIN, detail=f"{self._settings.smtp_host} broke off ({type(error).__name__})")
        return Answer(Outcome.ACCEPTED) if code in _TAKEN else _no(code, said)

    def _message(self, mail: Mail) -> bytes:
        message = EmailMessage(policy=SMTP)
        message["Subject"], message["From"], message["To"] = mail.words.subject, self._settings.mail_from, mail.address
        message["Date"] = format_datetime(mail.at)
        message["Message-ID"] = f"<{mail.message_id}@{self._settings.mail_from.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes come back
        message.set_content(mail.words.body)
        message.add_alternative(mail.words.html, subtype="html")
        message["Content-Language"] = mail.locale  # after the parts, for each of them takes what begins with Content from the whole
        return message.as_bytes()


def _no(code: int, said: bytes | str) -> Answer:
    """A clear no, for now or for good; what the server says is shortened, for it may repeat the address."""
    told = (said.decode("utf-8", "replace") if isinstance(said, bytes) else said).partition("\n")[0][:80]
    return Answer(Outcome.REFUSED if code >= _FINAL else Outcome.TRY_LATER, error_code=str(code), detail=f"it said {code} {told}")
