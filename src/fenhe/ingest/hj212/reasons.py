"""Why a frame is not plainly accepted: a code for every deviation, with its sentence.

A deviation that loses nothing is a warning; what loses something, or leaves doubt whether it did,
is a rejection. A code may name what it is about after a colon: `missing:QN`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from fenhe.kernel.text import Text

Verdict = Literal["accept", "accept_with_warning", "reject"]

REJECTIONS = {
    "bad_prefix": Text("不以 ## 开头", "does not start with ##"),
    "bad_length_field": Text("长度不是 4 位数字", "the length is not four digits"),
    "too_short": Text("不足一个数据包的长度", "too short to be a frame"),
    "length_mismatch": Text(
        "数据段长度与声明不符", "the data segment is not as long as it declares"
    ),
    "segment_over_cap": Text("数据段超过接收上限", "the data segment is over the cap"),
    "crc_not_hex": Text("CRC 不是 4 位十六进制", "the CRC is not four hexadecimal digits"),
    "crc_mismatch": Text("CRC 校验不符", "the CRC does not fit"),
    "missing_cp": Text("没有 CP 数据区", "there is no CP"),
    "missing_cp_end": Text("CP 没有以 && 结束", "CP is not closed by &&"),
    "undecodable_text": Text(
        "文字既非 UTF-8 也非 GB18030", "the text is neither UTF-8 nor GB18030"
    ),
    "encrypted": Text("数据区已加密，没有可用的密钥", "CP is encrypted and no key given opens it"),
}
WARNINGS = {
    "segment_over_1024": Text("数据段超过 1024 字节", "the data segment is over 1024 bytes"),
    "length_in_characters": Text(
        "长度按字符而非字节计（按设备约定接受）",
        "the length counts characters, not bytes (accepted for this device)",
    ),
    "crc_lowercase": Text("CRC 为小写", "the CRC is in lower case"),
    "crc_foreign": Text(
        "CRC 由其他算法得出（按设备约定接受）",
        "the CRC is of another algorithm (accepted for this device)",
    ),
    "terminator_not_crlf": Text("包尾不是 CR LF", "the frame does not end in CR LF"),
    "not_utf8": Text("文字为 GB18030 而非 UTF-8", "the text is GB18030, not UTF-8"),
    "comma_in_header": Text("包头用逗号分隔", "a comma separates header fields"),
    "missing_separator_before_cp": Text("CP 前缺少分号", "no semicolon before CP"),
    "text_after_cp": Text("&& 之后还有内容", "there is text after the closing &&"),
    "missing": Text("缺少字段", "a header field is missing"),
    "bad": Text("字段格式不对", "a header field is not in its format"),
    "nonstandard": Text("字段不合标准", "a header field is not as the standard has it"),
    "flag_pnum_disagree": Text(
        "Flag 与 PNUM、PNO 不一致", "Flag and PNUM, PNO say different things"
    ),
    "blank_around_item": Text("项目前后有空白", "there is a blank around an item"),
    "duplicate_item": Text("同一项目出现多次，取第一个", "an item occurs twice; the first counts"),
    "malformed_item": Text("项目没有等号", "an item has no equals sign"),
    "non_numeric": Text("应为数值，原文保留", "not a number; the text is kept"),
    "sm4_text_form": Text("密文以 {0x..} 文本传送", "the cipher text is written as {0x..}"),
}


def verdict(reasons: Iterable[str]) -> Verdict:
    found: Verdict = "accept"
    for reason in reasons:
        if reason.partition(":")[0] in REJECTIONS:
            return "reject"
        found = "accept_with_warning"
    return found


def sentence(reason: str) -> Text:
    """The reason in words, with what it is about."""
    code, _, about = reason.partition(":")
    text = REJECTIONS.get(code) or WARNINGS[code]
    return Text(f"{text.zh}：{about}", f"{text.en}: {about}") if about else text
