"""LightGBM's OpenMP runtime: the system's, or the one that scikit-learn brings.

LightGBM's wheel expects ``libgomp.so.1`` from the system, and a bare machine has none: ``import lightgbm`` fails there.
scikit-learn's wheel carries the same library under a name of its own, which the loader does not recognise.
"""

import ctypes
import importlib.util
import logging
import os
import sys
from pathlib import Path

_log = logging.getLogger(__name__)

_WANTED = "libgomp.so.1"


def provide_openmp() -> None:
    """Makes ``import lightgbm`` possible on Linux without a system libgomp; where there is one, nothing happens.

    Raises:
        OSError: when there is neither; the message says which package to install.
    """
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(_WANTED)
    except OSError as error:
        _log.info("%s is not installed: lending scikit-learn's", _WANTED)
        lent = bundled_openmp()
        if lent is None:
            raise OSError(f"{_WANTED} is missing: apt-get install libgomp1") from error
        load_as(_WANTED, lent)


def bundled_openmp() -> Path | None:
    """The library that scikit-learn's wheel carries; None where scikit-learn is built against the system's."""
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        return None
    libraries = Path(package.origin).parents[1] / "scikit_learn.libs"
    return next(iter(sorted(libraries.glob("libgomp-*.so*"))), None)


def load_as(name: str, library: Path) -> None:
    """Loads a copy of ``library`` that calls itself ``name``: the loader goes by what a library says it is."""
    own = library.name.encode() + b"\0"
    content = library.read_bytes().replace(own, name.encode().ljust(len(own), b"\0"))
    # In memory: a plant's temporary folder may forbid execution, and nothing is left behind.
    descriptor = os.memfd_create(name)
    try:
        os.write(descriptor, content)
        ctypes.CDLL(f"/proc/self/fd/{descriptor}", mode=ctypes.RTLD_GLOBAL)
    finally:
        os.close(descriptor)
