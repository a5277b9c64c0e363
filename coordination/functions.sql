-- What coordinators may open, and how a change reaches the detector without anybody reading the outbox.

-- Cards that ask to be compared and between which the acting user may broker: both sides of an open pair are here.
CREATE FUNCTION open_cards() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 5000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT id FROM initiatives_initiative
    WHERE matching = 'on' AND id IN (SELECT brokered_cards());
END
$$;

-- Flags, history included, that the acting user may open: of pairs that overlap now.
CREATE FUNCTION opened_flags() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 500 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY WITH open AS MATERIALIZED (SELECT open_cards() AS id)
    SELECT flag.id FROM coordination_overlapflag flag
    JOIN coordination_overlapflag newest
        ON newest.first_id = flag.first_id AND newest.second_id = flag.second_id AND NOT newest.superseded
    WHERE flag.first_id IN (SELECT id FROM open) AND flag.second_id IN (SELECT id FROM open)
        AND newest.state <> 'expired';
END
$$;

-- Cards whose matching card the acting user meets inside a flag.
CREATE FUNCTION flagged_cards() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE ROWS 1000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY WITH flags AS MATERIALIZED (
        SELECT first_id, second_id FROM coordination_overlapflag WHERE id IN (SELECT opened_flags())
    )
    SELECT first_id FROM flags UNION SELECT second_id FROM flags;
END
$$;

-- Cards that wait for the detector or stand in a flag, whatever they ask for by now.
CREATE FUNCTION once_compared_cards() RETURNS SETOF uuid
LANGUAGE sql STABLE ROWS 5000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT id FROM (
        SELECT initiative_id FROM coordination_outboxentry
        UNION SELECT first_id FROM coordination_overlapflag
        UNION SELECT second_id FROM coordination_overlapflag
    ) AS compared (id)
$$;

COMMENT ON FUNCTION once_compared_cards() IS 'for t2d_detector';

-- The matching card: all that a coordinator learns of a hidden initiative, and only inside a flag. A published
-- title is shown with it where the card is public record. The detector compares every card that asks for it.
CREATE VIEW matching_card WITH (security_barrier = true) AS
    SELECT id, codename, conflict_id, track_type, themes, began_on, began_precision, ended_on, ended_precision,
        matching, public_record, title
    FROM initiatives_initiative card
    WHERE current_user IN ('t2d_detector', 't2d_owner') OR id IN (SELECT flagged_cards());
CREATE VIEW matching_side WITH (security_barrier = true) AS
    SELECT id, initiative_id AS card_id, party_id
    FROM initiatives_initiativeparty side
    WHERE current_user IN ('t2d_detector', 't2d_owner') OR initiative_id IN (SELECT flagged_cards());
GRANT SELECT ON matching_card, matching_side TO t2d_app, t2d_detector, t2d_owner;

-- Remember initiatives to be compared: some by name, or all of a family, hidden ones too. Sorted, so that two
-- transactions cannot wait for each other in a circle.
CREATE FUNCTION enqueue(initiatives uuid[], families uuid[], at timestamptz) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO coordination_outboxentry (initiative_id, queued_at)
    SELECT id, least(at, now() + interval '1 minute') FROM (
        SELECT unnest(initiatives) AS id
        UNION
        SELECT card.id FROM initiatives_initiative card
        JOIN initiatives_conflict conflict ON conflict.id = card.conflict_id
        WHERE conflict.root_id = ANY (families)
    ) AS waiting
    ORDER BY id
    ON CONFLICT (initiative_id) DO UPDATE SET queued_at = excluded.queued_at
$$;

-- Since when the oldest initiative has waited: one time for the whole site, which says nothing of what waits.
CREATE FUNCTION oldest_wait() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT min(queued_at) FROM coordination_outboxentry
$$;
