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

-- The conflicts to which the token is narrowed with which the user acts, ids in a list; NULL: not narrowed, as in a
-- browser. The functions and policies of the apps ask it wherever they say what somebody sees.
CREATE FUNCTION actor_conflicts() RETURNS uuid[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_to_array(nullif(current_setting('t2d.conflicts', true), ''), ',')::uuid[]
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

-- --- The audit ---------------------------------------------------------------------------------------------------

-- A part of the canonical form: its length in bytes before it. The same as `canonical` in models.py.
CREATE FUNCTION audit_part(part text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT convert_to(octet_length(convert_to(part, 'UTF8')) || ':' || part || ',', 'UTF8')
$$;

-- Trigger: an event gets its place at the end of its chain, the hash of the one before, the time, and its own hash.
-- The head of the chain stays locked until the transaction ends: whoever appends does so last.
CREATE FUNCTION chain_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head record;
BEGIN
    LOOP
        SELECT position, hash INTO head FROM confidentiality_audithead WHERE id = NEW.stream FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO confidentiality_audithead (id, position, hash, told) VALUES (NEW.stream, 0, repeat('0', 64), 0)
        ON CONFLICT (id) DO NOTHING;
    END LOOP;
    NEW.position := head.position + 1;
    NEW.previous := head.hash;
    NEW.at := clock_timestamp();
    NEW.hash := encode(sha256(
        audit_part('t2d-audit-1') || audit_part(NEW.previous) || audit_part(NEW.stream::text)
        || audit_part(NEW.position::text) || audit_part((extract(epoch FROM NEW.at) * 1000000)::bigint::text)
        || audit_part(NEW.actor) || audit_part(NEW.action) || audit_part(NEW.route)
        || audit_part(array_to_string(NEW.records, ',')) || audit_part(NEW.facts) || audit_part(NEW.id::text)
    ), 'hex');
    UPDATE confidentiality_audithead SET position = NEW.position, hash = NEW.hash WHERE id = NEW.stream;
    RETURN NEW;
END
$$;

-- Trigger: nobody changes or deletes, but the owner of the tables, whom nothing stops and verify_audit finds out, and
-- the function that takes a chain away with its initiative.
CREATE FUNCTION only_grows() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_user NOT IN ('t2d_owner', 't2d_policy') THEN
        RAISE insufficient_privilege USING MESSAGE = format('%I only grows', TG_TABLE_NAME);
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;

-- The events of one request, at the end of their chains; streams in one order for everybody, so that no two wait for
-- each other in a circle. `who` is who acts, and said so that a caller who takes itself for another fails.
CREATE FUNCTION append_audit(who text, where_from text, events jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF who <> coalesce(current_setting('t2d.actor', true), '') OR EXISTS (
        SELECT FROM jsonb_to_recordset(events) AS event (action text)
        WHERE event.action NOT IN ('open', 'search', 'export', 'write', 'deny')
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'an event in another''s name, or of another''s kind';
    END IF;
    INSERT INTO confidentiality_auditevent
        (id, stream, position, at, actor, action, route, records, facts, previous, hash)
    SELECT gen_random_uuid(), event.stream, 0, now(), who, event.action, where_from, event.records, event.facts, '', ''
    FROM jsonb_to_recordset(events) AS event (stream uuid, action text, records uuid[], facts text)
    ORDER BY event.stream;
END
$$;
COMMENT ON FUNCTION append_audit(text, text, jsonb) IS 'for t2d_app';

-- Take a chain away with its initiative. Its last position and hash stay, as an event of the site's own stream, so
-- that checkpoints copied before can still be understood.
CREATE FUNCTION end_stream(ended uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head record;
BEGIN
    SELECT position, hash INTO head FROM confidentiality_audithead WHERE id = ended FOR UPDATE;
    IF FOUND AND ended <> '00000000-0000-0000-0000-000000000000' THEN
        DELETE FROM confidentiality_auditevent WHERE stream = ended;
        DELETE FROM confidentiality_audithead WHERE id = ended;
        INSERT INTO confidentiality_auditevent
            (id, stream, position, at, actor, action, route, records, facts, previous, hash)
        VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000000', 0, now(), 'system:purge', 'purge', '',
            ARRAY[ended], jsonb_build_object('position', head.position, 'hash', head.hash)::text, '', '');
    END IF;
END
$$;
COMMENT ON FUNCTION end_stream(uuid) IS 'for t2d_purge';
