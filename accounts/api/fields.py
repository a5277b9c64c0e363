"""Fields and serializers that every endpoint shares: strict about names, and blind to hidden records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from confidentiality.fields import encrypted_fields, if_it_opens
from confidentiality.words import listed
from initiatives.services.countries import country_codes

MISSING = _("Expected the id of a record that you can see.")
MANY = 200


def seen(model: type[Model], user: Any) -> Any:
    """What the caller may name in a relation."""
    return model._default_manager.all().visible_to(user)  # type: ignore[attr-defined]


class Strict(serializers.ModelSerializer):
    """A representation that refuses names it does not know, and names that are not written here.

    No validators of uniqueness: they would look past what the caller sees. Services and constraints judge.
    `set_once` of Meta names fields that are given at the beginning and changed elsewhere, and says where.
    """

    class Meta:
        validators: list[Any] = []

    def get_validators(self) -> list[Any]:
        return []

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        kind, options = super().build_standard_field(field_name, model_field)
        unwanted = {"UniqueValidator"}
        if "validators" in options:
            options["validators"] = [
                one for one in options["validators"] if type(one).__name__ not in unwanted
            ]
        return kind, options

    def to_representation(self, instance: Any) -> Any:
        """A text that does not open is null: it must not take away the list that it stands in."""
        for field in encrypted_fields(self.Meta.model):  # The instance may be a lazy stand-in for one.
            if field.name in self.fields and if_it_opens(instance, field.name) is None:
                instance.__dict__[field.attname] = None
        return super().to_representation(instance)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (errors := self._misplaced(data)):
            raise ValidationError(errors)
        return super().to_internal_value(data)

    def _misplaced(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        writable = [name for name, field in self.fields.items() if not field.read_only]
        set_once = getattr(self.Meta, "set_once", {}) if self.partial else {}
        errors = {}
        for name in data:
            if name in set_once:
                errors[name] = [ErrorDetail(set_once[name], "set_once")]
            elif name not in self.fields:
                text = _("No such field. There are: %(names)s.") % {"names": listed(writable)}
                errors[str(name)] = [ErrorDetail(text, "unknown_field")]
            elif name not in writable:
                errors[name] = [ErrorDetail(_("This is not set here."), "read_only")]
        return errors


class StrictParts(serializers.Serializer):
    """The same strictness for what is not a record: the body of an action."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := [str(name) for name in data if name not in self.fields]):
            text = _("No such field. There are: %(names)s.") % {"names": listed(self.fields)}
            raise ValidationError({name: [ErrorDetail(text, "unknown_field")] for name in unknown})
        return super().to_internal_value(data)


class Visible(serializers.UUIDField):
    """A related record by id. In a write, only what the caller sees exists: hidden answers like missing."""

    def __init__(
        self, model: type[Model], find: Callable[[Any, Any], Model | None] | None = None, **options: Any
    ) -> None:
        self.model = model
        self.find = find or (lambda user, pk: seen(model, user).filter(pk=pk).first())
        super().__init__(**options)

    def get_attribute(self, instance: Any) -> Any:
        return getattr(instance, f"{self.source}_id")

    def to_internal_value(self, data: Any) -> Model:
        pk = super().to_internal_value(data)
        found = _remembered(self, pk, lambda: self.find(self.context["request"].user, pk))
        if found is None:
            raise ValidationError(MISSING, code="does_not_exist")
        return found


class VisibleMany(serializers.ListField):
    """Related records by id. `ids` reads them from what was prefetched with the record."""

    child = serializers.UUIDField()

    def __init__(self, model: type[Model], ids: Callable[[Any], Iterable[Any]], **options: Any) -> None:
        self.model, self.ids = model, ids
        super().__init__(max_length=MANY, **options)

    def get_attribute(self, instance: Any) -> Any:
        return sorted(self.ids(instance))

    def to_internal_value(self, data: Any) -> list[Model]:
        wanted = super().to_internal_value(data)
        found = _remembered(self, tuple(wanted), lambda: self._found(wanted)) if wanted else {}
        missing = {
            index: [ErrorDetail(MISSING, "does_not_exist")]
            for index, pk in enumerate(wanted)
            if pk not in found
        }
        if missing:
            raise ValidationError(missing)
        return [found[pk] for pk in dict.fromkeys(wanted)]

    def _found(self, wanted: list[Any]) -> dict[Any, Model]:
        return seen(self.model, self.context["request"].user).in_bulk(wanted)


class CountriesField(serializers.ListField):
    """Countries by their two letters."""

    child = serializers.CharField()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MANY, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        codes = [code.upper() for code in super().to_internal_value(data)]
        unknown = {index: code for index, code in enumerate(codes) if code not in country_codes()}
        if unknown:
            text = _("Expected a country of ISO 3166 by its two letters.")
            raise ValidationError({index: [ErrorDetail(text, "invalid_choice")] for index in unknown})
        return list(dict.fromkeys(codes))


class CountryField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data).upper()
        if code and code not in country_codes():
            raise ValidationError(
                _("Expected a country of ISO 3166 by its two letters."), code="invalid_choice"
            )
        return code


def _remembered(field: serializers.Field, key: Any, find: Callable[[], Any]) -> Any:
    """Ask once per request: hundreds of new rows name the same few conflicts and organisations."""
    known = field.context.setdefault("relations", {})
    if (field.model, field.field_name, key) not in known:
        known[field.model, field.field_name, key] = find()
    return known[field.model, field.field_name, key]
