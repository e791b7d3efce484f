-- Areas that were corrected at this very moment.
SELECT area_id FROM occupancy.headcount_corrections
WHERE organization_id = (SELECT warehouse.current_organization()) AND corrected_at = %(at)s
