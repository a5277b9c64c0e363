-- Which persons of which register the acting user meets through teams: the rows behind the policies on the register.

-- Persons who take part in initiatives of own teams: known by their pseudonym.
CREATE FUNCTION team_persons() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 200 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT person_id FROM participants_participation
    WHERE initiative_id = ANY ((SELECT visible_initiative_ids())::uuid[]);
END
$$;

-- Those whose record and links the acting user also writes: every role but the observer's.
CREATE FUNCTION worked_persons() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 200 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT person_id FROM participants_participation
    WHERE initiative_id IN (SELECT logged_initiatives());
END
$$;

-- Those whose identity opens to the acting user: leads and facilitators.
CREATE FUNCTION opened_persons() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 200 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT person_id FROM participants_participation
    WHERE initiative_id IN (SELECT coordinated_initiatives());
END
$$;

-- Those whose identity the acting user may destroy, for every team at once: whoever keeps the register, and leads and
-- facilitators of the team that brought the person in before any other.
CREATE FUNCTION erasable_persons() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 200 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT known.id FROM participants_person known
    WHERE known.organisation_id IN (SELECT registered_organisations())
        OR (known.id IN (SELECT opened_persons()) AND (
            SELECT part.initiative_id FROM participants_participation part
            WHERE part.person_id = known.id ORDER BY part.created_at, part.id LIMIT 1
        ) IN (
            -- Not whoever was let in for a day.
            SELECT coordinated_initiatives() EXCEPT SELECT emergency_initiatives()
        ));
END
$$;

-- Whether a person may be entered as taking part: one who is not there yet (the person is added in the same
-- transaction, under may_register), or one of the register of this initiative whom the acting user knows. Otherwise
-- an id that was overheard would open a stranger's identity to whoever invites it; and whoever knows only the
-- pseudonym could open the identity by inviting the person to an initiative that they lead.
CREATE FUNCTION may_take_part(initiative uuid, person uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM participants_person known WHERE known.id = person) OR EXISTS (
        SELECT FROM participants_person known
        JOIN initiatives_initiative card ON card.registered_by_id = known.organisation_id
        WHERE known.id = person AND card.id = initiative
            AND (known.organisation_id IN (SELECT registered_organisations())
                OR known.id IN (SELECT opened_persons()))
    )
$$;

-- Whether a person may be added to a register: as taking part, already entered, in an initiative of that register in
-- which the acting user logs.
CREATE FUNCTION may_register(person uuid, register uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM participants_participation part
        JOIN initiatives_initiative card ON card.id = part.initiative_id
        WHERE part.person_id = person AND card.registered_by_id = register
            AND part.initiative_id IN (SELECT logged_initiatives())
    )
$$;

-- Whether the acting user may write down who somebody is: a person of that register, whom one works with.
CREATE FUNCTION may_identify(person uuid, register uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM participants_person known
        WHERE known.id = person AND known.organisation_id = register AND known.id IN (SELECT worked_persons())
    )
$$;

-- Official bodies for which the acting user is liaison: as long as the account is for nothing else. A steward, a
-- coordinator, a member of an organisation or of a team would read what rival teams say to the office.
CREATE FUNCTION liaison_bodies() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT mandate.body_id FROM participants_liaisonmandate mandate
    JOIN accounts_user own ON own.id = mandate.user_id
    WHERE mandate.user_id = (SELECT actor_id()) AND mandate.ended_at IS NULL AND NOT own.is_steward
        AND mandate.created_at > (SELECT actor_recovered_at())
        AND (actor_conflicts() IS NULL OR mandate.body_id IN (
            SELECT id FROM participants_officialbody WHERE conflict_id IN (SELECT reached_conflicts())
        ))
        AND NOT EXISTS (SELECT FROM accounts_membership m WHERE m.user_id = own.id AND m.ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM initiatives_coordinatormandate c WHERE c.user_id = own.id AND c.ended_at IS NULL)
        AND NOT EXISTS (
            SELECT FROM initiatives_teammember t
            WHERE t.user_id = own.id AND (t.expires_at IS NULL OR t.expires_at > now())
        );
END
$$;

-- A person is forgotten: what anybody left unfinished of it goes, on whichever team. By whoever may erase the person;
-- who had left something is not told. Of whom an unfinished tie speaks is sealed: those of everybody who could choose
-- this person go, since nobody can open them to see.
CREATE FUNCTION forget_drafts_about(whose uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM initiatives_draft WHERE whose IN (SELECT erasable_persons()) AND (
        about = whose
        OR about IN (SELECT id FROM participants_officiallink WHERE person_id = whose)
        OR about IN (SELECT id FROM participants_participation WHERE person_id = whose)
        OR (place = 'official_link' AND user_id IN (
            SELECT member.user_id FROM initiatives_teammember member
            JOIN participants_participation part ON part.initiative_id = member.initiative_id
            WHERE part.person_id = whose
            UNION ALL
            SELECT keeper.user_id FROM accounts_membership keeper
            JOIN participants_person known ON known.organisation_id = keeper.organisation_id
            WHERE known.id = whose AND keeper.role = 'registrar'
        ))
    );
END
$$;
COMMENT ON FUNCTION forget_drafts_about(uuid) IS 'for t2d_app';

-- Who was at a session whose texts are gone, as their time was over.
CREATE FUNCTION forget_attendance(whose uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM participants_attendance attendance USING initiatives_session session
    WHERE attendance.session_id = whose AND session.id = whose AND session.texts_gone_at IS NOT NULL;
END
$$;
COMMENT ON FUNCTION forget_attendance(uuid) IS 'for t2d_purge';
