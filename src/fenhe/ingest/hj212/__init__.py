"""HJ 212, the wire protocol between field loggers and the platform: all three editions at once.

    decode(bytes)  -> packets, every frame of a stretch of stream
    encode(...)    -> bytes of one frame, or of the parts of a long one

Pure: no database, no clock, no network. The server that speaks it is in `gateway`.
"""

from fenhe.ingest.hj212.codec import decode, decode_frame, encode, encode_parts
from fenhe.ingest.hj212.framer import Framer
from fenhe.ingest.hj212.merge import Merger, merge
from fenhe.ingest.hj212.packet import Compat, Flags, Packet

__all__ = [
    "Compat",
    "Flags",
    "Framer",
    "Merger",
    "Packet",
    "decode",
    "decode_frame",
    "encode",
    "encode_parts",
    "merge",
]
