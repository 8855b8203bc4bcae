"""Alarm life: raise, dedupe by database key, take in hand, mute, escalate, clear."""
