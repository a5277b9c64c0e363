"""A day's work of a team with words that must not come out: on every form there is, over the API, and when it fails.

Forms are found on the pages, so that a new one is worked on as well. What is typed into a field of an encrypted name
bears the mark of content, all else that of the card.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.http import HttpResponse

from confidentiality.declared import own_models
from confidentiality.fields import Encrypted
from confidentiality.wall import walled_models
from tests.security.asking import Request
from tests.security.canaries import CARD, CONTENT, confidential_texts, texts_of, word
from tests.security.conftest import Secrets
from tests.security.forms import Form, forms_of

# What is written there is one's own account or open to the network; tokens are one's own alone.
OPEN = ("/account/", "/organisations/", "/language/", "/conflicts/")
CLOSED = ("/account/tokens/",)
TOO_LONG = 900  # times a canary: longer than any field allows
STRANGE = ("raises", "is-refused", "swallows")


def work(request: Request, secrets: Secrets, paths: list[str]) -> set[HttpResponse]:
    """As whom the request is made, at these addresses. All answers."""
    initiative, colleague = secrets.records["initiative"], secrets.records["member"].user
    answers = {request("get", f"/strange/{initiative.pk}/{how}/") for how in STRANGE}
    answers.add(request("post", "/account/password/reset/", data={"email": colleague.email}))
    for path in paths:
        if path.startswith("/api/v1/"):
            answers |= call(request, path)
            continue
        for form in forms_of(request("get", path).content.decode(errors="replace")):
            answers |= send(request, path, form)
    return answers


def send(request: Request, address: str, form: Form) -> set[HttpResponse]:
    """Kept as a draft, then with texts that are too long, then as it should be."""
    action = form.action or address
    if action.startswith(OPEN) and not action.startswith(CLOSED):
        return set()
    texts = {name: typed(name) for name in form.written}
    bodies = [{name: text * TOO_LONG for name, text in texts.items()}, texts]
    sent = {request("post", action, data=form.filled(body)) for body in bodies}
    if "draft" in form.values:
        sent.add(request("post", "/drafts/", data=form.filled(texts)))
    return sent


def call(request: Request, address: str) -> set[HttpResponse]:
    """Each text of what stands there: changed, too long, and of a wrong kind; in a list, made anew, and sent twice."""
    told = request("get", address)
    body = told.json() if told.status_code == 200 else []
    if isinstance(body, list):
        return {told}
    rows = body.get("results", [body])
    texts = {name: typed(name) for name in rows[0] if name in ENCRYPTED | IN_CLEAR} if rows else {}
    if "results" in body:
        return made_anew(request, address, {**(rows[0] if rows else {}), **texts})
    made = [{name: value} for name, text in texts.items() for value in (text, text * TOO_LONG, [text])]
    return {request("patch", address, data=change) for change in made}


def made_anew(request: Request, address: str, body: dict[str, Any]) -> set[HttpResponse]:
    """Like what stands there, without what is refused; sent again, as after a broken connection."""
    heard = set()
    for attempt in range(4):
        told = request("post", address, data=body, headers={"Idempotency-Key": f"{address}{attempt}"})
        heard |= {
            told,
            request("post", address, data=body, headers={"Idempotency-Key": f"{address}{attempt}"}),
        }
        refused = {
            error["pointer"].split("/")[1] for error in told.json().get("errors", []) if error["pointer"]
        }
        body = {name: value for name, value in body.items() if name not in refused}
        if told.status_code != 400 or not refused:
            break
    return heard


def typed(name: str) -> str:
    return word(CONTENT if name in ENCRYPTED else CARD)


def in_clear(models: Iterable[type[Model]]) -> set[str]:
    return {field.name for model in models for field in texts_of(model) if not isinstance(field, Encrypted)}


# A name that two records share, encrypted in one of them, may as well be typed into the other.
IN_CLEAR = in_clear(walled_models())
ENCRYPTED = {field.name for field in confidential_texts()} - in_clear(own_models())
