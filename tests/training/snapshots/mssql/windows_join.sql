-- mssql; reads spine, events: floats as float64 without NaN, times as UTC microseconds; SQL Server 2016 or later; text compares by its collation
WITH [t2] AS (
  SELECT
    [t1].[k] AS [_fsnb_k0],
    [t1].[i] AS [_fsnb_k1],
    (
      CAST(FLOOR(
        CAST(DATEDIFF_BIG(S, CAST('1970-01-01 00:00:00' AS DATETIME2), CAST([t1].[ts] AS DATETIME2)) AS BIGINT)
      ) AS BIGINT) * 1000000
    ) + CAST(DATEPART(microsecond, [t1].[ts]) AS BIGINT) AS [_fsnb_event],
    CAST([t1].[x] AS FLOAT) AS [a0]
  FROM [events] AS [t1]
)
SELECT
  [t20].[k],
  [t20].[i],
  [t20].[at],
  [t20].[late],
  CAST(CAST([t20].[_fsnb_v_p0] AS FLOAT) / NULLIF(COALESCE([t20].[_fsnb_v_p1], 0), 0) AS FLOAT) AS [mean_1h],
  CAST(CAST([t20].[_fsnb_v_p2] AS FLOAT) / NULLIF(COALESCE([t20].[_fsnb_v_p3], 0), 0) AS FLOAT) AS [mean_1d]
FROM (
  SELECT
    [t6].[k],
    [t6].[i],
    [t6].[at],
    [t6].[late],
    [t6].[_fsnb_k0],
    [t6].[_fsnb_k1],
    [t6].[_fsnb_c],
    [t19].[_fsnb_v_p0],
    [t19].[_fsnb_v_p1],
    [t19].[_fsnb_v_p2],
    [t19].[_fsnb_v_p3]
  FROM (
    SELECT
      [t0].[k],
      [t0].[i],
      [t0].[at],
      [t0].[late],
      [t0].[k] AS [_fsnb_k0],
      [t0].[i] AS [_fsnb_k1],
      (
        (
          CAST(FLOOR(
            CAST(DATEDIFF_BIG(S, CAST('1970-01-01 00:00:00' AS DATETIME2), CAST([t0].[at] AS DATETIME2)) AS BIGINT)
          ) AS BIGINT) * 1000000
        ) + CAST(DATEPART(microsecond, [t0].[at]) AS BIGINT)
      ) - 0 AS [_fsnb_c]
    FROM [spine] AS [t0]
  ) AS [t6]
  LEFT OUTER JOIN (
    SELECT
      [t17].[_fsnb_k0] AS [_fsnb_r_fsnb_k0],
      [t17].[_fsnb_k1] AS [_fsnb_r_fsnb_k1],
      [t17].[_fsnb_c] AS [_fsnb_r_fsnb_c],
      [t17].[_fsnb_v_p0],
      [t17].[_fsnb_v_p1],
      [t17].[_fsnb_v_p2],
      [t17].[_fsnb_v_p3]
    FROM (
      SELECT
        [t16].[_fsnb_k0],
        [t16].[_fsnb_k1],
        [t16].[_fsnb_c],
        CAST(SUM(
          IIF(
            (
              [t16].[_fsnb_c] >= (
                [t16].[_fsnb_event] + 0
              )
            )
            AND (
              [t16].[_fsnb_c] < (
                [t16].[_fsnb_event] + CAST(3600000000 AS BIGINT)
              )
            ),
            [t16].[a0],
            NULL
          )
        ) AS FLOAT) AS [_fsnb_v_p0],
        COUNT_BIG(
          IIF(
            (
              [t16].[_fsnb_c] >= (
                [t16].[_fsnb_event] + 0
              )
            )
            AND (
              [t16].[_fsnb_c] < (
                [t16].[_fsnb_event] + CAST(3600000000 AS BIGINT)
              )
            ),
            [t16].[a0],
            NULL
          )
        ) AS [_fsnb_v_p1],
        CAST(SUM([t16].[a0]) AS FLOAT) AS [_fsnb_v_p2],
        COUNT_BIG([t16].[a0]) AS [_fsnb_v_p3]
      FROM (
        SELECT
          [t11].[_fsnb_k0],
          [t11].[_fsnb_k1],
          [t11].[_fsnb_c],
          [t11].[_fsnb_band],
          [t15].[_fsnb_r_fsnb_k0],
          [t15].[_fsnb_r_fsnb_k1],
          [t15].[_fsnb_event],
          [t15].[a0],
          [t15].[_fsnb_start],
          [t15].[_fsnb_end],
          [t15].[_fsnb_r_fsnb_band]
        FROM (
          SELECT
            [t7].[_fsnb_k0],
            [t7].[_fsnb_k1],
            [t7].[_fsnb_c],
            [t7].[_fsnb_c] - (
              (
                (
                  [t7].[_fsnb_c] % CAST(86400000000 AS BIGINT)
                ) + CAST(86400000000 AS BIGINT)
              ) % CAST(86400000000 AS BIGINT)
            ) AS [_fsnb_band]
          FROM (
            SELECT DISTINCT
              [t4].[_fsnb_k0],
              [t4].[_fsnb_k1],
              [t4].[_fsnb_c]
            FROM (
              SELECT
                [t0].[k] AS [_fsnb_k0],
                [t0].[i] AS [_fsnb_k1],
                (
                  (
                    CAST(FLOOR(
                      CAST(DATEDIFF_BIG(S, CAST('1970-01-01 00:00:00' AS DATETIME2), CAST([t0].[at] AS DATETIME2)) AS BIGINT)
                    ) AS BIGINT) * 1000000
                  ) + CAST(DATEPART(microsecond, [t0].[at]) AS BIGINT)
                ) - 0 AS [_fsnb_c]
              FROM [spine] AS [t0]
            ) AS [t4]
            WHERE
              (
                [t4].[_fsnb_k0] IS NOT NULL
              )
              AND (
                [t4].[_fsnb_k1] IS NOT NULL
              )
              AND (
                [t4].[_fsnb_c] IS NOT NULL
              )
          ) AS [t7]
        ) AS [t11]
        INNER JOIN (
          SELECT
            [t13].[_fsnb_k0] AS [_fsnb_r_fsnb_k0],
            [t13].[_fsnb_k1] AS [_fsnb_r_fsnb_k1],
            [t13].[_fsnb_event],
            [t13].[a0],
            [t13].[_fsnb_start],
            [t13].[_fsnb_end],
            [t13].[_fsnb_band] AS [_fsnb_r_fsnb_band]
          FROM (
            SELECT
              *
            FROM (
              SELECT
                [t5].[_fsnb_k0],
                [t5].[_fsnb_k1],
                [t5].[_fsnb_event],
                [t5].[a0],
                [t5].[_fsnb_event] + 0 AS [_fsnb_start],
                [t5].[_fsnb_event] + CAST(86400000000 AS BIGINT) AS [_fsnb_end],
                (
                  [t5].[_fsnb_event] + 0
                ) - (
                  (
                    (
                      (
                        [t5].[_fsnb_event] + 0
                      ) % CAST(86400000000 AS BIGINT)
                    ) + CAST(86400000000 AS BIGINT)
                  ) % CAST(86400000000 AS BIGINT)
                ) AS [_fsnb_band]
              FROM [t2] AS [t5]
              WHERE
                (
                  (
                    [t5].[_fsnb_k0] IS NOT NULL
                  )
                  AND (
                    [t5].[_fsnb_k1] IS NOT NULL
                  )
                  AND (
                    [t5].[_fsnb_event] IS NOT NULL
                  )
                )
                AND (
                  [t5].[_fsnb_event] + 0
                ) < (
                  [t5].[_fsnb_event] + CAST(86400000000 AS BIGINT)
                )
            ) AS [t8]
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                [t9].[_fsnb_k0],
                [t9].[_fsnb_k1],
                [t9].[_fsnb_event],
                [t9].[a0],
                [t9].[_fsnb_start],
                [t9].[_fsnb_end],
                [t9].[_fsnb_band]
              FROM (
                SELECT
                  [t5].[_fsnb_k0],
                  [t5].[_fsnb_k1],
                  [t5].[_fsnb_event],
                  [t5].[a0],
                  [t5].[_fsnb_event] + 0 AS [_fsnb_start],
                  [t5].[_fsnb_event] + CAST(86400000000 AS BIGINT) AS [_fsnb_end],
                  (
                    (
                      [t5].[_fsnb_event] + CAST(86400000000 AS BIGINT)
                    ) - 1
                  ) - (
                    (
                      (
                        (
                          (
                            [t5].[_fsnb_event] + CAST(86400000000 AS BIGINT)
                          ) - 1
                        ) % CAST(86400000000 AS BIGINT)
                      ) + CAST(86400000000 AS BIGINT)
                    ) % CAST(86400000000 AS BIGINT)
                  ) AS [_fsnb_band]
                FROM [t2] AS [t5]
                WHERE
                  (
                    (
                      [t5].[_fsnb_k0] IS NOT NULL
                    )
                    AND (
                      [t5].[_fsnb_k1] IS NOT NULL
                    )
                    AND (
                      [t5].[_fsnb_event] IS NOT NULL
                    )
                  )
                  AND (
                    [t5].[_fsnb_event] + 0
                  ) < (
                    [t5].[_fsnb_event] + CAST(86400000000 AS BIGINT)
                  )
              ) AS [t9]
              WHERE
                (
                  [t9].[_fsnb_start] - (
                    (
                      (
                        [t9].[_fsnb_start] % CAST(86400000000 AS BIGINT)
                      ) + CAST(86400000000 AS BIGINT)
                    ) % CAST(86400000000 AS BIGINT)
                  )
                ) <> [t9].[_fsnb_band]
            ) AS [t12]
          ) AS [t13]
        ) AS [t15]
          ON [t11].[_fsnb_k0] = [t15].[_fsnb_r_fsnb_k0]
          AND [t11].[_fsnb_k1] = [t15].[_fsnb_r_fsnb_k1]
          AND [t11].[_fsnb_band] = [t15].[_fsnb_r_fsnb_band]
          AND [t11].[_fsnb_c] >= [t15].[_fsnb_start]
          AND [t11].[_fsnb_c] < [t15].[_fsnb_end]
      ) AS [t16]
      GROUP BY
        [t16].[_fsnb_k0],
        [t16].[_fsnb_k1],
        [t16].[_fsnb_c]
    ) AS [t17]
  ) AS [t19]
    ON [t6].[_fsnb_k0] = [t19].[_fsnb_r_fsnb_k0]
    AND [t6].[_fsnb_k1] = [t19].[_fsnb_r_fsnb_k1]
    AND [t6].[_fsnb_c] = [t19].[_fsnb_r_fsnb_c]
) AS [t20]
