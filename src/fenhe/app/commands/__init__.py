"""The platform's own verbs, one module each: `serve.py` is `fenhe serve`, `import_.py` is
`fenhe import`, `new_domain.py` is `fenhe new-domain`. A module offers `app: typer.Typer`; the first
line of its docstring is its help. Domains bring theirs in their own `commands.py`."""
