-- risingwave; reads spine, events: floats as float64 without NaN, times as UTC microseconds
WITH "t13" AS (
  SELECT DISTINCT
    "t12"."_fsnb_k0",
    "t12"."_fsnb_k1",
    "t12"."_fsnb_start",
    "t12"."_fsnb_event"
  FROM (
    SELECT
      "t9"."_fsnb_k0",
      "t9"."_fsnb_k1",
      "t9"."_fsnb_start",
      "t9"."_fsnb_event",
      MAX("t9"."_fsnb_event") OVER (
        PARTITION BY "t9"."_fsnb_k0", "t9"."_fsnb_k1"
        ORDER BY "t9"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_newest"
    FROM (
      SELECT
        "t3"."_fsnb_k0",
        "t3"."_fsnb_k1",
        GREATEST("t3"."_fsnb_event" + 0, "t3"."_fsnb_available") AS "_fsnb_start",
        "t3"."_fsnb_event"
      FROM (
        SELECT
          "t1"."k" AS "_fsnb_k0",
          "t1"."i" AS "_fsnb_k1",
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) AS "_fsnb_event",
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."known") * 1000000) AS BIGINT) AS "_fsnb_available"
        FROM "events" AS "t1"
      ) AS "t3"
      WHERE
        (
          "t3"."_fsnb_k0" IS NOT NULL
        )
        AND (
          "t3"."_fsnb_k1" IS NOT NULL
        )
        AND (
          "t3"."_fsnb_event" IS NOT NULL
        )
        AND (
          "t3"."_fsnb_available" IS NOT NULL
        )
    ) AS "t9"
  ) AS "t12"
  WHERE
    "t12"."_fsnb_event" = "t12"."_fsnb_newest"
), "t22" AS (
  SELECT
    "t6"."k",
    "t6"."i",
    "t6"."at",
    "t6"."late",
    "t6"."_fsnb_k0",
    "t6"."_fsnb_k1",
    "t6"."_fsnb_c",
    "t18"."_fsnb_r_fsnb_start" AS "_fsnb_at_fsnb_start",
    "t18"."_fsnb_r_fsnb_event" AS "_fsnb_at_fsnb_event"
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
  ) AS "t6"
  LEFT OUTER JOIN (
    SELECT
      "t19"."_fsnb_k0" AS "_fsnb_at_fsnb_k0",
      "t19"."_fsnb_k1" AS "_fsnb_at_fsnb_k1",
      "t19"."_fsnb_c" AS "_fsnb_at_fsnb_c",
      "t19"."_fsnb_next" AS "_fsnb_at_fsnb_start"
    FROM (
      SELECT
        "t17"."_fsnb_k0",
        "t17"."_fsnb_k1",
        "t17"."_fsnb_c",
        "t17"."_fsnb_last",
        MAX("t17"."_fsnb_last") OVER (
          PARTITION BY "t17"."_fsnb_k0", "t17"."_fsnb_k1"
          ORDER BY "t17"."_fsnb_c" ASC
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "_fsnb_next"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t14"."_fsnb_k0",
            "t14"."_fsnb_k1",
            "t14"."_fsnb_start" AS "_fsnb_c",
            "t14"."_fsnb_start" AS "_fsnb_last"
          FROM "t13" AS "t14"
        ) AS "t15"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t7"."_fsnb_k0",
            "t7"."_fsnb_k1",
            "t7"."_fsnb_c",
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
            ) AS "t5"
            WHERE
              (
                "t5"."_fsnb_k0" IS NOT NULL
              )
              AND (
                "t5"."_fsnb_k1" IS NOT NULL
              )
              AND (
                "t5"."_fsnb_c" IS NOT NULL
              )
          ) AS "t7"
        ) AS "t11"
      ) AS "t17"
    ) AS "t19"
    WHERE
      "t19"."_fsnb_last" IS NULL
  ) AS "t21"
    ON "t6"."_fsnb_k0" = "t21"."_fsnb_at_fsnb_k0"
    AND "t6"."_fsnb_k1" = "t21"."_fsnb_at_fsnb_k1"
    AND "t6"."_fsnb_c" = "t21"."_fsnb_at_fsnb_c"
  LEFT OUTER JOIN (
    SELECT
      "t14"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t14"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t14"."_fsnb_start" AS "_fsnb_r_fsnb_start",
      "t14"."_fsnb_event" AS "_fsnb_r_fsnb_event"
    FROM "t13" AS "t14"
  ) AS "t18"
    ON "t6"."_fsnb_k0" = "t18"."_fsnb_r_fsnb_k0"
    AND "t6"."_fsnb_k1" = "t18"."_fsnb_r_fsnb_k1"
    AND "t21"."_fsnb_at_fsnb_start" = "t18"."_fsnb_r_fsnb_start"
)
SELECT
  "t32"."k",
  "t32"."i",
  "t32"."at",
  "t32"."late",
  "t32"."_fsnb_v_flag" AS "flag"
FROM (
  SELECT
    "t26"."k",
    "t26"."i",
    "t26"."at",
    "t26"."late",
    "t26"."_fsnb_k0",
    "t26"."_fsnb_k1",
    "t26"."_fsnb_c",
    CASE
      WHEN "t26"."_fsnb_c" < (
        "t26"."_fsnb_at_fsnb_event" + 3600000000
      )
      THEN "t31"."_fsnb_rflag"
      ELSE CAST(NULL AS BOOLEAN)
    END AS "_fsnb_v_flag"
  FROM (
    SELECT
      *
    FROM "t22" AS "t23"
  ) AS "t26"
  LEFT OUTER JOIN (
    SELECT
      "t29"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t29"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t29"."_fsnb_start" AS "_fsnb_r_fsnb_start",
      "t29"."flag" AS "_fsnb_rflag"
    FROM (
      SELECT
        "t28"."_fsnb_k0",
        "t28"."_fsnb_k1",
        "t28"."_fsnb_event",
        "t28"."_fsnb_available",
        "t28"."flag",
        "t28"."_fsnb_tie0",
        "t28"."_fsnb_start",
        ROW_NUMBER() OVER (
          PARTITION BY "t28"."_fsnb_k0", "t28"."_fsnb_k1", "t28"."_fsnb_start"
          ORDER BY "t28"."_fsnb_available" DESC NULLS LAST, "t28"."_fsnb_tie0" DESC NULLS LAST, "t28"."flag" DESC NULLS LAST
        ) - 1 AS "_fsnb_rank"
      FROM (
        SELECT
          "t10"."_fsnb_k0",
          "t10"."_fsnb_k1",
          "t10"."_fsnb_event",
          "t10"."_fsnb_available",
          "t10"."flag",
          "t10"."_fsnb_tie0",
          "t10"."_fsnb_start"
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
        ) AS "t10"
        WHERE
          EXISTS(
            SELECT
              1
            FROM (
              SELECT
                "t23"."_fsnb_k0",
                "t23"."_fsnb_k1",
                "t23"."_fsnb_at_fsnb_start",
                "t23"."_fsnb_at_fsnb_event"
              FROM "t22" AS "t23"
            ) AS "t27"
            WHERE
              "t10"."_fsnb_k0" = "t27"."_fsnb_k0"
              AND "t10"."_fsnb_k1" = "t27"."_fsnb_k1"
              AND "t10"."_fsnb_start" = "t27"."_fsnb_at_fsnb_start"
              AND "t10"."_fsnb_event" = "t27"."_fsnb_at_fsnb_event"
          )
      ) AS "t28"
    ) AS "t29"
    WHERE
      "t29"."_fsnb_rank" = 0
  ) AS "t31"
    ON "t26"."_fsnb_k0" = "t31"."_fsnb_r_fsnb_k0"
    AND "t26"."_fsnb_k1" = "t31"."_fsnb_r_fsnb_k1"
    AND "t26"."_fsnb_at_fsnb_start" = "t31"."_fsnb_r_fsnb_start"
) AS "t32"
