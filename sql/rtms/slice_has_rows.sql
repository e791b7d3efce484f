-- Whether a pull meets rows of an earlier one, or may copy straight into the table.
SELECT EXISTS (SELECT FROM {target} AS kept WHERE {kept_in_slice});
