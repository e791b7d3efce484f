-- Known watches are brought up to date, new ones inserted; says which alert each one is. The caller holds the alert lock.
-- (No upsert: it would burn a number for every known watch, and people read these numbers.)
WITH given AS (
    SELECT *
    FROM jsonb_to_recordset(%(watches)s) AS w (
        rule text, subject text, subject_name text, production_day date, status text, place jsonb, value float8,
        threshold float8, recipient_name text, recipient_phone text, breaches jsonb, first_seen_at timestamptz,
        last_seen_at timestamptz, streak integer, absent integer, counted_at timestamptz, opened_at timestamptz,
        escalated_at timestamptz, told text [], last_message_at timestamptz
    )
),

updated AS (
    UPDATE alerts.alerts AS known
    SET
        subject_name = w.subject_name,
        status = w.status,
        place = w.place,
        value = w.value,
        threshold = w.threshold,
        recipient_name = w.recipient_name,
        recipient_phone = w.recipient_phone,
        breaches = w.breaches,
        occurrences = known.occurrences + (w.last_seen_at > known.last_seen_at)::integer,
        last_seen_at = w.last_seen_at,
        streak = w.streak,
        absent = w.absent,
        counted_at = w.counted_at,
        opened_at = w.opened_at,
        escalated_at = w.escalated_at,
        told = w.told,
        last_message_at = coalesce(w.last_message_at, known.last_message_at)
    FROM given AS w
    WHERE
        known.organization_id = warehouse.current_organization()
        AND known.stream = %(stream)s
        AND known.rule = w.rule
        AND known.subject = w.subject
        AND known.status <> 'resolved'
    RETURNING known.rule, known.subject, known.alert_id
),

inserted AS (
    INSERT INTO alerts.alerts (
        stream, rule, subject, subject_name, production_day, status, place, value, threshold, recipient_name,
        recipient_phone, breaches, first_seen_at, last_seen_at, streak, absent, counted_at, opened_at, escalated_at, told,
        last_message_at
    )
    SELECT
        %(stream)s, w.rule, w.subject, w.subject_name, w.production_day, w.status, w.place, w.value, w.threshold,
        w.recipient_name, w.recipient_phone, w.breaches, w.first_seen_at, w.last_seen_at, w.streak, w.absent, w.counted_at,
        w.opened_at, w.escalated_at, w.told, w.last_message_at
    FROM given AS w
    WHERE NOT EXISTS (SELECT FROM updated AS u WHERE u.rule = w.rule AND u.subject = w.subject)
    RETURNING rule, subject, alert_id
)

SELECT rule, subject, alert_id FROM updated
UNION ALL
SELECT rule, subject, alert_id FROM inserted
