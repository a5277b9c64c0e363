"""Handlers of queued work: ids only, three lines each, safe to run twice."""

from __future__ import annotations
