"""A version of a record, as a program reads it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class VersionSerializer(serializers.Serializer):
    """Who saved it, when, and what that changed (services.versions.Version). A subclass adds what it said."""

    version = serializers.IntegerField(source="number")
    by = serializers.UUIDField(source="by.pk")
    name = serializers.CharField(source="by.name")
    saved_at = serializers.DateTimeField()
    changed = serializers.ListField(child=serializers.CharField(), help_text=_("What the save changed."))
