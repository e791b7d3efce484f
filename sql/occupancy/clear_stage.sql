-- Empties what one chunk of hours was computed with, for the next.
TRUNCATE grid, target_hours, islands, members, holders, heard, moves, figures
