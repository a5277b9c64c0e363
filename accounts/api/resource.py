"""What every resource does alike: lists, details, writes through services, versions, bulk, expansion.

An app says what is its own: which records, how they look, and which service makes and changes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as ModelError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import get_error_detail
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.api.authentication import opens
from accounts.api.body import Body
from accounts.api.export import (
    FORMATS,
    MOST_ROWS,
    PREVIEWED,
    TOO_MANY,
    WATERMARK,
    as_file,
    cell_of,
    left_out,
    marked,
)
from accounts.api.idempotency import once
from accounts.api.schema import DeskSchema
from accounts.enums import RecordKind
from confidentiality import noted
from confidentiality.codes import ExportReason
from confidentiality.words import listed
from participants.services.attribution import named_rows, opens_who_takes_part

BULK = 500
# How a relation is inlined: the view that asks and the ids, to representations by id.
Inline = Callable[[Any, list[str]], dict[str, Any]]


class Endpoint(GenericViewSet):
    """Shared by all addresses of the API. Whoever calls is known before the first query (see settings)."""

    http_method_names = ["get", "head", "post", "patch", "delete"]
    parser_classes = [Body]
    schema = DeskSchema()
    expands: dict[str, Inline] = {}
    # Of which kind the records are, for tokens that are not for all; None: shared reference, and what is one's own.
    kind: RecordKind | None = None
    # Acts that answer records of another kind.
    action_kinds: Mapping[str, RecordKind] = {}
    # Acts that take a token for a further kind.
    further_kinds: Mapping[str, RecordKind] = {}

    @classmethod
    def kind_of(cls, act: str | None) -> RecordKind | None:
        return cls.action_kinds.get(act or "", cls.kind)

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        # JSON and queries are UTF-8, whatever the header claims.
        request.encoding = "utf-8"
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.check_query(request)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(request, "rate_limit", {}).items():
            response[name] = value
        return response

    def query_names(self) -> set[str]:
        """Which parameters an address understands."""
        return {"expand"} if self.expands else set()

    def check_query(self, request: Any) -> None:
        """A misspelt filter must not silently return everything."""
        known = self.query_names()
        errors: dict[str, Any] = {}
        for name, values in request.query_params.lists():
            if name not in known:
                text = _("No such parameter here. There are: %(names)s.") % {
                    "names": listed(sorted(known)) or "-"
                }
                errors[name] = [ErrorDetail(text, "unknown_parameter")]
            elif any("\0" in value for value in values):
                errors[name] = [ErrorDetail(_("A text cannot hold a NUL."), "invalid")]
        if errors:
            raise ValidationError(errors)
        self.expanded = self._expanded(request.query_params.get("expand", ""))

    def _expanded(self, text: str) -> list[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        if unknown := [name for name in names if name not in self.expands]:
            detail = _("Cannot expand %(unknown)s. There are: %(names)s.") % {
                "unknown": listed(unknown),
                "names": listed(self.expands),
            }
            raise ValidationError({"expand": [ErrorDetail(detail, "unknown_expansion")]})
        return list(dict.fromkeys(names))

    def represent(self, records: Iterable[Any]) -> list[dict[str, Any]]:
        """Records as they are sent, with the relations that were asked for inlined: one query for each relation."""
        serializer = self.serializer_class(records, many=True, context=self.get_serializer_context())
        rows = [dict(row) for row in serializer.data]
        for name in self.expanded:
            values = [row[name] for row in rows]
            ids = {pk for value in values if value for pk in (value if isinstance(value, list) else [value])}
            found = self.expands[name](self, sorted(ids))
            for row in rows:
                row[name] = _inlined(row[name], found)
        return rows


def _inlined(value: Any, found: dict[str, Any]) -> Any:
    """A related record that the caller cannot read stays an id."""
    if isinstance(value, list):
        return [found.get(pk, pk) for pk in value]
    return found.get(value, value) if value else value


def inline(resource: Callable[[], type[Resource]]) -> Inline:
    """Inline records of another resource, as far as the caller sees them there. Given as a function, so that
    resources can name each other."""

    def found(view: Any, ids: list[str]) -> dict[str, Any]:
        other = resource()
        if not opens(view.request, other.kind):
            return {}
        rows = other.records(view.request.user).filter(pk__in=ids) if ids else []
        serializer = other.serializer_class(rows, many=True, context=view.get_serializer_context())
        return {row["id"]: dict(row) for row in serializer.data}

    return found


class Reading(Endpoint):
    """A list and details. `records` is the only place where rows are read, and goes through visible_to."""

    model: Any
    # What `exported` says of rows that it leaves out, or takes something out of: by id, what keeps it, as a code.
    causes: dict[str, str]
    orderings: tuple[str, ...] = ("created_at", "updated_at")
    ordering = "-created_at"
    searches = False
    # Texts that are the team's alone, and say too much of people to stand in a file.
    kept_inside: tuple[str, ...] = ()
    searched_texts: tuple[str, ...] = ()

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        """What the user sees, with everything the representation needs: a fixed number of queries."""
        return cls.model.objects.visible_to(user)

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        return self.records(self.request.user)

    def query_names(self) -> set[str]:
        names = super().query_names()
        if self.action == "list":
            names |= {"page_size", "cursor", "ordering", *self.filterset_class.base_filters}
            names |= {"export", "why", "preview"}
            names |= {"search"} if self.searches else set()
        return names

    def check_query(self, request: Any) -> None:
        super().check_query(request)
        self._check_export(request)
        asked = request.query_params.get("ordering")
        if asked is None:
            return
        if asked.removeprefix("-") not in self.orderings:
            text = _("Expected one of: %(names)s; with - for the other way.") % {
                "names": listed(self.orderings)
            }
            raise ValidationError({"ordering": [ErrorDetail(text, "unknown_ordering")]})
        self.ordering = asked

    def _check_export(self, request: Any) -> None:
        asked, why = request.query_params.get("export"), request.query_params.get("why", "")
        if asked is not None and asked not in FORMATS:
            text = _("Expected one of: %(names)s.") % {"names": listed(FORMATS)}
            raise ValidationError({"export": [ErrorDetail(text, "unknown_format")]})
        # A program that takes a copy each night has a token with a name; a person says it each time.
        if why not in ExportReason.values and (why or (asked is not None and request.auth is None)):
            text = _("Say for what, with one of: %(names)s.") % {"names": listed(ExportReason.values)}
            raise ValidationError({"why": [ErrorDetail(text, "unknown_reason")]})
        if (asked is not None or "preview" in request.query_params) and self.expanded:
            # What one list may hold in a file, another may not: `exported` judges its own rows only.
            raise ValidationError({"expand": [ErrorDetail(_("A file holds ids only."), "not_in_a_file")]})

    def get_object(self) -> Any:
        """Hidden, missing and not even an id: one answer."""
        try:
            found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        except (ModelError, ValueError):
            found = None
        if found is None:
            raise Http404
        return found

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response | HttpResponse:
        queryset = self.filter_queryset(self.get_queryset())
        if text := request.query_params.get("search", "").strip():
            queryset = self.search(queryset, text)
        if "preview" in request.query_params:
            return Response(self._preview(queryset))
        if (format := request.query_params.get("export")) is not None:
            return self._export(request, format, queryset)
        return self.get_paginated_response(self.represent(self.paginate_queryset(queryset)))

    def _export(self, request: Any, format: str, queryset: QuerySet) -> HttpResponse:
        """The whole list as filtered, in one file, and in the ledger."""
        known, leaving = self._leaving(queryset)
        noted.exported(
            self.exported_as(),
            counts=self._counted(known, leaving),
            total=self._count(known, leaving),
            format=format,
            why=request.query_params.get("why", ""),
        )
        columns, marks = marked(self._columns(), leaving, by=request.user.name, at=datetime.now(UTC))
        return as_file(format, self.exported_as(), columns, marks)

    def _count(
        self, known: Sequence[Mapping[str, Any]], leaving: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        return {"rows": len(leaving), **left_out(known, leaving, self.kept_by)}

    def _counted(
        self, known: Sequence[Mapping[str, Any]], leaving: Sequence[Mapping[str, Any]]
    ) -> dict[UUID, dict[str, Any]]:
        """The same for each initiative by itself: whoever reads its chain learns nothing of other teams."""
        found = {}
        for whose in {str(row["initiative"]) for row in known if row.get("initiative")}:
            parts = (
                [row for row in rows if str(row.get("initiative")) == whose] for rows in (known, leaving)
            )
            found[UUID(whose)] = self._count(*parts)
        return found

    def _preview(self, queryset: QuerySet) -> dict[str, Any]:
        """What a file would hold, and what it would not by which rule: the same count that the ledger gets. Nothing
        leaves by it."""
        known, leaving = self._leaving(queryset)
        return {
            **self._count(known, leaving),
            **self._named(leaving),
            "columns": [*self._columns(), WATERMARK],
            "first": [
                {name: cell_of(row.get(name)) for name in self._columns()} for row in leaving[:PREVIEWED]
            ],
        }

    def _named(self, leaving: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Which of the texts that leave hold names; and of how many nobody can say, since this reader opens nobody.

        Not for a token that is not for who people are: it would learn who takes part."""
        rows = self.searched(leaving)
        user, texts, whole = self.request.user, self.searched_texts, opens(self.request, RecordKind.IDENTITY)
        inside = {str(row["initiative"]) for row in rows}
        opened = opens_who_takes_part(by=user, initiatives=inside) if whole and inside else set()
        found = named_rows(by=user, rows=rows, texts=texts, besides=self.meant) if whole else []
        shut = [row for row in rows if str(row["initiative"]) not in opened and any(map(row.get, texts))]
        return {"named": [{"id": pk, "words": words} for pk, words in found], "unsearched": len(shut)}

    def _leaving(self, queryset: QuerySet) -> tuple[list[dict[str, Any]], Sequence[dict[str, Any]]]:
        """The rows of the list as filtered, and what of them may leave in a file."""
        descending = self.ordering.startswith("-")
        rows = list(queryset.order_by(self.ordering, "-id" if descending else "id")[: MOST_ROWS + 1])
        if len(rows) > MOST_ROWS:
            text = _("More than %(number)d rows: narrow the filters.") % {"number": MOST_ROWS}
            raise ValidationError({"export": [ErrorDetail(text, TOO_MANY)]})
        known = self.represent(rows)
        self.causes = {}
        return known, self.exported(known)

    def _columns(self) -> list[str]:
        fields = self.serializer_class(context=self.get_serializer_context()).fields
        return [name for name, field in fields.items() if not field.write_only]

    def exported_as(self) -> str:
        return self.model._meta.verbose_name_plural.replace(" ", "-")

    def exported(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """What of the rows may leave in a file: a resource whose records stay in the room takes it out here, and says
        in `causes` what keeps it there."""
        blank = dict.fromkeys(self.kept_inside, "")
        return [{**row, **blank} for row in rows] if blank else rows

    def searched(self, leaving: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """What of that is looked through for names that are to stay inside, in `searched_texts`."""
        return ()

    def meant(self, row: Mapping[str, Any]) -> Iterable[str]:
        """Offices that a text of this row may well name."""
        return ()

    def kept_by(self, row: Mapping[str, Any]) -> str:
        """What keeps a row, or something of it, in the room: the rule of its session, or a code of KeptBy."""
        return self.causes.get(str(row.get("id")), "")

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self.get_object())

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        return queryset.search(text)

    def answer(self, record: Any, code: int = status.HTTP_200_OK) -> Response:
        """One record, with its version as ETag: never a hash of content, which would tell of hidden changes."""
        return Response(self.represent([record])[0], code, headers={"ETag": f'"{record.version}"'})

    def written(self, ids: list[str], code: int = status.HTTP_200_OK, *, many: bool = False) -> Response:
        """Answer a write with what the caller sees afterwards, read again."""
        self.written_ids, self.written_many = ids, many
        found = {str(record.pk): record for record in self.get_queryset().filter(pk__in=ids)}
        if len(found) != len(set(ids)):
            raise Http404
        if not many:
            return self.answer(found[ids[0]], code)
        return Response(self.represent(found[pk] for pk in ids), code)

    def version(self, record: Any) -> int | None:
        """The version that the client read, from If-Match; None when it does not say."""
        given = self.request.headers.get("If-Match")
        if given is None or given.strip() == "*":
            return None
        versions = [int(text) for text in re.findall(r'(?<!W/)"(\d{1,9})"', given)]
        # What was never sent as a version of this record matches nothing.
        return record.version if record.version in versions else (versions or [0])[0]

    def read_body(self, serializer: type[Any]) -> dict[str, Any]:
        """The body of an action, validated."""
        body = serializer(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return body.validated_data


class Making:
    """POST: one object, or a list of up to 500, all or nothing."""

    def make(self, **fields: Any) -> Any:
        """Call the service that makes a record."""
        raise NotImplementedError(f"{type(self).__name__}.make")

    @once
    def create(self: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
        many = isinstance(request.data, list)
        rows = request.data if many else [request.data]
        if not 1 <= len(rows) <= BULK:
            raise ValidationError([ErrorDetail(_("Expected 1 to 500 objects."), "bulk")])
        valid = self._validated(rows, many)
        made = self._made(valid, many)
        return self.written([str(record.pk) for record in made], status.HTTP_201_CREATED, many=many)

    def _validated(self: Any, rows: list[Any], many: bool) -> list[dict[str, Any]]:
        serializer = self.serializer_class(data=rows, many=True, context=self.get_serializer_context())
        if serializer.is_valid():
            return serializer.validated_data
        raise ValidationError(serializer.errors if many else serializer.errors[0])

    def _made(self: Any, valid: list[dict[str, Any]], many: bool) -> list[Any]:
        """Every row goes to the service, so that all that is wrong is said at once."""
        made, errors = [], {}
        for index, fields in enumerate(valid):
            try:
                made.append(self.make(by=self.request.user, **fields))
            except ModelError as error:
                errors[index] = get_error_detail(error)
        if errors:
            raise ValidationError(errors if many else errors[0])
        return made


class Changing:
    """PATCH: the fields that are given, if the version is still the one that was read."""

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        """Call the service that changes a record."""
        raise NotImplementedError(f"{type(self).__name__}.change")

    def partial_update(self: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        context = self.get_serializer_context()
        body = self.serializer_class(record, data=request.data, partial=True, context=context)
        body.is_valid(raise_exception=True)
        version = self.version(record)
        self.change(by=request.user, record=record, version=version, **body.validated_data)
        return self.written([str(record.pk)])


class Resource(Making, Changing, Reading):
    """A list, details, creation and change."""
