"""What the measured facts mean, in words a steward can act on. Pure: the same facts give the same page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from confidentiality.words import listed
from t2d.exposure.measured import Measured, Place, Records

OK, WEAK, ASK = "ok", "weak", "ask"
LONG_HOURS = 12
LONG_MINUTES = 30

# What records tell whoever reads their tables, said together where they belong together. The sentence stands when
# one of them is there; a record that is in none is named with its fields.
TELLS: Sequence[tuple[set[str], Any]] = (
    (
        {"initiatives.Initiative", "initiatives.InitiativeOrganisation", "initiatives.InitiativeParty"},
        gettext_lazy(
            "Every initiative, also those that only their team sees: codename, conflict, dates, parties, themes, "
            "status, and who convenes it."
        ),
    ),
    (
        {"initiatives.TeamMember"},
        gettext_lazy("Which users are on each team, in which role, since when and until when."),
    ),
    (
        {"initiatives.EmergencyAccess"},
        gettext_lazy("Which owners asked for emergency access, to an initiative of which codename, and why."),
    ),
    (
        {"accounts.SingleUseLink", "accounts.Letter"},
        gettext_lazy(
            "To which addresses invitations go that wait, from whom, and into which organisation, and that letters "
            "wait; not the links in them."
        ),
    ),
    (
        {
            "initiatives.Brief",
            "initiatives.BriefRevision",
            "initiatives.GroundRules",
            "initiatives.GroundRulesAssent",
        },
        gettext_lazy(
            "That a team has a brief or ground rules, who wrote them, when, and about how long they are."
        ),
    ),
    (
        {"initiatives.Session", "initiatives.SessionRevision", "initiatives.SessionReader"},
        gettext_lazy(
            "When each team met, in which country, in what form, under which rule, who logged it, which observers may "
            "read it, until when its texts are kept and who said so; not what for, nor what was said."
        ),
    ),
    (
        {
            "participants.Person",
            "participants.PersonIdentity",
            "participants.PersonRevision",
            "participants.OfficialLink",
            "participants.OfficialLinkRevision",
            "participants.Participation",
            "participants.ParticipationRevision",
            "participants.Attendance",
            "participants.SelectionRating",
        },
        gettext_lazy(
            "How many people each register holds and, by pseudonym, their side and background, in which initiatives "
            "and at which sessions they were, what they agreed to and how they were weighed; that somebody has ties to "
            "officials, not to whom. Nobody's name."
        ),
    ),
    (
        {"transfer.Outcome", "transfer.OutcomeRevision"},
        gettext_lazy(
            "That something came out, of what kind, from which session, in which pseudonym or side, which sides stand "
            "behind it and how far it may travel; not what it was."
        ),
    ),
    (
        {
            "transfer.Transfer",
            "transfer.TransferRevision",
            "transfer.TransferStance",
            "transfer.UptakeStep",
        },
        gettext_lazy(
            "To which office something was sent, when, by which way and by which pseudonym, for or against which "
            "themes, and what became of it there; not the message."
        ),
    ),
    (
        {"participants.LiaisonMandate"},
        gettext_lazy("Which users answer for which offices."),
    ),
    (
        {"confidentiality.AuditEvent", "confidentiality.AuditHead", "confidentiality.AuditCheckpoint"},
        gettext_lazy(
            "Who opened, changed or took out which records of which initiative, and when; who asked for something in "
            "vain. Ids and no word."
        ),
    ),
    ({"initiatives.Draft"}, gettext_lazy("That a user left a form unfinished, and which form.")),
    (
        {"initiatives.PurgeRequest", "initiatives.Tombstone", "initiatives.Retention"},
        gettext_lazy(
            "That an initiative is to be purged or was, and when; why, who decided or holds it, and who had led its "
            "team."
        ),
    ),
    (
        {"coordination.OverlapFlag", "coordination.CoordinationLink", "coordination.OutboxEntry"},
        gettext_lazy(
            "Which initiatives overlap, what coordinators thought of it and arranged, and the sentences they wrote."
        ),
    ),
    (
        {"initiatives.CircleDeclaration", "initiatives.CoordinatorMandate"},
        gettext_lazy("Which organisations work on which conflict, and who coordinates it."),
    ),
    (
        {"accounts.User", "accounts.Organisation", "accounts.Membership"},
        gettext_lazy("Names and e-mail addresses of all users, and the organisations they belong to."),
    ),
    (
        {"accounts.AccessToken"},
        gettext_lazy("Who has tokens for other programs, and when they were last used."),
    ),
    (
        {"accounts.SignIn"},
        gettext_lazy(
            "Who is signed in now, since when, when they last did something, and on what kind of device."
        ),
    ),
    (
        {
            "initiatives.Conflict",
            "initiatives.Party",
            "initiatives.OfficialTrack",
            "initiatives.TrackPhase",
            "initiatives.Deadline",
            "participants.OfficialBody",
            "participants.BodyTrack",
        },
        gettext_lazy("Conflicts, parties, official talks, official bodies and deadlines."),
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """How something is set up here: well, weakly, or not to be seen from here. `todo`: what to do about it."""

    level: str
    text: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What somebody has taken, what they read by it, what stays closed, and how this site stands to it."""

    name: str
    title: str
    read: tuple[str, ...]
    closed: tuple[str, ...]
    findings: tuple[Finding, ...]


def told(measured: Measured) -> list[Scenario]:
    """The three thefts."""
    return [_disk(measured), _disk_and_keys(measured), _laptop(measured)]


def _disk(measured: Measured) -> Scenario:
    read, closed = list(_in_clear(measured.records)), [_("Passwords and tokens: only digests are stored.")]
    if measured.hashed_sessions:
        closed.append(_("Sign-ins: only digests are stored, so that nobody can take one over."))
    else:
        read.append(_("Sign-ins that still last: with one of them, the pages of its user."))
    if measured.encrypts:
        closed.insert(0, _("What teams wrote inside: it is encrypted, field by field as below."))
    if measured.keys_apart is False:
        read.insert(0, _("Everything of the second case too: on this site the keys lie on the same disk."))
        closed = []
    findings = (_distance(measured), _link(measured), _backups())
    return Scenario("disk", _("The disk of the database"), tuple(read), tuple(closed), findings)


def _disk_and_keys(measured: Measured) -> Scenario:
    read = (
        _("Everything: every text of every team, in clear."),
        _("What is kept in old copies of the database, as long as their keys are kept."),
    )
    closed = (
        _("Passwords and tokens: digests have to be guessed one by one."),
        _("An initiative that was purged, once the last copy of its key is gone."),
    )
    return Scenario("keys", _("The disk and the keys"), read, closed, tuple(_keys(measured)))


def _laptop(measured: Measured) -> Scenario:
    read = [
        _("While its user is signed in: all that this user may read, on each of their teams."),
        _("What the user saved, printed or was sent by mail; no setting here can take that back."),
        _("With a token that is kept on it: the same by program, until the token ends or is revoked."),
    ]
    read.append(
        _("The browser's history: which pages when, codenames, and words that were looked for in lists.")
    )
    if measured.pages_kept:
        read.append(_("Pages that the browser has kept, after signing out too."))
    closed = [_("Initiatives whose team the user is not on, and the team-only cards of others.")]
    if not measured.pages_kept:
        closed.append(_("Pages seen earlier: browsers are told to keep none."))
    findings = (_second_factor(measured), _lasting(measured), _https(measured), _when_lost())
    return Scenario("laptop", _("One laptop of a team member"), tuple(read), tuple(closed), findings)


def inside(measured: Measured) -> list[Finding]:
    """What keeps people apart who are all signed in; no theft, but the same question."""
    walled = [records for records in measured.records if records.walled]
    fallen = [records.label for records in walled if not records.holds]
    if fallen:
        text = _("PostgreSQL does not keep the rows apart of: %(tables)s.") % {"tables": listed(fallen)}
        rows = Finding(
            WEAK, text, _("Have whoever runs the server migrate at once; until then one wall stands.")
        )
    else:
        text = ngettext(
            "PostgreSQL itself keeps rows apart in %(number)s table, whatever the program forgets.",
            "PostgreSQL itself keeps rows apart in %(number)s tables, whatever the program forgets.",
            len(walled),
        )
        rows = Finding(OK, text % {"number": len(walled)})
    login = {"role": measured.login}
    if measured.way_around:
        text = _("The pages log in to the database as %(role)s, which can pass that wall.") % login
        return [rows, Finding(WEAK, text, _("Have them log in as t2d_app, which owns nothing."))]
    text = _("The pages log in to the database as %(role)s, which owns nothing and can pass no wall.") % login
    return [rows, Finding(OK, text)]


# --- What lies in clear -------------------------------------------------------------------------------------


def _in_clear(records: Iterable[Records]) -> Iterator[str]:
    """The sentences that hold here, then whatever has none."""
    found = {each.label: each for each in records}
    for labels, sentence in TELLS:
        if labels & found.keys():
            yield str(sentence)
    spoken = set().union(*(labels for labels, _sentence in TELLS))
    for label, each in found.items():
        if label not in spoken and each.clear:
            yield f"{label}: {listed(each.clear)}"


# --- Findings -----------------------------------------------------------------------------------------------


def _distance(measured: Measured) -> Finding:
    if not measured.encrypts:
        return Finding(WEAK, _("Nothing is encrypted."), _("Enter nothing that must not be read."))
    if measured.keys_apart:
        return Finding(OK, _("The disk of the database does not hold all that opens it."))
    if measured.keys_apart is False:
        return Finding(
            WEAK,
            _("The keys lie on the disk of the database: whoever takes it has everything."),
            _(
                "Have the keys moved to another disk, or run the site as for a server. Until then encrypt the disk."
            ),
        )
    return Finding(
        ASK,
        _("Whether the keys lie apart from the database cannot be seen from here."),
        _("Ask whoever runs the server: not one disk, not one backup, not one person for both."),
    )


def _link(measured: Measured) -> Finding:
    if measured.link == "socket":
        return Finding(OK, _("The database is reached on the same machine, through a socket."))
    if measured.link == "tls":
        return Finding(OK, _("The way to the database is encrypted (TLS)."))
    if measured.database_here:
        return Finding(OK, _("The database is reached on the same machine, by an address of its own."))
    return Finding(
        WEAK,
        _("The way to the database is not encrypted: who listens on that network reads what passes."),
        _(
            "Fine between containers of one machine. Otherwise have TLS switched on in DATABASE_URL (sslmode)."
        ),
    )


def _backups() -> Finding:
    return Finding(
        ASK,
        _("Backups cannot be seen from here. A backup of the database tells as much as the disk."),
        _("Ask where they go, who opens them, and when they are deleted; those of the keys after days."),
    )


def _keys(measured: Measured) -> Iterator[Finding]:
    if measured.key_process:
        yield _key_process(measured.key_socket)
    else:
        yield Finding(
            WEAK,
            _(
                "The pages themselves read the master key: a fault in them, or a copy of their memory, tells it."
            ),
            _("Run the process that holds the keys (T2D_KEY_SERVICE=unix:...)."),
        )
    file = measured.key_file
    if file is not None and file.there and not file.closed:
        yield _wide(_("the file with the master key"), file)
    elif file is not None and file.closed:
        yield Finding(OK, _("The file with the master key is closed to other users of the machine."))
    store = measured.key_store
    if store is not None and store.there and not store.closed:
        yield _wide(_("the key store"), store)
    elif store is not None and store.closed:
        yield Finding(OK, _("The key store is closed to other users of the machine."))


def _key_process(place: Place | None) -> Finding:
    if place is None or not place.there:
        return Finding(
            WEAK,
            _("The process that holds the keys is not there."),
            _("Have it started: nothing can be opened."),
        )
    if not place.own:
        return Finding(OK, _("A process of another system user holds the master key and never gives it out."))
    return Finding(
        ASK,
        _("A process of its own holds the master key, under the same system user as the pages."),
        _("Better another system user or container: a fault in the pages then cannot read the key file."),
    )


def _wide(what: str, place: Place) -> Finding:
    text = _("Other users of the machine can open %(what)s (mode %(mode)s).")
    return Finding(
        WEAK,
        text % {"what": what, "mode": f"{place.mode:04o}"},
        _("Have it closed to all but its owner, today."),
    )


def _second_factor(measured: Measured) -> Finding:
    if measured.second_factor:
        return Finding(OK, _("Signing in takes a second factor."))
    return Finding(
        WEAK,
        _("Address and password are enough to sign in, from anywhere: there is no second factor yet."),
        _("Ask people for long passwords that they use nowhere else, and for encrypted disks."),
    )


def _lasting(measured: Measured) -> Finding:
    hours = {"hours": measured.session_hours, "minutes": measured.idle_minutes}
    if not measured.ends_with_browser:
        return Finding(
            WEAK,
            ngettext(
                "A sign-in outlives the browser, for up to %(hours)s hour.",
                "A sign-in outlives the browser, for up to %(hours)s hours.",
                measured.session_hours,
            )
            % hours,
            _("Ask people to sign out."),
        )
    text = ngettext(
        "A sign-in ends with the browser, after %(minutes)s idle minutes, and after %(hours)s hour at the latest.",
        "A sign-in ends with the browser, after %(minutes)s idle minutes, and after %(hours)s hours at the latest.",
        measured.session_hours,
    )
    if measured.session_hours > LONG_HOURS or measured.idle_minutes > LONG_MINUTES:
        return Finding(WEAK, text % hours, _("Ask people to sign out."))
    return Finding(OK, text % hours)


def _https(measured: Measured) -> Finding:
    if measured.only_https:
        return Finding(OK, _("Browsers send sign-ins over encrypted connections only (HTTPS)."))
    return Finding(
        WEAK,
        _("Pages are sent without encryption. That is for one machine, where nobody listens."),
        _("Never open this address to a network; run the site as for a server instead."),
    )


def _when_lost() -> Finding:
    return Finding(
        ASK,
        _("When one is lost, minutes count."),
        _("The user ends all sign-ins and tokens at once and changes the password. A lead ends the access."),
    )
