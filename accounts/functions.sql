-- Organisations of the acting user.
CREATE FUNCTION own_organisations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT organisation_id FROM accounts_membership
    WHERE user_id = (SELECT actor_id()) AND ended_at IS NULL;
END
$$;

CREATE FUNCTION own_vetted_organisations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT membership.organisation_id
    FROM accounts_membership membership
    JOIN accounts_organisation organisation ON organisation.id = membership.organisation_id
    WHERE membership.user_id = (SELECT actor_id()) AND membership.ended_at IS NULL AND organisation.vetted_at IS NOT NULL;
END
$$;

-- Organisations whose register of persons the acting user keeps.
CREATE FUNCTION registered_organisations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 3 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT organisation_id FROM accounts_membership
    WHERE user_id = (SELECT actor_id()) AND ended_at IS NULL AND role = 'registrar';
END
$$;

-- Whether the acting user belongs to the network.
CREATE FUNCTION actor_vetted() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT own_vetted_organisations())
$$;

CREATE FUNCTION actor_is_steward() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce((SELECT is_steward FROM accounts_user WHERE id = (SELECT actor_id())), false)
$$;

-- Whose token this is: asked before anybody acts, and answered only to whoever holds the token.
CREATE FUNCTION user_of_token(given text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT user_id FROM accounts_accesstoken WHERE digest = given
$$;
