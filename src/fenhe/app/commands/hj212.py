"""HJ 212 报文：解码、编码 | HJ 212 packets: decode and encode."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from fenhe.ingest.hj212 import Compat, crc, lines, sm4
from fenhe.kernel.errors import BadInput

app = typer.Typer(no_args_is_help=True, help=__doc__)

PIPE = "-"
In = Annotated[str, typer.Argument(metavar="IN", help="JSON 行或 - | JSON lines or -")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="JSON 行或 - | JSON lines or -")]


@app.command()
def decode(
    source: In,
    target: Out,
    sm4_key: Annotated[
        list[str] | None,
        typer.Option(
            help="SM4 密钥，32 位十六进制，可多次；缺省为标准附录的示例密钥 | "
            "SM4 key, 32 hex digits, repeatable; default: the example key of the annex"
        ),
    ] = None,
    accept_crc: Annotated[
        list[str] | None,
        typer.Option(help=f"也接受的 CRC 算法 | foreign CRC to accept: {', '.join(crc.FOREIGN)}"),
    ] = None,
    cap: Annotated[
        int, typer.Option(min=1024, max=9999, help="数据段上限 | longest segment")
    ] = 4096,
) -> None:
    """解码：每行 {"id","raw_b64"} 或 chunks_b64、steps | decode every line.

    三个版本（2005、2017、2025）按 Flag 逐包判别；不合规之处逐项给出代码。
    The edition is read from each packet's Flag; every deviation gets a code.
    """
    agreed = frozenset(accept_crc or ())
    if unknown := agreed - set(crc.FOREIGN):
        raise BadInput(
            "hj212.no-such-crc",
            f"没有 CRC 算法 {sorted(unknown)}；可选：{', '.join(crc.FOREIGN)}",
            f"no CRC algorithm {sorted(unknown)}; there are: {', '.join(crc.FOREIGN)}",
        )
    keys = tuple(_key(text) for text in sm4_key or ()) or (sm4.EXAMPLE_KEY,)
    compat = Compat(crc=agreed, keys=keys, cap=cap)
    _work(source, target, lambda line: lines.decoded(line, compat))


@app.command()
def encode(
    source: In,
    target: Out,
    sm4_key: Annotated[
        str, typer.Option(help="以此密钥加密数据区 | seal CP with this key (32 hex digits)")
    ] = "",
    sm4_form: Annotated[
        str, typer.Option(help="密文形式 raw 或 text | form of the cipher text: raw or text")
    ] = "raw",
) -> None:
    """编码：每行 {"header","cp","factors"} 或 {"segment"} → frames_b64 | encode every line.

    超过 1024 字节的数据段自动拆包 | a segment over 1024 bytes is split into parts.
    """
    key = _key(sm4_key) if sm4_key else None
    if sm4_form not in ("raw", "text"):
        raise BadInput(
            "hj212.sm4-form", "密文形式只有 raw 与 text", "the form is either raw or text"
        )
    _work(source, target, lambda line: lines.encoded(line, key, sm4_form))


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != sm4.BLOCK:
        raise BadInput(
            "hj212.sm4-key", "SM4 密钥是 32 位十六进制数", "an SM4 key is 32 hexadecimal digits"
        )
    return key


def _work(source: str, target: str, work: Callable[[lines.Line], lines.Line]) -> None:
    name = "(stdin)" if source == PIPE else Path(source).name
    with _opened(source) as given, _made(target) as out:
        for line in lines.each(given, work, name):
            out.write(line)


@contextmanager
def _opened(source: str) -> Iterator[IO[bytes]]:
    from fenhe.ingest.opening import why_not

    if source == PIPE:
        yield sys.stdin.buffer
        return
    try:
        Path(source).open("rb").close()
    except OSError as error:
        why = why_not(Path(source), error)
        raise BadInput(
            "ingest.no-file", f"打不开 {source}：{why.zh}", f"cannot open {source}: {why.en}"
        ) from error
    with Path(source).open("rb") as file:
        yield file


@contextmanager
def _made(target: str) -> Iterator[IO[bytes]]:
    from fenhe.ingest.frames import whole_file

    if target == PIPE:
        yield sys.stdout.buffer
        return
    with whole_file(Path(target)) as file:
        yield file
