-- risingwave; reads spine, events: floats as float64 without NaN, times as UTC microseconds
WITH "t10" AS (
  SELECT
    "t9"."_fsnb_k0",
    "t9"."_fsnb_k1",
    "t9"."_fsnb_event",
    "t9"."_fsnb_available",
    "t9"."flag",
    "t9"."_fsnb_tie0",
    "t9"."_fsnb_start",
    "t9"."_fsnb_rank",
    MAX("t9"."_fsnb_rank") OVER (
      PARTITION BY "t9"."_fsnb_k0", "t9"."_fsnb_k1"
      ORDER BY "t9"."_fsnb_start" ASC
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "_fsnb_best"
  FROM (
    SELECT
      "t7"."_fsnb_k0",
      "t7"."_fsnb_k1",
      "t7"."_fsnb_event",
      "t7"."_fsnb_available",
      "t7"."flag",
      "t7"."_fsnb_tie0",
      "t7"."_fsnb_start",
      ROW_NUMBER() OVER (
        PARTITION BY "t7"."_fsnb_k0", "t7"."_fsnb_k1"
        ORDER BY "t7"."_fsnb_event" ASC NULLS FIRST, "t7"."_fsnb_available" ASC NULLS FIRST, "t7"."_fsnb_tie0" ASC NULLS FIRST, "t7"."flag" ASC NULLS FIRST
      ) - 1 AS "_fsnb_rank"
    FROM (
      SELECT
        "t2"."_fsnb_k0",
        "t2"."_fsnb_k1",
        "t2"."_fsnb_event",
        "t2"."_fsnb_available",
        "t2"."flag",
        "t2"."_fsnb_tie0",
        GREATEST("t2"."_fsnb_event" + 0, "t2"."_fsnb_available") AS "_fsnb_start"
      FROM (
        SELECT
          "t1"."k" AS "_fsnb_k0",
          "t1"."i" AS "_fsnb_k1",
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) AS "_fsnb_event",
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."known") * 1000000) AS BIGINT) AS "_fsnb_available",
          "t1"."b" AND (
            "t1"."n" > 0
          ) AS "flag",
          "t1"."n" AS "_fsnb_tie0"
        FROM "events" AS "t1"
      ) AS "t2"
      WHERE
        (
          "t2"."_fsnb_k0" IS NOT NULL
        )
        AND (
          "t2"."_fsnb_k1" IS NOT NULL
        )
        AND (
          "t2"."_fsnb_event" IS NOT NULL
        )
        AND (
          "t2"."_fsnb_available" IS NOT NULL
        )
    ) AS "t7"
  ) AS "t9"
)
SELECT
  "t19"."k",
  "t19"."i",
  "t19"."at",
  "t19"."late",
  "t19"."_fsnb_v_flag" AS "flag"
FROM (
  SELECT
    "t5"."k",
    "t5"."i",
    "t5"."at",
    "t5"."late",
    "t5"."_fsnb_k0",
    "t5"."_fsnb_k1",
    "t5"."_fsnb_c",
    CASE
      WHEN "t5"."_fsnb_c" < (
        "t14"."_fsnb_r_fsnb_event" + 3600000000
      )
      THEN "t14"."_fsnb_rflag"
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
  ) AS "t5"
  LEFT OUTER JOIN (
    SELECT
      "t16"."_fsnb_k0" AS "_fsnb_at_fsnb_k0",
      "t16"."_fsnb_k1" AS "_fsnb_at_fsnb_k1",
      "t16"."_fsnb_c" AS "_fsnb_at_fsnb_c",
      "t16"."_fsnb_next" AS "_fsnb_at_fsnb_start"
    FROM (
      SELECT
        "t15"."_fsnb_k0",
        "t15"."_fsnb_k1",
        "t15"."_fsnb_c",
        "t15"."_fsnb_last",
        MAX("t15"."_fsnb_last") OVER (
          PARTITION BY "t15"."_fsnb_k0", "t15"."_fsnb_k1"
          ORDER BY "t15"."_fsnb_c" ASC
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "_fsnb_next"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t11"."_fsnb_k0",
            "t11"."_fsnb_k1",
            "t11"."_fsnb_start" AS "_fsnb_c",
            "t11"."_fsnb_start" AS "_fsnb_last"
          FROM "t10" AS "t11"
          WHERE
            "t11"."_fsnb_rank" = "t11"."_fsnb_best"
        ) AS "t13"
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
            ) AS "t4"
            WHERE
              (
                "t4"."_fsnb_k0" IS NOT NULL
              )
              AND (
                "t4"."_fsnb_k1" IS NOT NULL
              )
              AND (
                "t4"."_fsnb_c" IS NOT NULL
              )
          ) AS "t6"
        ) AS "t8"
      ) AS "t15"
    ) AS "t16"
    WHERE
      "t16"."_fsnb_last" IS NULL
  ) AS "t18"
    ON "t5"."_fsnb_k0" = "t18"."_fsnb_at_fsnb_k0"
    AND "t5"."_fsnb_k1" = "t18"."_fsnb_at_fsnb_k1"
    AND "t5"."_fsnb_c" = "t18"."_fsnb_at_fsnb_c"
  LEFT OUTER JOIN (
    SELECT
      "t11"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t11"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t11"."_fsnb_start" AS "_fsnb_r_fsnb_start",
      "t11"."_fsnb_event" AS "_fsnb_r_fsnb_event",
      "t11"."flag" AS "_fsnb_rflag"
    FROM "t10" AS "t11"
    WHERE
      "t11"."_fsnb_rank" = "t11"."_fsnb_best"
  ) AS "t14"
    ON "t5"."_fsnb_k0" = "t14"."_fsnb_r_fsnb_k0"
    AND "t5"."_fsnb_k1" = "t14"."_fsnb_r_fsnb_k1"
    AND "t18"."_fsnb_at_fsnb_start" = "t14"."_fsnb_r_fsnb_start"
) AS "t19"
