-- trino; reads spine, events: floats as float64 without NaN, times as UTC microseconds
WITH "t2" AS (
  SELECT
    "t1"."k" AS "_fsnb_k0",
    "t1"."i" AS "_fsnb_k1",
    (
      CAST(FLOOR(TO_UNIXTIME(DATE_TRUNC('SECOND', CAST("t1"."ts" AS TIMESTAMP(6))))) AS BIGINT) * 1000000
    ) + CAST(SUBSTR(CAST(CAST("t1"."ts" AS TIMESTAMP(6)) AS VARCHAR), -6) AS BIGINT) AS "_fsnb_event",
    IF(IS_NAN("t1"."x"), CAST(NULL AS DOUBLE), "t1"."x") AS "a0"
  FROM "events" AS "t1"
)
SELECT
  "t20"."k",
  "t20"."i",
  "t20"."at",
  "t20"."late",
  IF(
    IS_NAN(CAST("t20"."_fsnb_v_p0" AS DOUBLE) / NULLIF(COALESCE("t20"."_fsnb_v_p1", 0), 0)),
    CAST(NULL AS DOUBLE),
    CAST("t20"."_fsnb_v_p0" AS DOUBLE) / NULLIF(COALESCE("t20"."_fsnb_v_p1", 0), 0)
  ) AS "mean_1h",
  IF(
    IS_NAN(CAST("t20"."_fsnb_v_p2" AS DOUBLE) / NULLIF(COALESCE("t20"."_fsnb_v_p3", 0), 0)),
    CAST(NULL AS DOUBLE),
    CAST("t20"."_fsnb_v_p2" AS DOUBLE) / NULLIF(COALESCE("t20"."_fsnb_v_p3", 0), 0)
  ) AS "mean_1d"
FROM (
  SELECT
    "t6"."k",
    "t6"."i",
    "t6"."at",
    "t6"."late",
    "t6"."_fsnb_k0",
    "t6"."_fsnb_k1",
    "t6"."_fsnb_c",
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
      (
        (
          CAST(FLOOR(TO_UNIXTIME(DATE_TRUNC('SECOND', CAST("t0"."at" AS TIMESTAMP(6))))) AS BIGINT) * 1000000
        ) + CAST(SUBSTR(CAST(CAST("t0"."at" AS TIMESTAMP(6)) AS VARCHAR), -6) AS BIGINT)
      ) - 0 AS "_fsnb_c"
    FROM "spine" AS "t0"
  ) AS "t6"
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
          )) AS DOUBLE) AS "_fsnb_v_p0",
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
        CAST(SUM("t16"."a0") AS DOUBLE) AS "_fsnb_v_p2",
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
                (
                  (
                    CAST(FLOOR(TO_UNIXTIME(DATE_TRUNC('SECOND', CAST("t0"."at" AS TIMESTAMP(6))))) AS BIGINT) * 1000000
                  ) + CAST(SUBSTR(CAST(CAST("t0"."at" AS TIMESTAMP(6)) AS VARCHAR), -6) AS BIGINT)
                ) - 0 AS "_fsnb_c"
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
                "t5"."_fsnb_k0",
                "t5"."_fsnb_k1",
                "t5"."_fsnb_event",
                "t5"."a0",
                "t5"."_fsnb_event" + 0 AS "_fsnb_start",
                "t5"."_fsnb_event" + 86400000000 AS "_fsnb_end",
                (
                  "t5"."_fsnb_event" + 0
                ) - (
                  (
                    (
                      (
                        "t5"."_fsnb_event" + 0
                      ) % 86400000000
                    ) + 86400000000
                  ) % 86400000000
                ) AS "_fsnb_band"
              FROM "t2" AS "t5"
              WHERE
                (
                  (
                    "t5"."_fsnb_k0" IS NOT NULL
                  )
                  AND (
                    "t5"."_fsnb_k1" IS NOT NULL
                  )
                  AND (
                    "t5"."_fsnb_event" IS NOT NULL
                  )
                )
                AND (
                  "t5"."_fsnb_event" + 0
                ) < (
                  "t5"."_fsnb_event" + 86400000000
                )
            ) AS "t8"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t5"."_fsnb_k0",
                  "t5"."_fsnb_k1",
                  "t5"."_fsnb_event",
                  "t5"."a0",
                  "t5"."_fsnb_event" + 0 AS "_fsnb_start",
                  "t5"."_fsnb_event" + 86400000000 AS "_fsnb_end",
                  (
                    (
                      "t5"."_fsnb_event" + 86400000000
                    ) - 1
                  ) - (
                    (
                      (
                        (
                          (
                            "t5"."_fsnb_event" + 86400000000
                          ) - 1
                        ) % 86400000000
                      ) + 86400000000
                    ) % 86400000000
                  ) AS "_fsnb_band"
                FROM "t2" AS "t5"
                WHERE
                  (
                    (
                      "t5"."_fsnb_k0" IS NOT NULL
                    )
                    AND (
                      "t5"."_fsnb_k1" IS NOT NULL
                    )
                    AND (
                      "t5"."_fsnb_event" IS NOT NULL
                    )
                  )
                  AND (
                    "t5"."_fsnb_event" + 0
                  ) < (
                    "t5"."_fsnb_event" + 86400000000
                  )
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
    ON "t6"."_fsnb_k0" = "t19"."_fsnb_r_fsnb_k0"
    AND "t6"."_fsnb_k1" = "t19"."_fsnb_r_fsnb_k1"
    AND "t6"."_fsnb_c" = "t19"."_fsnb_r_fsnb_c"
) AS "t20"
