"""The carrier's own requests to the service: signed status callbacks and inbound texts, posted by one background thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from requests.exceptions import RequestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import SIGNATURE_HEADER, RequestValidator
from urllib3.exceptions import HTTPError

_TIMEOUT_SECONDS = 15.0
"""What Twilio itself waits for a webhook, in total."""


@dataclass(frozen=True)
class Post:
    """One request that is to leave after *pause* seconds; with an empty address only the carrier's own memory moves on."""

    url: str
    fields: dict[str, str]
    pause: float = 0.0
    on_leave: Callable[[], None] = lambda: None


class Outbound:
    """Posts in order, from a thread of its own; what fails is kept in ``problems``, not repeated."""

    def __init__(self, auth_token: str) -> None:
        """Prepare; the thread starts with ``start``."""
        self._validator = RequestValidator(auth_token)
        self._http = TwilioHttpClient(timeout=_TIMEOUT_SECONDS)
        if self._http.session is not None:
            self._http.session.trust_env = False  # webhooks go to this machine, never through a proxy
        self._queue: queue.Queue[Post | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="simulator-outbound", daemon=True)
        self.problems: list[str] = []

    def start(self) -> None:
        """Start posting."""
        self._thread.start()

    def stop(self) -> None:
        """Post what is waiting, then end."""
        self._queue.put(None)
        self._thread.join(timeout=_TIMEOUT_SECONDS)
        if self._http.session is not None:
            self._http.session.close()

    def put(self, *posts: Post) -> None:
        """Add requests to the queue."""
        for post in posts:
            self._queue.put(post)

    def wait(self, seconds: float = 10.0) -> bool:
        """Wait until everything left; False if that took longer than *seconds*."""
        end = time.monotonic() + seconds
        while self._queue.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.01)
        return not self._queue.unfinished_tasks

    def _run(self) -> None:
        while (post := self._queue.get()) is not None:
            try:
                time.sleep(post.pause)
                post.on_leave()
                if post.url:
                    self._post(post)
            finally:
                self._queue.task_done()

    def ask(self, post: Post) -> str:
        """Post at once and return what the service answered, as a phone call does; empty where it did not work."""
        return self._post(post)

    def _post(self, post: Post) -> str:
        headers = {SIGNATURE_HEADER: self._validator.compute_signature(post.url, post.fields), "User-Agent": "TwilioProxy/1.1"}
        try:
            response = self._http.request("POST", post.url, data=dict(post.fields), headers=headers)
        except (RequestException, HTTPError, OSError) as error:
            self.problems.append(f"{type(error).__name__} at {post.url.partition('?')[0]}")
            return ""
        if response.status_code >= 400:  # noqa: PLR2004 - HTTP's own line between good and bad
            self.problems.append(f"{response.status_code} from {post.url.partition('?')[0]}")
            return ""
        return str(response.text)
