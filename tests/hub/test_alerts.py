"""What a person should hear of, as a table."""

from dataclasses import replace

import pytest

from bedside import clock
from bedside.hub.alerts import KINDS, About, EngineFacts, Facts, alerts
from bedside.messages import RecorderState, RecorderStatus

S = clock.NS_PER_S
GB = 10**9
WELL = Facts(
    recorder=RecorderStatus(RecorderState.RECORDING),
    is_recording_wanted=True,
    free_bytes=100 * GB,
    reserve_bytes=2 * GB,
    bytes_per_s=500_000,
    engines=(EngineFacts("pcbm", model_s=0.1),),
    hottest_c=60.0,
    certificate_ends_ns=400 * 86_400 * S,
    now_wall_ns=0,
)
CASES = [
    ("picture", "alarm", {"picture_problem": "The HDMI box is unplugged."}, "HDMI box"),
    ("privacy", "alarm", {"privacy_problem": "names are not masked: set up"}, "Names are not masked"),
    ("recorder", "alarm", {"recorder": RecorderStatus(RecorderState.FAILED, "the disk is gone")}, "The disk is gone."),
    ("recorder", "alarm", {"recorder": RecorderStatus(RecorderState.GONE)}, "the recorder is gone"),
    ("session", "alarm", {"session_problem": "marks cannot be written"}, "Marks cannot be written."),
    ("disk", "alarm", {"free_bytes": GB}, "Nothing is recorded"),
    ("disk", "alarm", {"free_bytes": 2 * GB + 500_000 * 300}, "room for 5 minutes"),
    ("disk", "warning", {"free_bytes": 2 * GB + 500_000 * 1800}, "room for 30 minutes"),
    ("disk", "warning", {"free_bytes": 2 * GB + 500_000 * 300, "is_recording_wanted": False}, "room for 5 minutes"),
    ("disk", "warning", {"free_bytes": 4 * GB, "bytes_per_s": 0.0}, "2.0 GB are left"),
    ("losses", "alarm", {"losses_lately": 30}, "30 frames"),
    ("engine pcbm", "warning", {"engines": (EngineFacts("pcbm", False, "DEAD", "it hung"),)}, "pcbm is DEAD: it hung"),
    ("engine pcbm", "warning", {"engines": (EngineFacts("pcbm", owes_s=12.0),)}, "answered nothing for 12 s"),
    ("slow pcbm", "warning", {"engines": (EngineFacts("pcbm", model_s=6.0),)}, "slow: 6.0 s"),
    ("hot", "warning", {"hottest_c": 87.0}, "87 °C"),
    ("hot", "alarm", {"hottest_c": 91.0}, "91 °C"),
    ("slowed", "warning", {"slowed_s": 10.0}, "held back for 10 s"),
    ("dying record", "warning", {"dying": (("record", "was killed by SIGKILL"),)}, "Record keeps dying: was killed"),
    ("clock", "warning", {"clock_jump_s": -7200.0}, "set back by 2 hours"),
    ("certificate", "warning", {"certificate_ends_ns": 3 * 86_400 * S}, "ends in 3 days"),
    ("certificate", "alarm", {"now_wall_ns": 401 * 86_400 * S}, "has ended"),
]


@pytest.mark.parametrize(("id_", "level", "change", "words"), CASES, ids=[f"{c[0]}-{c[3][:20]}" for c in CASES])
def test_each_trouble_has_its_sentence(id_: str, level: str, change: dict[str, object], words: str) -> None:
    """One thing that is wrong is one alert, of its level, in its words, with what to do."""
    (found,) = alerts(replace(WELL, **change))  # type: ignore[arg-type]
    assert (found.id, found.level.word) == (id_, level)
    assert words in found.sentence
    assert found.sentence[0].isupper()
    assert found.sentence.endswith(".")
    assert found.do


def test_nothing_is_said_while_all_is_well_or_unknown() -> None:
    """No alert without a cause: neither on a machine that is well nor where nothing is known."""
    assert alerts(WELL) == alerts(Facts()) == ()


def test_every_kind_has_a_case_here() -> None:
    """The table has a line for each kind of alert."""
    assert {case[0].split(" ")[0] for case in CASES} == set(KINDS)


def test_an_engine_that_starts_is_no_trouble() -> None:
    """A model that is being loaded is not called dead."""
    assert alerts(replace(WELL, engines=(EngineFacts("pcbm", False, "STARTING"),))) == ()


@pytest.mark.parametrize(
    ("raised", "eased"),
    [
        ({"hottest_c": 86.0}, {"hottest_c": 82.0}),
        ({"losses_lately": 26}, {"losses_lately": 12}),
        ({"slowed_s": 7.0}, {"slowed_s": 4.0}),
        ({"free_bytes": 2 * GB + 500_000 * 3500}, {"free_bytes": 2 * GB + 500_000 * 3700}),
        ({"engines": (EngineFacts("pcbm", model_s=5.5),)}, {"engines": (EngineFacts("pcbm", model_s=4.5),)}),
    ],
)
def test_a_value_at_its_limit_does_not_flicker(raised: dict[str, object], eased: dict[str, object]) -> None:
    """What has been said stays until the value is well below; a value between the two raises nothing by itself."""
    worse, better = replace(WELL, **raised), replace(WELL, **eased)  # type: ignore[arg-type]
    (first,) = alerts(worse)
    assert alerts(better) == ()
    assert [alert.id for alert in alerts(better, frozenset({first.id}))] == [first.id]


def test_only_what_engines_do_is_about_answers() -> None:
    """A view without answers can leave out just that, and still hears of recording and privacy."""
    for id_, _, change, _ in CASES:
        (found,) = alerts(replace(WELL, **change))  # type: ignore[arg-type]
        assert (found.about is About.ANSWERS) == (id_.split(" ")[0] in ("engine", "slow"))
    (dying,) = alerts(replace(WELL, dying=(("engine pcbm", ""),)))
    assert dying.about is About.ANSWERS
