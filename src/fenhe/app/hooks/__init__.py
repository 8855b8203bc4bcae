"""Alarms told outside: webhooks and e-mail. And a person's due dates as a calendar.

An alarm that was raised becomes one `Delivery` per hook that may hear it, each with an outbox row
of its own: tried again with growing waits, delivered once in effect, and no sink waits for another.
"""
