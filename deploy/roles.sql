-- The database roles and what they own. Run once as a superuser, connected to the application's own, empty
-- database (any name):   psql -d t2d -f deploy/roles.sql
-- Safe to run again. Passwords, where logins need them, are set afterwards:   ALTER ROLE t2d_app PASSWORD '...'
--
-- What each may do in which table follows from the models, at the end of every migrate (rowsecurity.py).

-- Who may log in, and as what. NOINHERIT matters: a role gets another's rights only by an explicit SET ROLE.
DO $$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT * FROM (VALUES
        -- Owns the functions behind the row policies. Nobody logs in as it.
        ('t2d_policy', 'NOLOGIN'),
        -- Owns the tables; only the process that migrates uses it.
        ('t2d_owner', 'LOGIN'),
        -- The application at work for a user: pages and API log in as it. It owns nothing and bypasses nothing.
        ('t2d_app', 'LOGIN'),
        -- The site's own work, each with no more than it needs: comparison, successors, purges.
        ('t2d_detector', 'NOLOGIN'),
        ('t2d_site', 'NOLOGIN'),
        ('t2d_purge', 'NOLOGIN'),
        -- The worker and the operator's commands: may take on the four above, and is nothing by itself.
        ('t2d_worker', 'LOGIN'),
        -- Dumps: pg_dump --enable-row-security. Reads what is stored, which for content is encrypted.
        ('t2d_backup', 'LOGIN')
    ) AS roles (name, login)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = made.name) THEN
            EXECUTE format('CREATE ROLE %I %s NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION',
                           made.name, made.login);
        END IF;
    END LOOP;
END
$$;
GRANT t2d_policy TO t2d_owner;
GRANT t2d_app, t2d_detector, t2d_site, t2d_purge TO t2d_worker;

-- The owner may do as it likes inside this database, the others only what migrations grant them.
DO $$
DECLARE
    template boolean := (SELECT datistemplate FROM pg_database WHERE datname = current_database());
BEGIN
    IF NOT template THEN
        EXECUTE format('ALTER DATABASE %I OWNER TO t2d_owner', current_database());
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO t2d_app, t2d_worker, t2d_backup', current_database());
    END IF;
END
$$;
ALTER SCHEMA public OWNER TO t2d_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO t2d_app, t2d_policy, t2d_detector, t2d_site, t2d_purge, t2d_worker, t2d_backup;

-- Exclusion constraints over ids and ranges; search in titles.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
