-- What every row policy asks first. Like the functions of the apps, these belong to t2d_policy, which nobody logs
-- in as and which may read what the policies rest on.

-- The acting user; NULL for a visitor and for the site's own work.
CREATE FUNCTION actor_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN current_setting('t2d.actor', true) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        THEN current_setting('t2d.actor', true)::uuid
    END
$$;

-- Trigger: the named columns of a row stay as they were inserted, whoever of the users writes. What the site's roles
-- and the functions of t2d_policy do is theirs to answer for.
CREATE FUNCTION keep_columns() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    name text;
BEGIN
    IF current_user = 't2d_app' THEN
        FOREACH name IN ARRAY TG_ARGV LOOP
            IF before -> name IS DISTINCT FROM after -> name THEN
                RAISE insufficient_privilege
                    USING MESSAGE = format('column %I of %I keeps its value', name, TG_TABLE_NAME);
            END IF;
        END LOOP;
    END IF;
    RETURN NEW;
END
$$;

-- Whoever signs, signs with the own name: a column that says by whom something was done holds the acting user, or
-- nobody, when it is written. Only for the application, as above. Arguments: the columns.
CREATE FUNCTION sign_columns() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
    after jsonb := to_jsonb(NEW);
    name text;
BEGIN
    IF current_user = 't2d_app' THEN
        FOREACH name IN ARRAY TG_ARGV LOOP
            IF after ->> name IS NOT NULL AND before ->> name IS DISTINCT FROM after ->> name
                AND after ->> name IS DISTINCT FROM actor_id()::text THEN
                RAISE insufficient_privilege
                    USING MESSAGE = format('column %I of %I is signed by who acts', name, TG_TABLE_NAME);
            END IF;
        END LOOP;
    END IF;
    RETURN NEW;
END
$$;

-- Whether a question about `who` is asked by that user, or by the owner of everything. Raises for anybody else:
-- an empty answer could be mistaken for "nothing stands in the way".
CREATE FUNCTION asks_for(who uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF who = actor_id() OR current_setting('t2d.actor', true) = 'system:owner' THEN
        RETURN true;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'asked about somebody who does not act';
END
$$;
