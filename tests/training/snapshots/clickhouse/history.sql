-- clickhouse; reads spine, events: floats as float64 without NaN, times as UTC microseconds; times are DateTime64(6)
WITH "t4" AS (
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
), "t11" AS (
  SELECT
    "t9"."_fsnb_k0" AS "_fsnb_k0",
    "t9"."_fsnb_k1" AS "_fsnb_k1",
    "t9"."_fsnb_event" AS "_fsnb_event",
    "t9"."a0" AS "a0",
    "t9"."_fsnb_start" AS "_fsnb_start",
    "t9"."_fsnb_v_p0" AS "_fsnb_v_p0",
    ROW_NUMBER() OVER (
      PARTITION BY "t9"."_fsnb_k0", "t9"."_fsnb_k1", "t9"."_fsnb_start"
      ORDER BY "t9"."_fsnb_start"
    ) - 1 AS "_fsnb_rank"
  FROM (
    SELECT
      "t7"."_fsnb_k0" AS "_fsnb_k0",
      "t7"."_fsnb_k1" AS "_fsnb_k1",
      "t7"."_fsnb_event" AS "_fsnb_event",
      "t7"."a0" AS "a0",
      "t7"."_fsnb_start" AS "_fsnb_start",
      MAX("t7"."a0") OVER (
        PARTITION BY "t7"."_fsnb_k0", "t7"."_fsnb_k1"
        ORDER BY "t7"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_v_p0"
    FROM (
      SELECT
        "t3"."_fsnb_k0" AS "_fsnb_k0",
        "t3"."_fsnb_k1" AS "_fsnb_k1",
        "t3"."_fsnb_event" AS "_fsnb_event",
        "t3"."a0" AS "a0",
        "t3"."_fsnb_event" + 0 AS "_fsnb_start"
      FROM (
        SELECT
          "t1"."k" AS "_fsnb_k0",
          "t1"."i" AS "_fsnb_k1",
          CAST(toUnixTimestamp64Micro(CAST("t1"."ts" AS Nullable(DateTime64(6)))) AS Nullable(Int64)) AS "_fsnb_event",
          CASE WHEN isNaN("t1"."x") THEN CAST(NULL AS Nullable(Float64)) ELSE "t1"."x" END AS "a0"
        FROM "events" AS "t1"
      ) AS "t3"
      WHERE
        isNotNull("t3"."_fsnb_k0")
        AND isNotNull("t3"."_fsnb_k1")
        AND isNotNull("t3"."_fsnb_event")
    ) AS "t7"
  ) AS "t9"
)
SELECT
  "t20"."k" AS "k",
  "t20"."i" AS "i",
  "t20"."at" AS "at",
  "t20"."late" AS "late",
  CASE
    WHEN isNaN("t20"."_fsnb_v_p0")
    THEN CAST(NULL AS Nullable(Float64))
    ELSE "t20"."_fsnb_v_p0"
  END AS "high"
FROM (
  SELECT
    "t6"."k" AS "k",
    "t6"."i" AS "i",
    "t6"."at" AS "at",
    "t6"."late" AS "late",
    "t6"."_fsnb_k0" AS "_fsnb_k0",
    "t6"."_fsnb_k1" AS "_fsnb_k1",
    "t6"."_fsnb_c" AS "_fsnb_c",
    "t15"."_fsnb_v_p0" AS "_fsnb_v_p0"
  FROM "t4" AS "t6"
  LEFT OUTER JOIN (
    SELECT
      "t17"."_fsnb_k0" AS "_fsnb_at_fsnb_k0",
      "t17"."_fsnb_k1" AS "_fsnb_at_fsnb_k1",
      "t17"."_fsnb_c" AS "_fsnb_at_fsnb_c",
      "t17"."_fsnb_next" AS "_fsnb_at_fsnb_start"
    FROM (
      SELECT
        "t16"."_fsnb_k0" AS "_fsnb_k0",
        "t16"."_fsnb_k1" AS "_fsnb_k1",
        "t16"."_fsnb_c" AS "_fsnb_c",
        "t16"."_fsnb_last" AS "_fsnb_last",
        MAX("t16"."_fsnb_last") OVER (
          PARTITION BY "t16"."_fsnb_k0", "t16"."_fsnb_k1"
          ORDER BY "t16"."_fsnb_c" ASC
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "_fsnb_next"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t12"."_fsnb_k0" AS "_fsnb_k0",
            "t12"."_fsnb_k1" AS "_fsnb_k1",
            "t12"."_fsnb_start" AS "_fsnb_c",
            "t12"."_fsnb_start" AS "_fsnb_last"
          FROM "t11" AS "t12"
          WHERE
            "t12"."_fsnb_rank" = 0
        ) AS "t14"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t8"."_fsnb_k0" AS "_fsnb_k0",
            "t8"."_fsnb_k1" AS "_fsnb_k1",
            "t8"."_fsnb_c" AS "_fsnb_c",
            CAST(NULL AS Nullable(Int64)) AS "_fsnb_last"
          FROM (
            SELECT DISTINCT
              "t5"."_fsnb_k0" AS "_fsnb_k0",
              "t5"."_fsnb_k1" AS "_fsnb_k1",
              "t5"."_fsnb_c" AS "_fsnb_c"
            FROM "t4" AS "t5"
            WHERE
              isNotNull("t5"."_fsnb_k0")
              AND isNotNull("t5"."_fsnb_k1")
              AND isNotNull("t5"."_fsnb_c")
          ) AS "t8"
        ) AS "t10"
      ) AS "t16"
    ) AS "t17"
    WHERE
      isNull("t17"."_fsnb_last")
  ) AS "t19"
    ON "t6"."_fsnb_k0" = "t19"."_fsnb_at_fsnb_k0"
    AND "t6"."_fsnb_k1" = "t19"."_fsnb_at_fsnb_k1"
    AND "t6"."_fsnb_c" = "t19"."_fsnb_at_fsnb_c"
  LEFT OUTER JOIN (
    SELECT
      "t12"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t12"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t12"."_fsnb_start" AS "_fsnb_r_fsnb_start",
      "t12"."_fsnb_v_p0" AS "_fsnb_v_p0"
    FROM "t11" AS "t12"
    WHERE
      "t12"."_fsnb_rank" = 0
  ) AS "t15"
    ON "t6"."_fsnb_k0" = "t15"."_fsnb_r_fsnb_k0"
    AND "t6"."_fsnb_k1" = "t15"."_fsnb_r_fsnb_k1"
    AND "t19"."_fsnb_at_fsnb_start" = "t15"."_fsnb_r_fsnb_start"
) AS "t20"
SETTINGS join_use_nulls = 1, aggregate_functions_null_for_empty = 1
