"""Pictures on disk: by day, whole or not at all, never outside, and gone when they are old."""

import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from factory_pipelines.identity.snapshots import SnapshotPathError, SnapshotStore

DAY = date(2026, 3, 2)


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots")


def test_a_picture_is_kept_by_kind_and_day(store: SnapshotStore) -> None:
    path = store.save("unknown", b"jpeg", DAY, "f7df047f")
    assert path == "unknown/2026-03-02/f7df047f.jpg"
    assert store.read(path) == b"jpeg"
    assert [entry.name for entry in (store.root / "unknown" / "2026-03-02").iterdir()] == ["f7df047f.jpg"]
    assert store.delete(path) == 4
    assert store.delete(path) == 0


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd", "/etc/passwd", "unknown/../../demo-api-key", "unknown/2026-03-02/../../../x.jpg",
        "unknown\\2026-03-02\\x.jpg", "unknown/2026-03-02/..jpg/x.jpg", "unknown/2026-03-02/.jpg", "unknown/x.jpg",
        "unknown/2026-03-02/x.jpg\x00.png", "unknown/2026-03-02/x.png", "UNKNOWN/2026-03-02/x.jpg", "", "...",
        "unknown/2026-03-02/x.jpg\n", "unknown/2026-3-2/x.jpg", "unknown/2026-03-02/" + "x" * 300 + ".jpg",
    ],
)  # fmt: skip
def test_what_is_no_snapshots_path_is_refused(store: SnapshotStore, path: str) -> None:
    for touch in (store.read, store.delete):
        with pytest.raises(SnapshotPathError, match="kind/YYYY-MM-DD"):
            touch(path)


@pytest.mark.parametrize(("kind", "name"), [("../up", "x"), ("unknown", "../../x"), ("unknown", "a/b"), ("", "x")])
def test_nothing_is_saved_outside(store: SnapshotStore, kind: str, name: str) -> None:
    with pytest.raises(SnapshotPathError):
        store.save(kind, b"jpeg", DAY, name)


def test_a_write_that_fails_leaves_nothing(store: SnapshotStore) -> None:
    path = store.save("unknown", b"first", DAY, "x")
    target = store.root / path
    target.unlink()
    target.mkdir()  # what the picture would replace cannot be replaced
    with pytest.raises(OSError, match=r"x\.jpg"):
        store.save("unknown", b"second", DAY, "x")
    assert [entry.name for entry in target.parent.iterdir()] == ["x.jpg"]


def filled(store: SnapshotStore) -> None:
    for day in (date(2025, 12, 1), date(2025, 12, 2), DAY):
        store.save("unknown", b"1234", day, "a")
        store.save("faces", b"12345678", day, "b")


def test_old_pictures_of_all_kinds_go(store: SnapshotStore) -> None:
    filled(store)
    half = store.root / "faces" / "2025-12-01" / ".c.77.part"
    half.write_bytes(b"half")
    dry = store.clean(date(2025, 12, 2), dry_run=True)
    assert (dry.files_deleted, dry.bytes_freed, dry.files_kept, dry.errors) == (3, 16, 4, {})
    assert half.exists()
    done = store.clean(date(2025, 12, 2))
    assert (done.files_deleted, done.bytes_freed, done.files_kept) == (3, 16, 4)
    assert sorted(str(p.relative_to(store.root)) for p in store.root.glob("*/*")) == [
        "faces/2025-12-02", "faces/2026-03-02", "unknown/2025-12-02", "unknown/2026-03-02",
    ]  # fmt: skip


def test_pictures_outside_of_day_folders_go_by_their_age(store: SnapshotStore) -> None:
    folder = store.root / "line3" / "deep"
    folder.mkdir(parents=True)
    for name, at in {"old.PNG": datetime(2025, 1, 1, tzinfo=UTC), "new.jpg": datetime(2026, 3, 1, tzinfo=UTC)}.items():
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (at.timestamp(), at.timestamp()))
    (folder / "README.txt").write_text("not a picture")
    assert store.clean(date(2026, 1, 1)).files_deleted == 1
    assert sorted(p.name for p in folder.iterdir()) == ["README.txt", "new.jpg"]


def test_links_are_left_alone_and_said(store: SnapshotStore, tmp_path: Path) -> None:
    filled(store)
    outside = tmp_path / "outside" / "2025-12-01"
    outside.mkdir(parents=True)
    (outside / "precious.jpg").write_bytes(b"x")
    (store.root / "linked").symlink_to(tmp_path / "outside")
    (store.root / "unknown" / "2025-11-01").symlink_to(outside)
    (store.root / "unknown" / "2025-12-01" / "link.jpg").symlink_to(outside / "precious.jpg")
    done = store.clean(date(2026, 1, 1))
    assert done.errors == {
        "linked": "a link: left alone",
        "unknown/2025-11-01": "a link: left alone",
        "unknown/2025-12-01/link.jpg": "a link: left alone",
    }
    assert done.files_deleted == 4
    assert (outside / "precious.jpg").exists()


def test_one_file_that_cannot_be_deleted_does_not_stop_the_others(store: SnapshotStore) -> None:
    filled(store)
    stubborn = store.root / "faces" / "2025-12-01"

    class Stubborn(SnapshotStore):
        """As a read-only disk would behave; the tests may run as root, whom no rights hold back."""

        def _unlink(self, path: Path) -> None:
            if path.parent == stubborn:
                raise PermissionError(13, "Permission denied", str(path))
            super()._unlink(path)

    done = Stubborn(store.root).clean(date(2026, 1, 1))
    assert done.errors == {"faces/2025-12-01/b.jpg": "Permission denied"}
    assert (done.files_deleted, done.bytes_freed) == (3, 16)


def test_a_store_that_is_not_there_is_empty(store: SnapshotStore) -> None:
    assert store.listed() == ([], {})
    assert store.clean(DAY).files_deleted == 0


def test_pictures_are_for_their_owner_alone(store: SnapshotStore) -> None:
    path = store.root / store.save("unknown", b"jpeg", DAY, "a")
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
