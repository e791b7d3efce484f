"""The rules of the house, read off the source: what review would otherwise have to find every time.

Each test collects every offender, so that one run shows all there is to mend.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "factory_pipelines"
TESTS = ROOT / "factory_pipelines_tests"
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = [*sorted((ROOT / "scripts").glob("*.py")), *sorted((ROOT / "benchmarks").glob("*.py"))]
TEST_MODULES = sorted(TESTS.rglob("*.py"))
SQL_FILES = sorted((ROOT / "sql").rglob("*.sql"))

# From the installed Dagster: deprecated or superseded; `compute_kind` does not even warn.
NOT_TO_BE_WRITTEN = (
    "AutoMaterializePolicy", "AutoMaterializeRule", "auto_materialize_policy", "LegacyFreshnessPolicy",
    "legacy_freshness_policy", "build_last_update_freshness_checks", "build_time_partition_freshness_checks",
    "build_sensor_for_freshness_checks", "SourceAsset", "non_argument_deps", "compute_kind", "AssetSelection.keys",
    "AssetSelection.sources", "multi_asset_sensor", "BindResourcesToJobs", "dg.load_defs(", "run_request_for_partition",
    "@repository", "build_op_context",
)  # fmt: skip
DRAWERS = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py"}
RUNS_SQL = {"execute", "executemany", "rows", "frame", "copy", "SQL", "text"}


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(text_of(path))))


def offenders(paths: Iterable[Path], found: Callable[[Path], object]) -> dict[str, object]:
    """What ``found`` holds against each file, where it holds anything."""
    return {str(path.relative_to(ROOT)): what for path in paths if (what := found(path))}


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in nodes_of(path) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_a_file_is_short_enough_to_be_read() -> None:
    files = [*MODULES, *SCRIPTS, *TEST_MODULES, *SQL_FILES]
    assert offenders(files, lambda p: n if (n := text_of(p).count("\n")) > 400 else None) == {}


def test_a_module_says_what_it_is_for() -> None:
    assert offenders([*MODULES, *SCRIPTS], lambda p: ast.get_docstring(ast.parse(text_of(p))) is None) == {}


def test_a_package_begins_with_its_charter_and_holds_nothing_else() -> None:
    charters = [path for path in MODULES if path.name == "__init__.py" and path.parent != PACKAGE]
    assert offenders([*charters, PACKAGE / "__init__.py"], lambda p: len(ast.parse(text_of(p)).body) - 1) == {}
    assert offenders(charters, lambda p: not re.search(r"[Bb]elongs here", text_of(p))) == {}
    assert offenders(charters, lambda p: not re.search(r"[Dd]oes not", text_of(p))) == {}


def test_a_function_fits_a_screen() -> None:
    def long_ones(path: Path) -> dict[str, int]:
        functions = [node for node in nodes_of(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return {f.name: length for f in functions if (length := _code_lines(f)) > 50}

    assert offenders(MODULES, long_ones) == {}


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_only_the_command_line_prints() -> None:
    modules = [path for path in MODULES if path.name != "cli.py"]
    prints = offenders(modules, lambda p: [c.lineno for c in calls(p) if getattr(c.func, "id", "") == "print"])
    assert prints == {}


def test_no_file_is_a_drawer_for_everything() -> None:
    assert offenders([*MODULES, *SCRIPTS, *TEST_MODULES], lambda p: p.name in DRAWERS) == {}


def test_sql_is_never_put_together_from_text() -> None:
    """What execute, rows, frame … are given is a name, a literal or a composed statement, never a made-up string."""
    suspects = offenders(
        MODULES, lambda p: [c.lineno for c in calls(p) if called(c) in RUNS_SQL and c.args and _made_up(c.args[0])]
    )
    assert suspects == {}


def _made_up(argument: ast.expr) -> bool:
    if isinstance(argument, ast.JoinedStr):
        fixed = "".join(str(part.value) for part in argument.values if isinstance(part, ast.Constant))
        # A file's name may be composed ("rtms/{name}"): it is looked up in sql/, and never run itself.
        return " " in fixed
    if isinstance(argument, ast.BinOp):
        return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(argument))
    formats = isinstance(argument, ast.Call) and called(argument) == "format"
    return formats and isinstance(argument.func.value, ast.Constant | ast.JoinedStr)


def test_nothing_deprecated_in_dagster_is_written() -> None:
    assert offenders(MODULES, lambda p: [name for name in NOT_TO_BE_WRITTEN if name in text_of(p)]) == {}


def test_our_own_code_is_never_mocked() -> None:
    pattern = re.compile(r"unittest\.mock|MagicMock|monkeypatch\.setattr|\bmocker\b")
    others = [path for path in TEST_MODULES if path != Path(__file__)]
    assert offenders(others, lambda p: pattern.findall(text_of(p))) == {}


def test_nothing_is_left_to_do_in_a_comment() -> None:
    pattern = re.compile(r"(?:#|--)\s*(?:TODO|FIXME|XXX|HACK)\b")
    assert offenders([*MODULES, *SCRIPTS, *TEST_MODULES, *SQL_FILES], lambda p: pattern.findall(text_of(p))) == {}


def test_a_query_begins_by_saying_what_it_answers() -> None:
    assert offenders(SQL_FILES, lambda p: not re.match(r"-- \S.{12,}", text_of(p))) == {}


def test_a_percent_sign_in_a_query_is_doubled_or_begins_a_parameter() -> None:
    """psycopg reads every query for parameters: a single % fails at run time only, and comments count too."""
    pattern = re.compile(r"%(?!%|\(\w+\)s)")
    queries = [path for path in SQL_FILES if path.parent.name != "migrations"]
    assert offenders(queries, lambda p: pattern.findall(text_of(p).replace("%%", ""))) == {}


def test_every_query_is_used_and_every_used_query_exists() -> None:
    """Both ways: a renamed file breaks its caller at run time only, and an unused one is read in vain."""
    source = "\n".join(map(text_of, [*MODULES, *SCRIPTS]))
    queries = [path for path in SQL_FILES if path.parent.name != "migrations"]
    # A query is named in full, or put together from its table's name as `production/{table}`.
    assert offenders(queries, lambda p: f"/{p.stem}" not in source and f'"{p.stem}"' not in source) == {}
    loaded = re.findall(r"""(?:load_sql|\.rows|\.frame|query=|\.execute)\(?["']([a-z_]+/[a-z0-9_]+)["']""", source)
    assert loaded
    assert [name for name in loaded if not (ROOT / "sql" / f"{name}.sql").is_file()] == []


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in SQL_FILES if path.parent.name == "migrations"]
    assert numbers == list(range(1, len(numbers) + 1))
