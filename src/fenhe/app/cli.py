"""The `fenhe` command: the platform's verbs (app/commands) and one group per domain.

Nothing is imported before it is asked for, so `fenhe --help` and pure verbs (`fenhe air iaqi`) need
no database and no Django. Errors raised on purpose become a sentence in both languages on stderr,
or the one JSON shape with `--json`; exit code 2 for bad input, 1 for the rest, 130 for Ctrl-C.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import typer
from typer.core import TyperGroup

from fenhe.app.problems import told
from fenhe.kernel.errors import BadInput, FenheError
from fenhe.kernel.text import LANGUAGES, Language, Text

VERBS = Path(__file__).parent / "commands"


class Verbs(TyperGroup):
    """Lists verbs from file names; imports a module only to run its verb or to show its help."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_modules())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = _modules().get(cmd_name)
        return found and _listed(cmd_name, found.file)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        found = _modules().get(args[0])
        if found is None:
            return super().resolve_command(ctx, args)
        command = typer.main.get_command(importlib.import_module(found.module).app)
        command.name = args[0]
        return args[0], command, args[1:]


class Source(NamedTuple):
    module: str
    file: Path


@cache
def _modules() -> dict[str, Source]:
    return {**_own_verbs(), **_domain_verbs()}


def _own_verbs() -> dict[str, Source]:
    return {
        path.stem.rstrip("_").replace("_", "-"): Source(f"fenhe.app.commands.{path.stem}", path)
        for path in sorted(VERBS.glob("[a-z]*.py"))
        if not path.name.startswith("test_")
    }


def _domain_verbs() -> dict[str, Source]:
    from fenhe.app.discovery import places

    return {
        place.id: Source(f"{place.package}.commands", path)
        for place in places()
        for path in (place.folder / "commands.py", place.folder / "commands" / "__init__.py")
        if path.is_file()
    }


def _listed(name: str, path: Path) -> Any:
    """A stand-in for the overview: the name and the first line of the module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    stand_in = typer.Typer()
    stand_in.command(name, help=docstring.split("\n", 1)[0])(lambda: None)
    return typer.main.get_command(stand_in)


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="汾河：城市生态环境业务平台 | Fenhe, the platform of a city's ecology bureau",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from fenhe import __version__

        typer.echo(f"fenhe {__version__}")
        raise typer.Exit


def _start() -> None:
    from fenhe.app.boot import boot_with_records

    boot_with_records()


@app.callback()
def _root(
    ctx: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="版本 | version"
    ),
) -> None:
    ctx.obj = _start  # a domain's verb that needs records calls it; domains cannot import `app`


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs one command line and exits with its code."""
    if arguments is not None:
        sys.argv[1:] = arguments
    code = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except FenheError as error:
        typer.echo(tell(error, as_json="--json" in sys.argv), err=True)
        code = 2 if isinstance(error, BadInput) else 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(_flush(code))


def tell(error: FenheError, *, as_json: bool = False) -> str:
    """The error for a person at a terminal, own language first; or as JSON for a program."""
    if as_json:
        return json.dumps({"error": error.as_dict()}, ensure_ascii=False)
    first, second = _languages()
    lines = [f"✗ {error.message[first]} [{error.code}]", f"  {error.message[second]}"]
    for line in told(error.problems):
        where = "" if line.more else line.problem.where(first)
        text = dict.fromkeys([line.text[first], line.text[second]])
        lines.append(f"  · {where}{'：' if where else ''}{' | '.join(text)} [{line.problem.code}]")
    if error.total > len(error.problems):
        rest = Text(f"共 {error.total} 处", f"{error.total} in all")
        lines.append(f"  {rest[first]} | {rest[second]}")
    return "\n".join(lines)


def _languages() -> tuple[Language, ...]:
    """The person's language, then the other: FENHE_LANGUAGE, else the locale, else Chinese."""
    spoken = next(
        (os.environ[name] for name in ("FENHE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
         if os.environ.get(name)), "zh",
    )  # fmt: skip
    return LANGUAGES if not spoken.startswith("en") else LANGUAGES[::-1]


def _flush(code: int) -> int:
    """A reader that has gone (`fenhe … | head`) is no error worth words."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
