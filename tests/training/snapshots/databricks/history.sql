-- databricks; reads spine, events: floats as float64 without NaN, times as UTC microseconds; TIMESTAMP_NTZ is UTC in a session whose time zone is UTC
WITH `t4` AS (
  SELECT
    `t2`.`k`,
    `t2`.`i`,
    `t2`.`at`,
    `t2`.`late`,
    `t2`.`_fsnb_k0`,
    `t2`.`_fsnb_k1`,
    UNIX_MICROS(CAST(`t2`.`at` AS TIMESTAMP)) - 0 AS `_fsnb_c`
  FROM (
    SELECT
      `t0`.`k`,
      `t0`.`i`,
      `t0`.`at`,
      `t0`.`late`,
      `t0`.`k` AS `_fsnb_k0`,
      `t0`.`i` AS `_fsnb_k1`
    FROM `spine` AS `t0`
  ) AS `t2`
), `t11` AS (
  SELECT
    `t9`.`_fsnb_k0`,
    `t9`.`_fsnb_k1`,
    `t9`.`_fsnb_event`,
    `t9`.`a0`,
    `t9`.`_fsnb_start`,
    `t9`.`_fsnb_v_p0`,
    ROW_NUMBER() OVER (
      PARTITION BY `t9`.`_fsnb_k0`, `t9`.`_fsnb_k1`, `t9`.`_fsnb_start`
      ORDER BY `t9`.`_fsnb_start`
    ) - 1 AS `_fsnb_rank`
  FROM (
    SELECT
      `t7`.`_fsnb_k0`,
      `t7`.`_fsnb_k1`,
      `t7`.`_fsnb_event`,
      `t7`.`a0`,
      `t7`.`_fsnb_start`,
      MAX(`t7`.`a0`) OVER (
        PARTITION BY `t7`.`_fsnb_k0`, `t7`.`_fsnb_k1`
        ORDER BY `t7`.`_fsnb_start` ASC NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `_fsnb_v_p0`
    FROM (
      SELECT
        `t3`.`_fsnb_k0`,
        `t3`.`_fsnb_k1`,
        `t3`.`_fsnb_event`,
        `t3`.`a0`,
        `t3`.`_fsnb_event` + 0 AS `_fsnb_start`
      FROM (
        SELECT
          `t1`.`k` AS `_fsnb_k0`,
          `t1`.`i` AS `_fsnb_k1`,
          UNIX_MICROS(CAST(`t1`.`ts` AS TIMESTAMP)) AS `_fsnb_event`,
          IF(ISNAN(`t1`.`x`), CAST(NULL AS DOUBLE), `t1`.`x`) AS `a0`
        FROM `events` AS `t1`
      ) AS `t3`
      WHERE
        (
          `t3`.`_fsnb_k0` IS NOT NULL
        )
        AND (
          `t3`.`_fsnb_k1` IS NOT NULL
        )
        AND (
          `t3`.`_fsnb_event` IS NOT NULL
        )
    ) AS `t7`
  ) AS `t9`
)
SELECT
  `t20`.`k`,
  `t20`.`i`,
  `t20`.`at`,
  `t20`.`late`,
  IF(ISNAN(`t20`.`_fsnb_v_p0`), CAST(NULL AS DOUBLE), `t20`.`_fsnb_v_p0`) AS `high`
FROM (
  SELECT
    `t6`.`k`,
    `t6`.`i`,
    `t6`.`at`,
    `t6`.`late`,
    `t6`.`_fsnb_k0`,
    `t6`.`_fsnb_k1`,
    `t6`.`_fsnb_c`,
    `t15`.`_fsnb_v_p0`
  FROM `t4` AS `t6`
  LEFT OUTER JOIN (
    SELECT
      `t17`.`_fsnb_k0` AS `_fsnb_at_fsnb_k0`,
      `t17`.`_fsnb_k1` AS `_fsnb_at_fsnb_k1`,
      `t17`.`_fsnb_c` AS `_fsnb_at_fsnb_c`,
      `t17`.`_fsnb_next` AS `_fsnb_at_fsnb_start`
    FROM (
      SELECT
        `t16`.`_fsnb_k0`,
        `t16`.`_fsnb_k1`,
        `t16`.`_fsnb_c`,
        `t16`.`_fsnb_last`,
        MAX(`t16`.`_fsnb_last`) OVER (
          PARTITION BY `t16`.`_fsnb_k0`, `t16`.`_fsnb_k1`
          ORDER BY `t16`.`_fsnb_c` ASC NULLS LAST
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS `_fsnb_next`
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t12`.`_fsnb_k0`,
            `t12`.`_fsnb_k1`,
            `t12`.`_fsnb_start` AS `_fsnb_c`,
            `t12`.`_fsnb_start` AS `_fsnb_last`
          FROM `t11` AS `t12`
          WHERE
            `t12`.`_fsnb_rank` = 0
        ) AS `t14`
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            `t8`.`_fsnb_k0`,
            `t8`.`_fsnb_k1`,
            `t8`.`_fsnb_c`,
            CAST(NULL AS BIGINT) AS `_fsnb_last`
          FROM (
            SELECT DISTINCT
              `t5`.`_fsnb_k0`,
              `t5`.`_fsnb_k1`,
              `t5`.`_fsnb_c`
            FROM `t4` AS `t5`
            WHERE
              (
                `t5`.`_fsnb_k0` IS NOT NULL
              )
              AND (
                `t5`.`_fsnb_k1` IS NOT NULL
              )
              AND (
                `t5`.`_fsnb_c` IS NOT NULL
              )
          ) AS `t8`
        ) AS `t10`
      ) AS `t16`
    ) AS `t17`
    WHERE
      `t17`.`_fsnb_last` IS NULL
  ) AS `t19`
    ON `t6`.`_fsnb_k0` = `t19`.`_fsnb_at_fsnb_k0`
    AND `t6`.`_fsnb_k1` = `t19`.`_fsnb_at_fsnb_k1`
    AND `t6`.`_fsnb_c` = `t19`.`_fsnb_at_fsnb_c`
  LEFT OUTER JOIN (
    SELECT
      `t12`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
      `t12`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
      `t12`.`_fsnb_start` AS `_fsnb_r_fsnb_start`,
      `t12`.`_fsnb_v_p0`
    FROM `t11` AS `t12`
    WHERE
      `t12`.`_fsnb_rank` = 0
  ) AS `t15`
    ON `t6`.`_fsnb_k0` = `t15`.`_fsnb_r_fsnb_k0`
    AND `t6`.`_fsnb_k1` = `t15`.`_fsnb_r_fsnb_k1`
    AND `t19`.`_fsnb_at_fsnb_start` = `t15`.`_fsnb_r_fsnb_start`
) AS `t20`
