-- Areas with an alert that is not over.
SELECT subject FROM alerts.alerts
WHERE organization_id = (SELECT warehouse.current_organization()) AND rule = %(rule)s AND status <> 'resolved'
