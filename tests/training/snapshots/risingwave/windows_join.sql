-- risingwave; reads spine, events: floats as float64 without NaN, times as UTC microseconds
WITH "t5" AS (
  SELECT
    "t1"."k" AS "_fsnb_k0",
    "t1"."i" AS "_fsnb_k1",
    CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) AS "_fsnb_event",
    CASE
      WHEN "t1"."x" = CAST('NaN' AS DOUBLE PRECISION)
      THEN CAST(NULL AS DOUBLE PRECISION)
      ELSE "t1"."x"
    END AS "a0",
    CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) + 0 AS "_fsnb_start",
    CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) + 86400000000 AS "_fsnb_end"
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
)
SELECT
  "t20"."k",
  "t20"."i",
  "t20"."at",
  "t20"."late",
  CASE
    WHEN (
      CAST("t20"."_fsnb_v_p0" AS DOUBLE PRECISION) / NULLIF(COALESCE("t20"."_fsnb_v_p1", 0), 0)
    ) = CAST('NaN' AS DOUBLE PRECISION)
    THEN CAST(NULL AS DOUBLE PRECISION)
    ELSE CAST("t20"."_fsnb_v_p0" AS DOUBLE PRECISION) / NULLIF(COALESCE("t20"."_fsnb_v_p1", 0), 0)
  END AS "mean_1h",
  CASE
    WHEN (
      CAST("t20"."_fsnb_v_p2" AS DOUBLE PRECISION) / NULLIF(COALESCE("t20"."_fsnb_v_p3", 0), 0)
    ) = CAST('NaN' AS DOUBLE PRECISION)
    THEN CAST(NULL AS DOUBLE PRECISION)
    ELSE CAST("t20"."_fsnb_v_p2" AS DOUBLE PRECISION) / NULLIF(COALESCE("t20"."_fsnb_v_p3", 0), 0)
  END AS "mean_1d"
FROM (
  SELECT
    "t4"."k",
    "t4"."i",
    "t4"."at",
    "t4"."late",
    "t4"."_fsnb_k0",
    "t4"."_fsnb_k1",
    "t4"."_fsnb_c",
    "t19"."_fsnb_v_p0",
    "t19"."_fsnb_v_p1",
    "t19"."_fsnb_v_p2",
    "t19"."_fsnb_v_p3"
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
      "t17"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t17"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t17"."_fsnb_c" AS "_fsnb_r_fsnb_c",
      "t17"."_fsnb_v_p0",
      "t17"."_fsnb_v_p1",
      "t17"."_fsnb_v_p2",
      "t17"."_fsnb_v_p3"
    FROM (
      SELECT
        "t16"."_fsnb_k0",
        "t16"."_fsnb_k1",
        "t16"."_fsnb_c",
        CAST(SUM("t16"."a0") FILTER(WHERE
          (
            "t16"."_fsnb_c" >= (
              "t16"."_fsnb_event" + 0
            )
          )
          AND (
            "t16"."_fsnb_c" < (
              "t16"."_fsnb_event" + 3600000000
            )
          )) AS DOUBLE PRECISION) AS "_fsnb_v_p0",
        COUNT("t16"."a0") FILTER(WHERE
          (
            "t16"."_fsnb_c" >= (
              "t16"."_fsnb_event" + 0
            )
          )
          AND (
            "t16"."_fsnb_c" < (
              "t16"."_fsnb_event" + 3600000000
            )
          )) AS "_fsnb_v_p1",
        CAST(SUM("t16"."a0") AS DOUBLE PRECISION) AS "_fsnb_v_p2",
        COUNT("t16"."a0") AS "_fsnb_v_p3"
      FROM (
        SELECT
          "t11"."_fsnb_k0",
          "t11"."_fsnb_k1",
          "t11"."_fsnb_c",
          "t11"."_fsnb_band",
          "t15"."_fsnb_r_fsnb_k0",
          "t15"."_fsnb_r_fsnb_k1",
          "t15"."_fsnb_event",
          "t15"."a0",
          "t15"."_fsnb_start",
          "t15"."_fsnb_end",
          "t15"."_fsnb_r_fsnb_band"
        FROM (
          SELECT
            "t7"."_fsnb_k0",
            "t7"."_fsnb_k1",
            "t7"."_fsnb_c",
            "t7"."_fsnb_c" - (
              (
                (
                  "t7"."_fsnb_c" % 86400000000
                ) + 86400000000
              ) % 86400000000
            ) AS "_fsnb_band"
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
          ) AS "t7"
        ) AS "t11"
        INNER JOIN (
          SELECT
            "t13"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
            "t13"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
            "t13"."_fsnb_event",
            "t13"."a0",
            "t13"."_fsnb_start",
            "t13"."_fsnb_end",
            "t13"."_fsnb_band" AS "_fsnb_r_fsnb_band"
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t6"."_fsnb_k0",
                "t6"."_fsnb_k1",
                "t6"."_fsnb_event",
                "t6"."a0",
                "t6"."_fsnb_start",
                "t6"."_fsnb_end",
                "t6"."_fsnb_start" - (
                  (
                    (
                      "t6"."_fsnb_start" % 86400000000
                    ) + 86400000000
                  ) % 86400000000
                ) AS "_fsnb_band"
              FROM "t5" AS "t6"
              WHERE
                "t6"."_fsnb_start" < "t6"."_fsnb_end"
            ) AS "t8"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t6"."_fsnb_k0",
                  "t6"."_fsnb_k1",
                  "t6"."_fsnb_event",
                  "t6"."a0",
                  "t6"."_fsnb_start",
                  "t6"."_fsnb_end",
                  (
                    "t6"."_fsnb_end" - 1
                  ) - (
                    (
                      (
                        (
                          "t6"."_fsnb_end" - 1
                        ) % 86400000000
                      ) + 86400000000
                    ) % 86400000000
                  ) AS "_fsnb_band"
                FROM "t5" AS "t6"
                WHERE
                  "t6"."_fsnb_start" < "t6"."_fsnb_end"
              ) AS "t9"
              WHERE
                (
                  "t9"."_fsnb_start" - (
                    (
                      (
                        "t9"."_fsnb_start" % 86400000000
                      ) + 86400000000
                    ) % 86400000000
                  )
                ) <> "t9"."_fsnb_band"
            ) AS "t12"
          ) AS "t13"
        ) AS "t15"
          ON "t11"."_fsnb_k0" = "t15"."_fsnb_r_fsnb_k0"
          AND "t11"."_fsnb_k1" = "t15"."_fsnb_r_fsnb_k1"
          AND "t11"."_fsnb_band" = "t15"."_fsnb_r_fsnb_band"
          AND "t11"."_fsnb_c" >= "t15"."_fsnb_start"
          AND "t11"."_fsnb_c" < "t15"."_fsnb_end"
      ) AS "t16"
      GROUP BY
        1,
        2,
        3
    ) AS "t17"
  ) AS "t19"
    ON "t4"."_fsnb_k0" = "t19"."_fsnb_r_fsnb_k0"
    AND "t4"."_fsnb_k1" = "t19"."_fsnb_r_fsnb_k1"
    AND "t4"."_fsnb_c" = "t19"."_fsnb_r_fsnb_c"
) AS "t20"
