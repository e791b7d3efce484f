-- People of whom something is here although no consent of theirs counts any more.
SELECT person_id FROM (
    SELECT person_id FROM identity.faces WHERE organization_id = (SELECT warehouse.current_organization()) AND status <> 'erasing'
    UNION
    SELECT person_id FROM identity.consents WHERE organization_id = (SELECT warehouse.current_organization()) AND ended_at IS NULL
) AS known
WHERE NOT EXISTS (
    SELECT FROM identity.consents AS c
    WHERE c.organization_id = (SELECT warehouse.current_organization()) AND c.person_id = known.person_id AND c.ended_at IS NULL AND %(now)s < c.valid_until)
ORDER BY person_id
