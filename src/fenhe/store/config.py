"""Settings: one TOML file, overridden by environment variables; every value knows its origin.

The file is `fenhe.toml`: the one named by FENHE_CONFIG, else in the working directory, else in the
data directory. A variable is FENHE_ and the key in capitals: FENHE_DATABASE_URL.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text


class Settings(BaseModel):
    """Every setting there is. The description is what `fenhe doctor` and the docs print."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Field(
        Path("data"), description="数据目录 | where records, lake, files and the secret key live"
    )
    database_url: str = Field(
        "", description="留空为内置 SQLite | empty: SQLite in data_dir; or postgresql://…"
    )
    lake_url: str = Field("", description="留空为 data_dir/lake | empty: data_dir/lake; or s3://…")
    host: str = Field("127.0.0.1", description="监听地址 | address the web server listens on")
    port: int = Field(8212, ge=0, le=65535, description="监听端口 | port the web server listens on")
    public_url: str = Field(
        "", description="对外网址 | address people use, when a proxy stands in front"
    )
    web_threads: int = Field(4, ge=1, le=64, description="网页线程数 | threads that answer pages")
    language: str = Field(
        "zh", pattern="^(zh|en)$", description="默认语言 | language before a person chooses one"
    )
    log_format: str = Field(
        "text", pattern="^(text|json)$", description="日志格式 | text for people, json for machines"
    )
    issuer: str = Field(
        "",
        description="发布机构，留空为发布人所属机构 | organ bulletins are issued by; empty: the "
        "publishing person's own",
    )
    domain_paths: list[Path] = Field(
        [], description="树外领域目录 | folders that hold domains kept outside the tree"
    )
    domains_off: list[str] = Field([], description="停用的领域 | domains that are switched off")
    map_layers: str = Field(
        "",
        description="底图文件夹，留空为自带河流 | folder of GeoJSON base layers; empty: the "
        "rivers that come with the platform",
    )
    demo: bool = Field(False, description="演示模式 | marks every page as a demonstration")
    max_upload_mb: int = Field(
        4096, ge=1, description="上传上限（MB）| largest file an import takes"
    )

    max_attachment_mb: int = Field(
        50, ge=1, description="附件上限（MB）| largest file that may be attached"
    )
    evidence_anchors: str = Field(
        "",
        description="存证链头留存文件，宜在另一台机器上 | file that the heads of the evidence "
        "chain are noted in, best on another machine",
    )
    session_hours: int = Field(
        12, ge=1, le=720, description="登录保持时长（小时）| hours after which people sign in again"
    )
    session_idle_minutes: int = Field(
        60,
        ge=0,
        le=1440,
        description="闲置多久须重新登录（分钟），0 为不限 | minutes without use after which people "
        "sign in again; 0: no such end",
    )
    second_factor_roles: list[str] = Field(
        [], description="必须使用动态口令的角色 | roles that sign in with a second factor"
    )
    proxy_hops: int = Field(
        0, ge=0, le=5, description="前置代理层数 | proxies in front, whose X-Forwarded-For counts"
    )
    oidc_issuer: str = Field(
        "", description="统一身份认证地址 | OpenID Connect issuer; empty: none"
    )
    oidc_client_id: str = Field("", description="在统一认证登记的编号 | client id at the issuer")
    oidc_client_secret: str = Field(
        "", description="统一认证密钥 | client secret; better given as an environment variable"
    )
    oidc_create: bool = Field(
        False,
        description="统一认证的新人自动建档，不带任何权限 | make people the issuer vouches for, "
        "without any right",
    )
    open_data_licence: str = Field(
        "",
        description="开放数据许可，写在每个下载文件里 | licence written into every open data file",
    )
    hook_networks: list[str] = Field(
        [],
        description="webhook 可以到达的内网网段 | networks of our own that webhooks may reach, as "
        "10.1.0.0/16; public https addresses need no mention",
    )
    smtp_url: str = Field(
        "",
        description="发信服务器，smtp://、smtp+starttls:// 或 smtps://用户:密码@主机:端口 | mail "
        "server for alarms",
    )
    mail_from: str = Field("fenhe@localhost", description="发信地址 | sender of alarm mails")
    public_per_minute: int = Field(
        240,
        ge=0,
        description="公众网页每个地址每分钟的请求上限，0 为不限（由前置代理限制）| requests to the "
        "public portal per address and minute; 0: no limit, a proxy in front sets one",
    )
    gateway_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="数采仪（HJ 212）端口，0 为不启用 | port loggers (HJ 212) connect to; 0: off",
    )
    gateway_host: str = Field("127.0.0.1", description="数采仪监听地址 | address for loggers")
    gateway_processes: int = Field(
        1, ge=1, le=32, description="网关进程数，共用端口 | gateway processes that share the port"
    )
    gateway_connections: int = Field(
        4000, ge=1, description="每个网关进程的连接上限 | connections one gateway process holds"
    )
    gateway_connections_per_peer: int = Field(
        200, ge=1, description="同一来源地址的连接上限 | connections from one address"
    )
    gateway_idle_seconds: int = Field(
        600, ge=5, description="多久无数据即断开 | silence after which a connection is closed"
    )
    gateway_tls_certificate: str = Field(
        "", description="网关 TLS 证书文件，空为明文 | TLS certificate file; empty: plain TCP"
    )
    gateway_tls_key: str = Field("", description="网关 TLS 私钥文件 | TLS private key file")
    gateway_reverse_control: bool = Field(
        False,
        description="允许反控（另需两人批准）| allow reverse control (two approvals besides)",
    )
    spool_days: int = Field(
        400, ge=2, description="原始报文保留天数 | days raw frames of devices are kept"
    )

    @property
    def lake_root(self) -> str:
        return self.lake_url or str(self.data_dir.resolve() / "lake")

    @property
    def is_https(self) -> bool:
        """Whether people reach the platform by TLS (a proxy in front ends it)."""
        return self.public_url.startswith("https://")

    def cookie_name(self, name: str) -> str:
        """With TLS, a name that browsers take from this host alone and over TLS alone."""
        return f"__Host-{name}" if self.is_https else name

    @property
    def files_root(self) -> Path:
        return self.data_dir / "files"

    def database(self) -> dict[str, Any]:
        """The Django DATABASES entry."""
        if not self.database_url:
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": self.data_dir / "fenhe.sqlite3",
                # On disk, as in production: in memory, writers meet other locks.
                "TEST": {"NAME": self.data_dir / "test.sqlite3"},
                "OPTIONS": {
                    "timeout": 30,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": (
                        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
                    ),
                },
            }
        url = urlparse(self.database_url)
        if url.scheme not in ("postgres", "postgresql"):
            raise BadInput(
                "settings.database-url",
                "database_url 只认 postgresql://，留空则用内置 SQLite",
                "database_url takes postgresql:// only; leave it empty for SQLite",
            )
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": url.hostname or "",
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": 60,
        }

    def secret_key(self) -> str:
        """Kept in the data directory, made on first use, readable by its owner only."""
        path = self.data_dir / "secret_key"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        key = secrets.token_urlsafe(48)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(key)
        return key


def load() -> tuple[Settings, dict[str, str]]:
    """The settings in force and, per key, where the value came from."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = dict.fromkeys(Settings.model_fields, "default")
    path = _file()
    if path is not None:
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadInput(
                "settings.unreadable", f"读不了 {path}：{error}", f"cannot read {path}: {error}"
            ) from error
        for key, value in raw.items():
            values[key], origins[key] = value, str(path)
    for key, field in Settings.model_fields.items():
        text = os.environ.get(f"FENHE_{key.upper()}")
        if text is not None:
            is_list = str(field.annotation).startswith("list")
            values[key] = [part for part in text.split(os.pathsep) if part] if is_list else text
            origins[key] = f"FENHE_{key.upper()}"
    try:
        return Settings.model_validate(values), origins
    except ValidationError as error:
        problems = [
            Problem(
                "settings.invalid",
                Text(f"设置无效：{item['msg']}", f"setting is not valid: {item['msg']}"),
                file=origins.get(str(item["loc"][0]), str(path or "")),
                column=".".join(str(part) for part in item["loc"]),
            )
            for item in error.errors()
        ]
        raise BadInput(
            "settings.invalid",
            "设置文件有误，请按下列各项修改",
            "the settings have errors; mend the items below",
            problems,
        ) from error


@cache
def settings() -> Settings:
    return load()[0]


def _file() -> Path | None:
    named = os.environ.get("FENHE_CONFIG")
    if named:
        return Path(named)
    data_dir = Path(os.environ.get("FENHE_DATA_DIR", "data"))
    return next(
        (path for path in (Path("fenhe.toml"), data_dir / "fenhe.toml") if path.exists()), None
    )
