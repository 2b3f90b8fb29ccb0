-- clickhouse; reads spine, events: floats as float64 without NaN, times as UTC microseconds; times are DateTime64(6)
WITH "t3" AS (
  SELECT
    "t1"."k" AS "_fsnb_k0",
    "t1"."i" AS "_fsnb_k1",
    CAST(toUnixTimestamp64Micro(CAST("t1"."ts" AS Nullable(DateTime64(6)))) AS Nullable(Int64)) AS "_fsnb_event",
    CASE WHEN isNaN("t1"."x") THEN CAST(NULL AS Nullable(Float64)) ELSE "t1"."x" END AS "a0"
  FROM "events" AS "t1"
), "t5" AS (
  SELECT
    "t2"."k" AS "k",
    "t2"."i" AS "i",
    "t2"."at" AS "at",
    "t2"."late" AS "late",
    "t2"."_fsnb_k0" AS "_fsnb_k0",
    "t2"."_fsnb_k1" AS "_fsnb_k1",
    CAST(toUnixTimestamp64Micro(CAST("t2"."at" AS Nullable(DateTime64(6)))) AS Nullable(Int64)) - 0 AS "_fsnb_c"
  FROM (
    SELECT
      "t0"."k" AS "k",
      "t0"."i" AS "i",
      "t0"."at" AS "at",
      "t0"."late" AS "late",
      "t0"."k" AS "_fsnb_k0",
      "t0"."i" AS "_fsnb_k1"
    FROM "spine" AS "t0"
  ) AS "t2"
)
SELECT
  "t21"."k" AS "k",
  "t21"."i" AS "i",
  "t21"."at" AS "at",
  "t21"."late" AS "late",
  CASE
    WHEN isNaN("t21"."_fsnb_v_p0" / nullIf(COALESCE("t21"."_fsnb_v_p1", 0), 0))
    THEN CAST(NULL AS Nullable(Float64))
    ELSE "t21"."_fsnb_v_p0" / nullIf(COALESCE("t21"."_fsnb_v_p1", 0), 0)
  END AS "mean_1h",
  CASE
    WHEN isNaN("t21"."_fsnb_v_p2" / nullIf(COALESCE("t21"."_fsnb_v_p3", 0), 0))
    THEN CAST(NULL AS Nullable(Float64))
    ELSE "t21"."_fsnb_v_p2" / nullIf(COALESCE("t21"."_fsnb_v_p3", 0), 0)
  END AS "mean_1d"
FROM (
  SELECT
    "t7"."k" AS "k",
    "t7"."i" AS "i",
    "t7"."at" AS "at",
    "t7"."late" AS "late",
    "t7"."_fsnb_k0" AS "_fsnb_k0",
    "t7"."_fsnb_k1" AS "_fsnb_k1",
    "t7"."_fsnb_c" AS "_fsnb_c",
    "t20"."_fsnb_v_p0" AS "_fsnb_v_p0",
    "t20"."_fsnb_v_p1" AS "_fsnb_v_p1",
    "t20"."_fsnb_v_p2" AS "_fsnb_v_p2",
    "t20"."_fsnb_v_p3" AS "_fsnb_v_p3"
  FROM "t5" AS "t7"
  LEFT OUTER JOIN (
    SELECT
      "t18"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t18"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t18"."_fsnb_c" AS "_fsnb_r_fsnb_c",
      "t18"."_fsnb_v_p0" AS "_fsnb_v_p0",
      "t18"."_fsnb_v_p1" AS "_fsnb_v_p1",
      "t18"."_fsnb_v_p2" AS "_fsnb_v_p2",
      "t18"."_fsnb_v_p3" AS "_fsnb_v_p3"
    FROM (
      SELECT
        "t17"."_fsnb_k0" AS "_fsnb_k0",
        "t17"."_fsnb_k1" AS "_fsnb_k1",
        "t17"."_fsnb_c" AS "_fsnb_c",
        sumIf(
          "t17"."a0",
          (
            "t17"."_fsnb_c" >= (
              "t17"."_fsnb_event" + 0
            )
          )
          AND (
            "t17"."_fsnb_c" < (
              "t17"."_fsnb_event" + CAST(3600000000 AS Nullable(Int64))
            )
          )
        ) AS "_fsnb_v_p0",
        CAST(countIf(
          "t17"."a0",
          (
            "t17"."_fsnb_c" >= (
              "t17"."_fsnb_event" + 0
            )
          )
          AND (
            "t17"."_fsnb_c" < (
              "t17"."_fsnb_event" + CAST(3600000000 AS Nullable(Int64))
            )
          )
        ) AS Nullable(Int64)) AS "_fsnb_v_p1",
        SUM("t17"."a0") AS "_fsnb_v_p2",
        CAST(COUNT("t17"."a0") AS Nullable(Int64)) AS "_fsnb_v_p3"
      FROM (
        SELECT
          "t12"."_fsnb_k0" AS "_fsnb_k0",
          "t12"."_fsnb_k1" AS "_fsnb_k1",
          "t12"."_fsnb_c" AS "_fsnb_c",
          "t12"."_fsnb_band" AS "_fsnb_band",
          "t16"."_fsnb_r_fsnb_k0" AS "_fsnb_r_fsnb_k0",
          "t16"."_fsnb_r_fsnb_k1" AS "_fsnb_r_fsnb_k1",
          "t16"."_fsnb_event" AS "_fsnb_event",
          "t16"."a0" AS "a0",
          "t16"."_fsnb_start" AS "_fsnb_start",
          "t16"."_fsnb_end" AS "_fsnb_end",
          "t16"."_fsnb_r_fsnb_band" AS "_fsnb_r_fsnb_band"
        FROM (
          SELECT
            "t9"."_fsnb_k0" AS "_fsnb_k0",
            "t9"."_fsnb_k1" AS "_fsnb_k1",
            "t9"."_fsnb_c" AS "_fsnb_c",
            "t9"."_fsnb_c" - (
              (
                (
                  "t9"."_fsnb_c" % CAST(86400000000 AS Nullable(Int64))
                ) + CAST(86400000000 AS Nullable(Int64))
              ) % CAST(86400000000 AS Nullable(Int64))
            ) AS "_fsnb_band"
          FROM (
            SELECT DISTINCT
              "t6"."_fsnb_k0" AS "_fsnb_k0",
              "t6"."_fsnb_k1" AS "_fsnb_k1",
              "t6"."_fsnb_c" AS "_fsnb_c"
            FROM "t5" AS "t6"
            WHERE
              isNotNull("t6"."_fsnb_k0")
              AND isNotNull("t6"."_fsnb_k1")
              AND isNotNull("t6"."_fsnb_c")
          ) AS "t9"
        ) AS "t12"
        INNER JOIN (
          SELECT
            "t14"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
            "t14"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
            "t14"."_fsnb_event" AS "_fsnb_event",
            "t14"."a0" AS "a0",
            "t14"."_fsnb_start" AS "_fsnb_start",
            "t14"."_fsnb_end" AS "_fsnb_end",
            "t14"."_fsnb_band" AS "_fsnb_r_fsnb_band"
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t4"."_fsnb_k0" AS "_fsnb_k0",
                "t4"."_fsnb_k1" AS "_fsnb_k1",
                "t4"."_fsnb_event" AS "_fsnb_event",
                "t4"."a0" AS "a0",
                "t4"."_fsnb_event" + 0 AS "_fsnb_start",
                "t4"."_fsnb_event" + CAST(86400000000 AS Nullable(Int64)) AS "_fsnb_end",
                (
                  "t4"."_fsnb_event" + 0
                ) - (
                  (
                    (
                      (
                        "t4"."_fsnb_event" + 0
                      ) % CAST(86400000000 AS Nullable(Int64))
                    ) + CAST(86400000000 AS Nullable(Int64))
                  ) % CAST(86400000000 AS Nullable(Int64))
                ) AS "_fsnb_band"
              FROM "t3" AS "t4"
              WHERE
                (
                  isNotNull("t4"."_fsnb_k0")
                  AND isNotNull("t4"."_fsnb_k1")
                  AND isNotNull("t4"."_fsnb_event")
                )
                AND (
                  "t4"."_fsnb_event" + 0
                ) < (
                  "t4"."_fsnb_event" + CAST(86400000000 AS Nullable(Int64))
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
                  "t4"."_fsnb_k0" AS "_fsnb_k0",
                  "t4"."_fsnb_k1" AS "_fsnb_k1",
                  "t4"."_fsnb_event" AS "_fsnb_event",
                  "t4"."a0" AS "a0",
                  "t4"."_fsnb_event" + 0 AS "_fsnb_start",
                  "t4"."_fsnb_event" + CAST(86400000000 AS Nullable(Int64)) AS "_fsnb_end",
                  (
                    (
                      "t4"."_fsnb_event" + CAST(86400000000 AS Nullable(Int64))
                    ) - 1
                  ) - (
                    (
                      (
                        (
                          (
                            "t4"."_fsnb_event" + CAST(86400000000 AS Nullable(Int64))
                          ) - 1
                        ) % CAST(86400000000 AS Nullable(Int64))
                      ) + CAST(86400000000 AS Nullable(Int64))
                    ) % CAST(86400000000 AS Nullable(Int64))
                  ) AS "_fsnb_band"
                FROM "t3" AS "t4"
                WHERE
                  (
                    isNotNull("t4"."_fsnb_k0")
                    AND isNotNull("t4"."_fsnb_k1")
                    AND isNotNull("t4"."_fsnb_event")
                  )
                  AND (
                    "t4"."_fsnb_event" + 0
                  ) < (
                    "t4"."_fsnb_event" + CAST(86400000000 AS Nullable(Int64))
                  )
              ) AS "t10"
              WHERE
                (
                  "t10"."_fsnb_start" - (
                    (
                      (
                        "t10"."_fsnb_start" % CAST(86400000000 AS Nullable(Int64))
                      ) + CAST(86400000000 AS Nullable(Int64))
                    ) % CAST(86400000000 AS Nullable(Int64))
                  )
                ) <> "t10"."_fsnb_band"
            ) AS "t13"
          ) AS "t14"
        ) AS "t16"
          ON "t12"."_fsnb_k0" = "t16"."_fsnb_r_fsnb_k0"
          AND "t12"."_fsnb_k1" = "t16"."_fsnb_r_fsnb_k1"
          AND "t12"."_fsnb_band" = "t16"."_fsnb_r_fsnb_band"
        WHERE
          "t12"."_fsnb_c" >= "t16"."_fsnb_start" AND "t12"."_fsnb_c" < "t16"."_fsnb_end"
      ) AS "t17"
      GROUP BY
        "t17"."_fsnb_k0",
        "t17"."_fsnb_k1",
        "t17"."_fsnb_c"
    ) AS "t18"
  ) AS "t20"
    ON "t7"."_fsnb_k0" = "t20"."_fsnb_r_fsnb_k0"
    AND "t7"."_fsnb_k1" = "t20"."_fsnb_r_fsnb_k1"
    AND "t7"."_fsnb_c" = "t20"."_fsnb_r_fsnb_c"
) AS "t21"
SETTINGS join_use_nulls = 1, aggregate_functions_null_for_empty = 1
