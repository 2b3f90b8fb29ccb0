-- risingwave; reads spine, events: floats as float64 without NaN, times as UTC microseconds
WITH "t7" AS (
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
), "t12" AS (
  SELECT
    "t8"."_fsnb_k0",
    "t8"."_fsnb_k1",
    "t8"."_fsnb_c" - 0 AS "_fsnb_c",
    CAST(NULL AS BIGINT) AS "_fsnb_last"
  FROM "t7" AS "t8"
), "t15" AS (
  SELECT
    "t10"."_fsnb_k0",
    "t10"."_fsnb_k1",
    "t10"."a0",
    GREATEST(
      "t10"."_fsnb_start",
      COALESCE(
        LAG("t10"."_fsnb_held") OVER (
          PARTITION BY "t10"."_fsnb_k0", "t10"."_fsnb_k1", "t10"."a0"
          ORDER BY "t10"."_fsnb_start" ASC, "t10"."_fsnb_end" ASC
        ),
        "t10"."_fsnb_start"
      )
    ) AS "_fsnb_start",
    "t10"."_fsnb_end",
    "t10"."_fsnb_held"
  FROM (
    SELECT
      "t6"."_fsnb_k0",
      "t6"."_fsnb_k1",
      "t6"."a0",
      "t6"."_fsnb_start",
      "t6"."_fsnb_end",
      MAX("t6"."_fsnb_end") OVER (
        PARTITION BY "t6"."_fsnb_k0", "t6"."_fsnb_k1", "t6"."a0"
        ORDER BY "t6"."_fsnb_start" ASC, "t6"."_fsnb_end" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_held"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t1"."k" AS "_fsnb_k0",
          "t1"."i" AS "_fsnb_k1",
          "t1"."s" AS "a0",
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) + 0 AS "_fsnb_start",
          CAST(FLOOR(EXTRACT(EPOCH FROM "t1"."ts") * 1000000) AS BIGINT) + 3600000000 AS "_fsnb_end"
        FROM "events" AS "t1"
        WHERE
          (
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
          AND "t1"."s" IS NOT NULL
      ) AS "t5"
      WHERE
        "t5"."_fsnb_start" < "t5"."_fsnb_end"
    ) AS "t6"
  ) AS "t10"
), "t21" AS (
  SELECT
    "t19"."_fsnb_k0",
    "t19"."_fsnb_k1",
    "t19"."_fsnb_start",
    "t19"."_fsnb_end",
    "t19"."_fsnb_t_begun_p0",
    ROW_NUMBER() OVER (
      PARTITION BY "t19"."_fsnb_k0", "t19"."_fsnb_k1", "t19"."_fsnb_start"
      ORDER BY "t19"."_fsnb_start"
    ) - 1 AS "_fsnb_rank"
  FROM (
    SELECT
      "t17"."_fsnb_k0",
      "t17"."_fsnb_k1",
      "t17"."_fsnb_start",
      "t17"."_fsnb_end",
      COUNT("t17"."_fsnb_start") OVER (
        PARTITION BY "t17"."_fsnb_k0", "t17"."_fsnb_k1"
        ORDER BY "t17"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_t_begun_p0"
    FROM (
      SELECT
        "t16"."_fsnb_k0",
        "t16"."_fsnb_k1",
        "t16"."_fsnb_start",
        "t16"."_fsnb_end"
      FROM "t15" AS "t16"
      WHERE
        "t16"."_fsnb_start" < "t16"."_fsnb_end"
    ) AS "t17"
  ) AS "t19"
), "t22" AS (
  SELECT
    "t20"."_fsnb_k0",
    "t20"."_fsnb_k1",
    "t20"."_fsnb_start",
    "t20"."_fsnb_end",
    "t20"."_fsnb_t_ended_p0",
    ROW_NUMBER() OVER (
      PARTITION BY "t20"."_fsnb_k0", "t20"."_fsnb_k1", "t20"."_fsnb_start"
      ORDER BY "t20"."_fsnb_start"
    ) - 1 AS "_fsnb_rank"
  FROM (
    SELECT
      "t18"."_fsnb_k0",
      "t18"."_fsnb_k1",
      "t18"."_fsnb_start",
      "t18"."_fsnb_end",
      COUNT("t18"."_fsnb_start") OVER (
        PARTITION BY "t18"."_fsnb_k0", "t18"."_fsnb_k1"
        ORDER BY "t18"."_fsnb_start" ASC
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "_fsnb_t_ended_p0"
    FROM (
      SELECT
        "t16"."_fsnb_k0",
        "t16"."_fsnb_k1",
        "t16"."_fsnb_end" AS "_fsnb_start",
        "t16"."_fsnb_end"
      FROM "t15" AS "t16"
      WHERE
        "t16"."_fsnb_start" < "t16"."_fsnb_end"
    ) AS "t18"
  ) AS "t20"
)
SELECT
  "t48"."k",
  "t48"."i",
  "t48"."at",
  "t48"."late",
  COALESCE("t48"."_fsnb_v_p0", 0) AS "kinds_1h"
FROM (
  SELECT
    "t4"."k",
    "t4"."i",
    "t4"."at",
    "t4"."late",
    "t4"."_fsnb_k0",
    "t4"."_fsnb_k1",
    "t4"."_fsnb_c",
    "t47"."_fsnb_v_p0"
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
      "t45"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
      "t45"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
      "t45"."_fsnb_c" AS "_fsnb_r_fsnb_c",
      COALESCE("t45"."_fsnb_t_begun_p0", 0) - COALESCE("t45"."_fsnb_t_ended_p0", 0) AS "_fsnb_v_p0"
    FROM (
      SELECT
        "t9"."_fsnb_k0",
        "t9"."_fsnb_k1",
        "t9"."_fsnb_c",
        "t43"."_fsnb_t_begun_p0",
        "t44"."_fsnb_t_ended_p0"
      FROM "t7" AS "t9"
      LEFT OUTER JOIN (
        SELECT
          "t39"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
          "t39"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
          "t39"."_fsnb_t_begun_p0",
          "t39"."_fsnb_c" AS "_fsnb_r_fsnb_c"
        FROM (
          SELECT
            "t13"."_fsnb_k0",
            "t13"."_fsnb_k1",
            "t29"."_fsnb_t_begun_p0",
            "t13"."_fsnb_c" + 0 AS "_fsnb_c"
          FROM (
            SELECT
              "t8"."_fsnb_k0",
              "t8"."_fsnb_k1",
              "t8"."_fsnb_c" - 0 AS "_fsnb_c"
            FROM "t7" AS "t8"
          ) AS "t13"
          LEFT OUTER JOIN (
            SELECT
              "t33"."_fsnb_k0" AS "_fsnb_at_fsnb_k0",
              "t33"."_fsnb_k1" AS "_fsnb_at_fsnb_k1",
              "t33"."_fsnb_c" AS "_fsnb_at_fsnb_c",
              "t33"."_fsnb_next" AS "_fsnb_at_fsnb_start"
            FROM (
              SELECT
                "t30"."_fsnb_k0",
                "t30"."_fsnb_k1",
                "t30"."_fsnb_c",
                "t30"."_fsnb_last",
                MAX("t30"."_fsnb_last") OVER (
                  PARTITION BY "t30"."_fsnb_k0", "t30"."_fsnb_k1"
                  ORDER BY "t30"."_fsnb_c" ASC
                  RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS "_fsnb_next"
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    "t23"."_fsnb_k0",
                    "t23"."_fsnb_k1",
                    "t23"."_fsnb_start" AS "_fsnb_c",
                    "t23"."_fsnb_start" AS "_fsnb_last"
                  FROM "t21" AS "t23"
                  WHERE
                    "t23"."_fsnb_rank" = 0
                ) AS "t26"
                UNION ALL
                SELECT
                  *
                FROM "t12" AS "t14"
              ) AS "t30"
            ) AS "t33"
            WHERE
              "t33"."_fsnb_last" IS NULL
          ) AS "t37"
            ON "t13"."_fsnb_k0" = "t37"."_fsnb_at_fsnb_k0"
            AND "t13"."_fsnb_k1" = "t37"."_fsnb_at_fsnb_k1"
            AND "t13"."_fsnb_c" = "t37"."_fsnb_at_fsnb_c"
          LEFT OUTER JOIN (
            SELECT
              "t23"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
              "t23"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
              "t23"."_fsnb_start" AS "_fsnb_r_fsnb_start",
              "t23"."_fsnb_t_begun_p0"
            FROM "t21" AS "t23"
            WHERE
              "t23"."_fsnb_rank" = 0
          ) AS "t29"
            ON "t13"."_fsnb_k0" = "t29"."_fsnb_r_fsnb_k0"
            AND "t13"."_fsnb_k1" = "t29"."_fsnb_r_fsnb_k1"
            AND "t37"."_fsnb_at_fsnb_start" = "t29"."_fsnb_r_fsnb_start"
        ) AS "t39"
      ) AS "t43"
        ON "t9"."_fsnb_k0" = "t43"."_fsnb_r_fsnb_k0"
        AND "t9"."_fsnb_k1" = "t43"."_fsnb_r_fsnb_k1"
        AND "t9"."_fsnb_c" = "t43"."_fsnb_r_fsnb_c"
      LEFT OUTER JOIN (
        SELECT
          "t40"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
          "t40"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
          "t40"."_fsnb_t_ended_p0",
          "t40"."_fsnb_c" AS "_fsnb_r_fsnb_c"
        FROM (
          SELECT
            "t13"."_fsnb_k0",
            "t13"."_fsnb_k1",
            "t31"."_fsnb_t_ended_p0",
            "t13"."_fsnb_c" + 0 AS "_fsnb_c"
          FROM (
            SELECT
              "t8"."_fsnb_k0",
              "t8"."_fsnb_k1",
              "t8"."_fsnb_c" - 0 AS "_fsnb_c"
            FROM "t7" AS "t8"
          ) AS "t13"
          LEFT OUTER JOIN (
            SELECT
              "t34"."_fsnb_k0" AS "_fsnb_at_fsnb_k0",
              "t34"."_fsnb_k1" AS "_fsnb_at_fsnb_k1",
              "t34"."_fsnb_c" AS "_fsnb_at_fsnb_c",
              "t34"."_fsnb_next" AS "_fsnb_at_fsnb_start"
            FROM (
              SELECT
                "t32"."_fsnb_k0",
                "t32"."_fsnb_k1",
                "t32"."_fsnb_c",
                "t32"."_fsnb_last",
                MAX("t32"."_fsnb_last") OVER (
                  PARTITION BY "t32"."_fsnb_k0", "t32"."_fsnb_k1"
                  ORDER BY "t32"."_fsnb_c" ASC
                  RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS "_fsnb_next"
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    "t24"."_fsnb_k0",
                    "t24"."_fsnb_k1",
                    "t24"."_fsnb_start" AS "_fsnb_c",
                    "t24"."_fsnb_start" AS "_fsnb_last"
                  FROM "t22" AS "t24"
                  WHERE
                    "t24"."_fsnb_rank" = 0
                ) AS "t28"
                UNION ALL
                SELECT
                  *
                FROM "t12" AS "t14"
              ) AS "t32"
            ) AS "t34"
            WHERE
              "t34"."_fsnb_last" IS NULL
          ) AS "t38"
            ON "t13"."_fsnb_k0" = "t38"."_fsnb_at_fsnb_k0"
            AND "t13"."_fsnb_k1" = "t38"."_fsnb_at_fsnb_k1"
            AND "t13"."_fsnb_c" = "t38"."_fsnb_at_fsnb_c"
          LEFT OUTER JOIN (
            SELECT
              "t24"."_fsnb_k0" AS "_fsnb_r_fsnb_k0",
              "t24"."_fsnb_k1" AS "_fsnb_r_fsnb_k1",
              "t24"."_fsnb_start" AS "_fsnb_r_fsnb_start",
              "t24"."_fsnb_t_ended_p0"
            FROM "t22" AS "t24"
            WHERE
              "t24"."_fsnb_rank" = 0
          ) AS "t31"
            ON "t13"."_fsnb_k0" = "t31"."_fsnb_r_fsnb_k0"
            AND "t13"."_fsnb_k1" = "t31"."_fsnb_r_fsnb_k1"
            AND "t38"."_fsnb_at_fsnb_start" = "t31"."_fsnb_r_fsnb_start"
        ) AS "t40"
      ) AS "t44"
        ON "t9"."_fsnb_k0" = "t44"."_fsnb_r_fsnb_k0"
        AND "t9"."_fsnb_k1" = "t44"."_fsnb_r_fsnb_k1"
        AND "t9"."_fsnb_c" = "t44"."_fsnb_r_fsnb_c"
    ) AS "t45"
  ) AS "t47"
    ON "t4"."_fsnb_k0" = "t47"."_fsnb_r_fsnb_k0"
    AND "t4"."_fsnb_k1" = "t47"."_fsnb_r_fsnb_k1"
    AND "t4"."_fsnb_c" = "t47"."_fsnb_r_fsnb_c"
) AS "t48"
