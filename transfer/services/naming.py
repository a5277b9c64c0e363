"""Names of people in an outcome and in the messages that carry it: asked about when they are written, and again when
what they came out of becomes something else."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from confidentiality.fields import if_it_opens
from confidentiality.policy import UNATTRIBUTED_TO_OFFICIALS
from initiatives.models import Session
from initiatives.services.overriding import Naming
from participants.services import attribution
from transfer.enums import TransferStatus
from transfer.models import OUTCOME_TEXTS, Outcome, Transfer

GOES_OUT = (TransferStatus.PLANNED, TransferStatus.DONE)


def in_texts(
    *, by: User, outcome: Outcome, session: Session | None, names: Iterable[str] = OUTCOME_TEXTS
) -> dict[str, str]:
    """What to ask of these texts, by field. `session`: out of which it comes, with the rule that is to be."""
    texts = {name: if_it_opens(outcome, name) for name in names}
    if session is None:
        return attribution.doubts_of_all(by=by, initiative=outcome.initiative, texts=texts)
    return attribution.doubts(by=by, session=session, texts=texts)


def in_message(*, by: User, transfer: Transfer, session: Session | None) -> dict[str, str]:
    """The message as whoever gets it would read it; the office it goes to may be called by its name."""
    texts = {"message": if_it_opens(transfer, "message")}
    besides = [transfer.body.name] if transfer.body else []
    if session is None:
        return attribution.doubts_of_all(by=by, initiative=transfer.initiative, texts=texts, besides=besides)
    return attribution.doubts(
        by=by, session=session, texts=texts, rules=UNATTRIBUTED_TO_OFFICIALS, besides=besides
    )


def messages_that_name(
    *, by: User, outcome: Outcome, session: Session | None
) -> tuple[list[Transfer], list[str]]:
    """The messages of an outcome, sent or to be sent, in which somebody is named who may not be, and the names. Deleted
    ones among them, since they can come back."""
    sent = Transfer.objects.visible_to(by).filter(outcome=outcome, status__in=GOES_OUT)
    rows = sent.select_related("body", "initiative").order_by("sent_on", "created_at")
    found, words = [], []
    for one in rows:
        for question in in_message(by=by, transfer=one, session=session).values():
            found.append(one)
            words += words_of(question)
    return found, words


def words_of(question: str) -> list[str]:
    """The names of which a question was asked."""
    return list(question.words) if isinstance(question, Naming) else []
