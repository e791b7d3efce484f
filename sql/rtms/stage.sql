-- Where a pull waits until it is complete; gone with its transaction.
CREATE TEMPORARY TABLE {staging} (LIKE {target}) ON COMMIT DROP;
