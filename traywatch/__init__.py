"""traywatch tells a person when a service they depend on breaks, gets worse or recovers."""

__version__ = "0.1.0"
