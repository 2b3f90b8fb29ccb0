-- bigquery; reads spine, events: floats as float64 without NaN, times as UTC microseconds; DATETIME is UTC
WITH `t3` AS (
  SELECT
    `t1`.`k` AS `_fsnb_k0`,
    `t1`.`i` AS `_fsnb_k1`,
    UNIX_MICROS(CAST(`t1`.`ts` AS TIMESTAMP)) AS `_fsnb_event`,
    IF(IS_NAN(`t1`.`x`), CAST(NULL AS FLOAT64), `t1`.`x`) AS `a0`
  FROM `events` AS `t1`
), `t5` AS (
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
)
SELECT
  `t21`.`k`,
  `t21`.`i`,
  `t21`.`at`,
  `t21`.`late`,
  IF(
    IS_NAN(ieee_divide(`t21`.`_fsnb_v_p0`, NULLIF(COALESCE(`t21`.`_fsnb_v_p1`, 0), 0))),
    CAST(NULL AS FLOAT64),
    ieee_divide(`t21`.`_fsnb_v_p0`, NULLIF(COALESCE(`t21`.`_fsnb_v_p1`, 0), 0))
  ) AS `mean_1h`,
  IF(
    IS_NAN(ieee_divide(`t21`.`_fsnb_v_p2`, NULLIF(COALESCE(`t21`.`_fsnb_v_p3`, 0), 0))),
    CAST(NULL AS FLOAT64),
    ieee_divide(`t21`.`_fsnb_v_p2`, NULLIF(COALESCE(`t21`.`_fsnb_v_p3`, 0), 0))
  ) AS `mean_1d`
FROM (
  SELECT
    `t7`.`k`,
    `t7`.`i`,
    `t7`.`at`,
    `t7`.`late`,
    `t7`.`_fsnb_k0`,
    `t7`.`_fsnb_k1`,
    `t7`.`_fsnb_c`,
    `t20`.`_fsnb_v_p0`,
    `t20`.`_fsnb_v_p1`,
    `t20`.`_fsnb_v_p2`,
    `t20`.`_fsnb_v_p3`
  FROM `t5` AS `t7`
  LEFT OUTER JOIN (
    SELECT
      `t18`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
      `t18`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
      `t18`.`_fsnb_c` AS `_fsnb_r_fsnb_c`,
      `t18`.`_fsnb_v_p0`,
      `t18`.`_fsnb_v_p1`,
      `t18`.`_fsnb_v_p2`,
      `t18`.`_fsnb_v_p3`
    FROM (
      SELECT
        `t17`.`_fsnb_k0`,
        `t17`.`_fsnb_k1`,
        `t17`.`_fsnb_c`,
        CAST(SUM(
          IF(
            (
              `t17`.`_fsnb_c` >= (
                `t17`.`_fsnb_event` + 0
              )
            )
            AND (
              `t17`.`_fsnb_c` < (
                `t17`.`_fsnb_event` + 3600000000
              )
            ),
            `t17`.`a0`,
            NULL
          )
        ) AS FLOAT64) AS `_fsnb_v_p0`,
        COUNT(
          IF(
            (
              `t17`.`_fsnb_c` >= (
                `t17`.`_fsnb_event` + 0
              )
            )
            AND (
              `t17`.`_fsnb_c` < (
                `t17`.`_fsnb_event` + 3600000000
              )
            ),
            `t17`.`a0`,
            NULL
          )
        ) AS `_fsnb_v_p1`,
        CAST(SUM(`t17`.`a0`) AS FLOAT64) AS `_fsnb_v_p2`,
        COUNT(`t17`.`a0`) AS `_fsnb_v_p3`
      FROM (
        SELECT
          `t12`.`_fsnb_k0`,
          `t12`.`_fsnb_k1`,
          `t12`.`_fsnb_c`,
          `t12`.`_fsnb_band`,
          `t16`.`_fsnb_r_fsnb_k0`,
          `t16`.`_fsnb_r_fsnb_k1`,
          `t16`.`_fsnb_event`,
          `t16`.`a0`,
          `t16`.`_fsnb_start`,
          `t16`.`_fsnb_end`,
          `t16`.`_fsnb_r_fsnb_band`
        FROM (
          SELECT
            `t9`.`_fsnb_k0`,
            `t9`.`_fsnb_k1`,
            `t9`.`_fsnb_c`,
            `t9`.`_fsnb_c` - (
              MOD((
                MOD(`t9`.`_fsnb_c`, 86400000000)
              ) + 86400000000, 86400000000)
            ) AS `_fsnb_band`
          FROM (
            SELECT DISTINCT
              `t6`.`_fsnb_k0`,
              `t6`.`_fsnb_k1`,
              `t6`.`_fsnb_c`
            FROM `t5` AS `t6`
            WHERE
              (
                `t6`.`_fsnb_k0` IS NOT NULL
              )
              AND (
                `t6`.`_fsnb_k1` IS NOT NULL
              )
              AND (
                `t6`.`_fsnb_c` IS NOT NULL
              )
          ) AS `t9`
        ) AS `t12`
        INNER JOIN (
          SELECT
            `t14`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
            `t14`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
            `t14`.`_fsnb_event`,
            `t14`.`a0`,
            `t14`.`_fsnb_start`,
            `t14`.`_fsnb_end`,
            `t14`.`_fsnb_band` AS `_fsnb_r_fsnb_band`
          FROM (
            SELECT
              *
            FROM (
              SELECT
                `t4`.`_fsnb_k0`,
                `t4`.`_fsnb_k1`,
                `t4`.`_fsnb_event`,
                `t4`.`a0`,
                `t4`.`_fsnb_event` + 0 AS `_fsnb_start`,
                `t4`.`_fsnb_event` + 86400000000 AS `_fsnb_end`,
                (
                  `t4`.`_fsnb_event` + 0
                ) - (
                  MOD((
                    MOD(`t4`.`_fsnb_event` + 0, 86400000000)
                  ) + 86400000000, 86400000000)
                ) AS `_fsnb_band`
              FROM `t3` AS `t4`
              WHERE
                (
                  (
                    `t4`.`_fsnb_k0` IS NOT NULL
                  )
                  AND (
                    `t4`.`_fsnb_k1` IS NOT NULL
                  )
                  AND (
                    `t4`.`_fsnb_event` IS NOT NULL
                  )
                )
                AND (
                  `t4`.`_fsnb_event` + 0
                ) < (
                  `t4`.`_fsnb_event` + 86400000000
                )
            ) AS `t8`
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  `t4`.`_fsnb_k0`,
                  `t4`.`_fsnb_k1`,
                  `t4`.`_fsnb_event`,
                  `t4`.`a0`,
                  `t4`.`_fsnb_event` + 0 AS `_fsnb_start`,
                  `t4`.`_fsnb_event` + 86400000000 AS `_fsnb_end`,
                  (
                    (
                      `t4`.`_fsnb_event` + 86400000000
                    ) - 1
                  ) - (
                    MOD(
                      (
                        MOD((
                          `t4`.`_fsnb_event` + 86400000000
                        ) - 1, 86400000000)
                      ) + 86400000000,
                      86400000000
                    )
                  ) AS `_fsnb_band`
                FROM `t3` AS `t4`
                WHERE
                  (
                    (
                      `t4`.`_fsnb_k0` IS NOT NULL
                    )
                    AND (
                      `t4`.`_fsnb_k1` IS NOT NULL
                    )
                    AND (
                      `t4`.`_fsnb_event` IS NOT NULL
                    )
                  )
                  AND (
                    `t4`.`_fsnb_event` + 0
                  ) < (
                    `t4`.`_fsnb_event` + 86400000000
                  )
              ) AS `t10`
              WHERE
                (
                  `t10`.`_fsnb_start` - (
                    MOD((
                      MOD(`t10`.`_fsnb_start`, 86400000000)
                    ) + 86400000000, 86400000000)
                  )
                ) <> `t10`.`_fsnb_band`
            ) AS `t13`
          ) AS `t14`
        ) AS `t16`
          ON `t12`.`_fsnb_k0` = `t16`.`_fsnb_r_fsnb_k0`
          AND `t12`.`_fsnb_k1` = `t16`.`_fsnb_r_fsnb_k1`
          AND `t12`.`_fsnb_band` = `t16`.`_fsnb_r_fsnb_band`
          AND `t12`.`_fsnb_c` >= `t16`.`_fsnb_start`
          AND `t12`.`_fsnb_c` < `t16`.`_fsnb_end`
      ) AS `t17`
      GROUP BY
        1,
        2,
        3
    ) AS `t18`
  ) AS `t20`
    ON `t7`.`_fsnb_k0` = `t20`.`_fsnb_r_fsnb_k0`
    AND `t7`.`_fsnb_k1` = `t20`.`_fsnb_r_fsnb_k1`
    AND `t7`.`_fsnb_c` = `t20`.`_fsnb_r_fsnb_c`
) AS `t21`
