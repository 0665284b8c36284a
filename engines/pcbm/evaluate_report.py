"""An evaluation as tables on the terminal, as a page, and as pictures."""

import cv2
import numpy as np
import scores_picture
from concepts import CLASSES, PLANES
from rich.table import Table

COLOURS = (
    # RGB of each class, told apart also by who sees no red or no green
    (0, 0, 0),
    (240, 228, 66),
    (230, 159, 0),
    (213, 94, 0),
    (86, 180, 233),
    (0, 200, 150),
    (86, 180, 233),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
    (0, 200, 150),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
)
LARGER = 1.5  # each frame on the contact sheet


def tables(found):
    """(title, columns, rows) of each table; cells are text."""
    yield (
        "Structures (pixels of all frames)",
        ("structure", "frames", "Dice", "IoU", "clDice"),
        [
            (
                name,
                str(one["frames"]),
                said(one["dice"]),
                said(one["iou"]),
                said(one["cl_dice"]) if "cl_dice" in one else "",
            )
            for name, one in found["classes"].items()
        ],
    )
    for kind, title in (("binary", "Binary concepts: balanced accuracy"), ("quality", "Qualities, 0 to 10: RMSE")):
        rows = [
            (name, one["plane"], str(one["frames"]), said(one["conceiver alone"]), said(one["end to end"]))
            for name, one in found["concepts"].items()
            if one["kind"] == kind
        ]
        yield title, ("concept", "plane", "frames", "conceiver alone", "end to end"), rows
    rows = [
        (name, str(found[key]["frames"]), said(found[key]["accuracy"]), said(found[key]["balanced accuracy"]))
        for key, name in DECISIONS.items()
    ]
    yield "Decisions", ("decision", "frames", "accuracy", "balanced accuracy"), rows


DECISIONS = {
    "predictor alone": "verdict of true concepts, by the predictor alone",
    "plane": "plane or none, end to end",
    "verdict": "verdict (standard, near, none), end to end",
}


def said(interval):
    """0.912 (0.890 to 0.931)."""
    score, low, high = interval
    if score is None:
        return "-"
    return f"{score:.3f}" + ("" if low is None else f" ({low:.3f} to {high:.3f})")


def show(found, console):
    """The tables on the terminal."""
    for title, columns, rows in tables(found):
        table = Table(*columns, title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def markdown(found):
    """The tables as a page."""
    lines = ["# Evaluation of PCBM", ""]
    lines += [f"{found['frames']} frames of {found['subjects']} {found['split']} subjects; data: {found['data']}.", ""]
    lines += ["In brackets: the middle 95 % when subjects are drawn again with replacement.", ""]
    for title, columns, rows in tables(found):
        lines += [f"## {title}", "", *as_lines(columns, rows), ""]
    for key, name in DECISIONS.items():
        one = found[key]
        rows = [(name, *map(str, row)) for name, row in zip(one["names"], one["confusion"])]
        lines += [f"## Confusion: {name}", "", "Rows are the truth.", "", *as_lines(("", *one["names"]), rows), ""]
    return "\n".join(lines)


def as_lines(columns, rows):
    """A table of Markdown."""
    return [f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows)]


def figures(found, folder):
    """Confusion matrices, and bars by class and by concept."""
    for key, name in DECISIONS.items():
        counts, file = np.array(found[key]["confusion"]), f"confusion-{key.replace(' ', '-')}.png"
        scores_picture.confusion_matrix(counts, found[key]["names"], name, folder / file)
    numbers = [(name, *as_numbers(one["dice"])) for name, one in found["classes"].items()]
    scores_picture.bars(numbers[1:], "Structures", "Dice", folder / "dice.png")
    for kind, label in (("binary", "balanced accuracy"), ("quality", "RMSE, 0 to 10")):
        own = {name: one for name, one in found["concepts"].items() if one["kind"] == kind}
        numbers = [(name, *as_numbers(one["end to end"])) for name, one in own.items()]
        scores_picture.bars(numbers, "Concepts, end to end", label, folder / f"concepts-{kind}.png")


def as_numbers(interval):
    """NaN for what cannot be said."""
    return [float("nan") if value is None else value for value in interval]


def contact_sheet(data, rows, answers, file, columns=6, lines=5):
    """Frames of every plane: what is true outlined in white, what is answered in colour."""
    groups = data.table.groups[rows]
    names = [*PLANES, *(f"{plane}, near" for plane in PLANES), "none"]
    order = np.lexsort((np.arange(len(rows)), groups))  # every verdict has its share of the sheet
    picked = order[np.linspace(0, len(order) - 1, min(columns * lines, len(order))).astype(int)]
    cells = []
    for place in picked:
        row = rows[place]
        verdict = data.table.verdicts[row] if data.table.planes[row] >= 0 else len(names) - 1
        truth = names[verdict] if verdict >= 0 else f"{PLANES[data.table.planes[row]]}, ?"
        picture, label = data.pictures[row]
        cells.append(cell(picture, label, answers["label"][place], f"{truth} | {names[answers['verdict'][place]]}"))
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    sheet = np.concatenate([np.concatenate(cells[at : at + columns], 1) for at in range(0, len(cells), columns)])
    cv2.imwrite(str(file), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def cell(picture, truth, answer, text):
    """One frame, larger, under a line of text: truth | answer."""
    size = (round(picture.shape[1] * LARGER), round(picture.shape[0] * LARGER))
    shown = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2RGB)
    for labels, thickness in ((truth, 2), (answer, 1)):
        large = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
        for index in range(1, len(CLASSES)):
            outlines, _ = cv2.findContours((large == index).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(shown, outlines, -1, (255, 255, 255) if labels is truth else COLOURS[index], thickness)
    strip = np.zeros((26, size[0], 3), np.uint8)
    cv2.putText(strip, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return np.concatenate([strip, shown])
