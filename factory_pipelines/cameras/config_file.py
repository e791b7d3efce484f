"""Cameras from a YAML file; what is wrong is reported with its line and its key, all of it at once.

``${NAME}`` in an address is the value of that environment variable, so that the file may be shown to anybody.
"""

import os
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from pydantic import Field, ValidationError

from factory_pipelines.cameras.config import CameraConfig, StrictModel

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

_Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one key; ``line`` counts from 1."""

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.key}: {self.message}" if self.key else f"line {self.line}: {self.message}"


class CameraFileError(ValueError):
    """The file cannot be used as it is."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        """``problems`` in the order of their lines."""
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(f"{path}: {problem}" for problem in self.problems))


class _CameraFile(StrictModel):
    cameras: tuple[CameraConfig, ...] = Field(description="All cameras of the file.")


def load_cameras(path: Path, environment: Mapping[str, str] = os.environ) -> tuple[CameraConfig, ...]:
    """The cameras of a file, in its order.

    Raises:
        CameraFileError: with every problem, each with line and key.
        OSError: when the file cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CameraFileError(path, [Problem(line, "", f"no YAML: {error.problem}")]) from error
    except yaml.YAMLError as error:  # a character that no YAML file may hold
        raise CameraFileError(path, [Problem(1, "", f"no YAML: {str(error).splitlines()[0]}")]) from error
    if root is None:
        raise CameraFileError(path, [Problem(1, "cameras", "the file is empty: list the cameras under `cameras:`")])
    if problems := [*_keys_said_twice(root, ()), *_unset_variables(root, environment)]:
        raise CameraFileError(path, problems)
    loader = yaml.SafeLoader("")
    loader.flatten_mapping = lambda node: None  # type: ignore[method-assign]
    content = _with_variables(loader.construct_document(root), environment)
    try:
        cameras = _CameraFile.model_validate(content).cameras
    except ValidationError as error:
        raise CameraFileError(path, [_problem(root, found) for found in error.errors(include_input=False)]) from error
    if problems := list(_names_used_twice(root, cameras)):
        raise CameraFileError(path, problems)
    return cameras


def _problem(root: yaml.Node, error: Any) -> Problem:
    location: _Location = error["loc"]
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "there is no such key: see docs/cameras.md for the names"
    if error["type"] == "missing":
        message = "is missing"
    return Problem(_line_of(root, location), _spelled(location), message)


def _line_of(node: yaml.Node, location: _Location) -> int:
    """The line of the key at ``location``, or of the nearest thing around it that the file has."""
    line = node.start_mark.line
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == step), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return line + 1


def _spelled(location: _Location) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")


def _keys_said_twice(node: yaml.Node, location: _Location) -> Iterator[Problem]:
    """YAML's own reader would silently take the last one."""
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key, value in node.value:
            place = (*location, str(key.value))
            if key.value in seen:
                yield Problem(key.start_mark.line + 1, _spelled(place), "is said twice: keep one of them")
            seen.add(key.value if isinstance(key.value, Hashable) else None)
            yield from _keys_said_twice(value, place)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _keys_said_twice(value, (*location, number))


def _names_used_twice(root: yaml.Node, cameras: Sequence[CameraConfig]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, camera in enumerate(cameras):
        if camera.name in seen:
            place = ("cameras", number, "name")
            yield Problem(_line_of(root, place), _spelled(place), f"another camera is called {camera.name} already")
        seen.add(camera.name)


def _unset_variables(root: yaml.Node, environment: Mapping[str, str]) -> Iterator[Problem]:
    for location, node in _addresses(root):
        for name in _VARIABLE.findall(node.value):
            if not environment.get(name):
                message = f"the environment variable {name} is not set"
                yield Problem(node.start_mark.line + 1, _spelled(location), message)


def _addresses(root: yaml.Node) -> Iterator[tuple[_Location, yaml.ScalarNode]]:
    if not isinstance(root, yaml.MappingNode):
        return
    lists = [value for key, value in root.value if key.value == "cameras" and isinstance(value, yaml.SequenceNode)]
    for number, camera in enumerate(entry for cameras in lists for entry in cameras.value):
        for key, value in camera.value if isinstance(camera, yaml.MappingNode) else ():
            if key.value == "source_url" and isinstance(value, yaml.ScalarNode):
                yield ("cameras", number, "source_url"), value


def _with_variables(content: Any, environment: Mapping[str, str]) -> Any:
    if not isinstance(content, dict) or not isinstance(content.get("cameras"), list):
        return content
    cameras = [_resolved(camera, environment) for camera in content["cameras"]]
    return {**content, "cameras": cameras}


def _resolved(camera: Any, environment: Mapping[str, str]) -> Any:
    if not isinstance(camera, dict) or not isinstance(camera.get("source_url"), str):
        return camera
    address = camera["source_url"]
    login_ends_at = address.rfind("@")

    def value(match: re.Match[str]) -> str:
        # A password is whatever it is; in an address it must be escaped. Elsewhere it may be half an address.
        text = environment[match[1]]
        return quote(text, safe="") if match.start() < login_ends_at else text

    return {**camera, "source_url": _VARIABLE.sub(value, address)}
