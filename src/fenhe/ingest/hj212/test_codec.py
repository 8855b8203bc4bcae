"""The codec's rules one by one: check, framing in noise, parts, SM4, strict encoding."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fenhe.ingest.hj212 import (
    Compat,
    Framer,
    Merger,
    Packet,
    codec,
    cp,
    crc,
    decode,
    decode_frame,
    encode,
    encode_parts,
    sm4,
)
from fenhe.ingest.hj212.reasons import sentence
from fenhe.kernel.errors import BadInput

MN = "010000A8900016F000169DC0"
HEAD = {"QN": "20260801080000123", "ST": "31", "CN": "2011", "PW": "123456", "MN": MN, "Flag": "5"}
CP = {"DataTime": "20260801080000"}
FACTORS = {"a21026": {"Rtd": "12.5", "ZsRtd": "13.1", "Flag": "N"}}


def framed(segment: str | bytes, check: str | None = None, end: bytes = b"\r\n") -> bytes:
    raw = segment.encode() if isinstance(segment, str) else segment
    value = check if check is not None else f"{crc.hj212(raw):04X}"
    return b"##%04d%b%b%b" % (len(raw), raw, value.encode(), end)


def segment(cp: str = "DataTime=20260801080000;a21026-Rtd=12.5", **fields: str) -> str:
    head = {**HEAD, **fields}
    return "".join(f"{key}={value};" for key, value in head.items()) + f"CP=&&{cp}&&"


def reasons(raw: bytes, **compat: Any) -> list[str]:
    return decode_frame(raw, Compat(**compat)).reasons


# -- the check -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("123456789", 0x2F80),
        ("", 0xFFFF),
        ("\0", 0x4040),
        ("QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
         "CP=&&RtdInterval=30&&", 0x1C80),
        ("QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;"
         "CP=&&&&", 0x2200),
    ],
)  # fmt: skip
def test_the_vectors_of_both_annexes(text: str, value: int) -> None:
    assert crc.hj212(text.encode()) == crc.by_the_book(text.encode()) == value


@given(st.binary(max_size=3000))
def test_the_fast_check_is_the_annexs_own(data: bytes) -> None:
    assert crc.hj212(data) == crc.by_the_book(data)
    assert not data or crc.hj212(data) & 0xFF in crc.LOW_BYTES


@pytest.mark.parametrize("name", list(crc.FOREIGN))
def test_a_foreign_check_is_named_and_taken_only_where_agreed(name: str) -> None:
    text = segment("DataTime=20260801080000;a21026-Rtd=17.25")
    value = f"{crc.FOREIGN[name](text.encode()):04X}"
    packet = decode_frame(framed(text, value))
    assert packet.verdict == "reject"
    assert name in (packet.crc_matches or [])
    assert reasons(framed(text, value), crc=frozenset({name})) == [f"crc_foreign:{name}"]


# -- deviations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (framed(segment(), end=b"\n"), ["terminator_not_crlf"]),
        (framed(segment(), end=b"\r"), ["terminator_not_crlf"]),
        (framed(segment().replace(";CP=", "CP=")), ["missing_separator_before_cp"]),
        (framed(segment(Flag="6")), ["flag_pnum_disagree"]),
        (framed(segment(Flag="12")), ["nonstandard:Flag"]),
        (framed(segment(Flag="300")), ["bad:Flag"]),
        (framed(segment(Flag="9", RF="0")), ["bad:RF"]),
        (framed(segment("a21026-Rtd=NaN,a21026-Flag=D")), ["non_numeric:a21026-Rtd"]),
        (framed(segment("a21026-Rtd=---")), ["non_numeric:a21026-Rtd"]),
        (framed(segment("a21026-Rtd=１２")), ["non_numeric:a21026-Rtd"]),
        (framed(segment("DataTime")), ["malformed_item:DataTime"]),
        (framed(segment("p99101-Rtd=St,p99101-Flag=N", ST="45", Flag="9")), []),
        (framed(segment(ST="31", **{"Flag": "4"}).replace("&&", "&", 1)), ["missing_cp"]),
        (framed(segment() + "extra"), ["text_after_cp"]),
        (framed(segment("x" * 1500 + "=1")), ["segment_over_1024"]),
        (framed(segment("x" * 4200 + "=1")), ["segment_over_cap"]),
        (b"##0010", ["too_short"]),
        (b"##00", ["bad_length_field"]),
        (b"", ["bad_prefix"]),
    ],
)
def test_every_deviation_has_its_code(raw: bytes, expected: list[str]) -> None:
    assert reasons(raw) == expected
    assert all(sentence(reason).zh and sentence(reason).en for reason in expected)


def test_a_log_may_hold_any_separator() -> None:
    text = segment("DataTime=20260801080000;PolId=w01018;i11001-Info=//a;b,c=1&&##//;i1-Info=2")
    packet = decode_frame(framed(text))
    assert packet.reasons == []
    assert packet.factors == {"i11001": {"Info": "//a;b,c=1&&##//"}, "i1": {"Info": "2"}}


def test_a_length_in_characters_is_taken_only_where_agreed() -> None:
    raw = segment("i11001-Info=//清洗管路//").encode()
    short = b"##%04d%b%04X\r\n" % (len(raw.decode()), raw, crc.hj212(raw))
    assert reasons(short) == ["length_mismatch"]
    assert reasons(short, lengths_in_characters=True) == ["length_in_characters"]


ITEM = st.sampled_from(["DataTime", "a1-Rtd", "a1-Flag", "a2-Rtd", "a2-rtd", "", "x-", "-y"])
SIGN = st.sampled_from(
    ["=", ";", ",", "", "=1.5", "=.5", "=1.", "=+1", "=N", "=1e3", "=nan", "=1_0"]
)


@settings(max_examples=500)
@example("DataTime=;DataTime")
@given(st.lists(ITEM | SIGN | st.sampled_from([" ", "//", "\x1c", "é"]), max_size=16).map("".join))
def test_the_quick_reading_says_what_the_full_one_says(text: str) -> None:
    told: list[str] = []
    full = cp.read(text, told)
    quick = cp.read_usual(text.encode())
    assert quick is None or (quick == full and told == [])


# -- framing -------------------------------------------------------------------------------------

GOOD = framed(segment())
OTHER = framed(segment("DataTime=20260801080100;a21026-Rtd=3"))


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (GOOD + OTHER, [GOOD, OTHER]),
        (b"noise##12" + GOOD + b"\0\r\n" + OTHER, [GOOD, OTHER]),
        (b"#" + GOOD, [GOOD]),
        (GOOD[:80] + OTHER, [OTHER]),
        (b"##9999" + GOOD, [GOOD]),
        (b"##0999" + GOOD + OTHER, [GOOD, OTHER]),
        (GOOD[:-2] + OTHER[:-2], [GOOD[:-2], OTHER[:-2]]),
        (framed(segment(), "0000") + OTHER, [framed(segment(), "0000"), OTHER]),
        (GOOD[:-9], []),
    ],
)
def test_frames_are_found_in_noise(stream: bytes, expected: list[bytes]) -> None:
    assert [packet.raw for packet in decode(stream)] == expected


PIECES = st.sampled_from(
    [GOOD, OTHER, GOOD[:-2], GOOD[:70], b"##", b"#", b"\r", b"\r\n", b"##0012", b"&&", b"\xff\x00"]
) | st.binary(max_size=40)


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=12).map(b"".join), st.data())
def test_the_cut_between_chunks_changes_nothing(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    framer, frames = Framer(), []
    for first, last in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        frames += framer.feed(stream[first:last])
    frames += framer.close()
    assert frames == [packet.raw for packet in decode(stream)]
    assert framer.pending == 0


def test_a_frame_without_line_end_is_given_out_when_the_line_is_quiet() -> None:
    framer = Framer()
    assert framer.feed(GOOD[:-2]) == []
    assert framer.quiet() == [GOOD[:-2]]
    assert framer.feed(b"\r\n" + OTHER) == [OTHER]
    assert framer.noise_bytes == 0


def test_the_buffer_stays_small_whatever_comes() -> None:
    framer = Framer()
    for _ in range(200):
        framer.feed(b"##4096" + b"x" * 5000 + b"#" * 100)
        assert framer.pending < 10_000
    assert len(framer.take_noise()) <= 4096
    assert framer.noise_bytes > 500_000


@settings(max_examples=400)
@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_bring_the_decoder_down(data: bytes, framed_: bool) -> None:
    for raw in (data, b"##" + data, framed(data) if framed_ else GOOD[:90] + data):
        packet = decode_frame(raw, Compat(keys=(sm4.EXAMPLE_KEY,)))
        assert packet.verdict in ("accept", "accept_with_warning", "reject")
        assert all(sentence(reason) for reason in packet.reasons)
        decode(raw)


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_no_text_in_cp_brings_the_decoder_down(text: str) -> None:
    packet = decode_frame(framed(segment(text)))
    assert packet.crc_ok
    assert packet.cp is not None or "missing_cp" in packet.reasons


# -- parts ---------------------------------------------------------------------------------------


def test_parts_are_merged_whatever_their_order_and_repetition() -> None:
    factors = {f"a{25000 + n}": {"Avg": f"{n}.5", "Flag": "N"} for n in range(90)}
    head = {**HEAD, "CN": "2061"}
    frames = encode_parts(head, CP, factors)
    assert len(frames) > 2
    assert all(len(frame) <= 1024 + 12 for frame in frames)
    packets = [decode_frame(frame) for frame in frames]
    assert all(packet.verdict == "accept" for packet in packets)
    assert len({packet.field("QN") for packet in packets}) == len(frames)
    merger = Merger()
    order = [packets[-1], packets[-1], *packets[:-1]]
    whole = [merged for packet in order if (merged := merger.add(packet))]
    assert [packet.factors for packet in whole] == [factors]
    assert merger.unfinished() == []


def test_parts_that_never_end_do_not_pile_up() -> None:
    merger = Merger(waiting=10)
    for number in range(100):
        cp = {"DataTime": f"202608010800{number:02d}"}
        raw = encode({**HEAD, "Flag": "7", "PNUM": "2", "PNO": "1"}, cp, FACTORS)
        assert merger.add(decode_frame(raw)) is None
    assert len(merger.unfinished()) == 10


# -- SM4 -----------------------------------------------------------------------------------------

KEY = bytes(range(16))


@pytest.mark.parametrize("form", ["raw", "text"])
def test_sealed_frames_open_with_their_key_only(form: str) -> None:
    head = {**HEAD, "Flag": "9"}
    raw = encode(head, CP, FACTORS, key=KEY, sm4_form=form)
    framer = Framer(sm4_text=form == "text")
    assert framer.feed(GOOD + raw + OTHER) == [GOOD, raw, OTHER]
    packet = decode_frame(raw, Compat(keys=(sm4.EXAMPLE_KEY, KEY)))
    assert (packet.cp, packet.factors) == (CP, FACTORS)
    assert packet.reasons == (["sm4_text_form"] if form == "text" else [])
    closed = decode_frame(raw)
    assert closed.verdict == "reject"
    assert "encrypted" in closed.reasons
    assert closed.field("MN") == MN


def test_both_text_forms_are_read() -> None:
    plain = b"DataTime=20260801080000;a21026-Rtd=12.5"
    sealed = sm4.encrypt(plain, KEY)
    inside = b"{" + b",".join(b"0x%02x" % byte for byte in sealed) + b"}"
    assert sm4.decrypt(inside, KEY) == plain
    assert sm4.decrypt(sm4.encrypt(plain, KEY, "text"), KEY) == plain


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_sm4_comes_back(plain: bytes, key: bytes) -> None:
    assert sm4.decrypt(sm4.encrypt(plain, key, "text"), key) == plain or plain[:1] == b"{"
    assert len(sm4.encrypt(plain, key)) == len(plain)


# -- strict out ----------------------------------------------------------------------------------

names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{0,5}", fullmatch=True)
values = st.from_regex(r"[0-9A-Za-z.]{1,8}", fullmatch=True)


@given(
    st.sampled_from(["0", "1", "4", "5", "8", "9"]),
    st.dictionaries(names, values, max_size=4),
    st.dictionaries(names, st.dictionaries(st.just("EFlag"), values, min_size=1), max_size=4),
)
def test_what_is_encoded_decodes_without_a_word(flag: str, cp: Any, factors: Any) -> None:
    packet = decode_frame(encode({**HEAD, "Flag": flag}, cp, factors))
    assert (packet.verdict, packet.reasons) == ("accept", [])
    assert (packet.header, packet.cp, packet.factors) == ({**HEAD, "Flag": flag}, cp, factors)


@pytest.mark.parametrize(
    ("header", "cp"),
    [
        ({**HEAD, "XX": "1"}, {}),
        ({**HEAD, "PW": "12;456"}, {}),
        (HEAD, {"Data Time": "1"}),
        (HEAD, {"DataTime": "1;2"}),
        (HEAD, {"DataTime": "x" * 1000}),
    ],
)
def test_what_cannot_be_said_is_refused(header: dict[str, str], cp: dict[str, str]) -> None:
    with pytest.raises(BadInput) as refusal:
        encode(header, cp)
    assert refusal.value.code == "hj212.cannot-encode"


def test_the_flag_bits() -> None:
    assert [codec.flag(e, needs_ack=True) for e in ("2005", "2017", "2025")] == [1, 5, 9]
    packet: Packet = decode_frame(framed(segment(Flag="11", PNUM="2", PNO="3")))
    assert packet.flags == ("2025", True, True)
    assert packet.reasons == ["bad:PNO"]
