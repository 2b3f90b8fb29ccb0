-- trino; reads spine, events: floats as float64 without NaN, times as UTC microseconds
WITH "t6" AS (
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
), "t13" AS (
  SELECT
    "t12"."_fsnb_k0",
    "t12"."_fsnb_k1",
    "t12"."_fsnb_event",
    "t12"."a0",
    "t12"."a1",
    "t12"."a2",
    IF(
      "t12"."a2" IS NOT NULL,
      ROW_NUMBER() OVER (
        PARTITION BY "t12"."_fsnb_k0", "t12"."_fsnb_k1"
        ORDER BY "t12"."_fsnb_event" ASC NULLS FIRST, "t12"."a2" ASC NULLS FIRST
      ) - 1,
      CAST(NULL AS BIGINT)
    ) AS "o0"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t2"."k" AS "_fsnb_k0",
        "t2"."i" AS "_fsnb_k1",
        (
          CAST(FLOOR(TO_UNIXTIME(DATE_TRUNC('SECOND', CAST("t2"."ts" AS TIMESTAMP(6))))) AS BIGINT) * 1000000
        ) + CAST(SUBSTR(CAST(CAST("t2"."ts" AS TIMESTAMP(6)) AS VARCHAR), -6) AS BIGINT) AS "_fsnb_event",
        1 AS "a0",
        IF(IS_NAN("t2"."x"), CAST(NULL AS DOUBLE), "t2"."x") AS "a1",
        "t2"."s" AS "a2"
      FROM "events" AS "t2"
      WHERE
        EXISTS(
          SELECT
            1
          FROM (
            SELECT DISTINCT
              "t7"."_fsnb_k0",
              "t7"."_fsnb_k1"
            FROM "t6" AS "t7"
          ) AS "t10"
          WHERE
            "t2"."k" = "t10"."_fsnb_k0" AND "t2"."i" = "t10"."_fsnb_k1"
        )
    ) AS "t11"
    WHERE
      (
        "t11"."_fsnb_k0" IS NOT NULL
      )
      AND (
        "t11"."_fsnb_k1" IS NOT NULL
      )
      AND (
        "t11"."_fsnb_event" IS NOT NULL
      )
  ) AS "t12"
), "t19" AS (
  SELECT
    "t18"."_fsnb_k0",
    "t18"."_fsnb_k1",
    "t18"."_fsnb_event",
    "t18"."a0",
    "t18"."a1",
    "t18"."a2",
    "t18"."o0",
    "t18"."_fsnb_start",
    "t18"."_fsnb_v_p0",
    "t18"."_fsnb_v_p1",
    "t18"."_fsnb_v_p2",
    "t18"."_fsnb_v_p3",
    ROW_NUMBER() OVER (
      PARTITION BY "t18"."_fsnb_k0", "t18"."_fsnb_k1", "t18"."_fsnb_start"
      ORDER BY "t18"."_fsnb_start"
    ) - 1 AS "_fsnb_rank"
  FROM (
    SELECT
      "t16"."_fsnb_k0",
      "t16"."_fsnb_k1",
      "t16"."_fsnb_event",
      "t16"."a0",
      "t16"."a1",
      "t16"."a2",
      "t16"."o0",
      "t16"."_fsnb_start",
      COUNT("t16"."a0") OVER (
        PARTITION BY "t16"."_fsnb_k0", "t16"."_fsnb_k1"
        ORDER BY "t16"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_v_p0",
      CAST(SUM("t16"."a1") OVER (
        PARTITION BY "t16"."_fsnb_k0", "t16"."_fsnb_k1"
        ORDER BY "t16"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS DOUBLE) AS "_fsnb_v_p1",
      COUNT("t16"."a1") OVER (
        PARTITION BY "t16"."_fsnb_k0", "t16"."_fsnb_k1"
        ORDER BY "t16"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_v_p2",
      MAX("t16"."o0") OVER (
        PARTITION BY "t16"."_fsnb_k0", "t16"."_fsnb_k1"
        ORDER BY "t16"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_v_p3"
    FROM (
      SELECT
        "t14"."_fsnb_k0",
        "t14"."_fsnb_k1",
        "t14"."_fsnb_event",
        "t14"."a0",
        "t14"."a1",
        "t14"."a2",
        "t14"."o0",
        "t14"."_fsnb_event" + 0 AS "_fsnb_start"
      FROM "t13" AS "t14"
    ) AS "t16"
  ) AS "t18"
)
SELECT
  "t28"."k",
  "t28"."i",
  "t28"."at",
  "t28"."late",
  COALESCE("t28"."_fsnb_v_p0", 0) AS "rows",
  IF(
    IS_NAN(CAST("t28"."_fsnb_v_p1" AS DOUBLE) / NULLIF(COALESCE("t28"."_fsnb_v_p2", 0), 0)),
    CAST(NULL AS DOUBLE),
    CAST("t28"."_fsnb_v_p1" AS DOUBLE) / NULLIF(COALESCE("t28"."_fsnb_v_p2", 0), 0)
  ) AS "mean",
  "t28"."_fsnb_v_p3" AS "last"
FROM (
  SELECT
    "t5"."k",
    "t5"."i",
    "t5"."at",
    "t5"."late",
    "t5"."_fsnb_k0",
    "t5"."_fsnb_k1",
    "t5"."_fsnb_c",
    "t23"."_fsnb_v_p0",
    "t23"."_fsnb_v_p1",
    "t23"."_fsnb_v_p2",
    "t17"."_fsnb_ra2" AS "_fsnb_v_p3"
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
  ) AS "t5"
  LEFT OUTER JOIN (
    SELECT
      "t25"."_fsnb_k0" AS "_fsnb_at_fsnb_k0",
      "t25"."_fsnb_k1" AS "_fsnb_at_fsnb_k1",
      "t25"."_fsnb_c" AS "_fsnb_at_fsnb_c",
      "t25"."_fsnb_next" AS "_fsnb_at_fsnb_start"
    FROM (
      SELECT
        "t24"."_fsnb_k0",
        "t24"."_fsnb_k1",
        "t24"."_fsnb_c",
        "t24"."_fsnb_last",
        MAX("t24"."_fsnb_last") OVER (
          PARTITION BY "t24"."_fsnb_k0", "t24"."_fsnb_k1"
          ORDER BY "t24"."_fsnb_c" ASC
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "_fsnb_next"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t20"."_fsnb_k0",
            "t20"."_fsnb_k1",
            "t20"."_fsnb_start" AS "_fsnb_c",
            "t20"."_fsnb_start" AS "_fsnb_last"
          FROM "t19" AS "t20"
          WHERE
            "t20"."_fsnb_rank" = 0
        ) AS "t22"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t7"."_fsnb_k0",
            "t7"."_fsnb_k1",
            "t7"."_fsnb_c",
            CAST(NULL AS BIGINT) AS "_fsnb_last"
          FROM "t6" AS "t7"
        ) AS "t9"
      ) AS "t24"
    ) AS "t25"
    WHERE
      "t25"."_fsnb_last" IS NULL
  ) AS "t27"
    ON "t5"."_fsnb_k0" = "t27"."_fsnb_at_fsnb_k0"
    AND "t5"."_fsnb_k1" = "t27"."_fsnb_at_fsnb_k1"
    AND "t5"."_fsnb_c" = "t27"."_fsnb_at_fsnb_c"
  LEFT OUTER JOIN (
    SELECT
      "t20"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t20"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t20"."_fsnb_start" AS "_fsnb_r_fsnb_start",
      "t20"."_fsnb_v_p0",
      "t20"."_fsnb_v_p1",
      "t20"."_fsnb_v_p2",
      "t20"."_fsnb_v_p3"
    FROM "t19" AS "t20"
    WHERE
      "t20"."_fsnb_rank" = 0
  ) AS "t23"
    ON "t5"."_fsnb_k0" = "t23"."_fsnb_r_fsnb_k0"
    AND "t5"."_fsnb_k1" = "t23"."_fsnb_r_fsnb_k1"
    AND "t27"."_fsnb_at_fsnb_start" = "t23"."_fsnb_r_fsnb_start"
  LEFT OUTER JOIN (
    SELECT
      "t14"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t14"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t14"."o0" AS "_fsnb_ro0",
      "t14"."a2" AS "_fsnb_ra2"
    FROM "t13" AS "t14"
    WHERE
      "t14"."o0" IS NOT NULL
  ) AS "t17"
    ON "t5"."_fsnb_k0" = "t17"."_fsnb_r_fsnb_k0"
    AND "t5"."_fsnb_k1" = "t17"."_fsnb_r_fsnb_k1"
    AND "t23"."_fsnb_v_p3" = "t17"."_fsnb_ro0"
) AS "t28"
