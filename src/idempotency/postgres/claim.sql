-- $1 key, $2 fingerprint, $3 claimant, $4 now, $5 lease until, $6 window ends, $7 take over?,
-- $8 tolerance of the clocks in seconds, or null.
-- Always one row: the end of the window if the claim took the key, else what the statement's
-- snapshot saw. If it saw nothing, or something that should have given way, another claim came
-- between, and the statement is repeated.
WITH apart AS (
  SELECT $8::bigint IS NOT NULL
    AND abs(extract(epoch FROM clock_timestamp())::bigint - $4) > $8 AS too_far
), taken AS (
  INSERT INTO open_banking.claim AS c
    (key, fingerprint, claimant, since, lease_until, window_ends, outcome)
  SELECT $1, $2, $3, $4, $5, $6, NULL FROM apart WHERE NOT too_far
  ON CONFLICT (key) DO UPDATE SET
    fingerprint = excluded.fingerprint,
    claimant = excluded.claimant,
    since = excluded.since,
    lease_until = excluded.lease_until,
    window_ends = CASE WHEN c.window_ends < $4 THEN excluded.window_ends
      ELSE greatest(c.window_ends, excluded.lease_until) END,
    outcome = NULL
  WHERE c.window_ends < $4
    OR (c.fingerprint = $2 AND c.outcome IS NULL
      AND (c.claimant = $3 OR ($7::boolean AND c.lease_until <= $4)))
  RETURNING c.window_ends
)
SELECT apart.too_far, taken.window_ends AS granted,
  c.fingerprint, c.claimant, c.since, c.lease_until, c.window_ends, c.outcome
FROM apart
  LEFT JOIN taken ON true
  LEFT JOIN open_banking.claim c ON c.key = $1 AND taken.window_ends IS NULL
