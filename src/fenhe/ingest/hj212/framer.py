"""A TCP stream → frames, by length alone, whatever the cuts between chunks.

A candidate `##dddd` is taken when two of three things hold: its segment ends in `&&`, what follows
the CRC is a line end, the next `##` or the end of the stream, and the CRC fits. Otherwise the
search goes on one byte later, inside the failed candidate. What belongs to no frame is handed out
as noise, not dropped silently. Memory is bounded by one frame of the largest size plus one chunk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fenhe.ingest.hj212.crc import hj212
from fenhe.ingest.hj212.packet import CAP

HEAD, CHECK, LINE_END = 6, 4, 2
NOISE_KEPT = 4096
TEXT_FORM_WIDENS = 6
"""`{0x..,` spends up to five bytes on one: how much longer such a frame may be than it declares."""

_hex = re.compile(rb"[0-9A-Fa-f]{4}")
_text_form = re.compile(rb"CP=&&\{0[xX][^}]*\}.*?&&[0-9A-Fa-f]{4}(?=\r|\n|##)", re.DOTALL)


class Framer:
    """`feed` chunks, `quiet` when the line has fallen silent, `close` at its end."""

    def __init__(self, cap: int = CAP, sm4_text: bool = False) -> None:
        self.cap = cap
        self.sm4_text = sm4_text
        self.noise_bytes = 0
        self._buffer = bytearray()
        self._noise = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        self._buffer += chunk
        return list(self._scan(quiet=False, final=False))

    def quiet(self) -> list[bytes]:
        """Frames that are complete but for a terminator nobody has sent."""
        return list(self._scan(quiet=True, final=False))

    def close(self) -> list[bytes]:
        """What the rest of the buffer still yields; afterwards it is empty."""
        return list(self._scan(quiet=True, final=True))

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not yet complete."""
        return len(self._buffer)

    def take_noise(self) -> bytes:
        """What belonged to no frame since the last call, at most NOISE_KEPT bytes of it."""
        noise = bytes(self._noise)
        self._noise.clear()
        return noise

    def _skip(self, start: int, end: int) -> None:
        skipped = self._buffer[start:end]
        if skipped.strip():  # line ends between frames are no noise
            self.noise_bytes += len(skipped)
            self._noise += skipped[: max(0, NOISE_KEPT - len(self._noise))]

    def _scan(self, quiet: bool, final: bool) -> Iterator[bytes]:
        buffer = self._buffer
        position = done = 0
        frames: list[bytes] = []
        while True:
            start = buffer.find(b"##", position)
            if start < 0:
                position = len(buffer) - (not final and buffer[-1:] == b"#")
                position = max(position, done)
                break
            end = self._end(start, quiet, final)
            if end == 0:
                position = start
                break
            if end < 0:
                position = start + 1
                continue
            self._skip(done, start)
            frames.append(bytes(buffer[start:end]))
            position = done = end
        self._skip(done, position)
        del buffer[:position]
        return iter(frames)

    def _end(self, start: int, quiet: bool, final: bool) -> int:
        """Where the frame that begins here ends; -1 if none does; 0 if more bytes must come."""
        buffer = self._buffer
        body = start + HEAD
        wait = -1 if final else 0
        digits = buffer[start + 2 : body]
        if len(digits) < HEAD - 2:
            return wait
        if not digits.isdigit():
            return -1
        length = int(digits)
        if self.sm4_text and (end := self._text_form_end(start, length, final)) is not None:
            return end
        if length > self.cap:
            return -1
        check = body + length
        end = check + CHECK
        if len(buffer) < end:
            return wait
        after = bytes(buffer[end : end + LINE_END])
        if not (len(after) == LINE_END or after[:1] == b"\n" or quiet):
            return 0
        return end + _line_end(after) if self._fits(body, check, after) else -1

    def _fits(self, body: int, check: int, after: bytes) -> bool:
        """Two of three: bounded, closed, checked."""
        buffer = self._buffer
        if not _hex.fullmatch(buffer, check, check + CHECK):
            return False
        bounded = not after or after[:1] in (b"\r", b"\n", b"#")
        closed = check - body >= 2 and buffer[check - 2 : check] == b"&&"
        if bounded and closed:
            return True
        if not bounded and not closed:
            return False
        return hj212(bytes(buffer[body:check])) == int(buffer[check : check + CHECK], 16)

    def _text_form_end(self, start: int, length: int, final: bool) -> int | None:
        """End of a frame whose cipher text is spelled out while its length counts the plain text;
        None when this is none of that sort."""
        limit = start + HEAD + TEXT_FORM_WIDENS * min(length, self.cap) + CHECK + LINE_END
        window = bytes(self._buffer[start : min(limit, len(self._buffer))])
        cp = window.find(b"CP=&&{0")
        if cp < 0 or cp > HEAD + length:
            return None
        found = _text_form.search(window + (b"##" if final else b""), cp)
        if found is None:
            return 0 if len(self._buffer) < limit and not final else None
        end = start + found.end()
        return end + _line_end(bytes(self._buffer[end : end + LINE_END]))


def _line_end(after: bytes) -> int:
    return 2 if after == b"\r\n" else int(after[:1] in (b"\r", b"\n"))
