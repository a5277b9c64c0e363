-- What was granted to the acting user before this moment opens nothing until it is granted again: somebody else set
-- up the way into the account. Long ago for most.
CREATE FUNCTION actor_recovered_at() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce((SELECT recovered_at FROM accounts_user WHERE id = (SELECT actor_id())), '-infinity')
$$;

-- Places of the acting user in organisations: not ended, and granted since the account was last recovered.
CREATE FUNCTION standing_memberships() RETURNS SETOF accounts_membership
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT * FROM accounts_membership
    WHERE user_id = (SELECT actor_id()) AND ended_at IS NULL AND admitted_at > (SELECT actor_recovered_at());
END
$$;

-- Organisations of the acting user.
CREATE FUNCTION own_organisations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT organisation_id FROM standing_memberships();
END
$$;

CREATE FUNCTION own_vetted_organisations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT membership.organisation_id
    FROM standing_memberships() membership
    JOIN accounts_organisation organisation ON organisation.id = membership.organisation_id
    WHERE organisation.vetted_at IS NOT NULL;
END
$$;

-- Organisations whose register of persons the acting user keeps. A register is of no conflict: none for a token that is
-- narrowed to some.
CREATE FUNCTION registered_organisations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT organisation_id FROM standing_memberships()
    WHERE role = 'registrar' AND actor_conflicts() IS NULL;
END
$$;

-- Organisations in whose name the acting user may speak.
CREATE FUNCTION owned_organisations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT organisation_id FROM standing_memberships() WHERE role = 'owner';
END
$$;

-- Whether the acting user belongs to the network.
CREATE FUNCTION actor_vetted() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT own_vetted_organisations())
$$;

-- Not with a token that is for some conflicts: what stewards do is of none.
CREATE FUNCTION actor_is_steward() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT actor_conflicts() IS NULL
        AND coalesce((SELECT is_steward FROM accounts_user WHERE id = (SELECT actor_id())), false)
$$;

-- Whether the acting user's word counts that it is really them, of somebody whose account was set up anew: not for
-- oneself, not of whoever did it, and where it is not known through whose hands the link went, of no steward.
CREATE FUNCTION vouches_for(who uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM accounts_user me JOIN accounts_user other ON other.id = who
        WHERE me.id = (SELECT actor_id()) AND me.id <> other.id AND me.id IS DISTINCT FROM other.recovered_by_id
            AND NOT (me.is_steward AND (other.recovered_by_hand OR other.recovered_by_id IS NULL))
    )
$$;

-- Whose token this is: asked before anybody acts, and answered only to whoever holds the token.
CREATE FUNCTION user_of_token(given text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT user_id FROM accounts_accesstoken WHERE digest = given
$$;
