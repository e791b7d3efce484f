-- What a lookup at the provider needs: since when, and which messages to this number are accounted for.
SELECT
    (
        SELECT min(a.started_at)
        FROM alerts.delivery_attempts AS a
        WHERE a.organization_id = warehouse.current_organization() AND a.delivery_id = %(delivery_id)s
    ) AS since,
    ARRAY(
        SELECT a.provider_message_id
        FROM alerts.delivery_attempts AS a
        INNER JOIN alerts.alert_deliveries AS d USING (organization_id, delivery_id)
        WHERE
            d.organization_id = warehouse.current_organization()
            AND d.recipient_phone = %(phone)s
            AND a.provider_message_id IS NOT NULL
    ) AS known
