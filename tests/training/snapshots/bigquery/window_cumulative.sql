-- bigquery; reads spine, events: floats as float64 without NaN, times as UTC microseconds; DATETIME is UTC
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
), `t8` AS (
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
), `t13` AS (
  SELECT
    `t10`.`_fsnb_k0`,
    `t10`.`_fsnb_k1`,
    `t10`.`_fsnb_c` - 0 AS `_fsnb_c`,
    CAST(NULL AS INT64) AS `_fsnb_last`
  FROM `t8` AS `t10`
), `t16` AS (
  SELECT
    `t9`.`_fsnb_k0`,
    `t9`.`_fsnb_k1`,
    `t9`.`a0`,
    GREATEST(
      `t9`.`_fsnb_start`,
      COALESCE(
        LAG(`t9`.`_fsnb_held`) OVER (
          PARTITION BY `t9`.`_fsnb_k0`, `t9`.`_fsnb_k1`, `t9`.`a0`
          ORDER BY `t9`.`_fsnb_start` ASC, `t9`.`_fsnb_end` ASC
        ),
        `t9`.`_fsnb_start`
      )
    ) AS `_fsnb_start`,
    `t9`.`_fsnb_end`,
    `t9`.`_fsnb_held`
  FROM (
    SELECT
      `t7`.`_fsnb_k0`,
      `t7`.`_fsnb_k1`,
      `t7`.`a0`,
      `t7`.`_fsnb_start`,
      `t7`.`_fsnb_end`,
      MAX(`t7`.`_fsnb_end`) OVER (
        PARTITION BY `t7`.`_fsnb_k0`, `t7`.`_fsnb_k1`, `t7`.`a0`
        ORDER BY `t7`.`_fsnb_start` ASC, `t7`.`_fsnb_end` ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `_fsnb_held`
    FROM (
      SELECT
        `t3`.`_fsnb_k0`,
        `t3`.`_fsnb_k1`,
        `t3`.`a0`,
        `t3`.`_fsnb_event` + 0 AS `_fsnb_start`,
        `t3`.`_fsnb_event` + 3600000000 AS `_fsnb_end`
      FROM (
        SELECT
          `t1`.`k` AS `_fsnb_k0`,
          `t1`.`i` AS `_fsnb_k1`,
          UNIX_MICROS(CAST(`t1`.`ts` AS TIMESTAMP)) AS `_fsnb_event`,
          `t1`.`s` AS `a0`
        FROM `events` AS `t1`
      ) AS `t3`
      WHERE
        (
          (
            `t3`.`_fsnb_k0` IS NOT NULL
          )
          AND (
            `t3`.`_fsnb_k1` IS NOT NULL
          )
          AND (
            `t3`.`_fsnb_event` IS NOT NULL
          )
        )
        AND `t3`.`a0` IS NOT NULL
        AND (
          `t3`.`_fsnb_event` + 0
        ) < (
          `t3`.`_fsnb_event` + 3600000000
        )
    ) AS `t7`
  ) AS `t9`
), `t22` AS (
  SELECT
    `t20`.`_fsnb_k0`,
    `t20`.`_fsnb_k1`,
    `t20`.`_fsnb_start`,
    `t20`.`_fsnb_end`,
    `t20`.`_fsnb_t_begun_p0`,
    ROW_NUMBER() OVER (
      PARTITION BY `t20`.`_fsnb_k0`, `t20`.`_fsnb_k1`, `t20`.`_fsnb_start`
      ORDER BY `t20`.`_fsnb_start`
    ) - 1 AS `_fsnb_rank`
  FROM (
    SELECT
      `t18`.`_fsnb_k0`,
      `t18`.`_fsnb_k1`,
      `t18`.`_fsnb_start`,
      `t18`.`_fsnb_end`,
      COUNT(`t18`.`_fsnb_start`) OVER (
        PARTITION BY `t18`.`_fsnb_k0`, `t18`.`_fsnb_k1`
        ORDER BY `t18`.`_fsnb_start` ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `_fsnb_t_begun_p0`
    FROM (
      SELECT
        `t17`.`_fsnb_k0`,
        `t17`.`_fsnb_k1`,
        `t17`.`_fsnb_start`,
        `t17`.`_fsnb_end`
      FROM `t16` AS `t17`
      WHERE
        `t17`.`_fsnb_start` < `t17`.`_fsnb_end`
    ) AS `t18`
  ) AS `t20`
), `t23` AS (
  SELECT
    `t21`.`_fsnb_k0`,
    `t21`.`_fsnb_k1`,
    `t21`.`_fsnb_start`,
    `t21`.`_fsnb_end`,
    `t21`.`_fsnb_t_ended_p0`,
    ROW_NUMBER() OVER (
      PARTITION BY `t21`.`_fsnb_k0`, `t21`.`_fsnb_k1`, `t21`.`_fsnb_start`
      ORDER BY `t21`.`_fsnb_start`
    ) - 1 AS `_fsnb_rank`
  FROM (
    SELECT
      `t19`.`_fsnb_k0`,
      `t19`.`_fsnb_k1`,
      `t19`.`_fsnb_start`,
      `t19`.`_fsnb_end`,
      COUNT(`t19`.`_fsnb_start`) OVER (
        PARTITION BY `t19`.`_fsnb_k0`, `t19`.`_fsnb_k1`
        ORDER BY `t19`.`_fsnb_start` ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `_fsnb_t_ended_p0`
    FROM (
      SELECT
        `t17`.`_fsnb_k0`,
        `t17`.`_fsnb_k1`,
        `t17`.`_fsnb_end` AS `_fsnb_start`,
        `t17`.`_fsnb_end`
      FROM `t16` AS `t17`
      WHERE
        `t17`.`_fsnb_start` < `t17`.`_fsnb_end`
    ) AS `t19`
  ) AS `t21`
)
SELECT
  `t49`.`k`,
  `t49`.`i`,
  `t49`.`at`,
  `t49`.`late`,
  COALESCE(`t49`.`_fsnb_v_p0`, 0) AS `kinds_1h`
FROM (
  SELECT
    `t6`.`k`,
    `t6`.`i`,
    `t6`.`at`,
    `t6`.`late`,
    `t6`.`_fsnb_k0`,
    `t6`.`_fsnb_k1`,
    `t6`.`_fsnb_c`,
    `t48`.`_fsnb_v_p0`
  FROM `t4` AS `t6`
  LEFT OUTER JOIN (
    SELECT
      `t46`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
      `t46`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
      `t46`.`_fsnb_c` AS `_fsnb_r_fsnb_c`,
      COALESCE(`t46`.`_fsnb_t_begun_p0`, 0) - COALESCE(`t46`.`_fsnb_t_ended_p0`, 0) AS `_fsnb_v_p0`
    FROM (
      SELECT
        `t11`.`_fsnb_k0`,
        `t11`.`_fsnb_k1`,
        `t11`.`_fsnb_c`,
        `t44`.`_fsnb_t_begun_p0`,
        `t45`.`_fsnb_t_ended_p0`
      FROM `t8` AS `t11`
      LEFT OUTER JOIN (
        SELECT
          `t40`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
          `t40`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
          `t40`.`_fsnb_t_begun_p0`,
          `t40`.`_fsnb_c` AS `_fsnb_r_fsnb_c`
        FROM (
          SELECT
            `t14`.`_fsnb_k0`,
            `t14`.`_fsnb_k1`,
            `t30`.`_fsnb_t_begun_p0`,
            `t14`.`_fsnb_c` + 0 AS `_fsnb_c`
          FROM (
            SELECT
              `t10`.`_fsnb_k0`,
              `t10`.`_fsnb_k1`,
              `t10`.`_fsnb_c` - 0 AS `_fsnb_c`
            FROM `t8` AS `t10`
          ) AS `t14`
          LEFT OUTER JOIN (
            SELECT
              `t34`.`_fsnb_k0` AS `_fsnb_at_fsnb_k0`,
              `t34`.`_fsnb_k1` AS `_fsnb_at_fsnb_k1`,
              `t34`.`_fsnb_c` AS `_fsnb_at_fsnb_c`,
              `t34`.`_fsnb_next` AS `_fsnb_at_fsnb_start`
            FROM (
              SELECT
                `t31`.`_fsnb_k0`,
                `t31`.`_fsnb_k1`,
                `t31`.`_fsnb_c`,
                `t31`.`_fsnb_last`,
                MAX(`t31`.`_fsnb_last`) OVER (
                  PARTITION BY `t31`.`_fsnb_k0`, `t31`.`_fsnb_k1`
                  ORDER BY `t31`.`_fsnb_c` ASC
                  RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS `_fsnb_next`
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    `t24`.`_fsnb_k0`,
                    `t24`.`_fsnb_k1`,
                    `t24`.`_fsnb_start` AS `_fsnb_c`,
                    `t24`.`_fsnb_start` AS `_fsnb_last`
                  FROM `t22` AS `t24`
                  WHERE
                    `t24`.`_fsnb_rank` = 0
                ) AS `t27`
                UNION ALL
                SELECT
                  *
                FROM `t13` AS `t15`
              ) AS `t31`
            ) AS `t34`
            WHERE
              `t34`.`_fsnb_last` IS NULL
          ) AS `t38`
            ON `t14`.`_fsnb_k0` = `t38`.`_fsnb_at_fsnb_k0`
            AND `t14`.`_fsnb_k1` = `t38`.`_fsnb_at_fsnb_k1`
            AND `t14`.`_fsnb_c` = `t38`.`_fsnb_at_fsnb_c`
          LEFT OUTER JOIN (
            SELECT
              `t24`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
              `t24`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
              `t24`.`_fsnb_start` AS `_fsnb_r_fsnb_start`,
              `t24`.`_fsnb_t_begun_p0`
            FROM `t22` AS `t24`
            WHERE
              `t24`.`_fsnb_rank` = 0
          ) AS `t30`
            ON `t14`.`_fsnb_k0` = `t30`.`_fsnb_r_fsnb_k0`
            AND `t14`.`_fsnb_k1` = `t30`.`_fsnb_r_fsnb_k1`
            AND `t38`.`_fsnb_at_fsnb_start` = `t30`.`_fsnb_r_fsnb_start`
        ) AS `t40`
      ) AS `t44`
        ON `t11`.`_fsnb_k0` = `t44`.`_fsnb_r_fsnb_k0`
        AND `t11`.`_fsnb_k1` = `t44`.`_fsnb_r_fsnb_k1`
        AND `t11`.`_fsnb_c` = `t44`.`_fsnb_r_fsnb_c`
      LEFT OUTER JOIN (
        SELECT
          `t41`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
          `t41`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
          `t41`.`_fsnb_t_ended_p0`,
          `t41`.`_fsnb_c` AS `_fsnb_r_fsnb_c`
        FROM (
          SELECT
            `t14`.`_fsnb_k0`,
            `t14`.`_fsnb_k1`,
            `t32`.`_fsnb_t_ended_p0`,
            `t14`.`_fsnb_c` + 0 AS `_fsnb_c`
          FROM (
            SELECT
              `t10`.`_fsnb_k0`,
              `t10`.`_fsnb_k1`,
              `t10`.`_fsnb_c` - 0 AS `_fsnb_c`
            FROM `t8` AS `t10`
          ) AS `t14`
          LEFT OUTER JOIN (
            SELECT
              `t35`.`_fsnb_k0` AS `_fsnb_at_fsnb_k0`,
              `t35`.`_fsnb_k1` AS `_fsnb_at_fsnb_k1`,
              `t35`.`_fsnb_c` AS `_fsnb_at_fsnb_c`,
              `t35`.`_fsnb_next` AS `_fsnb_at_fsnb_start`
            FROM (
              SELECT
                `t33`.`_fsnb_k0`,
                `t33`.`_fsnb_k1`,
                `t33`.`_fsnb_c`,
                `t33`.`_fsnb_last`,
                MAX(`t33`.`_fsnb_last`) OVER (
                  PARTITION BY `t33`.`_fsnb_k0`, `t33`.`_fsnb_k1`
                  ORDER BY `t33`.`_fsnb_c` ASC
                  RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS `_fsnb_next`
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    `t25`.`_fsnb_k0`,
                    `t25`.`_fsnb_k1`,
                    `t25`.`_fsnb_start` AS `_fsnb_c`,
                    `t25`.`_fsnb_start` AS `_fsnb_last`
                  FROM `t23` AS `t25`
                  WHERE
                    `t25`.`_fsnb_rank` = 0
                ) AS `t29`
                UNION ALL
                SELECT
                  *
                FROM `t13` AS `t15`
              ) AS `t33`
            ) AS `t35`
            WHERE
              `t35`.`_fsnb_last` IS NULL
          ) AS `t39`
            ON `t14`.`_fsnb_k0` = `t39`.`_fsnb_at_fsnb_k0`
            AND `t14`.`_fsnb_k1` = `t39`.`_fsnb_at_fsnb_k1`
            AND `t14`.`_fsnb_c` = `t39`.`_fsnb_at_fsnb_c`
          LEFT OUTER JOIN (
            SELECT
              `t25`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
              `t25`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
              `t25`.`_fsnb_start` AS `_fsnb_r_fsnb_start`,
              `t25`.`_fsnb_t_ended_p0`
            FROM `t23` AS `t25`
            WHERE
              `t25`.`_fsnb_rank` = 0
          ) AS `t32`
            ON `t14`.`_fsnb_k0` = `t32`.`_fsnb_r_fsnb_k0`
            AND `t14`.`_fsnb_k1` = `t32`.`_fsnb_r_fsnb_k1`
            AND `t39`.`_fsnb_at_fsnb_start` = `t32`.`_fsnb_r_fsnb_start`
        ) AS `t41`
      ) AS `t45`
        ON `t11`.`_fsnb_k0` = `t45`.`_fsnb_r_fsnb_k0`
        AND `t11`.`_fsnb_k1` = `t45`.`_fsnb_r_fsnb_k1`
        AND `t11`.`_fsnb_c` = `t45`.`_fsnb_r_fsnb_c`
    ) AS `t46`
  ) AS `t48`
    ON `t6`.`_fsnb_k0` = `t48`.`_fsnb_r_fsnb_k0`
    AND `t6`.`_fsnb_k1` = `t48`.`_fsnb_r_fsnb_k1`
    AND `t6`.`_fsnb_c` = `t48`.`_fsnb_r_fsnb_c`
) AS `t49`
