"""The scanner: a probe that commands steer over an anatomy, its knobs, and its screen."""

from dataclasses import dataclass, replace

import numpy as np

from bedside.errors import SourceError
from bedside.messages import Pixels
from bedside.phantom.anatomy import Anatomy
from bedside.phantom.bmode import BMode
from bedside.phantom.calipers import Caliper, calipers_of
from bedside.phantom.concepts import PLANES
from bedside.phantom.geometry import Geometry
from bedside.phantom.glance import Glance
from bedside.phantom.pose import Pose, View
from bedside.phantom.screen import Screen
from bedside.phantom.speckle import Scatterers
from bedside.phantom.sweep import Sweep
from bedside.phantom.truth import Truth, truth_of

MOVES = {
    "right": ("x_mm", 1.0, 5.0),
    "left": ("x_mm", -1.0, 5.0),
    "up": ("z_mm", 1.0, 5.0),
    "down": ("z_mm", -1.0, 5.0),
    "rotate": ("rotate_deg", 1.0, 5.0),
    "tilt": ("tilt_deg", 1.0, 5.0),
    "rock": ("rock_deg", 1.0, 5.0),
}
"""What each moves, in which direction, and how far when no number is given."""
REACH = {"x_mm": 130.0, "z_mm": 230.0, "tilt_deg": 60.0, "rock_deg": 45.0}
"""So far from 0 the probe goes, to either side; it turns all the way round."""
DEPTHS_MM, DEPTH_STEP_MM = (50.0, 240.0), 5.0
LOUDEST_DB = 20.0
NEAR_MM, TURN_DEG, TILT_DEG = (3.0, 6.0), 8.0, 3.0
"""How far off `go` brings the probe: so much along each side of the skin, and at most so much turned and tilted. A
degree of tilt moves the plane by about a millimetre at the structure."""
TRIES = 12
"""So often `go` draws, until the plane is in sight and not yet a standard one."""
FPS = 31.0
"""Of its own pictures: so often the noise changes."""
SLIDERS, SLIDER_DB = 8, 1.8
"""Of the time gain compensation, set a little off by each seed's sonographer: a standard deviation."""
SEED_DIGITS = 20
"""At most."""
KEPT = 6
"""Depths whose tables are kept."""
CAN = (
    "right, left, up, down (mm), rotate, tilt, rock (degrees), depth (mm), gain (dB), each with a number or without; "
    f"go or show with one of {', '.join(PLANES)}; sweep on, sweep off; anatomy with a seed; freeze, unfreeze"
)


@dataclass(frozen=True)
class _Shown:
    """What the screen shows, from the probe to the grey fan."""

    view: View
    gain_db: float
    fan: Pixels
    calipers: tuple[Caliper, ...] = ()


class Scanner:
    """The same seed, commands and times give the same pictures. Not for two threads at once."""

    def __init__(self, seed: int = 0, size: tuple[int, int] = (960, 720)) -> None:
        self.size = size
        self.is_sweeping = False
        self.gain_db = 0.0
        self._elapsed_s = 0.0
        self._goes = 0
        self._take(seed)

    def _take(self, seed: int) -> None:
        """Another mother lies down; the probe stands on her fetus's head."""
        self.anatomy = Anatomy(seed)
        self.view = self.anatomy.standard["head"]
        self._sweep, self._swept_s = Sweep(self.anatomy), 0.0
        self._scatterers = Scatterers(seed)
        self._sliders_db = np.random.default_rng([seed, SLIDERS]).normal(0, SLIDER_DB, SLIDERS).tolist()
        self._desks: dict[float, tuple[Geometry, BMode, Screen]] = {}
        self._shown: _Shown | None = None
        self.is_frozen = False

    def apply(self, command: str) -> None:
        """One line, such as `tilt -4`, `go head`, `freeze`; numbers are held to what probe and knobs can do.

        Steering takes the probe from the sweep. Raises SourceError for what it cannot do, and does nothing then.
        """
        verb, *rest = command.split() or [""]
        if verb in MOVES and len(rest) < 2:
            self._move(verb, rest, command)
        elif verb in ("depth", "gain") and len(rest) < 2:
            self._turn_knob(verb, _number(rest, 10.0 if verb == "depth" else 2.0, command))
        elif verb in ("go", "show") and len(rest) == 1 and rest[0] in PLANES:
            self._go(rest[0], is_exact=verb == "show")
        elif verb == "anatomy" and len(rest) == 1 and rest[0].isdecimal() and len(rest[0]) <= SEED_DIGITS:
            self._take(int(rest[0]))
        elif command.split() in (["sweep", "on"], ["sweep", "off"]):
            self.is_sweeping = rest[0] == "on"
        elif command.split() in (["freeze"], ["unfreeze"]):
            self._freeze(verb == "freeze")
        else:
            raise SourceError(f"the phantom's scanner cannot {command!r}; it can {CAN}")

    def frame(self, elapsed_s: float) -> Pixels:
        """The screen at `elapsed_s` since it was switched on: RGB uint8 [height, width, 3]."""
        passed_s, self._elapsed_s = max(0.0, elapsed_s - self._elapsed_s), elapsed_s
        if self.is_sweeping and not self.is_frozen:
            self._swept_s += passed_s
            self.view = self._sweep.at(self._swept_s)
        shown = self._shown if self.is_frozen and self._shown else self._scan()
        screen = self._desk(shown.view.depth_mm)[2]
        return screen.draw(shown.fan, shown.gain_db, elapsed_s, self.is_frozen, shown.calipers)

    def truth(self) -> Truth:
        """What is true of the picture that the screen shows."""
        view = self._shown.view if self._shown else self.view
        return truth_of(self.anatomy, view, self._desk(view.depth_mm)[0])

    def glance(self) -> Glance:
        """What holds now; it takes no time, and its truth can be asked for in another thread."""
        view = self._shown.view if self._shown else self.view
        knobs = self.gain_db, self.is_frozen, self.is_sweeping
        return Glance(self.anatomy, self.view.pose, self.view.depth_mm, *knobs, view, self._desk(view.depth_mm)[0])

    def _scan(self) -> _Shown:
        geometry, bmode, _ = self._desk(self.view.depth_mm)
        view = self.view
        if not self.is_sweeping:  # a sweep trembles by itself
            view = replace(view, pose=view.pose.trembling(self._elapsed_s))
        section = self.anatomy.section(view.pose, geometry)
        fan = bmode.draw(section, self.gain_db, int(self._elapsed_s * FPS))
        self._shown = _Shown(view, self.gain_db, fan)
        return self._shown

    def _desk(self, depth_mm: float) -> tuple[Geometry, BMode, Screen]:
        """The tables of one depth; the newest few are kept."""
        if depth_mm not in self._desks:
            geometry = Geometry(depth_mm, self.size)
            if len(self._desks) == KEPT:
                del self._desks[next(iter(self._desks))]
            self._desks[depth_mm] = geometry, BMode(geometry, self._scatterers, self._sliders_db), Screen(geometry)
        return self._desks[depth_mm]

    def _move(self, verb: str, rest: list[str], command: str) -> None:
        name, way, step = MOVES[verb]
        value = getattr(self.view.pose, name) + way * _number(rest, step, command)
        value = float(np.clip(value, -REACH[name], REACH[name])) if name in REACH else (value + 180) % 360 - 180
        self._steer(replace(self.view, pose=replace(self.view.pose, **{name: value})))

    def _turn_knob(self, verb: str, by: float) -> None:
        if verb == "gain":
            self.gain_db = float(np.clip(self.gain_db + by, -LOUDEST_DB, LOUDEST_DB))
            return
        depth_mm = round((self.view.depth_mm + by) / DEPTH_STEP_MM) * DEPTH_STEP_MM
        self._steer(replace(self.view, depth_mm=float(np.clip(depth_mm, *DEPTHS_MM))))

    def _go(self, plane: str, is_exact: bool) -> None:
        view = standard = self.anatomy.standard[plane]
        if not is_exact:
            self._goes += 1
            random = np.random.default_rng([self.anatomy.seed, PLANES.index(plane), self._goes])
            geometry = self._desk(view.depth_mm)[0]
            for _ in range(TRIES):
                view = _off(standard, random)
                truth = truth_of(self.anatomy, view, geometry)
                if truth.plane == plane and not truth.is_standard:
                    break
        self._steer(view)

    def _steer(self, view: View) -> None:
        self.view, self.is_sweeping = view, False
        if not self.is_frozen:
            self._shown = None  # what is told from now on is of the next picture

    def _freeze(self, is_frozen: bool) -> None:
        """The picture stands; on a plane that is recognised, its measurements are taken."""
        if is_frozen and not self.is_frozen:
            shown = self._shown or self._scan()
            self._shown = replace(shown, calipers=tuple(calipers_of(self.truth())))
        self.is_frozen = is_frozen


def _off(view: View, random: np.random.Generator) -> View:
    """A view near by."""
    right_mm, up_mm = (random.uniform(*NEAR_MM, 2) * random.choice((-1, 1), 2)).tolist()
    turn_deg, tilt_deg = (random.uniform(-1, 1, 2) * (TURN_DEG, TILT_DEG)).tolist()
    pose = view.pose
    off = Pose(pose.x_mm + right_mm, pose.z_mm + up_mm, pose.rotate_deg + turn_deg, pose.tilt_deg + tilt_deg)
    return replace(view, pose=off)


def _number(rest: list[str], otherwise: float, command: str) -> float:
    try:
        value = float(rest[0]) if rest else otherwise
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise SourceError(f"the phantom's scanner cannot {command!r}: expected a number after the first word")
    return value
