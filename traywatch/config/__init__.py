"""What a person can set: the file ``config.toml``, variables TRAYWATCH_*, the command line.

model      the settings as everything else sees them
reading    the three sources, in rising rank, to one Config; every fault at once
values     one value at a time: what a key or a variable may hold
template   the commented file that the first start writes
secrets    signing secrets, in the file or in the system's keyring
"""

from traywatch.config.model import (
    DEFAULT_INTERVAL_S,
    DEFAULT_PAGE,
    LOG_FORMATS,
    LOG_LEVELS,
    Config,
    Listener,
    Options,
    Relay,
)
from traywatch.config.nearest import suggestion
from traywatch.config.overrides import VARIABLES
from traywatch.config.reading import load, page_id_for
from traywatch.config.secrets import Secret
from traywatch.config.table import KEYS
from traywatch.config.template import TEMPLATE, write_template

__all__ = [
    "DEFAULT_INTERVAL_S",
    "DEFAULT_PAGE",
    "KEYS",
    "LOG_FORMATS",
    "LOG_LEVELS",
    "TEMPLATE",
    "VARIABLES",
    "Config",
    "Listener",
    "Options",
    "Relay",
    "Secret",
    "load",
    "page_id_for",
    "suggestion",
    "write_template",
]
