"""Two sinks on loopback that remember all they were sent: one of HTTP, one of SMTP. Each is slow,
and now and then refuses or hangs up, as sinks do."""

from __future__ import annotations

import random
import socketserver
import threading
import time
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SLOW = 0.02


class Web(ThreadingHTTPServer):
    def __init__(self, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.chance = random.Random(seed)  # noqa: S311 — no secret
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/alarms?from=fenhe"


class _Request(BaseHTTPRequestHandler):
    server: Web

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(SLOW)
        lot = self.server.chance.random()
        if lot < 0.15:
            self.send_response(503)
        elif lot < 0.25:
            self.close_connection = True
            return  # hangs up without a word
        else:
            self.server.taken.append((dict(self.headers), body))
            time.sleep(SLOW)  # it has it, and has not said so yet
            self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing on the terminal."""


class Mail(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True

    def __init__(self, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[Message] = []
        self.chance = random.Random(seed)  # noqa: S311 — no secret
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Session(socketserver.StreamRequestHandler):
    server: Mail

    def handle(self) -> None:
        self._say("220 sink")
        try:
            while line := self.rfile.readline():
                if not self._answer(line.strip().upper()):
                    return
        except OSError:
            return  # the other side was killed

    def _answer(self, word: bytes) -> bool:
        if word.startswith(b"DATA"):
            self._say("354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            time.sleep(SLOW)
            if self.server.chance.random() < 0.15:
                self._say("451 not now")
                return True
            self.server.taken.append(message_from_bytes(b"".join(lines)))
            time.sleep(SLOW)
        elif word.startswith(b"QUIT"):
            self._say("221 bye")
            return False
        self._say("250 ok")
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
