"""Pictures on disk, by kind and production day, and how they go when they are old.

``<root>/<kind>/<YYYY-MM-DD>/<name>.jpg``. A path from outside is one of that form or none at all, so that nothing
climbs out of the root; links are never followed. A picture is there whole or not at all.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

_KIND = re.compile(r"[a-z0-9_]{1,40}")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,119}\.jpg")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# What we write, what other cameras leave here, and what a power cut left half written.
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".part"})


class SnapshotPathError(ValueError):
    """A path that is no snapshot's, or leads through a link."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One picture on disk.

    Attributes:
        path: relative to the root, with slashes.
        kind: first folder.
        day: its day's folder; for a file outside of such folders, the day it was last changed (UTC).
        bytes: its size.
    """

    path: str
    kind: str
    day: date
    bytes: int


@dataclass(slots=True)
class Cleaned:
    """What a clean-up found and did.

    Attributes:
        files_deleted: pictures deleted (dry run: that would be).
        bytes_freed: their size.
        files_kept: pictures younger than the limit.
        errors: path → why it could not be deleted.
    """

    files_deleted: int = 0
    bytes_freed: int = 0
    files_kept: int = 0
    errors: dict[str, str] = field(default_factory=dict)


class SnapshotStore:
    """The pictures under one folder."""

    def __init__(self, root: Path) -> None:
        """``root`` need not exist."""
        self.root = root

    def save(self, kind: str, jpeg: bytes, day: date, name: str) -> str:
        """Writes one picture, whole or not at all; the same name again replaces it. Returns its relative path.

        Raises:
            SnapshotPathError: when kind or name are no plain names, or a folder is a link.
            OSError: when the disk takes it not.
        """
        relative = f"{kind}/{day.isoformat()}/{name}.jpg"
        path = self._path(relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.stem}.{os.getpid()}.part")
        try:
            with open(part, "wb", opener=_for_the_owner_alone) as file:
                file.write(jpeg)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return relative

    def read(self, relative: str) -> bytes:
        """The bytes of one picture.

        Raises:
            SnapshotPathError: when this is no snapshot's path.
            FileNotFoundError: when it is gone.
        """
        return self._path(relative).read_bytes()

    def delete(self, relative: str) -> int:
        """Deletes one picture; returns the bytes freed, 0 when it was gone already.

        Raises:
            SnapshotPathError: when this is no snapshot's path.
            OSError: when it cannot be deleted.
        """
        path = self._path(relative)
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size

    def clean(self, before: date, *, dry_run: bool = False) -> Cleaned:
        """Deletes every picture of a day before ``before``; one that cannot be deleted does not stop the others."""
        done = Cleaned()
        for found in self._walk(done.errors):
            if found.day >= before:
                done.files_kept += 1
                continue
            try:
                if not dry_run:
                    self._unlink(self.root / found.path)
            except OSError as error:
                done.errors[found.path] = error.strerror or str(error)
                continue
            done.files_deleted += 1
            done.bytes_freed += found.bytes
        if not dry_run:
            self._remove_empty_days(before)
        return done

    def listed(self) -> tuple[list[Snapshot], dict[str, str]]:
        """All pictures, and what could not be looked into: path → why."""
        errors: dict[str, str] = {}
        return list(self._walk(errors)), errors

    def _unlink(self, path: Path) -> None:
        path.unlink()

    def _path(self, relative: str) -> Path:
        parts = relative.split("/")
        if (
            len(parts) != 3
            or not _KIND.fullmatch(parts[0])
            or not _DAY.fullmatch(parts[1])
            or not _NAME.fullmatch(parts[2])
        ):
            raise SnapshotPathError(f"{relative[:200]!r} is no snapshot: a path is kind/YYYY-MM-DD/name.jpg")
        path = self.root
        for part in parts:
            path = path / part
            if path.is_symlink():
                raise SnapshotPathError(f"{relative!r} leads through a link")
        return path

    def _walk(self, errors: dict[str, str]) -> Iterator[Snapshot]:
        """Every picture below the folders of the root, in order; what cannot be read goes to ``errors``."""
        for entry in self._entries(self.root, "", errors):
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(Path(entry.path), entry.name, entry.name, None, errors)

    def _below(
        self, folder: Path, relative: str, kind: str, day: date | None, errors: dict[str, str]
    ) -> Iterator[Snapshot]:
        for entry in self._entries(folder, relative, errors):
            path = f"{relative}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(Path(entry.path), path, kind, day or _day_of(entry.name), errors)
            elif Path(entry.name).suffix.lower() in _PICTURES:
                try:
                    stat = entry.stat(follow_symlinks=False)
                except OSError as error:
                    errors[path] = error.strerror or str(error)
                    continue
                yield Snapshot(path, kind, day or datetime.fromtimestamp(stat.st_mtime, UTC).date(), stat.st_size)

    def _entries(self, folder: Path, relative: str, errors: dict[str, str]) -> list["os.DirEntry[str]"]:
        """What is in ``folder``, links left out and said: whatever they lead to is not ours."""
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except FileNotFoundError:
            return []
        except OSError as error:
            errors[relative or "."] = error.strerror or str(error)
            return []
        for entry in entries:
            if entry.is_symlink():
                errors[f"{relative}/{entry.name}".lstrip("/")] = "a link: left alone"
        return [entry for entry in entries if not entry.is_symlink()]

    def _remove_empty_days(self, before: date) -> None:
        for folder in self.root.glob("*/*"):
            day = _day_of(folder.name)
            if day is None or day >= before or folder.is_symlink() or folder.parent.is_symlink():
                continue
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _for_the_owner_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _day_of(name: str) -> date | None:
    try:
        return date.fromisoformat(name) if _DAY.fullmatch(name) else None
    except ValueError:
        return None
