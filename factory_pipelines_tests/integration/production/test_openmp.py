"""The loader itself: a library lent under another name satisfies whoever asks for that name."""

import subprocess
import sys

LEND = """
import ctypes
from factory_pipelines.production.openmp import bundled_openmp, load_as

library = bundled_openmp()
assert library is not None, "scikit-learn's wheel no longer brings OpenMP"
try:
    ctypes.CDLL("libgomp-lent.so.1")
    raise SystemExit("nobody has this library")
except OSError:
    load_as("libgomp-lent.so.1", library)
print(ctypes.CDLL("libgomp-lent.so.1").omp_get_max_threads())
"""


def test_a_lent_library_is_found_under_the_wanted_name() -> None:
    done = subprocess.run([sys.executable, "-c", LEND], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1
