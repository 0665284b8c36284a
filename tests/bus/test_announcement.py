"""One frame, told to many."""

import json

from bedside import wire
from bedside.bus.announcement import Announcement
from bedside.messages import Frame, Signal

FRAME = Frame(7, 1, 2, 64, 48, Signal.LIVE, 3)


def test_all_who_left_out_as_many_frames_share_one_text() -> None:
    """The JSON is made once for them, and says what each of them must count as lost."""
    announcement = Announcement(FRAME, 5)
    assert announcement.text(0) is announcement.text(0)
    for thinned in (0, 3):
        header = wire.parse(announcement.text(thinned))
        assert wire.read_frame(header) == FRAME
        assert wire.read_tally(header) == wire.Tally(5, thinned)
        assert json.loads(json.dumps(announcement.header(thinned))) == header
