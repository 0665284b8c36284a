"""Everything that Bedside raises on purpose.

    BedsideError
    ├── SettingsError      a setting that cannot be used: key, value, what was expected, what to do
    ├── SourceError        the picture cannot be had
    │   ├── Unplugged          the device is not there (any more)
    │   ├── NoSignal           the device is there, the cable carries no picture
    │   ├── EndOfSource        a recording has come to its end
    │   ├── Misfit             crop or mask lies outside the picture
    │   └── Withheld           a picture is there, and must not leave now
    ├── BusError           frames cannot be handed on
    │   ├── Overwritten        the ring has moved on while a frame was read
    │   └── Closed             a mailbox was closed; nothing will come any more
    ├── WireError          bytes that are not a message of this version
    ├── EngineError        an engine did not answer
    │   ├── Unreachable        nothing listens there, or it is not an engine
    │   ├── PredictFailed      the model raised, or its result cannot be used
    │   ├── EngineDied         the connection broke while the model was computing
    │   └── Overdue            no answer within the deadline
    ├── BuildFailed        an engine's environment or image cannot be made
    ├── BundleError        a bundle cannot be made, is damaged, or cannot be installed here
    ├── AccessError        the files that say who may do what cannot be written or read
    └── SessionError       a session folder cannot be written or read
        └── NotNow             what was asked of a session is not possible as things stand

A message is one or two sentences that a person can act on: what, which value, what was expected, what to do.
"""


class BedsideError(Exception):
    """Base of all errors that Bedside raises on purpose; its text is fit to be shown to a person."""


class SettingsError(BedsideError):
    """A setting that cannot be used."""


class SourceError(BedsideError):
    """The picture cannot be had."""


class Unplugged(SourceError):
    """The device is not there, or vanished."""


class NoSignal(SourceError):
    """The device is there, but the cable carries no picture."""


class EndOfSource(SourceError):
    """A recorded source has come to its end."""


class Misfit(SourceError):
    """Crop or mask lies outside the picture; nothing may leave the broadcaster."""


class Withheld(SourceError):
    """A picture is there, and must not leave: the screen is another one, or somebody sets the masks up."""


class ShowsMore(SourceError):
    """What is asked for would show parts of the picture that were hidden so far, and nobody has confirmed it."""


class BusError(BedsideError):
    """Frames cannot be handed on."""


class Overwritten(BusError):
    """The ring has moved on while this frame was read; take the newest one."""


class Closed(BusError):
    """A mailbox was closed; nothing will come any more."""


class WireError(BedsideError):
    """Bytes that are not a message of this version."""


class EngineError(BedsideError):
    """An engine did not answer a frame."""


class Unreachable(EngineError):
    """Nothing listens at the engine's address, or what listens is not an engine."""


class PredictFailed(EngineError):
    """The model raised an exception, or its result cannot be used; the engine itself is well."""


class EngineDied(EngineError):
    """The connection to the engine broke while it was computing."""


class Overdue(EngineError):
    """The engine gave no answer within its deadline."""


class BuildFailed(BedsideError):
    """An engine's environment or image cannot be made."""


class BundleError(BedsideError):
    """A bundle cannot be made, is damaged, or cannot be installed here."""


class AccessError(BedsideError):
    """The files that say who may do what cannot be written or read, or a code or device is not known."""


class SessionError(BedsideError):
    """A session folder cannot be written or read."""


class NotNow(SessionError):
    """What was asked of a session is not possible as things stand: one runs, none runs, or there is no consent."""
