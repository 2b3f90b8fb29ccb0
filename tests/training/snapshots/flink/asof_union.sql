-- flink; reads spine, events: floats as float64 without NaN, times as UTC microseconds; in batch mode: SET 'execution.runtime-mode' = 'batch'
WITH `t5` AS (
  SELECT
    `t2`.`k`,
    `t2`.`i`,
    `t2`.`at`,
    `t2`.`late`,
    `t2`.`_fsnb_k0`,
    `t2`.`_fsnb_k1`,
    (
      (
        (
          (
            (
              (
                (
                  (
                    CAST(TIMESTAMPDIFF(
                      day,
                      CAST(FLOOR(CAST('1970-01-01' AS DATE) TO day) AS TIMESTAMP),
                      CAST(FLOOR(CAST(`t2`.`at` AS DATE) TO day) AS TIMESTAMP)
                    ) AS BIGINT) * 24
                  ) + EXTRACT(hour FROM `t2`.`at`)
                ) * 60
              ) + EXTRACT(minute FROM `t2`.`at`)
            ) * 60
          ) + EXTRACT(second FROM `t2`.`at`)
        ) * 1000000
      ) + CAST(RPAD(SUBSTRING(CAST(`t2`.`at` AS STRING), 21, 6), 6, '0') AS BIGINT)
    ) - 900000000 AS `_fsnb_c`
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
), `t14` AS (
  SELECT DISTINCT
    `t12`.`_fsnb_k0`,
    `t12`.`_fsnb_k1`,
    `t12`.`_fsnb_start`,
    `t12`.`_fsnb_event`
  FROM (
    SELECT
      `t9`.`_fsnb_k0`,
      `t9`.`_fsnb_k1`,
      `t9`.`_fsnb_start`,
      `t9`.`_fsnb_event`,
      MAX(`t9`.`_fsnb_event`) OVER (
        PARTITION BY `t9`.`_fsnb_k0`, `t9`.`_fsnb_k1`
        ORDER BY CASE WHEN `t9`.`_fsnb_start` IS NULL THEN 1 ELSE 0 END, `t9`.`_fsnb_start` ASC
      ) AS `_fsnb_newest`
    FROM (
      SELECT
        `t4`.`_fsnb_k0`,
        `t4`.`_fsnb_k1`,
        GREATEST(`t4`.`_fsnb_event` + 0, `t4`.`_fsnb_available`) AS `_fsnb_start`,
        `t4`.`_fsnb_event`
      FROM (
        SELECT
          `t1`.`k` AS `_fsnb_k0`,
          `t1`.`i` AS `_fsnb_k1`,
          (
            (
              (
                (
                  (
                    (
                      (
                        CAST(TIMESTAMPDIFF(
                          day,
                          CAST(FLOOR(CAST('1970-01-01' AS DATE) TO day) AS TIMESTAMP),
                          CAST(FLOOR(CAST(`t1`.`ts` AS DATE) TO day) AS TIMESTAMP)
                        ) AS BIGINT) * 24
                      ) + EXTRACT(hour FROM `t1`.`ts`)
                    ) * 60
                  ) + EXTRACT(minute FROM `t1`.`ts`)
                ) * 60
              ) + EXTRACT(second FROM `t1`.`ts`)
            ) * 1000000
          ) + CAST(RPAD(SUBSTRING(CAST(`t1`.`ts` AS STRING), 21, 6), 6, '0') AS BIGINT) AS `_fsnb_event`,
          (
            (
              (
                (
                  (
                    (
                      (
                        CAST(TIMESTAMPDIFF(
                          day,
                          CAST(FLOOR(CAST('1970-01-01' AS DATE) TO day) AS TIMESTAMP),
                          CAST(FLOOR(CAST(`t1`.`known` AS DATE) TO day) AS TIMESTAMP)
                        ) AS BIGINT) * 24
                      ) + EXTRACT(hour FROM `t1`.`known`)
                    ) * 60
                  ) + EXTRACT(minute FROM `t1`.`known`)
                ) * 60
              ) + EXTRACT(second FROM `t1`.`known`)
            ) * 1000000
          ) + CAST(RPAD(SUBSTRING(CAST(`t1`.`known` AS STRING), 21, 6), 6, '0') AS BIGINT) AS `_fsnb_available`
        FROM `events` AS `t1`
      ) AS `t4`
      WHERE
        (
          `t4`.`_fsnb_k0` IS NOT NULL
        )
        AND (
          `t4`.`_fsnb_k1` IS NOT NULL
        )
        AND (
          `t4`.`_fsnb_event` IS NOT NULL
        )
        AND (
          `t4`.`_fsnb_available` IS NOT NULL
        )
    ) AS `t9`
  ) AS `t12`
  WHERE
    `t12`.`_fsnb_event` = `t12`.`_fsnb_newest`
), `t23` AS (
  SELECT
    `t7`.`k`,
    `t7`.`i`,
    `t7`.`at`,
    `t7`.`late`,
    `t7`.`_fsnb_k0`,
    `t7`.`_fsnb_k1`,
    `t7`.`_fsnb_c`,
    `t19`.`_fsnb_r_fsnb_start` AS `_fsnb_at_fsnb_start`,
    `t19`.`_fsnb_r_fsnb_event` AS `_fsnb_at_fsnb_event`
  FROM `t5` AS `t7`
  LEFT OUTER JOIN (
    SELECT
      `t20`.`_fsnb_k0` AS `_fsnb_at_fsnb_k0`,
      `t20`.`_fsnb_k1` AS `_fsnb_at_fsnb_k1`,
      `t20`.`_fsnb_c` AS `_fsnb_at_fsnb_c`,
      `t20`.`_fsnb_next` AS `_fsnb_at_fsnb_start`
    FROM (
      SELECT
        `t18`.`_fsnb_k0`,
        `t18`.`_fsnb_k1`,
        `t18`.`_fsnb_c`,
        `t18`.`_fsnb_last`,
        MAX(`t18`.`_fsnb_last`) OVER (
          PARTITION BY `t18`.`_fsnb_k0`, `t18`.`_fsnb_k1`
          ORDER BY CASE WHEN `t18`.`_fsnb_c` IS NULL THEN 1 ELSE 0 END, `t18`.`_fsnb_c` ASC
        ) AS `_fsnb_next`
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t15`.`_fsnb_k0`,
            `t15`.`_fsnb_k1`,
            `t15`.`_fsnb_start` AS `_fsnb_c`,
            `t15`.`_fsnb_start` AS `_fsnb_last`
          FROM `t14` AS `t15`
        ) AS `t16`
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            `t11`.`_fsnb_k0`,
            `t11`.`_fsnb_k1`,
            `t11`.`_fsnb_c`,
            CAST(NULL AS BIGINT) AS `_fsnb_last`
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
          ) AS `t11`
        ) AS `t13`
      ) AS `t18`
    ) AS `t20`
    WHERE
      `t20`.`_fsnb_last` IS NULL
  ) AS `t22`
    ON `t7`.`_fsnb_k0` = `t22`.`_fsnb_at_fsnb_k0`
    AND `t7`.`_fsnb_k1` = `t22`.`_fsnb_at_fsnb_k1`
    AND `t7`.`_fsnb_c` = `t22`.`_fsnb_at_fsnb_c`
  LEFT OUTER JOIN (
    SELECT
      `t15`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
      `t15`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
      `t15`.`_fsnb_start` AS `_fsnb_r_fsnb_start`,
      `t15`.`_fsnb_event` AS `_fsnb_r_fsnb_event`
    FROM `t14` AS `t15`
  ) AS `t19`
    ON `t7`.`_fsnb_k0` = `t19`.`_fsnb_r_fsnb_k0`
    AND `t7`.`_fsnb_k1` = `t19`.`_fsnb_r_fsnb_k1`
    AND `t22`.`_fsnb_at_fsnb_start` = `t19`.`_fsnb_r_fsnb_start`
)
SELECT
  `t33`.`k`,
  `t33`.`i`,
  `t33`.`at`,
  `t33`.`late`,
  `t33`.`_fsnb_v_flag` AS `flag`
FROM (
  SELECT
    `t27`.`k`,
    `t27`.`i`,
    `t27`.`at`,
    `t27`.`late`,
    `t27`.`_fsnb_k0`,
    `t27`.`_fsnb_k1`,
    `t27`.`_fsnb_c`,
    IF(
      `t27`.`_fsnb_c` < (
        `t27`.`_fsnb_at_fsnb_event` + 3600000000
      ),
      `t32`.`_fsnb_rflag`,
      CAST(NULL AS BOOLEAN)
    ) AS `_fsnb_v_flag`
  FROM (
    SELECT
      *
    FROM `t23` AS `t24`
  ) AS `t27`
  LEFT OUTER JOIN (
    SELECT
      `t30`.`_fsnb_k0` AS `_fsnb_r_fsnb_k0`,
      `t30`.`_fsnb_k1` AS `_fsnb_r_fsnb_k1`,
      `t30`.`_fsnb_start` AS `_fsnb_r_fsnb_start`,
      `t30`.`flag` AS `_fsnb_rflag`
    FROM (
      SELECT
        `t29`.`_fsnb_k0`,
        `t29`.`_fsnb_k1`,
        `t29`.`_fsnb_event`,
        `t29`.`_fsnb_available`,
        `t29`.`flag`,
        `t29`.`_fsnb_tie0`,
        `t29`.`_fsnb_start`,
        ROW_NUMBER() OVER (
          PARTITION BY `t29`.`_fsnb_k0`, `t29`.`_fsnb_k1`, `t29`.`_fsnb_start`
          ORDER BY `t29`.`_fsnb_available` DESC, `t29`.`_fsnb_tie0` DESC, `t29`.`flag` DESC
        ) - 1 AS `_fsnb_rank`
      FROM (
        SELECT
          `t10`.`_fsnb_k0`,
          `t10`.`_fsnb_k1`,
          `t10`.`_fsnb_event`,
          `t10`.`_fsnb_available`,
          `t10`.`flag`,
          `t10`.`_fsnb_tie0`,
          `t10`.`_fsnb_start`
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
              (
                (
                  (
                    (
                      (
                        (
                          (
                            CAST(TIMESTAMPDIFF(
                              day,
                              CAST(FLOOR(CAST('1970-01-01' AS DATE) TO day) AS TIMESTAMP),
                              CAST(FLOOR(CAST(`t1`.`ts` AS DATE) TO day) AS TIMESTAMP)
                            ) AS BIGINT) * 24
                          ) + EXTRACT(hour FROM `t1`.`ts`)
                        ) * 60
                      ) + EXTRACT(minute FROM `t1`.`ts`)
                    ) * 60
                  ) + EXTRACT(second FROM `t1`.`ts`)
                ) * 1000000
              ) + CAST(RPAD(SUBSTRING(CAST(`t1`.`ts` AS STRING), 21, 6), 6, '0') AS BIGINT) AS `_fsnb_event`,
              (
                (
                  (
                    (
                      (
                        (
                          (
                            CAST(TIMESTAMPDIFF(
                              day,
                              CAST(FLOOR(CAST('1970-01-01' AS DATE) TO day) AS TIMESTAMP),
                              CAST(FLOOR(CAST(`t1`.`known` AS DATE) TO day) AS TIMESTAMP)
                            ) AS BIGINT) * 24
                          ) + EXTRACT(hour FROM `t1`.`known`)
                        ) * 60
                      ) + EXTRACT(minute FROM `t1`.`known`)
                    ) * 60
                  ) + EXTRACT(second FROM `t1`.`known`)
                ) * 1000000
              ) + CAST(RPAD(SUBSTRING(CAST(`t1`.`known` AS STRING), 21, 6), 6, '0') AS BIGINT) AS `_fsnb_available`,
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
        ) AS `t10`
        WHERE
          EXISTS(
            SELECT
              1
            FROM (
              SELECT
                `t24`.`_fsnb_k0`,
                `t24`.`_fsnb_k1`,
                `t24`.`_fsnb_at_fsnb_start`,
                `t24`.`_fsnb_at_fsnb_event`
              FROM `t23` AS `t24`
            ) AS `t28`
            WHERE
              `t10`.`_fsnb_k0` = `t28`.`_fsnb_k0`
              AND `t10`.`_fsnb_k1` = `t28`.`_fsnb_k1`
              AND `t10`.`_fsnb_start` = `t28`.`_fsnb_at_fsnb_start`
              AND `t10`.`_fsnb_event` = `t28`.`_fsnb_at_fsnb_event`
          )
      ) AS `t29`
    ) AS `t30`
    WHERE
      `t30`.`_fsnb_rank` = 0
  ) AS `t32`
    ON `t27`.`_fsnb_k0` = `t32`.`_fsnb_r_fsnb_k0`
    AND `t27`.`_fsnb_k1` = `t32`.`_fsnb_r_fsnb_k1`
    AND `t27`.`_fsnb_at_fsnb_start` = `t32`.`_fsnb_r_fsnb_start`
) AS `t33`
