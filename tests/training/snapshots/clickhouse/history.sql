-- clickhouse; reads spine, events: floats as float64 without NaN, times as UTC microseconds; times are DateTime64(6)
WITH "t4" AS (
  SELECT
    "t3"."k" AS "k",
    "t3"."i" AS "i",
    "t3"."at" AS "at",
    "t3"."late" AS "late",
    "t3"."_fsnb_k0" AS "_fsnb_k0",
    "t3"."_fsnb_k1" AS "_fsnb_k1",
    CAST(toUnixTimestamp64Micro(CAST("t3"."at" AS Nullable(DateTime64(6)))) AS Nullable(Int64)) - 0 AS "_fsnb_c"
  FROM (
    SELECT
      "t0"."k" AS "k",
      "t0"."i" AS "i",
      "t0"."at" AS "at",
      "t0"."late" AS "late",
      "t0"."k" AS "_fsnb_k0",
      "t0"."i" AS "_fsnb_k1"
    FROM "spine" AS "t0"
  ) AS "t3"
), "t7" AS (
  SELECT DISTINCT
    "t5"."_fsnb_k0" AS "_fsnb_k0",
    "t5"."_fsnb_k1" AS "_fsnb_k1",
    "t5"."_fsnb_c" AS "_fsnb_c"
  FROM "t4" AS "t5"
  WHERE
    isNotNull("t5"."_fsnb_k0")
    AND isNotNull("t5"."_fsnb_k1")
    AND isNotNull("t5"."_fsnb_c")
), "t14" AS (
  SELECT
    "t13"."_fsnb_k0" AS "_fsnb_k0",
    "t13"."_fsnb_k1" AS "_fsnb_k1",
    "t13"."_fsnb_event" AS "_fsnb_event",
    "t13"."a0" AS "a0",
    "t13"."a1" AS "a1",
    "t13"."a2" AS "a2",
    CASE
      WHEN isNotNull("t13"."a2")
      THEN ROW_NUMBER() OVER (
        PARTITION BY "t13"."_fsnb_k0", "t13"."_fsnb_k1"
        ORDER BY "t13"."_fsnb_event" ASC NULLS FIRST, "t13"."a2" ASC NULLS FIRST
      ) - 1
      ELSE CAST(NULL AS Nullable(Int64))
    END AS "o0"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t2"."k" AS "_fsnb_k0",
        "t2"."i" AS "_fsnb_k1",
        CAST(toUnixTimestamp64Micro(CAST("t2"."ts" AS Nullable(DateTime64(6)))) AS Nullable(Int64)) AS "_fsnb_event",
        1 AS "a0",
        CASE WHEN isNaN("t2"."x") THEN CAST(NULL AS Nullable(Float64)) ELSE "t2"."x" END AS "a1",
        "t2"."s" AS "a2"
      FROM "events" AS "t2"
      LEFT SEMI JOIN (
        SELECT DISTINCT
          "t8"."_fsnb_k0" AS "_fsnb_k0",
          "t8"."_fsnb_k1" AS "_fsnb_k1"
        FROM "t7" AS "t8"
      ) AS "t11"
        ON "t2"."k" = "t11"."_fsnb_k0" AND "t2"."i" = "t11"."_fsnb_k1"
    ) AS "t12"
    WHERE
      isNotNull("t12"."_fsnb_k0")
      AND isNotNull("t12"."_fsnb_k1")
      AND isNotNull("t12"."_fsnb_event")
  ) AS "t13"
), "t20" AS (
  SELECT
    "t19"."_fsnb_k0" AS "_fsnb_k0",
    "t19"."_fsnb_k1" AS "_fsnb_k1",
    "t19"."_fsnb_event" AS "_fsnb_event",
    "t19"."a0" AS "a0",
    "t19"."a1" AS "a1",
    "t19"."a2" AS "a2",
    "t19"."o0" AS "o0",
    "t19"."_fsnb_start" AS "_fsnb_start",
    "t19"."_fsnb_v_p0" AS "_fsnb_v_p0",
    "t19"."_fsnb_v_p1" AS "_fsnb_v_p1",
    "t19"."_fsnb_v_p2" AS "_fsnb_v_p2",
    "t19"."_fsnb_v_p3" AS "_fsnb_v_p3",
    ROW_NUMBER() OVER (
      PARTITION BY "t19"."_fsnb_k0", "t19"."_fsnb_k1", "t19"."_fsnb_start"
      ORDER BY "t19"."_fsnb_start"
    ) - 1 AS "_fsnb_rank"
  FROM (
    SELECT
      "t17"."_fsnb_k0" AS "_fsnb_k0",
      "t17"."_fsnb_k1" AS "_fsnb_k1",
      "t17"."_fsnb_event" AS "_fsnb_event",
      "t17"."a0" AS "a0",
      "t17"."a1" AS "a1",
      "t17"."a2" AS "a2",
      "t17"."o0" AS "o0",
      "t17"."_fsnb_start" AS "_fsnb_start",
      CAST(COUNT("t17"."a0") OVER (
        PARTITION BY "t17"."_fsnb_k0", "t17"."_fsnb_k1"
        ORDER BY "t17"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS Nullable(Int64)) AS "_fsnb_v_p0",
      SUM("t17"."a1") OVER (
        PARTITION BY "t17"."_fsnb_k0", "t17"."_fsnb_k1"
        ORDER BY "t17"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_v_p1",
      CAST(COUNT("t17"."a1") OVER (
        PARTITION BY "t17"."_fsnb_k0", "t17"."_fsnb_k1"
        ORDER BY "t17"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS Nullable(Int64)) AS "_fsnb_v_p2",
      MAX("t17"."o0") OVER (
        PARTITION BY "t17"."_fsnb_k0", "t17"."_fsnb_k1"
        ORDER BY "t17"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_v_p3"
    FROM (
      SELECT
        "t15"."_fsnb_k0" AS "_fsnb_k0",
        "t15"."_fsnb_k1" AS "_fsnb_k1",
        "t15"."_fsnb_event" AS "_fsnb_event",
        "t15"."a0" AS "a0",
        "t15"."a1" AS "a1",
        "t15"."a2" AS "a2",
        "t15"."o0" AS "o0",
        "t15"."_fsnb_event" + 0 AS "_fsnb_start"
      FROM "t14" AS "t15"
    ) AS "t17"
  ) AS "t19"
)
SELECT
  "t29"."k" AS "k",
  "t29"."i" AS "i",
  "t29"."at" AS "at",
  "t29"."late" AS "late",
  COALESCE("t29"."_fsnb_v_p0", 0) AS "rows",
  CASE
    WHEN isNaN("t29"."_fsnb_v_p1" / nullIf(COALESCE("t29"."_fsnb_v_p2", 0), 0))
    THEN CAST(NULL AS Nullable(Float64))
    ELSE "t29"."_fsnb_v_p1" / nullIf(COALESCE("t29"."_fsnb_v_p2", 0), 0)
  END AS "mean",
  "t29"."_fsnb_v_p3" AS "last"
FROM (
  SELECT
    "t6"."k" AS "k",
    "t6"."i" AS "i",
    "t6"."at" AS "at",
    "t6"."late" AS "late",
    "t6"."_fsnb_k0" AS "_fsnb_k0",
    "t6"."_fsnb_k1" AS "_fsnb_k1",
    "t6"."_fsnb_c" AS "_fsnb_c",
    "t24"."_fsnb_v_p0" AS "_fsnb_v_p0",
    "t24"."_fsnb_v_p1" AS "_fsnb_v_p1",
    "t24"."_fsnb_v_p2" AS "_fsnb_v_p2",
    "t18"."_fsnb_ra2" AS "_fsnb_v_p3"
  FROM "t4" AS "t6"
  LEFT OUTER JOIN (
    SELECT
      "t26"."_fsnb_k0" AS "_fsnb_at_fsnb_k0",
      "t26"."_fsnb_k1" AS "_fsnb_at_fsnb_k1",
      "t26"."_fsnb_c" AS "_fsnb_at_fsnb_c",
      "t26"."_fsnb_next" AS "_fsnb_at_fsnb_start"
    FROM (
      SELECT
        "t25"."_fsnb_k0" AS "_fsnb_k0",
        "t25"."_fsnb_k1" AS "_fsnb_k1",
        "t25"."_fsnb_c" AS "_fsnb_c",
        "t25"."_fsnb_last" AS "_fsnb_last",
        MAX("t25"."_fsnb_last") OVER (
          PARTITION BY "t25"."_fsnb_k0", "t25"."_fsnb_k1"
          ORDER BY "t25"."_fsnb_c" ASC
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "_fsnb_next"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t21"."_fsnb_k0" AS "_fsnb_k0",
            "t21"."_fsnb_k1" AS "_fsnb_k1",
            "t21"."_fsnb_start" AS "_fsnb_c",
            "t21"."_fsnb_start" AS "_fsnb_last"
          FROM "t20" AS "t21"
          WHERE
            "t21"."_fsnb_rank" = 0
        ) AS "t23"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t8"."_fsnb_k0" AS "_fsnb_k0",
            "t8"."_fsnb_k1" AS "_fsnb_k1",
            "t8"."_fsnb_c" AS "_fsnb_c",
            CAST(NULL AS Nullable(Int64)) AS "_fsnb_last"
          FROM "t7" AS "t8"
        ) AS "t10"
      ) AS "t25"
    ) AS "t26"
    WHERE
      isNull("t26"."_fsnb_last")
  ) AS "t28"
    ON "t6"."_fsnb_k0" = "t28"."_fsnb_at_fsnb_k0"
    AND "t6"."_fsnb_k1" = "t28"."_fsnb_at_fsnb_k1"
    AND "t6"."_fsnb_c" = "t28"."_fsnb_at_fsnb_c"
  LEFT OUTER JOIN (
    SELECT
      "t21"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t21"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t21"."_fsnb_start" AS "_fsnb_r_fsnb_start",
      "t21"."_fsnb_v_p0" AS "_fsnb_v_p0",
      "t21"."_fsnb_v_p1" AS "_fsnb_v_p1",
      "t21"."_fsnb_v_p2" AS "_fsnb_v_p2",
      "t21"."_fsnb_v_p3" AS "_fsnb_v_p3"
    FROM "t20" AS "t21"
    WHERE
      "t21"."_fsnb_rank" = 0
  ) AS "t24"
    ON "t6"."_fsnb_k0" = "t24"."_fsnb_r_fsnb_k0"
    AND "t6"."_fsnb_k1" = "t24"."_fsnb_r_fsnb_k1"
    AND "t28"."_fsnb_at_fsnb_start" = "t24"."_fsnb_r_fsnb_start"
  LEFT OUTER JOIN (
    SELECT
      "t15"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t15"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t15"."o0" AS "_fsnb_ro0",
      "t15"."a2" AS "_fsnb_ra2"
    FROM "t14" AS "t15"
    WHERE
      isNotNull("t15"."o0")
  ) AS "t18"
    ON "t6"."_fsnb_k0" = "t18"."_fsnb_r_fsnb_k0"
    AND "t6"."_fsnb_k1" = "t18"."_fsnb_r_fsnb_k1"
    AND "t24"."_fsnb_v_p3" = "t18"."_fsnb_ro0"
) AS "t29"
SETTINGS join_use_nulls = 1, aggregate_functions_null_for_empty = 1
