"""The server loggers connect to: asyncio, durable spool first, then the answer.

`directory` who may speak · `intake` what a frame is worth and how it is answered · `writer` many
frames in one commit · `server` connections and their limits · `asking` dialogues from the platform.
"""
