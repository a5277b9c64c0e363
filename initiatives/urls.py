"""Pages of conflicts and initiatives."""

from __future__ import annotations

from django.urls import path

from initiatives.views import (
    audit,
    brief,
    cards,
    conflicts,
    drafts,
    ground_rules,
    importing,
    opening,
    purging,
    search,
    session_log,
    sessions,
    tables,
    team,
    visibility,
)

app_name = "initiatives"
urlpatterns = [
    path("conflicts/", conflicts.conflicts, name="conflicts"),
    path("conflicts/<uuid:pk>/", conflicts.conflict, name="conflict"),
    path("conflicts/<uuid:pk>/circle/", conflicts.declare, name="declare"),
    path("circle/<uuid:pk>/confirm/", conflicts.confirm, name="confirm"),
    path("circle/<uuid:pk>/withdraw/", conflicts.withdraw, name="withdraw"),
    path("initiatives/", cards.initiatives, name="initiatives"),
    path("initiatives/new/", opening.open_initiative, name="open"),
    path("initiatives/<uuid:pk>/", cards.initiative, name="initiative"),
    path("initiatives/<uuid:pk>/edit/", cards.edit, name="edit"),
    path("initiatives/<uuid:pk>/status/", cards.status, name="status"),
    path("initiatives/<uuid:pk>/visibility/", visibility.visibility, name="visibility"),
    path("initiatives/<uuid:pk>/team/", team.team, name="team"),
    path("initiatives/<uuid:pk>/team/<uuid:member>/", team.member, name="member"),
    path("initiatives/<uuid:pk>/team/<uuid:member>/undo/", team.undo, name="undo_access"),
    path("teams/admit/<uuid:member>/", team.admit_lead, name="admit_lead"),
    path("initiatives/<uuid:pk>/successor/", team.successor, name="successor"),
    path("initiatives/<uuid:pk>/who/", cards.who, name="who"),
    path("initiatives/<uuid:pk>/purge/", purging.ask, name="ask_purge"),
    path("initiatives/<uuid:pk>/audit/", audit.audit, name="audit"),
    path("initiatives/<uuid:pk>/brief/", brief.brief, name="brief"),
    path("initiatives/<uuid:pk>/brief/edit/", brief.edit, name="edit_brief"),
    path("initiatives/<uuid:pk>/brief/history/", brief.history, name="brief_history"),
    path("initiatives/<uuid:pk>/brief/history/<uuid:revision>/", brief.revision, name="brief_revision"),
    path("initiatives/<uuid:pk>/rules/", ground_rules.rules, name="ground_rules"),
    path("initiatives/<uuid:pk>/rules/new/", ground_rules.adopt, name="adopt_rules"),
    path("initiatives/<uuid:pk>/rules/<uuid:rules>/", ground_rules.version, name="ground_rules_version"),
    path("initiatives/<uuid:pk>/rules/<uuid:rules>/assent/", ground_rules.assent, name="assent"),
    path(
        "initiatives/<uuid:pk>/assents/<uuid:assent>/withdraw/", ground_rules.withdraw, name="withdraw_assent"
    ),
    path("initiatives/<uuid:pk>/sessions/", sessions.sessions, name="sessions"),
    path("initiatives/<uuid:pk>/sessions/import/", tables.sessions, name="import_sessions"),
    path("sessions/new/", session_log.log, name="log_session"),
    path("sessions/<uuid:pk>/", sessions.session, name="session"),
    path("sessions/<uuid:pk>/edit/", session_log.edit, name="edit_session"),
    path("sessions/<uuid:pk>/details/", session_log.details, name="session_details"),
    path("sessions/<uuid:pk>/history/", sessions.history, name="session_history"),
    path("sessions/<uuid:pk>/history/<uuid:revision>/", sessions.version, name="session_version"),
    path("sessions/<uuid:pk>/move/", sessions.move, name="move_session"),
    path("sessions/<uuid:pk>/delete/", sessions.delete, name="delete_session"),
    path("sessions/<uuid:pk>/restore/", sessions.restore, name="restore_session"),
    path("purges/", purging.purges, name="purges"),
    path("purges/<uuid:pk>/", purging.purge, name="purge"),
    path("drafts/", drafts.keep, name="keep_draft"),
    path("drafts/discard/", drafts.discard, name="discard_draft"),
    path("search/", search.search, name="search"),
    path("import/", importing.import_register, name="import"),
]
