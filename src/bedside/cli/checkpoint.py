"""What a checkpoint is, by its outside: nothing in it is run or loaded."""

import zipfile
from pathlib import Path


def is_script(file: Path) -> bool:
    """Whether a PyTorch file is TorchScript, which brings its network along; others hold weights, or a pickle."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
