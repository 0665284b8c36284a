"""Start of `python path/to/bedside_engine`: makes the package known without touching the model's own import path.

The folder above this one may be the site-packages of another Python, so it must never get onto `sys.path`. Written so
that an old Python can read it far enough to say that it is too old.
"""

import sys

if sys.version_info < (3, 7):  # noqa: UP036
    sys.stderr.write(
        "%s is Python %d.%d; an engine needs Python 3.7 or later; name another interpreter as `python` of the engine\n"
        % (sys.executable, sys.version_info[0], sys.version_info[1])
    )
    sys.exit(2)

import os


def make_known():
    # type: () -> None
    """Put the package `bedside_engine` into sys.modules, from the folder that this file lies in."""
    import importlib.util  # noqa: PLC0415

    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        "bedside_engine", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["bedside_engine"] = package
    spec.loader.exec_module(package)
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]


if __name__ == "__main__":
    if not __package__:
        make_known()
    from bedside_engine.life import main

    main()
