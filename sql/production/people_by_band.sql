-- How many people of each line are in each band.
SELECT line_name, band, count(DISTINCT coalesce(emp_code, 'device:' || device_id)) AS people
FROM production.employee_efficiency
WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s AND band IS NOT NULL
GROUP BY line_name, band
ORDER BY line_name
