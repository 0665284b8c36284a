"""What is drawn over the picture: colours and names."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.page.conftest import Open
from tests.page.stand_in import StandIn

STRUCTURES = {
    "head": ["skull", "thalamus", "cavum", "posterior fossa", "HC", "BPD", "OFD"],
    "abdomen": ["abdomen", "stomach", "umbilical vein", "kidney", "AC"],
    "cervix": ["cervical canal", "inner cervix", "outer cervix", "bladder", "skull"],
    "femur": ["femur", "FL", "abdomen"],
}
PLACED = """async ([seeds, count]) => {
  const { drawNames } = await import("/page/names.js");
  const random = (seed) => () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  let overlaps = 0, outside = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const next = random(seed);
    const context = document.createElement("canvas").getContext("2d");
    const boxes = [];
    context.fillText = (text, x, y) => boxes.push({ x, y: y - 10, w: context.measureText(text).width, h: 20 });
    const tags = Array.from({ length: count }, (_, i) => {
      const [w, h] = [20 + 100 * next(), 20 + 80 * next()];
      const around = { x: 150 + 350 * next(), y: 100 + 250 * next(), w, h };
      return { text: `structure ${i}`, name: `structure ${i}`, colour: "#fff6e8", around };
    });
    drawNames(context, tags, { width: 800, height: 600, scale: 1 });
    boxes.forEach((a, i) => {
      outside += a.x < 0 || a.y < 0 || a.x + a.w > 800 || a.y + a.h > 600;
      boxes.slice(i + 1).forEach((b) => {
        overlaps += a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
      });
    });
  }
  return [overlaps, outside];
}"""


def ask(page: Page, module: str, expression: str) -> Any:
    """What a function of the page's says."""
    return page.evaluate(f"async () => {{ const m = await import('/page/{module}'); return {expression}; }}")


def test_names_never_lie_on_each_other(open_page: Open) -> None:
    """Eight crowded structures, in a hundred arrangements: every name can be read, and is inside the picture."""
    assert open_page("explain").evaluate(PLACED, [100, 8]) == [0, 0]


def test_a_name_stays_where_it_is_while_its_number_changes(open_page: Open) -> None:
    """Pushed aside by another one, a measurement and a box stay on that side when there is room again."""
    sides = open_page("explain").evaluate(
        """async () => {
          const { drawOverlay } = await import("/page/overlay.js");
          const ctx = document.createElement("canvas").getContext("2d");
          [ctx.canvas.width, ctx.canvas.height] = [800, 600];
          const spots = {};
          ctx.fillText = (text, x, y) => (spots[text] = [x, y]);
          const size = { width: 800, height: 600, scale: 1, labels: true };
          const draw = (mm, score, inTheWay) => drawOverlay(ctx, {
            ellipses: [{ x: 0.3, y: 0.3, rx: 0.1, ry: 0.1, label: `HC ${mm} mm` }],
            boxes: [{ x: 0.2, y: 0.7, width: 0.2, height: 0.2, label: "label", score }, ...inTheWay],
          }, size);
          draw(281.3, 0.87, [0.3, 0.8].map((y) => ({ x: 0.42, y: y - 0.05, width: 0.15, height: 0.1, label: `${y}` })));
          draw(281.4, 0.88, []);
          return ["HC 281.3 mm", "HC 281.4 mm", "label 87 %", "label 88 %"].map((text) => spots[text]);
        }"""
    )
    assert sides[0] == pytest.approx(sides[1], abs=2)
    assert sides[2] == pytest.approx(sides[3], abs=2)
    assert sides[1][0] < 240 and sides[3][0] < 160, "on the left, since the right was taken"


def test_a_structure_has_its_own_colour_whatever_came_before(open_page: Open) -> None:
    """In every order of arrival, in any case, with whatever number behind it; those seen together all differ."""
    names = [name for group in STRUCTURES.values() for name in group]
    inks: dict[str, str] = {}
    for order in (names, names[::-1]):
        page = open_page("explain")
        found = ask(page, "palette.js", f"{order!r}.map((name) => m.inkOf(name).colour)")
        for name, colour in zip(order, found, strict=True):
            assert inks.setdefault(name, colour) == colour
    for group in STRUCTURES.values():
        assert len({inks[name] for name in group}) == len(group)
    assert ask(page, "palette.js", "['Skull', 'HC 281.3 mm', 'HC 9 mm'].map((name) => m.inkOf(name).colour)") == [
        inks["skull"],
        inks["HC"],
        inks["HC"],
    ]


def test_eight_labels_of_any_engine_have_eight_colours(open_page: Open) -> None:
    """Whatever they are called; the ninth is dashed."""
    page = open_page("explain")
    inks = ask(page, "palette.js", "[...Array(9).keys()].map((i) => m.inkOf(`label ${'abcdefghi'[i]}`))")
    assert len({ink["colour"] for ink in inks[:8]}) == 8
    assert all(not ink["dash"] for ink in inks[:8])
    assert inks[8]["dash"]


def test_a_thin_structure_is_told_from_an_area(open_page: Open) -> None:
    """A skull's band is as wide as it is, its hole counted off; a canal is a line; a disc is neither."""
    page = open_page("explain")
    square = "[[0, 0], [0, 100], [100, 100], [100, 0]]"
    hole = "[[5, 5], [95, 5], [95, 95], [5, 95]]"
    assert ask(page, "rings.js", f"m.bandOf([{square}, {hole}]).width") == pytest.approx(5, abs=0.3)
    assert ask(page, "rings.js", f"m.bandOf([{square}]).width") == pytest.approx(50, abs=1)
    assert ask(page, "rings.js", "m.bandOf([[[0, 0], [0, 4], [200, 4], [200, 0]]]).width") == pytest.approx(4, abs=0.1)
    assert ask(page, "rings.js", "m.bandOf([]).width") == 0


@pytest.mark.parametrize(
    ("concept", "name", "state", "share"),
    [
        ({"name": "cavum", "ok": False, "value": 4.2, "max": 10}, "cavum", "partly", 0.42),
        ({"name": "cavum", "ok": False, "value": 1, "max": 10}, "cavum", "missing", 0.1),
        ({"name": "thalami", "ok": True, "value": 8, "max": 10}, "thalami", "present", 0.8),
        ({"name": "no kidney", "ok": True}, "no kidney", "present", None),
        ({"name": "no kidney", "ok": True, "value": 9, "max": 10}, "no kidney", "present", 0.9),
        ({"name": "no kidney", "ok": True, "value": 1, "max": 10}, "no kidney", "present", 0.9),
        ({"name": "No kidney", "ok": False, "value": 2, "max": 10}, "kidney in view", "should not be in view", 0.2),
        ({"name": "no kidney", "ok": None}, "no kidney", "not known", None),
    ],
)
def test_the_checklist_reads_naturally(
    open_page: Open, concept: dict[str, Any], name: str, state: str, share: float | None
) -> None:
    """Present, partly, missing; and what should be absent is said as it is, whichever way round its value counts."""
    found = open_page("explain").evaluate(
        "async (concept) => (await import('/page/explanation.js')).readConcept(concept)", concept
    )
    assert (found["name"], found["state"]) == (name, state)
    assert found["share"] == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        ({"label": "Head", "level": "good", "score": 0.93, "text": "standard plane"}, "standard plane · 93 %"),
        ({"label": "Head", "level": "near", "score": 0.6, "text": "close to standard"}, "close to standard · 60 %"),
        ({"label": "No plane", "level": "none", "score": 0.97, "text": "no plane"}, ""),
        ({"label": "No plane", "level": "none", "score": 0.0, "text": "nothing to judge yet"}, "nothing to judge yet"),
    ],
)
def test_the_verdict_has_three_levels_and_no_plane_is_calm(
    open_page: Open, server: StandIn, verdict: dict[str, Any], word: str
) -> None:
    """Level, word and score; "No plane" is said once, without a percentage, and is no message of a fault."""
    server.script.answer = lambda seq: {"verdict": verdict}
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text(verdict["label"])
    expect(page.locator(".verdict .word")).to_have_text(word)
    expect(page.locator(".verdict")).to_have_attribute("data-level", verdict["level"])
    expect(page.locator(".verdict.message")).to_have_count(0)
    expect(page.locator(".band")).to_be_hidden()
