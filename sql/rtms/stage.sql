-- Indexed like the table it stands for: whatever the planner believes of either, it can look rows up by key.
CREATE TEMPORARY TABLE {staging} (LIKE {target} {including}) ON COMMIT DROP;
