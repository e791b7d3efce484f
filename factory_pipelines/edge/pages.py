"""Two pages for people, self-contained: a plant's network may have no way out to fetch a script from."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --dim: #777; --ok: #15803d }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .25rem } p { margin: .4rem 0 }
.dim { color: var(--dim) } .ok { color: var(--ok); font-weight: 600 }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; margin: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line) }
"""


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Method, path and description of every documented operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def overview(facts: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """The page at ``/``: what this is, that it runs, where to go."""
    rows = _rows(
        [_code(f"{method} {path}"), escape(operation.get("summary", "")), _key_note(operation)]
        for method, path, operation in operations(document)
    )
    return _page(
        facts["service"],
        f"""<h1>{escape(facts["service"])}</h1>
<p><span class="ok">running</span> <span class="dim">version {escape(facts["version"])}</span></p>
<p>Plant time zone {escape(facts["plant_timezone"])}, production day {escape(str(facts["production_day"]))}.</p>
<p><a href="/docs">All routes with their parameters</a> · <a href="/openapi.json">OpenAPI document</a> ·
<a href="/api/health?ready=1">readiness</a></p>
{_table(["Route", "What it answers", "Key"], rows)}""",
    )


def reference(document: Mapping[str, Any]) -> str:
    """The page at ``/docs``: every operation with its parameters and answers."""
    answers = [answer for _, _, operation in operations(document) for answer in _answers(operation)]
    # What (nearly) every route may answer stands once, at the top.
    common = sorted({answer for answer in answers if answers.count(answer) > len(document["paths"]) / 2})
    sections = "".join(_section(*operation, common=set(common)) for operation in operations(document))
    title = document["info"]["title"]
    return _page(
        f"{title}: routes",
        f"""<h1>{escape(title)}</h1>
<p>{escape(document["info"].get("summary", ""))}</p>
<p>Send a key in the header <code>X-API-Key</code>. Every refusal has the same body:
<code>{{"ok": false, "error": {{"code", "detail", "field", "request_id"}}}}</code>. For programs:
<a href="/openapi.json">openapi.json</a>.</p>
<p>Every route may answer:</p>
{_answer_table(common)}
{sections}""",
    )


def _section(method: str, path: str, operation: Mapping[str, Any], *, common: set[tuple[str, str]]) -> str:
    parameters = _rows(
        [_code(p["name"]), escape(p["in"]), _text(p.get("description", "")), escape(_default(p))]
        for p in operation.get("parameters", [])
    )
    own = [answer for answer in _answers(operation) if answer not in common]
    return f"""<h2>{_code(f"{method} {path}")}</h2>
<p><strong>{escape(operation.get("summary", ""))}.</strong> {_text(operation.get("description", ""))}
<span class="dim">{_key_note(operation)}</span></p>
{_table(["Parameter", "In", "Meaning", "Default"], parameters) if parameters else ""}
{_answer_table(own) if own else ""}"""


def _answers(operation: Mapping[str, Any]) -> list[tuple[str, str]]:
    refusals = ((status, answer["description"]) for status, answer in operation["responses"].items())
    return [(status, meaning) for status, meaning in refusals if status >= "300"]


def _answer_table(answers: list[tuple[str, str]]) -> str:
    return _table(["Status", "Meaning"], _rows([escape(status), _text(meaning)] for status, meaning in answers))


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body>{body}</body></html>"
    )


def _table(heads: list[str], rows: str) -> str:
    cells = "".join(f"<th>{escape(head)}</th>" for head in heads)
    return f'<div class="wide"><table><tr>{cells}</tr>{rows}</table></div>'


def _rows(rows: Any) -> str:
    return "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)


def _text(text: str) -> str:
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _key_note(operation: Mapping[str, Any]) -> str:
    return "needs a key" if operation.get("security") else "public"


def _default(parameter: Mapping[str, Any]) -> str:
    default = parameter.get("schema", {}).get("default")
    return "" if default is None else str(default)
