-- The newest day is never in the table's statistics: the planner takes it for one row and would compare every row with every
-- row. Without nested loops it hashes, which costs the same for a day of any size beside a history of any length.
SELECT set_config('enable_nestloop', 'off', true);
