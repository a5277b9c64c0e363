-- What follows a session that is closed to an observer, and what a liaison receives.

-- Outcomes of sessions that are closed to the acting user, and, of sessions under "agreed text only", those that are
-- not agreed; and the transfers of such outcomes. Empty for everybody who observes nowhere.
CREATE FUNCTION closed_outcomes() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT id FROM transfer_outcome WHERE session_id IN (SELECT closed_sessions())
    UNION SELECT outcome.id
    FROM initiatives_teammember member
        JOIN initiatives_session session ON session.initiative_id = member.initiative_id
        JOIN transfer_outcome outcome ON outcome.session_id = session.id
    WHERE member.user_id = (SELECT actor_id()) AND member.role = 'observer'
        AND member.began_at <= now() + interval '1 hour' AND (member.expires_at IS NULL OR member.expires_at > now())
        AND session.rule = 'agreed_text_only'
        AND NOT (outcome.kind = 'collective' AND cardinality(outcome.endorsed_by) > 1);
END
$$;

CREATE FUNCTION closed_transfers() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT id FROM transfer_transfer WHERE outcome_id IN (SELECT closed_outcomes());
END
$$;

-- Done transfers to bodies for which the acting user is liaison, as far as the outcome may travel now, by what the group
-- agreed and by the rule and the embargo of its session (embargo.py): the message and how it came, not the initiative, its outcome or its people.
-- When it was acknowledged: by a liaison of that office, not as the team heard of it. `message` stays sealed; its key needs initiative_id. The rules are those of policy.py, written again on purpose.
CREATE VIEW received_transfer WITH (security_barrier = true) AS
    SELECT sent.id, sent.initiative_id, body.conflict_id, sent.body_id, sent.track_id, sent.direction, sent.channel,
        sent.sent_on, sent.sent_precision, sent.message,
        (SELECT min(step."on") FROM transfer_uptakestep step
            WHERE step.transfer_id = sent.id AND step.uptake = 'acknowledged' AND step.by_id IN (
                SELECT mandate.user_id FROM participants_liaisonmandate mandate WHERE mandate.body_id = sent.body_id
            )) AS acknowledged_on
    FROM transfer_transfer sent
    JOIN transfer_outcome outcome ON outcome.id = sent.outcome_id
    JOIN participants_officialbody body ON body.id = sent.body_id
    LEFT JOIN initiatives_session origin ON origin.id = outcome.session_id
    WHERE sent.status = 'done' AND sent.direction IN ('upward', 'outward') AND sent.deleted_at IS NULL AND outcome.deleted_at IS NULL
        AND outcome.travel_permission IN ('officials', 'public')
        AND (origin.id IS NULL OR origin.rule NOT IN ('no_notes', 'participants_only'))
        AND (origin.embargo_until IS NULL OR origin.embargo_until <= (now() AT TIME ZONE 'Etc/GMT+12')::date)
        AND (origin.id IS NULL OR origin.rule <> 'agreed_text_only'
            OR (outcome.kind = 'collective' AND cardinality(outcome.endorsed_by) > 1))
        AND (current_user = 't2d_owner' OR sent.body_id IN (SELECT liaison_bodies()));
GRANT SELECT ON received_transfer TO t2d_app, t2d_owner;

-- A liaison says that a transfer has arrived: one step on its ladder, once. True when there is one afterwards. The
-- texts of a step are sealed by whoever calls, empty as they are.
CREATE FUNCTION acknowledge_transfer(transfer uuid, step uuid, day date, reason bytea, note bytea) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sent record;
BEGIN
    SELECT found.id, found.initiative_id INTO sent FROM received_transfer found
    WHERE found.id = transfer AND found.body_id IN (SELECT liaison_bodies());
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('t2d.acknowledge:' || transfer, 0));
    INSERT INTO transfer_uptakestep (id, created_at, updated_at, version, initiative_id, transfer_id, uptake, "on",
        precision, evidence, confidence, substantiated, reason, note, by_id)
    SELECT step, now(), now(), 1, sent.initiative_id, sent.id, 'acknowledged', day, 'day', 'official_said', 'high',
        false, acknowledge_transfer.reason, acknowledge_transfer.note, actor_id()
    WHERE NOT EXISTS (
        SELECT FROM transfer_uptakestep known WHERE known.transfer_id = sent.id AND known.uptake = 'acknowledged'
            AND known.by_id = actor_id()
    );
    RETURN true;
END
$$;

-- A person is forgotten: no transfer says any more by whose tie it went, on whichever team. By whoever may erase the
-- person; which transfers there are is not told.
CREATE FUNCTION unlink_ties(whose uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE transfer_transfer SET link_id = NULL
    WHERE whose IN (SELECT erasable_persons())
        AND link_id IN (SELECT id FROM participants_officiallink WHERE person_id = whose);
END
$$;
COMMENT ON FUNCTION unlink_ties(uuid) IS 'for t2d_app';
