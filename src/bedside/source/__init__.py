"""Pictures from a capture device, a recording or a drawn scanner.

In: an address such as `v4l2:` or `file:clip.mp4`, and how to crop, mask and judge. Out: frames of RGB in full range,
numbered and timed once, each with what its signal is worth; and a status at least twice a second.
Promises: newest wins, and what was lost or passed over is counted; crop and mask are applied before a pixel leaves;
whatever happens to the device, it is opened again for ever, and only a wrong setting ends it beforehand.
"""
