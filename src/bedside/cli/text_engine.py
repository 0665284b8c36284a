"""Which engine finds text: light to import, for verbs that only build or pack it."""

from bedside.cli.demo import shipped_engine
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.settings_text import engine_at

NAME = "text"


def engine_of(settings: Settings) -> EngineSettings:
    """The text finder as an engine: an [[engine]] named `text`, or the one that ships."""
    for engine in settings.engines:
        if engine.name == NAME:
            return engine
    return EngineSettings(**engine_at(shipped_engine(NAME)), requirements="requirements.txt")
