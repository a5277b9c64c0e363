-- The database roles and what they own. Run once as a superuser, connected to the application's own, empty
-- database (any name):   psql -d t2d -f deploy/roles.sql
-- Safe to run again. Passwords, where logins need them, are set afterwards:   ALTER ROLE t2d_app PASSWORD '...'

-- Who may log in, and as what. NOINHERIT matters: a role gets another's rights only by an explicit SET ROLE.
DO $$
BEGIN
    -- Owns the functions behind the row policies. Nobody logs in as it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 't2d_policy') THEN
        CREATE ROLE t2d_policy NOLOGIN NOINHERIT;
    END IF;
    -- Owns the tables; only the process that migrates uses it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 't2d_owner') THEN
        CREATE ROLE t2d_owner LOGIN NOINHERIT;
    END IF;
    -- The application: pages, API, worker, commands. It owns nothing and bypasses nothing.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 't2d_app') THEN
        CREATE ROLE t2d_app LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
END
$$;
GRANT t2d_policy TO t2d_owner;

-- The owner may do as it likes inside this database, the application only what migrations grant it, others nothing.
DO $$
DECLARE
    template boolean := (SELECT datistemplate FROM pg_database WHERE datname = current_database());
BEGIN
    IF NOT template THEN
        EXECUTE format('ALTER DATABASE %I OWNER TO t2d_owner', current_database());
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO t2d_app', current_database());
    END IF;
END
$$;
ALTER SCHEMA public OWNER TO t2d_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO t2d_app, t2d_policy;

-- Exclusion constraints over ids and ranges; search in titles.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
