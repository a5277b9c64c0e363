-- Who stands how to which initiative: the rows behind the policies on cards and content.
-- The same rules are written in Python (querysets.py, policy.py), on purpose: two walls, compared by the tests.
-- What policies ask is in PL/pgSQL, which keeps its plans for the whole connection: a third of the time.

-- What a token that is narrowed to some conflicts is for: these and all below them, and the initiatives there. Asked only
-- where actor_conflicts() is not NULL.
CREATE FUNCTION reached_conflicts() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT id FROM initiatives_conflict WHERE lineage && actor_conflicts();
END
$$;

CREATE FUNCTION reached_initiatives() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 1000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT id FROM initiatives_initiative WHERE conflict_id IN (SELECT reached_conflicts());
END
$$;
COMMENT ON FUNCTION reached_initiatives() IS 'for t2d_policy';

-- Initiatives on whose team the acting user is now: the key to all content.
-- The team member who founds an initiative joins within the transaction, whose now() lies before that moment, and
-- clocks of two machines differ a little: hence the hour.
CREATE FUNCTION visible_initiative_ids() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    me uuid := actor_id();
    since timestamptz := actor_recovered_at();
    narrowed boolean := actor_conflicts() IS NOT NULL;
BEGIN
    RETURN coalesce((
        SELECT array_agg(initiative_id) FROM initiatives_teammember
        WHERE user_id = me AND began_at <= now() + interval '1 hour' AND (expires_at IS NULL OR expires_at > now())
            AND admitted_at > since
            AND (NOT narrowed OR initiative_id IN (SELECT reached_initiatives()))
    ), '{}');
END
$$;

-- The same as rows: inside an OR, and wherever an array would be unpacked, since PostgreSQL runs a function inside
-- unnest() a second time while it plans.
CREATE FUNCTION visible_initiatives() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT unnest(visible_initiative_ids());
END
$$;

-- Those of them in which the acting user leads or facilitates, and so takes part in coordination.
CREATE FUNCTION coordinated_initiatives() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    narrowed boolean := actor_conflicts() IS NOT NULL;
BEGIN
    RETURN QUERY SELECT initiative_id FROM initiatives_teammember
    WHERE user_id = (SELECT actor_id()) AND began_at <= now() + interval '1 hour' AND (expires_at IS NULL OR expires_at > now())
        AND admitted_at > (SELECT actor_recovered_at()) AND role IN ('lead', 'facilitator')
        AND (NOT narrowed OR initiative_id IN (SELECT reached_initiatives()));
END
$$;

-- Those in which the acting user logs sessions, people and outcomes: every role but the observer's.
CREATE FUNCTION logged_initiatives() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    narrowed boolean := actor_conflicts() IS NOT NULL;
BEGIN
    RETURN QUERY SELECT initiative_id FROM initiatives_teammember
    WHERE user_id = (SELECT actor_id()) AND began_at <= now() + interval '1 hour' AND (expires_at IS NULL OR expires_at > now())
        AND admitted_at > (SELECT actor_recovered_at()) AND role IN ('lead', 'facilitator', 'rapporteur')
        AND (NOT narrowed OR initiative_id IN (SELECT reached_initiatives()));
END
$$;

-- Sessions of own teams that are closed to the acting user, who observes there: their rule lets no observer in, or
-- they are for named observers and this is none of them. Empty for everybody who observes nowhere.
CREATE FUNCTION closed_sessions() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT session.id
    FROM initiatives_teammember member JOIN initiatives_session session ON session.initiative_id = member.initiative_id
    WHERE member.user_id = (SELECT actor_id()) AND member.role = 'observer'
        AND member.began_at <= now() + interval '1 hour' AND (member.expires_at IS NULL OR member.expires_at > now())
        AND (session.rule = 'participants_only' OR (session.audience = 'named' AND NOT EXISTS (
            SELECT FROM initiatives_sessionreader reader
            WHERE reader.session_id = session.id AND reader.user_id = member.user_id
        )));
END
$$;

-- Those that the acting user leads: who writes the card and manages the team.
CREATE FUNCTION led_initiatives() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    narrowed boolean := actor_conflicts() IS NOT NULL;
BEGIN
    RETURN QUERY SELECT initiative_id FROM initiatives_teammember
    WHERE user_id = (SELECT actor_id()) AND began_at <= now() + interval '1 hour' AND (expires_at IS NULL OR expires_at > now())
        AND admitted_at > (SELECT actor_recovered_at()) AND role = 'lead'
        AND (NOT narrowed OR initiative_id IN (SELECT reached_initiatives()));
END
$$;

-- Those into which the acting user was let in an emergency: what outlives that day is not theirs to decide.
CREATE FUNCTION emergency_initiatives() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT initiative_id FROM initiatives_teammember
    WHERE user_id = (SELECT actor_id()) AND in_emergency AND expires_at > now();
END
$$;

-- Whether an access that is about to be written ends earlier than it would have, within the hour, and is otherwise the
-- same: all that somebody may change who does not lead. Sees the row as it was before the statement.
CREATE FUNCTION leaves(member uuid, role_after text, began_after timestamptz, ends_after timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT ends_after <= now() + interval '1 hour' AND EXISTS (
        SELECT FROM initiatives_teammember stands
        WHERE stands.id = member AND stands.role = role_after AND stands.began_at = began_after
            AND (stands.expires_at IS NULL OR ends_after <= stands.expires_at)
    )
$$;

-- Cards on which an organisation of the acting user is named as partner, or convenes.
CREATE FUNCTION partner_cards() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT initiative_id FROM initiatives_initiativeorganisation
    WHERE role = 'partner' AND organisation_id IN (SELECT own_organisations());
END
$$;

CREATE FUNCTION house_cards() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT initiative_id FROM initiatives_initiativeorganisation
    WHERE role IN ('convener', 'co_convener') AND organisation_id IN (SELECT own_organisations());
END
$$;

-- Conflicts in whose circle a vetted organisation of the acting user is: declared, confirmed, and all on that line.
CREATE FUNCTION circle_conflicts() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    reach uuid[] := actor_conflicts();
BEGIN
    RETURN QUERY WITH declared AS (
        SELECT conflict.id, conflict.lineage
        FROM initiatives_circledeclaration declaration
        JOIN initiatives_conflict conflict ON conflict.id = declaration.conflict_id
        WHERE declaration.confirmed_at IS NOT NULL AND declaration.withdrawn_at IS NULL
            AND declaration.organisation_id IN (SELECT own_vetted_organisations())
    )
    SELECT id FROM initiatives_conflict
    WHERE (id IN (SELECT unnest(lineage) FROM declared) OR lineage && ARRAY(SELECT id FROM declared))
        AND (reach IS NULL OR lineage && reach);
END
$$;

-- Conflicts that a mandate of the acting user covers.
CREATE FUNCTION covered_conflicts() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 200 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    reach uuid[] := actor_conflicts();
BEGIN
    RETURN QUERY WITH mandates AS (
        SELECT conflict_id FROM initiatives_coordinatormandate
        WHERE user_id = (SELECT actor_id()) AND ended_at IS NULL AND created_at > (SELECT actor_recovered_at())
    )
    SELECT id FROM initiatives_conflict
    WHERE (EXISTS (SELECT FROM mandates WHERE conflict_id IS NULL)
        OR lineage && ARRAY(SELECT conflict_id FROM mandates WHERE conflict_id IS NOT NULL))
        AND (reach IS NULL OR lineage && reach);
END
$$;

-- Whether the acting user is opening this initiative at this moment: made by that user, in this transaction, and
-- nobody is on its team. Later it can never be founded again, not even when its last member has gone.
CREATE FUNCTION may_found(initiative uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM initiatives_initiative card
        WHERE card.id = initiative AND card.created_by_id = (SELECT actor_id())
            AND card.founded_in = pg_current_xact_id()::text::bigint
            AND NOT EXISTS (SELECT FROM initiatives_teammember member WHERE member.initiative_id = card.id)
    )
$$;

-- Families (root conflicts) in which the user was on a team within so many days: a broker may not mediate there.
CREATE FUNCTION locked_families(who uuid, days integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 5 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT DISTINCT conflict.root_id
    FROM initiatives_teammember member
    JOIN initiatives_initiative card ON card.id = member.initiative_id
    JOIN initiatives_conflict conflict ON conflict.id = card.conflict_id
    WHERE (SELECT asks_for(who)) AND member.user_id = who AND member.began_at <= now() + interval '1 hour'
        AND (member.expires_at IS NULL OR member.expires_at > now() - make_interval(days => least(days, 90)));
END
$$;

-- Initiatives that an organisation convenes to which the user belongs, or did within so many days. A co-convener
-- may have been named by somebody else, to keep its coordinators away: it counts once a member of it is on the team.
CREATE FUNCTION convened_cards(who uuid, days integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT named.initiative_id
    FROM initiatives_initiativeorganisation named
    JOIN accounts_membership own ON own.organisation_id = named.organisation_id
    WHERE (SELECT asks_for(who)) AND own.user_id = who
        AND (own.ended_at IS NULL OR own.ended_at >= now() - make_interval(days => least(days, 90)))
        AND (named.role = 'convener' OR (named.role = 'co_convener' AND EXISTS (
            SELECT FROM initiatives_teammember member
            JOIN accounts_membership theirs ON theirs.user_id = member.user_id
            WHERE member.initiative_id = named.initiative_id
                AND theirs.organisation_id = named.organisation_id AND theirs.ended_at IS NULL
        )));
END
$$;

-- Cards between which the acting user may broker: covered by a mandate, and nothing locks them.
CREATE FUNCTION brokered_cards() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 5000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT card.id
    FROM initiatives_initiative card
    JOIN initiatives_conflict conflict ON conflict.id = card.conflict_id
    WHERE (SELECT actor_id()) IS NOT NULL
        AND card.conflict_id IN (SELECT covered_conflicts())
        AND conflict.root_id NOT IN (SELECT locked_families((SELECT actor_id()), 90))
        AND card.id NOT IN (SELECT convened_cards((SELECT actor_id()), 90));
END
$$;

-- Organisations in the circle of a conflict and the conflict for which each has declared, for a team that works there
-- and wants to know who would read its card.
CREATE FUNCTION circle_declarations(conflict uuid)
RETURNS TABLE (organisation_id uuid, declared_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT declaration.organisation_id, declared.id
    FROM initiatives_circledeclaration declaration
    JOIN initiatives_conflict declared ON declared.id = declaration.conflict_id
    JOIN initiatives_conflict place ON place.id = circle_declarations.conflict
    JOIN accounts_organisation organisation ON organisation.id = declaration.organisation_id
    WHERE declaration.confirmed_at IS NOT NULL AND declaration.withdrawn_at IS NULL
        AND organisation.vetted_at IS NOT NULL
        AND (declared.id = ANY (place.lineage) OR place.id = ANY (declared.lineage))
        AND (current_setting('t2d.actor', true) = 'system:owner' OR EXISTS (
            SELECT FROM initiatives_initiative card
            WHERE card.conflict_id = place.id AND card.id = ANY ((SELECT visible_initiative_ids())::uuid[])
        ))
$$;

CREATE FUNCTION circle_organisations(conflict uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT DISTINCT organisation_id FROM circle_declarations(conflict)
$$;

-- Members of a team who hold a token that works now, for those who lead that team: yes or no, never which or how many.
CREATE FUNCTION token_holder_ids(initiative uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH team AS (
        SELECT member.user_id, member.role, own.round
        FROM initiatives_teammember member JOIN accounts_user own ON own.id = member.user_id
        WHERE initiative_id = token_holder_ids.initiative AND began_at <= now() + interval '1 hour'
            AND (expires_at IS NULL OR expires_at > now())
            AND (own.recovered_at IS NULL OR member.admitted_at > own.recovered_at)
    )
    SELECT DISTINCT token.user_id
    FROM accounts_accesstoken token
    JOIN team ON team.user_id = token.user_id AND team.round = token.round
    WHERE token.revoked_at IS NULL AND token.expires_at > now()
        AND (token.conflicts = '{}' OR token.conflicts && (
            SELECT place.lineage FROM initiatives_initiative card
            JOIN initiatives_conflict place ON place.id = card.conflict_id
            WHERE card.id = token_holder_ids.initiative
        ))
        AND (current_setting('t2d.actor', true) = 'system:owner'
            OR EXISTS (SELECT FROM team WHERE user_id = actor_id() AND role = 'lead'))
$$;

-- When a coordinator moves a conflict to another root, every initiative on it takes its parties along, hidden ones
-- too: a party of the old root is exchanged for its twin of the same name at the new one, and for nothing else.
CREATE FUNCTION exchange_party(moved uuid, old uuid, new uuid) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE initiatives_initiativeparty side SET party_id = new
    FROM initiatives_initiative card, initiatives_conflict conflict, initiatives_party former, initiatives_party twin
    WHERE side.party_id = old AND card.id = side.initiative_id AND conflict.id = card.conflict_id
        AND moved = ANY (conflict.lineage)
        AND former.id = old AND twin.id = new AND twin.conflict_id = conflict.root_id
        AND twin.normalised_name = former.normalised_name
        AND (moved IN (SELECT covered_conflicts()) OR current_setting('t2d.actor', true) = 'system:owner')
$$;

-- A purge that an owner outside the team was asked to confirm. The owner sees no card: whether the codename that was
-- typed is the right one, and, for the team as well, whether who asked still leads, is all the database says.
CREATE FUNCTION purge_is_called(request uuid, typed text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM initiatives_purgerequest asked
        JOIN initiatives_initiative card ON card.id = asked.initiative_id
        WHERE asked.id = request AND asked.state = 'asked' AND asked.asked_of_id = actor_id()
            AND lower(regexp_replace(btrim(card.codename), '\s+', ' ', 'g')) = lower(typed)
    )
$$;

CREATE FUNCTION purge_asker_leads(request uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM initiatives_purgerequest asked
        JOIN initiatives_teammember member
            ON member.initiative_id = asked.initiative_id AND member.user_id = asked.asked_by_id
        JOIN accounts_user asker ON asker.id = member.user_id
        WHERE asked.id = request AND member.role = 'lead' AND member.began_at <= now() + interval '1 hour'
            AND (asker.recovered_at IS NULL OR member.admitted_at > asker.recovered_at)
            AND (member.expires_at IS NULL OR member.expires_at > now())
            AND (asked.asked_of_id = actor_id() OR asked.initiative_id IN (SELECT visible_initiatives())
                OR current_setting('t2d.actor', true) = 'system:owner')
    )
$$;

-- --- The life of accounts ----------------------------------------------------------------------------------------

-- End what somebody held through an organisation that they do not belong to any more: places on teams that it convenes
-- or opened, being named successor there, and unfinished forms. What another organisation of theirs opened stays; that it
-- is named on the card is no reason, since whoever leads names it without asking. All of them when it was the last.
-- Whoever calls it ends no more than what nobody should hold.
CREATE FUNCTION end_accesses(who uuid, house uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    others uuid[] := ARRAY(SELECT organisation_id FROM accounts_membership WHERE user_id = who AND ended_at IS NULL);
    gone uuid[];
BEGIN
    IF house = ANY (others) OR NOT EXISTS (
        SELECT FROM accounts_membership WHERE user_id = who AND organisation_id = house
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'asked about somebody who has not left';
    END IF;
    SELECT array_agg(card.id) INTO gone FROM initiatives_initiative card
    WHERE (card.successor_id = who OR card.id IN (
        SELECT initiative_id FROM initiatives_teammember
        WHERE user_id = who AND (expires_at IS NULL OR expires_at > now())
    )) AND (others = '{}' OR (
        card.registered_by_id <> ALL (others) AND (card.registered_by_id = house OR EXISTS (
            SELECT FROM initiatives_initiativeorganisation named WHERE named.initiative_id = card.id
                AND named.organisation_id = house AND named.role IN ('convener', 'co_convener')
        ))
    ));
    UPDATE initiatives_teammember
    SET expires_at = greatest(now(), began_at), version = version + 1, updated_at = now()
    WHERE user_id = who AND initiative_id = ANY (gone) AND (expires_at IS NULL OR expires_at > now());
    UPDATE initiatives_initiative SET successor_id = NULL WHERE successor_id = who AND id = ANY (gone);
    DELETE FROM initiatives_draft WHERE user_id = who AND (others = '{}' OR initiative_id = ANY (gone));
END
$$;

-- Unfinished forms outside of initiatives lie under their author's own key: gone once the account is set up anew.
CREATE FUNCTION forget_drafts(who uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM initiatives_draft WHERE user_id = who AND initiative_id IS NULL AND EXISTS (
        SELECT FROM accounts_user own WHERE own.id = who AND own.recovered_at > now() - interval '1 minute'
    );
END
$$;
COMMENT ON FUNCTION forget_drafts(uuid) IS 'for t2d_app';

-- Whether the acting user may write that a team counts somebody in since this moment: the account was not set up anew
-- since, or it stood so already, or the acting user's word counts that it is really them. To a new access also that of
-- the organisation in whose name the initiative was opened, which nobody changes afterwards: whoever set the account up
-- anew may add a colleague whom an owner there has admitted again.
CREATE FUNCTION may_admit(member uuid, place uuid, who uuid, since timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM accounts_user own WHERE own.id = who AND since > own.recovered_at)
        OR vouches_for(who)
        OR EXISTS (SELECT FROM initiatives_teammember stands WHERE stands.id = member AND stands.admitted_at = since)
        OR (
            NOT EXISTS (SELECT FROM initiatives_teammember stands WHERE stands.id = member) AND EXISTS (
                SELECT FROM accounts_membership works
                JOIN accounts_user own ON own.id = works.user_id
                JOIN initiatives_initiative card ON card.registered_by_id = works.organisation_id
                WHERE works.user_id = who AND card.id = place AND works.ended_at IS NULL
                    AND works.admitted_at > own.recovered_at
            )
        )
$$;

-- Unfinished forms about a session under whose rule nobody keeps notes, or that was moved away and is a deleted one here:
-- of everybody, by whoever writes sessions there.
CREATE FUNCTION forget_drafts_of_session(whose uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM initiatives_draft WHERE about = whose AND EXISTS (
        SELECT FROM initiatives_session session WHERE session.id = whose
            AND (session.rule = 'no_notes' OR session.deleted_at IS NOT NULL)
            AND session.initiative_id IN (SELECT logged_initiatives())
    );
END
$$;
COMMENT ON FUNCTION forget_drafts_of_session(uuid) IS 'for t2d_app';

-- Leads whose account was recovered, on initiatives where no other lead is left and the acting user is the successor:
-- who may say that it is really them. The name, and nothing of the initiative.
CREATE FUNCTION leads_to_admit() RETURNS TABLE (member uuid, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT waits.id, own.name
    FROM initiatives_initiative card
    JOIN initiatives_teammember waits ON waits.initiative_id = card.id
    JOIN accounts_user own ON own.id = waits.user_id
    WHERE card.successor_id = (SELECT actor_id()) AND waits.role = 'lead' AND own.recovered_at >= waits.admitted_at
        AND actor_conflicts() IS NULL
        AND vouches_for(waits.user_id)
        -- Whose own account was set up anew says so of nobody until an owner has said it of them: else a steward who did
        -- both would. An owner where the initiative was opened: a steward can have an organisation made for the purpose.
        AND EXISTS (
            SELECT FROM standing_memberships() works
            WHERE (SELECT actor_recovered_at()) = '-infinity' OR works.organisation_id = card.registered_by_id
        )
        AND (waits.expires_at IS NULL OR waits.expires_at > now())
        AND NOT EXISTS (
            SELECT FROM initiatives_teammember lead JOIN accounts_user theirs ON theirs.id = lead.user_id
            WHERE lead.initiative_id = card.id AND lead.role = 'lead'
                AND (lead.expires_at IS NULL OR lead.expires_at > now())
                AND (theirs.recovered_at IS NULL OR lead.admitted_at > theirs.recovered_at)
        )
$$;

-- The successor's word on one of them. True when it counted.
CREATE FUNCTION admit_lead(member uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF admit_lead.member NOT IN (SELECT waits.member FROM leads_to_admit() waits) THEN
        RETURN false;
    END IF;
    UPDATE initiatives_teammember SET admitted_at = clock_timestamp(), version = version + 1, updated_at = now()
    WHERE id = admit_lead.member;
    RETURN true;
END
$$;

-- Let the owner who asked into what the organisation convenes under the codename that was asked for, for a day,
-- once the acting user has confirmed it, another owner. Nothing happens where there is none of that name. Answers with
-- the teams, who are to be told.
CREATE FUNCTION open_in_emergency(request uuid) RETURNS TABLE (initiative uuid, told uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked record;
    card uuid;
    made uuid;
BEGIN
    SELECT found.* INTO asked FROM initiatives_emergencyaccess found
    JOIN accounts_membership own ON own.organisation_id = found.organisation_id AND own.user_id = found.asked_by_id
    JOIN accounts_user asker ON asker.id = own.user_id
    WHERE found.id = request AND found.confirmed_by_id = actor_id() AND found.asked_by_id <> actor_id()
        AND found.confirmed_at > now() - interval '1 minute' AND found.confirmed_at <= now() + interval '1 minute'
        AND found.asked_at > now() - interval '3 days' AND found.withdrawn_at IS NULL
        AND found.organisation_id IN (SELECT owned_organisations())
        AND own.role = 'owner' AND own.ended_at IS NULL AND asker.is_active
        -- Neither of the two since yesterday.
        AND own.updated_at <= now() - interval '7 days' AND EXISTS (
            SELECT FROM accounts_membership second WHERE second.organisation_id = found.organisation_id
                AND second.user_id = actor_id() AND second.ended_at IS NULL
                AND second.updated_at <= now() - interval '7 days'
        )
        AND (asker.recovered_at IS NULL OR own.admitted_at > asker.recovered_at);
    IF NOT FOUND THEN
        RAISE insufficient_privilege USING MESSAGE = 'not confirmed by two owners';
    END IF;
    FOR card IN
        SELECT id FROM initiatives_initiative place
        WHERE lower(regexp_replace(btrim(place.codename), '\s+', ' ', 'g')) = lower(asked.codename)
            AND NOT place.public_record
            AND EXISTS (
                SELECT FROM initiatives_initiativeorganisation named WHERE named.initiative_id = place.id
                    AND named.organisation_id = asked.organisation_id AND named.role = 'convener'
            )
            AND NOT EXISTS (
                SELECT FROM initiatives_teammember member WHERE member.initiative_id = place.id
                    AND member.user_id = asked.asked_by_id AND (member.expires_at IS NULL OR member.expires_at > now())
            )
        ORDER BY id
    LOOP
        made := gen_random_uuid();
        INSERT INTO initiatives_teammember (id, version, created_at, updated_at, initiative_id, user_id, role,
            began_at, expires_at, added_by_id, admitted_at, in_emergency)
        VALUES (made, 1, now(), now(), card, asked.asked_by_id,
            -- Whoever leads stays whoever decides: who is on the team, who sees the card, whether it is purged. Only where
            -- nobody leads any more, the one who is let in appoints somebody.
            CASE WHEN EXISTS (
                -- Also one who waits for a word that it is really them, and for a month one whose account was ended: else
                -- an owner who is a steward would set it up anew, or end it, to take its place.
                SELECT FROM initiatives_teammember lead JOIN accounts_user theirs ON theirs.id = lead.user_id
                WHERE lead.initiative_id = card AND lead.role = 'lead' AND lead.began_at <= now() + interval '1 hour'
                    AND (lead.expires_at IS NULL OR lead.expires_at > now())
                    AND (theirs.is_active OR theirs.updated_at > now() - interval '30 days')
            ) OR EXISTS (
                -- Nor where owners have put out who led it, to take its place.
                SELECT FROM initiatives_teammember lead
                WHERE lead.initiative_id = card AND lead.role = 'lead' AND NOT lead.in_emergency
                    AND lead.expires_at BETWEEN now() - interval '30 days' AND now()
            ) THEN 'facilitator' ELSE 'lead' END,
            -- Since it was asked: an account that was set up anew meanwhile waits.
            now(), now() + interval '24 hours', asked.confirmed_by_id, asked.asked_at, true);
        INSERT INTO confidentiality_auditevent
            (id, stream, position, at, actor, action, route, records, facts, previous, hash)
        VALUES (gen_random_uuid(), card, 0, now(), asked.confirmed_by_id::text, 'write', 'initiatives:emergency',
            ARRAY[made], '', '', '');
        RETURN QUERY SELECT card, member.user_id FROM initiatives_teammember member
            WHERE member.initiative_id = card AND (member.expires_at IS NULL OR member.expires_at > now())
                AND member.user_id <> asked.asked_by_id;
    END LOOP;
END
$$;
COMMENT ON FUNCTION open_in_emergency(uuid) IS 'for t2d_app';

-- --- The audit ---------------------------------------------------------------------------------------------------

-- Chains that the acting user reads: of the initiatives that they lead or facilitate. Not of a register of persons:
-- that would tell its keeper who works with whom, on teams that are none of theirs.
CREATE FUNCTION audited_streams() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT coordinated_initiatives();
END
$$;

-- To which initiatives records belong, whatever table they lie in.
CREATE FUNCTION initiatives_of(records uuid[]) RETURNS TABLE (record uuid, initiative uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    place name;
BEGIN
    RETURN QUERY SELECT card.id, card.id FROM initiatives_initiative card WHERE card.id = ANY (records);
    FOR place IN
        SELECT relname FROM pg_class
        JOIN pg_attribute own ON own.attrelid = pg_class.oid AND own.attname = 'id' AND own.atttypid = 'uuid'::regtype
        JOIN pg_attribute whose ON whose.attrelid = pg_class.oid AND whose.attname = 'initiative_id'
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    LOOP
        RETURN QUERY EXECUTE format(
            'SELECT id, initiative_id FROM %I WHERE id = ANY ($1) AND initiative_id IS NOT NULL', place
        ) USING records;
    END LOOP;
END
$$;
COMMENT ON FUNCTION initiatives_of(uuid[]) IS 'for t2d_site';

-- Tell teams that somebody asked for something of theirs and was refused: an event in their own chain for each refusal
-- of the site's since the last time. Who it was they learn of people who are or were on their team; of others not. At
-- most so many at once; how many there were.
CREATE FUNCTION tell_of_denials(most integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    site constant uuid := '00000000-0000-0000-0000-000000000000';
    seen bigint;
    upto bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('t2d.denials', 0));
    SELECT told, least(position, told + most) INTO seen, upto FROM confidentiality_audithead WHERE id = site;
    IF seen IS NULL OR upto = seen THEN
        RETURN 0;
    END IF;
    INSERT INTO confidentiality_auditevent
        (id, stream, position, at, actor, action, route, records, facts, previous, hash)
    SELECT gen_random_uuid(), asked.initiative, 0, now(), coalesce((
            SELECT asked.actor FROM initiatives_teammember member
            WHERE member.initiative_id = asked.initiative AND member.user_id::text = asked.actor LIMIT 1
        ), ''), 'refused', asked.route, asked.records, '', '', ''
    FROM (
        SELECT event.position, event.actor, event.route, belongs.initiative, array_agg(DISTINCT belongs.record) AS records
        FROM confidentiality_auditevent event, initiatives_of(event.records) belongs
        WHERE event.stream = site AND event.action = 'deny' AND event.position > seen AND event.position <= upto
        GROUP BY event.position, event.actor, event.route, belongs.initiative
    ) asked
    ORDER BY asked.initiative, asked.position;
    UPDATE confidentiality_audithead SET told = upto WHERE id = site;
    RETURN upto - seen;
END
$$;
COMMENT ON FUNCTION tell_of_denials(integer) IS 'for t2d_site';

-- --- How long something is kept ----------------------------------------------------------------------------------

-- Whether anybody stands on the team who may hold it: who leads or facilitates, signs in, and waits for nobody's word.
CREATE FUNCTION somebody_may_hold(whose uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM initiatives_teammember member JOIN accounts_user own ON own.id = member.user_id
        WHERE member.initiative_id = whose AND member.role IN ('lead', 'facilitator') AND own.is_active
            AND member.began_at <= now() + interval '1 hour' AND (member.expires_at IS NULL OR member.expires_at > now())
            AND (own.recovered_at IS NULL OR member.admitted_at > own.recovered_at)
    )
$$;
COMMENT ON FUNCTION somebody_may_hold(uuid) IS 'for t2d_purge';

-- Whether the way into an account was set up anew since it said something.
CREATE FUNCTION recovered_since(who uuid, said timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM accounts_user own WHERE own.id = who AND own.recovered_at >= said)
$$;
COMMENT ON FUNCTION recovered_since(uuid, timestamptz) IS 'for t2d_purge';

-- An end that nobody could have held, or that somebody set whose account was set up anew since, lies a month ahead again
-- when it has come. Whether it was so.
CREATE FUNCTION put_off_end(whose uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Etc/GMT+12')::date;
BEGIN
    UPDATE initiatives_retention kept SET keep_until = today + 30, version = kept.version + 1, updated_at = now()
    WHERE kept.initiative_id = whose AND kept.keep_until <= today AND kept.held_at IS NULL
        AND (recovered_since(kept.set_by_id, kept.set_at) OR NOT somebody_may_hold(whose));
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION put_off_end(uuid) IS 'for t2d_purge';

-- Whether the purge of an initiative of one's own has begun: nobody stops it any more, whatever the page says.
CREATE FUNCTION purge_has_begun(whose uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM initiatives_tombstone stone WHERE stone.purged_id = whose
            AND (whose IN (SELECT visible_initiatives()) OR current_setting('t2d.actor', true) = 'system:owner')
    )
$$;
COMMENT ON FUNCTION purge_has_begun(uuid) IS 'for t2d_app';

-- What the acting user led or facilitated until lately and is purged within a month. They see nothing of it any more, and
-- can still object to an owner of the convening organisation. The codename, which they know, and the day.
CREATE FUNCTION ends_after_leaving() RETURNS TABLE (codename text, keep_until date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT card.codename, kept.keep_until
    FROM initiatives_retention kept JOIN initiatives_initiative card ON card.id = kept.initiative_id
    WHERE actor_conflicts() IS NULL AND kept.held_at IS NULL
        AND kept.keep_until <= (now() AT TIME ZONE 'Etc/GMT+12')::date + 30
        AND EXISTS (
            SELECT FROM initiatives_teammember former
            WHERE former.initiative_id = kept.initiative_id AND former.user_id = (SELECT actor_id())
                AND former.role IN ('lead', 'facilitator') AND NOT former.in_emergency
                AND former.expires_at <= clock_timestamp() AND former.expires_at > kept.set_at - interval '30 days'
                AND former.admitted_at > (SELECT actor_recovered_at())
        )
        AND NOT EXISTS (
            SELECT FROM initiatives_teammember stands
            WHERE stands.initiative_id = kept.initiative_id AND stands.user_id = (SELECT actor_id())
                AND (stands.expires_at IS NULL OR stands.expires_at > clock_timestamp())
        )
    ORDER BY kept.keep_until, card.codename
$$;
COMMENT ON FUNCTION ends_after_leaving() IS 'for t2d_app';

-- Trigger: an end is set by leads. What somebody holds is let go by whoever holds it, or by a lead who did not set the
-- end; that lead alone only once nobody else leads or facilitates, and nobody did for 30 days. And nothing is said of
-- what is being purged. Only for the application, as keep_columns(). The same as services/retention.py.
CREATE FUNCTION guard_hold() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    me uuid := actor_id();
BEGIN
    IF current_user <> 't2d_app' THEN
        RETURN NEW;
    END IF;
    IF purge_has_begun(NEW.initiative_id) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the purge has begun';
    END IF;
    -- Whoever lets go may take it further away.
    IF NEW.keep_until IS DISTINCT FROM OLD.keep_until AND NEW.initiative_id NOT IN (SELECT led_initiatives())
        AND NOT coalesce(OLD.held_at IS NOT NULL AND NEW.held_at IS NULL AND NEW.keep_until > OLD.keep_until, false) THEN
        RAISE insufficient_privilege USING MESSAGE = 'an end is set by who leads';
    END IF;
    -- Who said so, and when, is not written over to be somebody else who may let go, nor left standing under a day that
    -- somebody else has set. Before an end is set, whoever holds it signs the row.
    IF ((TG_OP = 'INSERT') OR (NEW.set_by_id, NEW.set_at) IS DISTINCT FROM (OLD.set_by_id, OLD.set_at)
            OR (NEW.keep_until IS DISTINCT FROM OLD.keep_until
                AND NOT coalesce(OLD.held_at IS NOT NULL AND NEW.held_at IS NULL AND NEW.keep_until > OLD.keep_until, false)))
        AND NOT (NEW.set_by_id = me AND NEW.set_at BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'
            AND (TG_OP = 'INSERT' OR NEW.initiative_id IN (SELECT led_initiatives()))) THEN
        RAISE insufficient_privilege USING MESSAGE = 'an end is signed by who sets it';
    END IF;
    IF TG_OP = 'INSERT' OR OLD.held_at IS NULL OR OLD.held_by_id = me
        OR (NEW.held_at IS NOT NULL AND NEW.held_by_id = OLD.held_by_id) THEN
        RETURN NEW;
    END IF;
    IF NEW.initiative_id NOT IN (SELECT led_initiatives()) OR (
        (OLD.keep_until IS NULL OR OLD.set_by_id = me) AND EXISTS (
            SELECT FROM initiatives_teammember other
            WHERE other.initiative_id = NEW.initiative_id AND other.user_id <> me AND (
                (other.role IN ('lead', 'facilitator') AND other.began_at <= now() + interval '1 hour'
                    AND (other.expires_at IS NULL OR other.expires_at > clock_timestamp()))
                OR (other.expires_at <= clock_timestamp() AND other.expires_at > now() - interval '30 days')
                OR (other.version > 1 AND other.updated_at > now() - interval '30 days')
            )
        )
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'somebody else lets go of it';
    END IF;
    RETURN NEW;
END
$$;

-- Trigger: when the texts of a session are destroyed is said by who leads or facilitates, with the own name, for a day a
-- month ahead; and nothing is written in their place afterwards. Only for the application, as keep_columns().
CREATE FUNCTION guard_clock() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    stood date;
BEGIN
    IF current_user <> 't2d_app' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        stood := OLD.keep_texts_until;
        IF OLD.texts_gone_at IS NOT NULL AND (
            NEW.purpose, NEW.next_step, NEW.place, NEW.notes, NEW.incidents, NEW.agenda_themes, NEW.product_made
        ) IS DISTINCT FROM (
            OLD.purpose, OLD.next_step, OLD.place, OLD.notes, OLD.incidents, OLD.agenda_themes, OLD.product_made
        ) THEN
            RAISE insufficient_privilege USING MESSAGE = 'the time of these texts is over';
        END IF;
    END IF;
    IF NEW.keep_texts_until IS NOT DISTINCT FROM stood THEN
        IF TG_OP = 'UPDATE' AND (NEW.clock_set_by_id, NEW.clock_set_at)
            IS DISTINCT FROM (OLD.clock_set_by_id, OLD.clock_set_at) THEN
            RAISE insufficient_privilege USING MESSAGE = 'a clock is signed by who sets it';
        END IF;
        RETURN NEW;
    END IF;
    -- Letting go of a hold takes clocks further away, whoever does it; any other day is for those who stay.
    IF NEW.initiative_id NOT IN (SELECT coordinated_initiatives())
        OR ((stood IS NULL OR NEW.keep_texts_until IS NULL OR NEW.keep_texts_until < stood)
            AND NEW.initiative_id IN (SELECT emergency_initiatives()))
        OR (NEW.clock_set_by_id IS DISTINCT FROM actor_id() AND (stood IS NULL OR NEW.keep_texts_until < stood))
        OR (NEW.keep_texts_until IS NOT NULL
            AND (TG_OP = 'INSERT' OR NEW.clock_set_at IS DISTINCT FROM OLD.clock_set_at OR NEW.keep_texts_until < stood)
            AND NEW.clock_set_at NOT BETWEEN now() - interval '1 hour' AND now() + interval '1 hour')
        OR (NEW.texts_gone_at IS NULL AND NEW.keep_texts_until < (now() AT TIME ZONE 'Etc/GMT+12')::date + 30) THEN
        RAISE insufficient_privilege USING MESSAGE = 'a clock is set by who leads or facilitates, a month ahead';
    END IF;
    RETURN NEW;
END
$$;

-- The texts of a session whose time is over, what is told with them (models/session.py), its earlier versions and
-- unfinished forms about it: gone, once, and not while somebody holds the initiative. The empty texts are sealed by whoever calls. Whether this was the time: a day that nobody
-- could have held, as above, lies a month ahead again instead.
CREATE FUNCTION forget_texts(
    whose uuid, no_purpose bytea, no_next_step bytea, no_place bytea, no_notes bytea, no_incidents bytea, no_themes bytea
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Etc/GMT+12')::date;
    due record;
BEGIN
    SELECT session.initiative_id, session.clock_set_by_id, session.clock_set_at INTO due FROM initiatives_session session
    WHERE session.id = whose AND session.texts_gone_at IS NULL AND session.keep_texts_until <= today
        AND NOT EXISTS (
            SELECT FROM initiatives_retention kept
            WHERE kept.initiative_id = session.initiative_id AND kept.held_at IS NOT NULL
        )
    FOR NO KEY UPDATE OF session;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF recovered_since(due.clock_set_by_id, due.clock_set_at) OR NOT somebody_may_hold(due.initiative_id) THEN
        UPDATE initiatives_session SET keep_texts_until = today + 30, version = version + 1, updated_at = now()
        WHERE id = whose;
        RETURN false;
    END IF;
    UPDATE initiatives_session
    SET purpose = no_purpose, next_step = no_next_step, place = no_place, notes = no_notes, incidents = no_incidents,
        agenda_themes = no_themes, product_made = NULL, texts_gone_at = now(), version = version + 1, updated_at = now()
    WHERE id = whose;
    DELETE FROM initiatives_sessionrevision WHERE session_id = whose;
    DELETE FROM initiatives_draft WHERE about = whose;
    RETURN true;
END
$$;
COMMENT ON FUNCTION forget_texts(uuid, bytea, bytea, bytea, bytea, bytea, bytea) IS 'for t2d_purge';
