"""Has neither Engine nor predict."""


def forward(frame: object) -> dict[str, object]:
    """The wrong name."""
    return {}
