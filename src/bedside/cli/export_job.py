"""One export, from what was asked to the files, and to the archive."""

from pathlib import Path

from bedside.cli.export import Asked
from bedside.cli.steps import Steps
from bedside.errors import SessionError, SettingsError
from bedside.export.coco import TrainingSet, write_coco
from bedside.export.dicom import Span, write_clips, write_pictures
from bedside.export.dicom_about import about
from bedside.export.pacs import Archive, store
from bedside.export.png import write_png
from bedside.export.said import Sayings
from bedside.export.shots import Answers, Selection, engines_of, kept_items, key_of, once, rows_between
from bedside.export.target import Target
from bedside.review.notes import Notes
from bedside.session.recorded import Recorded


class Job:
    """What `bedside export` does."""

    def __init__(self, folder: Path, target: Path, asked: Asked, steps: Steps) -> None:
        """Raises SessionError for a session that cannot be read, nothing to export, or a target that is in use."""
        self._recorded = Recorded(folder)
        self._asked, self._steps = asked, steps
        self._answers = Answers(self._recorded, asked.replay, asked.engine)
        self._items = kept_items(self._recorded, Notes(self._recorded.notes()).ticked if asked.ticked else None)
        if asked.kind == "coco":
            self._items = once(self._items)
        self._span = rows_between(self._recorded, asked.from_s, asked.to_s)
        self.problems: list[str] = []
        """What was asked for and is not there, a sentence each."""
        self.summary = ""
        self._write = {"png": self._png, "coco": self._coco, "dicom": self._dicom}[asked.kind]
        self._rows = self._chosen_rows()
        self._refuse_nothing()
        self._engine = self._one_engine() if asked.kind == "coco" else ""
        self._target = Target(target, overwrite=asked.overwrite)

    def write(self) -> None:
        """Writes all files. Raises SessionError when the target cannot be written."""
        self._write()
        self.summary = f"{len(self._target.written)} files in {self._target.folder}{self.summary}"

    def send(self, archive: Archive) -> None:
        """Stores what was written. Raises SessionError when the archive cannot be talked to."""
        paths = self._target.written
        self._steps.begin(f"store in {archive}", len(paths), "objects")
        stored = 0
        for path, problem in zip(paths, store(archive, paths), strict=True):
            stored += not problem
            if problem:
                self.problems.append(f"{path.relative_to(self._target.folder)} was not stored: {problem}")
            self._steps.advance()
        self.summary = f"{stored} of {len(paths)} objects stored in {archive}"

    def _png(self) -> None:
        selection = self._selected("read and write")
        write_png(self._target, self._recorded, selection, self._sayings(), self._steps.advance)
        self.problems += selection.problems

    def _coco(self) -> None:
        selection = self._selected("training set")
        made = TrainingSet(self._engine, self._asked.corrected)
        write_coco(self._target, self._recorded, selection, self._sayings(), made, self._steps.advance)
        self.problems += selection.problems
        self.summary = f", {len(made.images)} pictures with {len(made.annotations)} annotations"
        if made.left_out:
            self.summary += (
                f"; {made.left_out} left out: no answer of {self._engine}, one without its mask, or a rejected one"
            )

    def _dicom(self) -> None:
        of = about(self._recorded, self._asked.burned_in)
        if self._asked.is_span:
            self._steps.begin("part of the recording", len(self._span))
            self.problems += Span(self._recorded, self._span).write(self._target, of, self._steps.advance)
            return
        selection = self._selected("read and write")
        write_pictures(self._target, of, selection, self._steps.advance, with_results=self._asked.with_results)
        clips = [item for _, item in self._items if item.clip is not None]
        self._steps.begin("clips", len(clips), "clips")
        self.problems += selection.problems + write_clips(self._target, of, clips, self._steps.advance)

    def _sayings(self) -> Sayings:
        return Sayings(self._recorded, self._asked.replay)

    def _selected(self, step: str) -> Selection:
        selection = Selection(self._recorded, self._answers, self._items, self._rows)
        self._steps.begin(step, len(selection), "pictures")
        return selection

    def _chosen_rows(self) -> list[int]:
        """Recorded frames that were asked for, without those that are kept as exact pictures anyway."""
        step = self._asked.every
        if step is None and self._asked.kind == "coco":
            step = 0
        if step is None:
            return []
        table = self._recorded.frames
        kept = {key_of(item) for _, item in self._items}
        keys = [(row, (int(table.seq[row]), int(table.captured_ns[row]))) for row in self._span[:: step or 1]]
        return [row for row, key in keys if key not in kept and (step or key in self._answers)]

    def _refuse_nothing(self) -> None:
        name = self._recorded.name
        if self._asked.kind == "dicom" and self._asked.is_span:
            if not self._span:
                raise SessionError(f"session {name} has no recorded frame in that time")
        elif not self._items and not self._rows:
            kept = "ticked snapshot or best frame" if self._asked.ticked else "snapshot, no best frame"
            raise SessionError(f"there is nothing to export: session {name} has no {kept}, and no frame was chosen")

    def _one_engine(self) -> str:
        """Whose answers become labels: a training set is of one engine."""
        engines = engines_of(self._recorded, self._answers)
        if self._asked.engine or len(engines) == 1:
            return self._asked.engine or engines[0]
        if not engines:
            raise SessionError(f"session {self._recorded.name} has no result; there is nothing to learn from")
        raise SettingsError(f"--engine is needed: results are there of {', '.join(engines)}; say whose to take")
