"""Why pip could not install something: lines as pip 22 to 24 print them, and the sentence that is made of them."""

import pytest

from bedside.engine.pip_reason import reason

RETRYING = (
    "WARNING: Retrying (Retry(total=1, connect=None, read=None, redirect=None, status=None)) after connection broken "
    "by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7fd7913e98b0>: Failed to "
    "establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/numpy/"
)
NO_NETWORK = f"""
{RETRYING}
ERROR: Could not find a version that satisfies the requirement numpy (from versions: none)
ERROR: No matching distribution found for numpy
"""
TOO_NEW = """
ERROR: Could not find a version that satisfies the requirement numpy==1.26.0 (from versions: 1.3.0, 1.21.5, 1.21.6)
ERROR: No matching distribution found for numpy==1.26.0
"""
OTHER_PYTHON = """
ERROR: Ignored the following versions that require a different python version: 1.6.2 Requires-Python >=3.7,<3.10; \
1.7.2 Requires-Python >=3.8,<3.11
ERROR: Could not find a version that satisfies the requirement scipy==1.7.2 (from versions: 1.9.2, 1.17.1)
ERROR: No matching distribution found for scipy==1.7.2
"""
UNKNOWN = """
ERROR: Could not find a version that satisfies the requirement opencv (from versions: none)
ERROR: No matching distribution found for opencv
"""
NO_COMPILER = """
Collecting netifaces==0.11.0 (from -r /m/requirements.txt (line 1))
  Building wheel for netifaces (pyproject.toml): finished with status 'error'
  error: subprocess-exited-with-error
      creating build/temp.linux-x86_64-cpython-313
      error: [Errno 2] No such file or directory: 'gcc'
      [end of output]
  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building wheel for netifaces
Failed to build netifaces
ERROR: ERROR: Failed to build installable wheels for some pyproject.toml based projects (netifaces)
"""
NO_HEADER = """
Collecting pyaudio
  Building wheel for pyaudio (pyproject.toml): finished with status 'error'
      src/pyaudio/device_api.c:9:10: fatal error: portaudio.h: No such file or directory
      compilation terminated.
      error: command '/usr/bin/gcc' failed with exit code 1
  ERROR: Failed building wheel for pyaudio
"""
TOO_OLD = """
Collecting numpy==1.19.5 (from -r /m/requirements.txt (line 1))
  Getting requirements to build wheel: started
ERROR: Exception:
Traceback (most recent call last):
pip._vendor.pyproject_hooks._impl.BackendUnavailable: Traceback (most recent call last):
  File "/tmp/pip-build-env-mne8zi74/overlay/lib/python3.13/site-packages/setuptools/__init__.py", line 9, in <module>
    import distutils.core
ModuleNotFoundError: No module named 'distutils'
"""
UNSAID = """
Collecting pycocotools==2.0.0
  error: subprocess-exited-with-error
  × python setup.py egg_info did not run successfully.
      ModuleNotFoundError: No module named 'numpy'
  error: metadata-generation-failed
"""
CONFLICT = """
ERROR: Cannot install -r /m/requirements.txt (line 2) and numpy==2.0 because these package versions have conflicting \
dependencies.
The conflict is caused by:
    The user requested numpy==2.0
    scipy 1.11.4 depends on numpy<1.28.0 and >=1.21.6
To fix this you could try to:
"""
NO_LINE = "ERROR: Invalid requirement: 'numpy=1.2' (from line 1 of /m/requirements.txt)"
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize(
    ("printed", "what", "do"),
    [
        (NO_NETWORK, "numpy is not on this machine, and the package index cannot be reached: no name is resol", "conn"),
        (
            TOO_NEW,
            "numpy==1.26.0: there is no such version for Python 3.13.0; the newest are 1.3.0, 1.21.5, 1.2",
            "ask",
        ),
        (OTHER_PYTHON, "scipy==1.7.2: it needs Python >=3.8,<3.11, and this is Python 3.13.0", "set another python"),
        (UNKNOWN, "no package for Python 3.13.0 is called opencv", "correct its name"),
        (
            NO_COMPILER,
            "netifaces has no ready-made wheel for Python 3.13.0, and cannot be built: error: ",
            "a compiler",
        ),
        (
            NO_HEADER,
            "pyaudio has no ready-made wheel for Python 3.13.0, and cannot be built: fatal error: por",
            "pyaudio",
        ),
        (TOO_OLD, "numpy==1.19.5 has no ready-made wheel for Python 3.13.0, and cannot be built: Module", "older than"),
        (UNSAID, "pycocotools==2.0.0 has no ready-made wheel for Python 3.13.0", "building it takes numpy"),
        (CONFLICT, "The user requested numpy==2.0 but scipy 1.11.4 depends on numpy<1.28.0 and >=1.21.6", "loosen one"),
        (NO_LINE, "Invalid requirement: 'numpy=1.2' (from line 1 of /m/requirements.txt)", "correct that line"),
        (FULL, "the disk is full", "bedside build --prune"),
        ("", "pip ended without a word", ""),
    ],
)
def test_the_reason_is_one_sentence(printed: str, what: str, do: str) -> None:
    """Which requirement, why, and what to do."""
    found = reason(printed.strip().splitlines(), "3.13.0")
    assert found.what.startswith(what)
    assert do in found.do
    assert found.is_network is (printed is NO_NETWORK)
