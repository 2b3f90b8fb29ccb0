-- databricks; reads spine, events: floats as float64 without NaN, times as UTC microseconds; TIMESTAMP_NTZ is UTC in a session whose time zone is UTC
WITH `t4` AS (
  SELECT
    `t3`.`k`,
    `t3`.`i`,
    `t3`.`at`,
    `t3`.`late`,
    `t3`.`_fsnb_k0`,
    `t3`.`_fsnb_k1`,
    UNIX_MICROS(CAST(`t3`.`at` AS TIMESTAMP)) - 0 AS `_fsnb_c`
  FROM (
    SELECT
      `t0`.`k`,
      `t0`.`i`,
      `t0`.`at`,
      `t0`.`late`,
      `t0`.`k` AS `_fsnb_k0`,
      `t0`.`i` AS `_fsnb_k1`
    FROM `spine` AS `t0`
  ) AS `t3`
), `t7` AS (
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
), `t14` AS (
  SELECT
    `t13`.`_fsnb_k0`,
    `t13`.`_fsnb_k1`,
    `t13`.`_fsnb_event`,
    `t13`.`a0`,
    `t13`.`a1`,
    `t13`.`a2`,
    IF(
      `t13`.`a2` IS NOT NULL,
      ROW_NUMBER() OVER (
        PARTITION BY `t13`.`_fsnb_k0`, `t13`.`_fsnb_k1`
        ORDER BY `t13`.`_fsnb_event` ASC, `t13`.`a2` ASC
      ) - 1,
      CAST(NULL AS BIGINT)
    ) AS `o0`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t2`.`k` AS `_fsnb_k0`,
        `t2`.`i` AS `_fsnb_k1`,
        UNIX_MICROS(CAST(`t2`.`ts` AS TIMESTAMP)) AS `_fsnb_event`,
        1 AS `a0`,
        IF(ISNAN(`t2`.`x`), CAST(NULL AS DOUBLE), `t2`.`x`) AS `a1`,
        `t2`.`s` AS `a2`
      FROM `events` AS `t2`
      LEFT SEMI JOIN (
        SELECT DISTINCT
          `t8`.`_fsnb_k0`,
          `t8`.`_fsnb_k1`
        FROM `t7` AS `t8`
      ) AS `t11`
        ON `t2`.`k` = `t11`.`_fsnb_k0` AND `t2`.`i` = `t11`.`_fsnb_k1`
    ) AS `t12`
    WHERE
      (
        `t12`.`_fsnb_k0` IS NOT NULL
      )
      AND (
        `t12`.`_fsnb_k1` IS NOT NULL
      )
      AND (
        `t12`.`_fsnb_event` IS NOT NULL
      )
  ) AS `t13`
), `t20` AS (
  SELECT
    `t19`.`_fsnb_k0`,
    `t19`.`_fsnb_k1`,
    `t19`.`_fsnb_event`,
    `t19`.`a0`,
    `t19`.`a1`,
    `t19`.`a2`,
    `t19`.`o0`,
    `t19`.`_fsnb_start`,
    `t19`.`_fsnb_v_p0`,
    `t19`.`_fsnb_v_p1`,
    `t19`.`_fsnb_v_p2`,
    `t19`.`_fsnb_v_p3`,
    ROW_NUMBER() OVER (
      PARTITION BY `t19`.`_fsnb_k0`, `t19`.`_fsnb_k1`, `t19`.`_fsnb_start`
      ORDER BY `t19`.`_fsnb_start`
    ) - 1 AS `_fsnb_rank`
  FROM (
    SELECT
      `t17`.`_fsnb_k0`,
      `t17`.`_fsnb_k1`,
      `t17`.`_fsnb_event`,
      `t17`.`a0`,
      `t17`.`a1`,
      `t17`.`a2`,
      `t17`.`o0`,
      `t17`.`_fsnb_start`,
      COUNT(`t17`.`a0`) OVER (
        PARTITION BY `t17`.`_fsnb_k0`, `t17`.`_fsnb_k1`
        ORDER BY `t17`.`_fsnb_start` ASC NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `_fsnb_v_p0`,
      CAST(SUM(`t17`.`a1`) OVER (
        PARTITION BY `t17`.`_fsnb_k0`, `t17`.`_fsnb_k1`
        ORDER BY `t17`.`_fsnb_start` ASC NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS DOUBLE) AS `_fsnb_v_p1`,
      COUNT(`t17`.`a1`) OVER (
        PARTITION BY `t17`.`_fsnb_k0`, `t17`.`_fsnb_k1`
        ORDER BY `t17`.`_fsnb_start` ASC NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `_fsnb_v_p2`,
      MAX(`t17`.`o0`) OVER (
        PARTITION BY `t17`.`_fsnb_k0`, `t17`.`_fsnb_k1`
        ORDER BY `t17`.`_fsnb_start` ASC NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `_fsnb_v_p3`
    FROM (
      SELECT
        `t15`.`_fsnb_k0`,
        `t15`.`_fsnb_k1`,
        `t15`.`_fsnb_event`,
        `t15`.`a0`,
        `t15`.`a1`,
        `t15`.`a2`,
        `t15`.`o0`,
        `t15`.`_fsnb_event` + 0 AS `_fsnb_start`
      FROM `t14` AS `t15`
    ) AS `t17`
  ) AS `t19`
)
SELECT
  `t29`.`k`,
  `t29`.`i`,
  `t29`.`at`,
  `t29`.`late`,
  COALESCE(`t29`.`_fsnb_v_p0`, 0) AS `rows`,
  IF(
    ISNAN(TRY_DIVIDE(`t29`.`_fsnb_v_p1`, NULLIF(COALESCE(`t29`.`_fsnb_v_p2`, 0), 0))),
    CAST(NULL AS DOUBLE),
    TRY_DIVIDE(`t29`.`_fsnb_v_p1`, NULLIF(COALESCE(`t29`.`_fsnb_v_p2`, 0), 0))
  ) AS `mean`,
  `t29`.`_fsnb_v_p3` AS `last`
FROM (
  SELECT
    `t6`.`k`,
    `t6`.`i`,
    `t6`.`at`,
    `t6`.`late`,
    `t6`.`_fsnb_k0`,
    `t6`.`_fsnb_k1`,
    `t6`.`_fsnb_c`,
    `t24`.`_fsnb_v_p0`,
    `t24`.`_fsnb_v_p1`,
    `t24`.`_fsnb_v_p2`,
    `t18`.`_fsnb_ra2` AS `_fsnb_v_p3`
  FROM `t4` AS `t6`
  LEFT OUTER JOIN (
    SELECT
      `t26`.`_fsnb_k0` AS `_fsnb_at_fsnb_k0`,
      `t26`.`_fsnb_k1` AS `_fsnb_at_fsnb_k1`,
      `t26`.`_fsnb_c` AS `_fsnb_at_fsnb_c`,
      `t26`.`_fsnb_next` AS `_fsnb_at_fsnb_start`
    FROM (
      SELECT
        `t25`.`_fsnb_k0`,
        `t25`.`_fsnb_k1`,
        `t25`.`_fsnb_c`,
        `t25`.`_fsnb_last`,
        MAX(`t25`.`_fsnb_last`) OVER (
          PARTITION BY `t25`.`_fsnb_k0`, `t25`.`_fsnb_k1`
          ORDER BY `t25`.`_fsnb_c` ASC NULLS LAST
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS `_fsnb_next`
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t21`.`_fsnb_k0`,
            `t21`.`_fsnb_k1`,
            `t21`.`_fsnb_start` AS `_fsnb_c`,
            `t21`.`_fsnb_start` AS `_fsnb_last`
          FROM `t20` AS `t21`
          WHERE
            `t21`.`_fsnb_rank` = 0
        ) AS `t23`
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            `t8`.`_fsnb_k0`,
            `t8`.`_fsnb_k1`,
            `t8`.`_fsnb_c`,
            CAST(NULL AS BIGINT) AS `_fsnb_last`
          FROM `t7` AS `t8`
        ) AS `t10`
      ) AS `t25`
    ) AS `t26`
    WHERE
      `t26`.`_fsnb_last` IS NULL
  ) AS `t28`
    ON `t6`.`_fsnb_k0` = `t28`.`_fsnb_at_fsnb_k0`
    AND `t6`.`_fsnb_k1` = `t28`.`_fsnb_at_fsnb_k1`
    AND `t6`.`_fsnb_c` = `t28`.`_fsnb_at_fsnb_c`
  LEFT OUTER JOIN (
    SELECT
      `t21`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
      `t21`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
      `t21`.`_fsnb_start` AS `_fsnb_r_fsnb_start`,
      `t21`.`_fsnb_v_p0`,
      `t21`.`_fsnb_v_p1`,
      `t21`.`_fsnb_v_p2`,
      `t21`.`_fsnb_v_p3`
    FROM `t20` AS `t21`
    WHERE
      `t21`.`_fsnb_rank` = 0
  ) AS `t24`
    ON `t6`.`_fsnb_k0` = `t24`.`_fsnb_r_fsnb_k0`
    AND `t6`.`_fsnb_k1` = `t24`.`_fsnb_r_fsnb_k1`
    AND `t28`.`_fsnb_at_fsnb_start` = `t24`.`_fsnb_r_fsnb_start`
  LEFT OUTER JOIN (
    SELECT
      `t15`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
      `t15`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
      `t15`.`o0` AS `_fsnb_ro0`,
      `t15`.`a2` AS `_fsnb_ra2`
    FROM `t14` AS `t15`
    WHERE
      `t15`.`o0` IS NOT NULL
  ) AS `t18`
    ON `t6`.`_fsnb_k0` = `t18`.`_fsnb_r_fsnb_k0`
    AND `t6`.`_fsnb_k1` = `t18`.`_fsnb_r_fsnb_k1`
    AND `t24`.`_fsnb_v_p3` = `t18`.`_fsnb_ro0`
) AS `t29`
