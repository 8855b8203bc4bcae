from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Profile(models.Model):
    """How files of one kind are read (ingest.profile.Profile as JSON), saved for next time.
    Profiles that domains ship live in their folder and are not stored here."""

    id = models.CharField(max_length=80, primary_key=True)
    definition = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)


class Import(models.Model):
    """One file somebody brought: checked, then committed as a whole or not at all."""

    id = models.CharField(max_length=36, primary_key=True)
    file_name = models.CharField(max_length=255)
    content_hash = models.CharField(max_length=64)
    profile = models.CharField(max_length=80)
    state = models.CharField(max_length=12)  # checked, refused, committing, committed
    created_at = models.DateTimeField(default=timezone.now)
    committed_at = models.DateTimeField(null=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    report = models.JSONField(default=dict)  # rows, new, changed, unchanged, period, problems
    lake_version = models.BigIntegerField(null=True)


class Device(models.Model):
    """A logger that speaks HJ 212, and what is agreed with it. `profile` says how its codes are
    read (ingest/hj212/profiles); `agreed` holds crc, lengths_in_characters, sm4_keys, cap."""

    mn = models.CharField(max_length=40, primary_key=True)
    object = models.ForeignKey(
        "registry.Object", null=True, blank=True, on_delete=models.PROTECT, related_name="devices"
    )
    profile = models.CharField(max_length=60, blank=True)
    password = models.CharField(max_length=40, blank=True)
    agreed = models.JSONField(default=dict, blank=True)
    enabled = models.BooleanField(default=True)
    changed_at = models.DateTimeField(auto_now=True)


class DeviceLink(models.Model):
    """How a registered device was heard last."""

    mn = models.CharField(max_length=40, primary_key=True)
    gateway = models.CharField(max_length=40)
    peer = models.CharField(max_length=80)
    edition = models.CharField(max_length=8)
    first_heard = models.DateTimeField()
    last_heard = models.DateTimeField()
    skew_ms = models.BigIntegerField(null=True)
    """Receive time less QN of the newest packet that is not a backfill: how wrong its clock is."""


class DeviceRequest(models.Model):
    """Something the platform asks of a device. State: proposed (waits for approvals), queued, sent,
    accepted, done, refused, failed, dead, withdrawn."""

    id = models.CharField(max_length=36, primary_key=True)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="requests")
    cn = models.CharField(max_length=4)
    cp = models.JSONField(default=dict)
    reason = models.CharField(max_length=400, blank=True)
    is_control = models.BooleanField(default=False)
    state = models.CharField(max_length=12)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    approvals = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    qn = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=4, blank=True)
    packets = models.IntegerField(default=0)
    answer = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["state", "created_at"], name="device_request_state")]
