-- $1 key, $2 claimant.
WITH done AS (
  DELETE FROM open_banking.claim
  WHERE key = $1 AND claimant = $2 AND outcome IS NULL
  RETURNING key
)
SELECT done.key IS NOT NULL AS done, c.key IS NOT NULL AS held, c.outcome IS NOT NULL AS settled
FROM (SELECT) AS one
  LEFT JOIN done ON true
  LEFT JOIN open_banking.claim c ON c.key = $1 AND c.claimant = $2
