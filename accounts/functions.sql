-- Organisations of the acting user.
CREATE OR REPLACE FUNCTION own_organisation_ids() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(array_agg(organisation_id), '{}') FROM accounts_membership
    WHERE user_id = actor_id() AND ended_at IS NULL
$$;

CREATE OR REPLACE FUNCTION own_vetted_organisation_ids() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(array_agg(membership.organisation_id), '{}')
    FROM accounts_membership membership
    JOIN accounts_organisation organisation ON organisation.id = membership.organisation_id
    WHERE membership.user_id = actor_id() AND membership.ended_at IS NULL AND organisation.vetted_at IS NOT NULL
$$;

-- Whether the acting user belongs to the network.
CREATE OR REPLACE FUNCTION actor_vetted() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT cardinality(own_vetted_organisation_ids()) > 0
$$;

CREATE OR REPLACE FUNCTION actor_is_steward() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce((SELECT is_steward FROM accounts_user WHERE id = actor_id()), false)
$$;

-- Whose token this is: asked before anybody acts, and answered only to whoever holds the token.
CREATE OR REPLACE FUNCTION user_of_token(given text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT user_id FROM accounts_accesstoken WHERE digest = given
$$;
