"""Wiring of Track Two Desk; no domain logic."""

from t2d.celery import app as celery_app

__all__ = ["celery_app"]
