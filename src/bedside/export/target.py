"""The folder that an export is written into: each file is whole or not there."""

from contextlib import suppress
from pathlib import Path

from bedside.errors import SessionError


class Target:
    """A folder that is new, empty, or may be written over. Blocking."""

    def __init__(self, folder: Path, *, overwrite: bool = False) -> None:
        """With `overwrite`, files of the same names are replaced and others are left alone.

        Raises SessionError for a folder that holds something, or cannot be made.
        """
        self.folder = folder
        self.written: list[Path] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            is_empty = next(folder.iterdir(), None) is None
        except OSError as error:
            raise self._refused(folder, error) from error
        if not is_empty and not overwrite:
            raise SessionError(
                f"{folder} holds something already; name another folder with --out, or replace the files of an "
                "earlier export with --overwrite"
            )

    def write(self, name: str, data: bytes) -> Path:
        """One file; `name` is relative to the folder, with / between its parts. Returns its path.

        Raises SessionError when it cannot be written, such as on a full disk; nothing of it is left then.
        """
        path = self.folder / name
        part = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)  # not synced: what is lost in a power cut is exported again
            part.replace(path)
        except OSError as error:
            raise self._refused(path, error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        self.written.append(path)
        return path

    def _refused(self, path: Path, error: OSError) -> SessionError:
        return SessionError(
            f"{path} cannot be written: {error.strerror}; {len(self.written)} files were written before it. Free "
            "some space, or name another folder with --out"
        )
