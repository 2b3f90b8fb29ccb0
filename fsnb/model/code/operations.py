"""Which Python writes which operation of Ibis: operators, and methods whose names are not the operation's own.

What stands in neither table is tried as the method of its own name in snake_case (`StringLength` is in the table,
`Abs` is not); whether that gives the operation is seen when it is built.
"""

from __future__ import annotations

from collections.abc import Mapping

OPERATORS: Mapping[str, str] = {
    "Add": "+",
    "And": "&",
    "BitwiseAnd": "&",
    "BitwiseLeftShift": "<<",
    "BitwiseOr": "|",
    "BitwiseRightShift": ">>",
    "BitwiseXor": "^",
    "DateAdd": "+",
    "DateDiff": "-",
    "DateSub": "-",
    "Divide": "/",
    "Equals": "==",
    "FloorDivide": "//",
    "Greater": ">",
    "GreaterEqual": ">=",
    "IntervalAdd": "+",
    "IntervalFloorDivide": "//",
    "IntervalMultiply": "*",
    "IntervalSubtract": "-",
    "Less": "<",
    "LessEqual": "<=",
    "Modulus": "%",
    "Multiply": "*",
    "NotEquals": "!=",
    "Or": "|",
    "Power": "**",
    "Subtract": "-",
    "TimeAdd": "+",
    "TimeDiff": "-",
    "TimeSub": "-",
    "TimestampAdd": "+",
    "TimestampDiff": "-",
    "TimestampSub": "-",
    "Xor": "^",
}
PREFIXES: Mapping[str, str] = {"BitwiseNot": "~", "Negate": "-", "Not": "~"}
METHODS: Mapping[str, str] = {
    "Alias": "name",
    "ApproxCountDistinct": "approx_nunique",
    "ArgMax": "argmax",
    "ArgMin": "argmin",
    "ArrayCollect": "collect",
    "BitwiseNot": "bitnot",
    "Correlation": "corr",
    "CountDistinct": "nunique",
    "CountDistinctStar": "nunique",
    "CountStar": "count",
    "Covariance": "cov",
    "DateTruncate": "truncate",
    "EndsWith": "endswith",
    "FirstValue": "first",
    "IdenticalTo": "identical_to",
    "IsInf": "isinf",
    "IsNan": "isnan",
    "IsNull": "isnull",
    "LPad": "lpad",
    "LStrip": "lstrip",
    "Lowercase": "lower",
    "NotNull": "notnull",
    "NullIf": "nullif",
    "RPad": "rpad",
    "RStrip": "rstrip",
    "RegexExtract": "re_extract",
    "RegexReplace": "re_replace",
    "RegexSearch": "re_search",
    "RegexSplit": "re_split",
    "StandardDev": "std",
    "StartsWith": "startswith",
    "StrRight": "right",
    "StringAscii": "ascii_str",
    "StringContains": "contains",
    "StringFind": "find",
    "StringLength": "length",
    "StringReplace": "replace",
    "StringSQLILike": "ilike",
    "StringSQLLike": "like",
    "StringSplit": "split",
    "StringToDate": "as_date",
    "StringToTime": "as_time",
    "StringToTimestamp": "as_timestamp",
    "Substring": "substr",
    "TimeTruncate": "truncate",
    "TimestampTruncate": "truncate",
    "Uppercase": "upper",
    "Variance": "var",
}


def method_of(operation: str) -> str:
    """`Sum` -> `sum`, `ExtractHour` -> `hour`."""
    if operation in METHODS:
        return METHODS[operation]
    own = operation.removeprefix("Extract") if operation != "Extract" else operation
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in own).lstrip("_")
