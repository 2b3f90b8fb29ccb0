-- risingwave; reads spine, events: floats as float64 without NaN, times as UTC microseconds
WITH "t9" AS (
  SELECT
    "t7"."_fsnb_k0",
    "t7"."_fsnb_k1",
    "t7"."_fsnb_event",
    "t7"."a0",
    "t7"."_fsnb_start",
    "t7"."_fsnb_v_p0",
    ROW_NUMBER() OVER (
      PARTITION BY "t7"."_fsnb_k0", "t7"."_fsnb_k1", "t7"."_fsnb_start"
      ORDER BY "t7"."_fsnb_start"
    ) - 1 AS "_fsnb_rank"
  FROM (
    SELECT
      "t5"."_fsnb_k0",
      "t5"."_fsnb_k1",
      "t5"."_fsnb_event",
      "t5"."a0",
      "t5"."_fsnb_start",
      MAX("t5"."a0") OVER (
        PARTITION BY "t5"."_fsnb_k0", "t5"."_fsnb_k1"
        ORDER BY "t5"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_v_p0"
    FROM (
      SELECT
        "t1"."k" AS "_fsnb_k0",
        "t1"."i" AS "_fsnb_k1",
        CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) AS "_fsnb_event",
        CASE
          WHEN "t1"."x" = CAST('NaN' AS DOUBLE PRECISION)
          THEN CAST(NULL AS DOUBLE PRECISION)
          ELSE "t1"."x"
        END AS "a0",
        CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) + 0 AS "_fsnb_start"
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
    ) AS "t5"
  ) AS "t7"
)
SELECT
  "t18"."k",
  "t18"."i",
  "t18"."at",
  "t18"."late",
  CASE
    WHEN "t18"."_fsnb_v_p0" = CAST('NaN' AS DOUBLE PRECISION)
    THEN CAST(NULL AS DOUBLE PRECISION)
    ELSE "t18"."_fsnb_v_p0"
  END AS "high"
FROM (
  SELECT
    "t4"."k",
    "t4"."i",
    "t4"."at",
    "t4"."late",
    "t4"."_fsnb_k0",
    "t4"."_fsnb_k1",
    "t4"."_fsnb_c",
    "t13"."_fsnb_v_p0"
  FROM (
    SELECT
      "t0"."k",
      "t0"."i",
      "t0"."at",
      "t0"."late",
      "t0"."k" AS "_fsnb_k0",
      "t0"."i" AS "_fsnb_k1",
      CAST(FLOOR(EXTRACT(EPOCH FROM "t0"."at") * 1000000) AS BIGINT) - 0 AS "_fsnb_c"
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
            "t10"."_fsnb_rank" = 0
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
                CAST(FLOOR(EXTRACT(EPOCH FROM "t0"."at") * 1000000) AS BIGINT) - 0 AS "_fsnb_c"
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
        ) AS "t8"
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
      "t10"."_fsnb_v_p0"
    FROM "t9" AS "t10"
    WHERE
      "t10"."_fsnb_rank" = 0
  ) AS "t13"
    ON "t4"."_fsnb_k0" = "t13"."_fsnb_r_fsnb_k0"
    AND "t4"."_fsnb_k1" = "t13"."_fsnb_r_fsnb_k1"
    AND "t17"."_fsnb_at_fsnb_start" = "t13"."_fsnb_r_fsnb_start"
) AS "t18"
