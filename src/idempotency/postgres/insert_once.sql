-- $1 key, $2 nonce of this insertion, $3 until, $4 now, $5 tolerance of the clocks, or null.
WITH apart AS (
  SELECT $5::bigint IS NOT NULL
    AND abs(extract(epoch FROM clock_timestamp())::bigint - $4) > $5 AS too_far
), taken AS (
  INSERT INTO open_banking.replay AS r (key, nonce, until)
  SELECT $1, $2, $3 FROM apart WHERE NOT too_far
  ON CONFLICT (key) DO UPDATE SET nonce = excluded.nonce, until = excluded.until
  WHERE r.until < $4 OR r.nonce = excluded.nonce
  RETURNING r.key
)
SELECT apart.too_far, taken.key IS NOT NULL AS fresh FROM apart LEFT JOIN taken ON true
