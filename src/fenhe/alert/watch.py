"""From verdicts and from silence to alarms, as the domains' `alerts.yaml` declare.

`verdicts_changed` follows the outbox; `silence` is asked now and then. Both are told what time it
is, so that yesterday's data brought today alarm nobody and tests need no waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from fenhe.alert import alarms, declared, escalation
from fenhe.alert.declared import Alert, Condition
from fenhe.alert.models import Alarm
from fenhe.assess import verdicts
from fenhe.assess.models import Verdict
from fenhe.kernel.period import DAY, HOUR, Period, civil
from fenhe.kernel.text import Text
from fenhe.observe.models import Latest
from fenhe.registry.models import Object, Series
from fenhe.standards.confidence import Confidence

HISTORY = timedelta(days=30)
"""Who fell silent longer ago than this, unnoticed, is history read in, not news."""
NOTHING = Text("", "")


def verdicts_changed(news: Mapping[str, Any], now: datetime) -> None:
    """Raise or clear what stands on the newest verdict of each subject that changed."""
    if news["variant"]:
        return
    subjects = Object.objects.in_bulk(news["subjects"])
    for alert in declared.all():
        if alert.verdict is None or alert.verdict.rule != news["rule"]:
            continue
        for subject in subjects.values():
            if subject.kind == alert.kind:
                look = _each_period if alert.verdict.stands else _look
                look(alert, subject, now)


def silence(now: datetime) -> None:
    """Raise an alarm for every object that has been silent too long, clear those that speak."""
    for alert in declared.all():
        if alert.silence_hours is None:
            continue
        for subject, last in _last_heard(alert.kind):
            heard_until = last + HOUR
            if now - heard_until <= timedelta(hours=alert.silence_hours):
                alarms.clear(alert.key(subject.pk), now)
                continue
            if now - heard_until > HISTORY and not alarms.is_open(alert.key(subject.pk)):
                continue
            hours = int((now - heard_until) / HOUR)
            words = {"hours": str(hours), "since": f"{civil(heard_until):%Y-%m-%d %H:%M}"}
            detail = {"since": heard_until.isoformat()}
            _raise(alert, subject, alert.severity, words, now, now, detail)


def _each_period(alert: Alert, subject: Object, now: datetime) -> None:
    """Raise what each recent period says, take back what its own verdict no longer says."""
    condition = alert.verdict
    if condition is None:
        return
    span = Period(now - (condition.recent_days + 1) * DAY, now + DAY)
    for verdict in verdicts.within(condition.rule, span, [subject.pk]):
        value = verdict.values.get(condition.metric)
        each = str(Period(verdict.start, verdict.end))
        if str(value) not in condition.severity or verdict.end <= now - condition.recent_days * DAY:
            continue
        if not alarms.settled(alert.key(subject.pk, each), value):
            _stand(alert, condition, subject, verdict, now, each)
    _take_back(alert, condition, subject, now)


def _take_back(alert: Alert, condition: Condition, subject: Object, now: datetime) -> None:
    standing = Alarm.objects.filter(kind=alert.id, subject=subject, state__in=alarms.OPEN)
    for alarm in standing:
        period = Period.parse(alarm.detail["period"])
        verdict = verdicts.current(subject.pk, condition.rule, period)
        if verdict and str(verdict.values.get(condition.metric)) not in condition.severity:
            alarms.withdraw(alarm, now, {"period": str(period), "verdict": verdict.pk})


def _look(alert: Alert, subject: Object, now: datetime) -> None:
    condition = alert.verdict
    if condition is None:
        return
    newest = verdicts.newest(subject.pk, condition.rule, before=now + DAY)
    if newest is None or newest.end <= now - condition.recent_days * DAY:
        return
    each = str(newest.values.get(condition.each) or "")
    if condition.each:
        alarms.clear_others(alert.key(subject.pk), alert.key(subject.pk, each), now)
    if str(newest.values.get(condition.metric)) not in condition.severity:
        alarms.clear(alert.key(subject.pk, each), now)
        return
    _stand(alert, condition, subject, newest, now, each)


def _stand(
    alert: Alert, condition: Condition, subject: Object, verdict: Verdict, now: datetime, each: str
) -> None:
    """Raise the alarm that stands on this verdict."""
    value = verdict.values.get(condition.metric)
    severity = condition.severity[str(value)]
    period = Period(verdict.start, verdict.end)
    told = verdict.values.get(condition.says)
    said = Text.read(told) if told else NOTHING
    words = {"value": str(value), "period": str(period), "severity": severity}
    detail = {"verdict": verdict.pk, "period": str(period), "value": value}
    if each:
        detail["each"] = each
    sure = _accuses(verdict, condition.metric)
    seen = min(verdict.end, now)  # a day that is still running ends in the future
    _raise(alert, subject, severity, words, seen, now, detail, sure, said, each)


def _raise(
    alert: Alert,
    subject: Object,
    severity: str,
    words: Mapping[str, str],
    seen: datetime,
    now: datetime,
    detail: Mapping[str, Any],
    accuses: bool = True,
    said: Text = NOTHING,
    each: str = "",
) -> None:
    duty = {"to": list(alert.to), "within_hours": alert.within_hours}
    message = Text(
        alert.message.zh.format(subject=subject.name("zh"), said=said.zh, **words),
        alert.message.en.format(subject=subject.name("en"), said=said.en, **words),
    )
    alarms.raise_(
        alert.key(subject.pk, each),
        alert.id,
        severity,
        subject.pk,
        message,
        seen,
        {**duty, **detail},
        accuses,
        escalation.first(alert.escalate, now),
    )


def _accuses(verdict: Verdict, metric: str) -> bool:
    """Whether every confidence in the metric's steps is one that may be held against somebody."""
    said = [step.get("confidence") for step in verdict.steps if step["metric"] == metric]
    return all(Confidence(word).accuses for word in said if word)


def _last_heard(kind: str) -> list[tuple[Object, datetime]]:
    """Objects of the kind that ever emitted a measured reading, with the newest one's start."""
    of_series = dict(
        Series.objects.filter(object__kind=kind, statistic="value").values_list("id", "object_id")
    )
    heard: dict[int, datetime] = {}
    newest = Latest.objects.filter(series__in=list(of_series)).values("series")
    for row in newest.annotate(last=Max("start")):
        owner = of_series[row["series"]]
        heard[owner] = max(row["last"], heard.get(owner, row["last"]))
    objects = Object.objects.in_bulk(list(heard))
    return [(objects[pk], last) for pk, last in sorted(heard.items())]
