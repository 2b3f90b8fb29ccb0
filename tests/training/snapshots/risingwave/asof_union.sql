-- risingwave; reads spine, events: floats as float64 without NaN, times as UTC microseconds
WITH "t9" AS (
  SELECT
    "t8"."_fsnb_k0",
    "t8"."_fsnb_k1",
    "t8"."_fsnb_event",
    "t8"."_fsnb_available",
    "t8"."x",
    "t8"."flag",
    "t8"."_fsnb_tie0",
    "t8"."_fsnb_start",
    "t8"."_fsnb_rank",
    MAX("t8"."_fsnb_rank") OVER (
      PARTITION BY "t8"."_fsnb_k0", "t8"."_fsnb_k1"
      ORDER BY "t8"."_fsnb_start" ASC
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "_fsnb_best"
  FROM (
    SELECT
      "t5"."_fsnb_k0",
      "t5"."_fsnb_k1",
      "t5"."_fsnb_event",
      "t5"."_fsnb_available",
      "t5"."x",
      "t5"."flag",
      "t5"."_fsnb_tie0",
      "t5"."_fsnb_start",
      ROW_NUMBER() OVER (
        PARTITION BY "t5"."_fsnb_k0", "t5"."_fsnb_k1"
        ORDER BY "t5"."_fsnb_event" ASC NULLS FIRST, "t5"."_fsnb_available" ASC NULLS FIRST, "t5"."_fsnb_tie0" ASC NULLS FIRST, "t5"."x" ASC NULLS FIRST, "t5"."flag" ASC NULLS FIRST
      ) - 1 AS "_fsnb_rank"
    FROM (
      SELECT
        "t1"."k" AS "_fsnb_k0",
        "t1"."i" AS "_fsnb_k1",
        CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) AS "_fsnb_event",
        CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."known") * 1000000) AS BIGINT) AS "_fsnb_available",
        CASE
          WHEN "t1"."x" = CAST('NaN' AS DOUBLE PRECISION)
          THEN CAST(NULL AS DOUBLE PRECISION)
          ELSE "t1"."x"
        END AS "x",
        "t1"."b" AND (
          "t1"."n" > 0
        ) AS "flag",
        "t1"."n" AS "_fsnb_tie0",
        GREATEST(
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) + 0,
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."known") * 1000000) AS BIGINT)
        ) AS "_fsnb_start"
      FROM "events" AS "t1"
      WHERE
        (
          "t1"."k" IS NOT NULL
        )
        AND (
          "t1"."i" IS NOT NULL
        )
        AND (
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) IS NOT NULL
        )
        AND (
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."known") * 1000000) AS BIGINT) IS NOT NULL
        )
    ) AS "t5"
  ) AS "t8"
)
SELECT
  "t18"."k",
  "t18"."i",
  "t18"."at",
  "t18"."late",
  CASE
    WHEN "t18"."_fsnb_v_x" = CAST('NaN' AS DOUBLE PRECISION)
    THEN CAST(NULL AS DOUBLE PRECISION)
    ELSE "t18"."_fsnb_v_x"
  END AS "x",
  "t18"."_fsnb_v_flag" AS "flag"
FROM (
  SELECT
    "t4"."k",
    "t4"."i",
    "t4"."at",
    "t4"."late",
    "t4"."_fsnb_k0",
    "t4"."_fsnb_k1",
    "t4"."_fsnb_c",
    CASE
      WHEN "t4"."_fsnb_c" < (
        "t13"."_fsnb_r_fsnb_event" + 3600000000
      )
      THEN "t13"."_fsnb_rx"
      ELSE CAST(NULL AS DOUBLE PRECISION)
    END AS "_fsnb_v_x",
    CASE
      WHEN "t4"."_fsnb_c" < (
        "t13"."_fsnb_r_fsnb_event" + 3600000000
      )
      THEN "t13"."_fsnb_rflag"
      ELSE CAST(NULL AS BOOLEAN)
    END AS "_fsnb_v_flag"
  FROM (
    SELECT
      "t0"."k",
      "t0"."i",
      "t0"."at",
      "t0"."late",
      "t0"."k" AS "_fsnb_k0",
      "t0"."i" AS "_fsnb_k1",
      CAST(FLOOR(EXTRACT(EPOCH FROM "t0"."at") * 1000000) AS BIGINT) - 900000000 AS "_fsnb_c"
    FROM "spine" AS "t0"
  ) AS "t4"
  LEFT OUTER JOIN (
    SELECT
      "t15"."_fsnb_k0" AS "_fsnb_at_fsnb_k0",
      "t15"."_fsnb_k1" AS "_fsnb_at_fsnb_k1",
      "t15"."_fsnb_c" AS "_fsnb_at_fsnb_c",
      "t15"."_fsnb_next" AS "_fsnb_at_fsnb_start"
    FROM (
      SELECT
        "t14"."_fsnb_k0",
        "t14"."_fsnb_k1",
        "t14"."_fsnb_c",
        "t14"."_fsnb_last",
        MAX("t14"."_fsnb_last") OVER (
          PARTITION BY "t14"."_fsnb_k0", "t14"."_fsnb_k1"
          ORDER BY "t14"."_fsnb_c" ASC
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "_fsnb_next"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t10"."_fsnb_k0",
            "t10"."_fsnb_k1",
            "t10"."_fsnb_start" AS "_fsnb_c",
            "t10"."_fsnb_start" AS "_fsnb_last"
          FROM "t9" AS "t10"
          WHERE
            "t10"."_fsnb_rank" = "t10"."_fsnb_best"
        ) AS "t12"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t6"."_fsnb_k0",
            "t6"."_fsnb_k1",
            "t6"."_fsnb_c",
            CAST(NULL AS BIGINT) AS "_fsnb_last"
          FROM (
            SELECT DISTINCT
              *
            FROM (
              SELECT
                "t0"."k" AS "_fsnb_k0",
                "t0"."i" AS "_fsnb_k1",
                CAST(FLOOR(EXTRACT(EPOCH FROM "t0"."at") * 1000000) AS BIGINT) - 900000000 AS "_fsnb_c"
              FROM "spine" AS "t0"
            ) AS "t3"
            WHERE
              (
                "t3"."_fsnb_k0" IS NOT NULL
              )
              AND (
                "t3"."_fsnb_k1" IS NOT NULL
              )
              AND (
                "t3"."_fsnb_c" IS NOT NULL
              )
          ) AS "t6"
        ) AS "t7"
      ) AS "t14"
    ) AS "t15"
    WHERE
      "t15"."_fsnb_last" IS NULL
  ) AS "t17"
    ON "t4"."_fsnb_k0" = "t17"."_fsnb_at_fsnb_k0"
    AND "t4"."_fsnb_k1" = "t17"."_fsnb_at_fsnb_k1"
    AND "t4"."_fsnb_c" = "t17"."_fsnb_at_fsnb_c"
  LEFT OUTER JOIN (
    SELECT
      "t10"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t10"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t10"."_fsnb_start" AS "_fsnb_r_fsnb_start",
      "t10"."_fsnb_event" AS "_fsnb_r_fsnb_event",
      "t10"."x" AS "_fsnb_rx",
      "t10"."flag" AS "_fsnb_rflag"
    FROM "t9" AS "t10"
    WHERE
      "t10"."_fsnb_rank" = "t10"."_fsnb_best"
  ) AS "t13"
    ON "t4"."_fsnb_k0" = "t13"."_fsnb_r_fsnb_k0"
    AND "t4"."_fsnb_k1" = "t13"."_fsnb_r_fsnb_k1"
    AND "t17"."_fsnb_at_fsnb_start" = "t13"."_fsnb_r_fsnb_start"
) AS "t18"
