"""A made-up vendor on loopback, for ``--demo`` and for the tests.

board       what the vendor says, and every earlier state of it
documents   a state as the documents real vendors serve
script      a whole outage in a minute, as data
vendor      the board served over HTTP, with the misbehaviour of real ones on request
"""

from traywatch.demo.board import Board, IncidentHandle, MaintenanceHandle
from traywatch.demo.documents import INCIDENTS, MAINTENANCES, SUMMARY, Shape
from traywatch.demo.vendor import Canned, Cut, DemoVendor, Drop, Hang, Request, Stale

__all__ = [
    "INCIDENTS",
    "MAINTENANCES",
    "SUMMARY",
    "Board",
    "Canned",
    "Cut",
    "DemoVendor",
    "Drop",
    "Hang",
    "IncidentHandle",
    "MaintenanceHandle",
    "Request",
    "Shape",
    "Stale",
]
