-- bigquery; reads spine, events: floats as float64 without NaN, times as UTC microseconds; DATETIME is UTC
WITH `t4` AS (
  SELECT
    `t2`.`k`,
    `t2`.`i`,
    `t2`.`at`,
    `t2`.`late`,
    `t2`.`_fsnb_k0`,
    `t2`.`_fsnb_k1`,
    UNIX_MICROS(CAST(`t2`.`at` AS TIMESTAMP)) - 900000000 AS `_fsnb_c`
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
    `t10`.`_fsnb_k0`,
    `t10`.`_fsnb_k1`,
    `t10`.`_fsnb_event`,
    `t10`.`_fsnb_available`,
    `t10`.`flag`,
    `t10`.`_fsnb_tie0`,
    `t10`.`_fsnb_start`,
    `t10`.`_fsnb_rank`,
    MAX(`t10`.`_fsnb_rank`) OVER (
      PARTITION BY `t10`.`_fsnb_k0`, `t10`.`_fsnb_k1`
      ORDER BY `t10`.`_fsnb_start` ASC
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `_fsnb_best`
  FROM (
    SELECT
      `t7`.`_fsnb_k0`,
      `t7`.`_fsnb_k1`,
      `t7`.`_fsnb_event`,
      `t7`.`_fsnb_available`,
      `t7`.`flag`,
      `t7`.`_fsnb_tie0`,
      `t7`.`_fsnb_start`,
      ROW_NUMBER() OVER (
        PARTITION BY `t7`.`_fsnb_k0`, `t7`.`_fsnb_k1`
        ORDER BY `t7`.`_fsnb_event` ASC, `t7`.`_fsnb_available` ASC, `t7`.`_fsnb_tie0` ASC, `t7`.`flag` ASC
      ) - 1 AS `_fsnb_rank`
    FROM (
      SELECT
        `t3`.`_fsnb_k0`,
        `t3`.`_fsnb_k1`,
        `t3`.`_fsnb_event`,
        `t3`.`_fsnb_available`,
        `t3`.`flag`,
        `t3`.`_fsnb_tie0`,
        GREATEST(`t3`.`_fsnb_event` + 0, `t3`.`_fsnb_available`) AS `_fsnb_start`
      FROM (
        SELECT
          `t1`.`k` AS `_fsnb_k0`,
          `t1`.`i` AS `_fsnb_k1`,
          UNIX_MICROS(CAST(`t1`.`ts` AS TIMESTAMP)) AS `_fsnb_event`,
          UNIX_MICROS(CAST(`t1`.`known` AS TIMESTAMP)) AS `_fsnb_available`,
          `t1`.`b` AND (
            `t1`.`n` > 0
          ) AS `flag`,
          `t1`.`n` AS `_fsnb_tie0`
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
        AND (
          `t3`.`_fsnb_available` IS NOT NULL
        )
    ) AS `t7`
  ) AS `t10`
)
SELECT
  `t20`.`k`,
  `t20`.`i`,
  `t20`.`at`,
  `t20`.`late`,
  `t20`.`_fsnb_v_flag` AS `flag`
FROM (
  SELECT
    `t6`.`k`,
    `t6`.`i`,
    `t6`.`at`,
    `t6`.`late`,
    `t6`.`_fsnb_k0`,
    `t6`.`_fsnb_k1`,
    `t6`.`_fsnb_c`,
    IF(
      `t6`.`_fsnb_c` < (
        `t15`.`_fsnb_r_fsnb_event` + 3600000000
      ),
      `t15`.`_fsnb_rflag`,
      CAST(NULL AS BOOL)
    ) AS `_fsnb_v_flag`
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
          ORDER BY `t16`.`_fsnb_c` ASC
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
            `t12`.`_fsnb_rank` = `t12`.`_fsnb_best`
        ) AS `t14`
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            `t8`.`_fsnb_k0`,
            `t8`.`_fsnb_k1`,
            `t8`.`_fsnb_c`,
            CAST(NULL AS INT64) AS `_fsnb_last`
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
        ) AS `t9`
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
      `t12`.`_fsnb_event` AS `_fsnb_r_fsnb_event`,
      `t12`.`flag` AS `_fsnb_rflag`
    FROM `t11` AS `t12`
    WHERE
      `t12`.`_fsnb_rank` = `t12`.`_fsnb_best`
  ) AS `t15`
    ON `t6`.`_fsnb_k0` = `t15`.`_fsnb_r_fsnb_k0`
    AND `t6`.`_fsnb_k1` = `t15`.`_fsnb_r_fsnb_k1`
    AND `t19`.`_fsnb_at_fsnb_start` = `t15`.`_fsnb_r_fsnb_start`
) AS `t20`
