"""One delivery to one sink: an HTTP request that is signed, or a message. Raises Unavailable when
the sink did not take it."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from fenhe.app.hooks import guard, secret
from fenhe.app.models import Delivery, Hook
from fenhe.kernel.errors import Unavailable
from fenhe.kernel.ids import canonical_json
from fenhe.kernel.period import utc_now
from fenhe.store.config import settings

SECONDS = 10.0


def send(delivery: Delivery) -> None:
    if delivery.hook.kind == "email":
        _mail(delivery)
    else:
        _post(delivery)


def _post(delivery: Delivery) -> None:
    """No redirect is followed and no proxy asked: it goes where it was judged to go."""
    hook = delivery.hook
    target = guard.judged(hook.target)
    body = canonical_json(delivery.body)
    moment = int(utc_now().timestamp())
    headers = {
        "Host": target.authority,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Fenhe-Hook/1",
        "X-Fenhe-Delivery": delivery.pk,
        "X-Fenhe-Event": delivery.event.partition(":")[0],
        "X-Fenhe-Signature": secret.signature(secret.opened(hook.secret), moment, body),
    }
    try:
        with (
            httpx.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST", target.url, content=body, headers=headers,
                extensions={"sni_hostname": target.host},
            ) as told,
        ):  # fmt: skip
            status = told.status_code  # what it says beside is not read
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _not_taken(type(error).__name__) from error
    if not 200 <= status < 300:
        raise _not_taken(f"HTTP {status}")


def _mail(delivery: Delivery) -> None:
    where = settings().smtp_url
    if not where:
        raise _not_taken("smtp_url")
    parts = urlsplit(where)
    host = parts.hostname or "localhost"
    message = _message(delivery.hook, delivery)
    try:
        with _server(parts.scheme, host, parts.port) as server:
            if parts.scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise _not_taken(f"SMTP {type(error).__name__}") from error


def _server(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=context)
    return smtplib.SMTP(host, port or 25, timeout=SECONDS)


def _message(hook: Hook, delivery: Delivery) -> EmailMessage:
    """The id of the delivery is that of the message, so that a second copy is known as one."""
    subject, lines = _words(delivery.body)
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())[:200]
    message["From"] = settings().mail_from
    message["To"] = hook.target
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{delivery.pk}@fenhe>"
    message["X-Fenhe-Delivery"] = delivery.pk
    message.set_content("\n".join(lines))
    return message


def _words(body: dict[str, Any]) -> tuple[str, list[str]]:
    """Subject and lines of an alarm, or of a test."""
    told = body.get("alarm")
    if told is None:
        return body["message"]["zh"], [body["message"]["zh"], body["message"]["en"]]
    said = told["message"]
    facts = f"{told['kind']} · {told['severity']} · {told['first_seen']}"
    return f"[{told['severity']}] {said['zh']}", [said["zh"], said["en"], "", facts, body["link"]]


def _not_taken(why: str) -> Unavailable:
    return Unavailable(
        "hook.not-taken",
        f"对方没有收下（{why}），稍后重试",
        f"the other side did not take it ({why}); it is tried again",
        retryable=True,
    )
