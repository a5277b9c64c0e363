"""Reproducible measurements, run by script/bench."""
