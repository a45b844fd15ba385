"""Measurements, repeatable, each with its baseline in the same run. See README.md."""
