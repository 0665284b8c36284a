"""What the setup page asks of a broadcaster: the picture, proposals, and what may leave from now on."""

from collections.abc import Mapping
from typing import Any

from bedside.errors import EngineError, SettingsError, ShowsMore, SourceError
from bedside.messages import Pixels
from bedside.source.framing import Framing, Rectangle, read_framing
from bedside.source.presets import Presets
from bedside.source.privacy import Privacy
from bedside.source.propose import crop_about, propose_fan
from bedside.source.text import Finds, TextBox

TEXT_MARGIN = 0.3
"""A proposed mask is larger than the text's box by so much of its height, on each side: the next name is longer."""


class Setup:
    """Every method may block for some seconds; call it in a thread.

    `fixed` says why nothing can be saved, where bedside.toml has a crop, mask or fan of its own, and is empty where it
    can; `named` is [source] preset. `finds_text` finds text, where there is a finder.
    """

    def __init__(
        self,
        privacy: Privacy,
        presets: Presets,
        *,
        preset: str = "",
        named: str = "",
        fixed: str = "",
        finds_text: Finds | None = None,
    ) -> None:
        self._privacy, self._presets, self._finds_text = privacy, presets, finds_text
        self._preset, self._named, self._fixed = preset, named, fixed

    def state(self) -> dict[str, Any]:
        """What holds now; areas in pixels of the whole picture, `size` is its own, [0, 0] before the first."""
        framing, (_, _, size) = self._privacy.framing, self._privacy.seen()
        return {
            "size": list(size),
            "crop": list(framing.crop),
            "mask": [list(each) for each in framing.mask],
            "fan": list(framing.fan),
            "preset": self._preset,
            "presets": self._presets.names(),
            "is_open": self._privacy.is_open,
            "is_confirmed": self._privacy.is_confirmed,
            "is_withheld": self._privacy.withholds,
            "layout": "none" if framing.layout is None else "changed" if self._privacy.is_layout_changed else "fits",
            "fixed": self._fixed,
        }

    def picture(self) -> Pixels:
        """The next picture in its whole size; what may not leave is black, unless it is open. Raises SourceError."""
        return self._privacy.still()

    def open(self, is_open: bool) -> dict[str, Any]:
        """Hold all pictures back, so that somebody can set up on the whole one; or no more."""
        self._privacy.open(is_open)
        return self.state()

    def apply(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Use `crop`, `mask` and `fan` from the next picture on and save them as `preset`; or `load` a preset.

        Raises ShowsMore where that shows pixels that were hidden so far, unless `confirm` is true; else SourceError.
        Nothing has changed then.
        """
        if self._fixed:
            raise SourceError(self._fixed)
        name = asked.get("load", asked.get("preset"))
        if not isinstance(name, str):
            raise SourceError(f"preset is {str(name)[:40]!r}; expected its name, or load with one")
        if self._named and name != self._named:
            raise SourceError(
                f"bedside.toml names [source] preset {self._named!r}, which would hold again at the next start; "
                "save under that name, or take that line out of bedside.toml and start again"
            )
        try:
            if "load" in asked:
                framing = self._presets.load(name)
                self._refuse_other_size(name, framing)
                self._refuse_more(framing, asked)
                self._presets.use(name)
            else:
                framing = self._privacy.learned(read_framing(asked, self._size()))
                self._refuse_more(framing, asked)
                self._presets.save(name, framing)
        except SettingsError as error:
            raise SourceError(str(error)) from error
        self._privacy.set(framing)
        self._preset = name
        return self.state()

    def propose(self) -> dict[str, Any]:
        """`fan` and `crop` by what moves, `mask` by where text stands in the whole picture.

        Each is empty with its reason beside it. Raises SourceError when there is no picture.
        """
        seen, grid, size = self._privacy.seen()
        fan: Rectangle | tuple[()] = ()
        crop: Rectangle | tuple[()] = ()
        why = ""
        if grid is None:
            raise SourceError("there was no picture so far; look at the cable and try again")
        try:
            fan = propose_fan(seen, grid, size)
            crop = crop_about(fan, size)
        except SourceError as error:
            why = str(error)
        mask, why_no_mask = self._text()
        return {
            "fan": list(fan),
            "crop": list(crop),
            "mask": [list(each) for each in mask],
            "why_no_fan": why,
            "why_no_mask": why_no_mask,
        }

    def _text(self) -> tuple[list[Rectangle], str]:
        if self._finds_text is None:
            return [], "there is no text finder here; draw the masks by hand"
        pixels = self._privacy.whole()
        size = (pixels.shape[1], pixels.shape[0])
        try:
            found = self._finds_text(pixels)
        except EngineError as error:
            return [], str(error)
        return [_mask_of(box, size) for box in found], "" if found else "no text was found"

    def _size(self) -> tuple[int, int]:
        size = self._privacy.seen()[2]
        if size == (0, 0):
            raise SourceError("there was no picture so far, so its size is not known; look at the cable and try again")
        return size

    def _refuse_more(self, framing: Framing, asked: Mapping[str, Any]) -> None:
        size = self._size()
        more = framing.shown(size)
        if not self._privacy.withholds:  # else nothing is shown so far
            more &= ~self._privacy.framing.shown(size)
        if asked.get("confirm") is not True and more.any():
            raise ShowsMore(
                f"this shows parts of the picture that are hidden so far ({max(0.1, 100 * more.mean()):.1f} % of it); "
                "look at each of them with the masks off, then confirm"
            )

    def _refuse_other_size(self, name: str, framing: Framing) -> None:
        if framing.size != self._size():
            was, now = ("x".join(map(str, size)) for size in (framing.size or (0, 0), self._size()))
            raise SourceError(
                f"preset {name!r} was made for {was} and the picture is {now}; set the scanner's output to that size"
            )


def preset_framing(presets: Presets, name: str, size: tuple[int, int] | None) -> Framing:
    """The preset for a source that is set to `size`, or to none. Raises SettingsError where the two differ."""
    framing = presets.load(name)
    if size is not None and framing.size != size:
        raise SettingsError(
            f"[source] size is {size[0]}x{size[1]} and preset {name!r} was made for "
            "another; take size out of bedside.toml"
        )
    return framing


def _mask_of(box: TextBox, size: tuple[int, int]) -> Rectangle:
    margin = TEXT_MARGIN * box.height * size[1]
    left, top = max(0, int(box.x * size[0] - margin)), max(0, int(box.y * size[1] - margin))
    right = min(size[0], round((box.x + box.width) * size[0] + margin))
    bottom = min(size[1], round((box.y + box.height) * size[1] + margin))
    return left, top, max(1, right - left), max(1, bottom - top)
