"""Which Ibis operations and types a definition may hold: an explicit list, so that a new Ibis does not widen it.

Everything Ibis 12.0 has, but for what REFUSED names: code, SQL text, data in this process, chance and the clock.
What a document names is looked up here and nowhere else. `Over` alone is ours.
"""

from __future__ import annotations

import ibis.expr.datashape as ds
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from ibis.common.temporal import DateUnit, IntervalUnit, TimestampUnit, TimeUnit

from fsnb.identity.over import Over

_OPERATIONS = """
Aggregate Difference Distinct DropColumns DropNull DummyTable Field FillNull Filter Intersection JoinChain JoinLink
JoinReference Limit Project SelfReference Sort TableUnnest UnboundTable Union WindowAggregate

Alias Argument Cast Coalesce E Greatest Hash HashBytes HexDigest IsNull Least Literal NotNull NullIf Pi SearchedCase
SimpleCase SortKey TryCast TypeOf ExistsSubquery InSubquery ScalarSubquery

And Between Equals Greater GreaterEqual IdenticalTo IfElse InValues Less LessEqual Not NotEquals Or Xor

Abs Acos Add Asin Atan Atan2 BaseConvert BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor
Bucket Ceil Clip Cos Cot Degrees Divide Exp Floor FloorDivide IsInf IsNan Ln Log Log10 Log2 Modulus Multiply Negate
Power Radians Round Sign Sin Sqrt Subtract Tan

All Any ApproxCountDistinct ApproxMedian ApproxMultiQuantile ApproxQuantile Arbitrary ArgMax ArgMin ArrayCollect BitAnd
BitOr BitXor Correlation Count CountDistinct CountDistinctStar CountStar Covariance First GroupConcat Kurtosis Last Max
Mean Median Min Mode MultiQuantile Quantile StandardDev Sum Variance

CumeDist DenseRank Lag Lead MinRank NTile NthValue PercentRank RowNumber WindowBoundary WindowFunction

ArrayStringJoin Capitalize EndsWith ExtractAuthority ExtractFile ExtractFragment ExtractHost ExtractPath ExtractProtocol
ExtractQuery ExtractUserInfo FindInSet LPad LStrip Levenshtein Lowercase RPad RStrip RegexExtract RegexReplace
RegexSearch RegexSplit Repeat Reverse StartsWith StrRight StringAscii StringConcat StringContains StringFind StringJoin
StringLength StringReplace StringSQLILike StringSQLLike StringSlice StringSplit Strip Substring Translate Uppercase

BetweenTime Date DateAdd DateDelta DateDiff DateFromYMD DateSub DateTruncate DayOfWeekIndex DayOfWeekName ExtractDay
ExtractDayOfYear ExtractEpochSeconds ExtractHour ExtractIsoYear ExtractMicrosecond ExtractMillisecond ExtractMinute
ExtractMonth ExtractQuarter ExtractSecond ExtractWeekOfYear ExtractYear IntervalAdd IntervalFloorDivide
IntervalFromInteger IntervalMultiply IntervalSubtract Strftime StringToDate StringToTime StringToTimestamp Time TimeAdd
TimeDelta TimeDiff TimeFromHMS TimeSub TimeTruncate TimestampAdd TimestampBucket TimestampDelta TimestampDiff
TimestampFromUNIX TimestampFromYMDHMS TimestampSub TimestampTruncate

Array ArrayAgg ArrayAll ArrayAny ArrayConcat ArrayContains ArrayDistinct ArrayFilter ArrayFlatten ArrayIndex
ArrayIntersect ArrayLength ArrayMap ArrayMax ArrayMean ArrayMin ArrayMode ArrayPosition ArrayRemove ArrayRepeat
ArraySlice ArraySort ArraySum ArrayUnion ArrayZip IntegerRange TimestampRange Unnest

JSONGetItem Map MapContains MapGet MapKeys MapLength MapMerge MapValues StructColumn StructField ToJSONArray ToJSONMap
UnwrapJSONBoolean UnwrapJSONFloat64 UnwrapJSONInt64 UnwrapJSONString

GeoArea GeoAsBinary GeoAsEWKB GeoAsEWKT GeoAsText GeoAzimuth GeoBuffer GeoCentroid GeoContains GeoContainsProperly
GeoConvert GeoCoveredBy GeoCovers GeoCrosses GeoDFullyWithin GeoDWithin GeoDifference GeoDisjoint GeoDistance
GeoEndPoint GeoEnvelope GeoEquals GeoFlipCoordinates GeoGeometryN GeoGeometryType GeoIntersection GeoIntersects
GeoIsValid GeoLength GeoLineLocatePoint GeoLineMerge GeoLineSubstring GeoMaxDistance GeoNPoints GeoNRings
GeoOrderingEquals GeoOverlaps GeoPerimeter GeoPoint GeoPointN GeoSRID GeoSetSRID GeoSimplify GeoStartPoint GeoTouches
GeoTransform GeoUnaryUnion GeoUnion GeoWithin GeoX GeoXMax GeoXMin GeoY GeoYMax GeoYMin
"""

_TYPES = """
Array Binary Boolean Date Decimal Float16 Float32 Float64 GeoSpatial INET Int8 Int16 Int32 Int64 Interval JSON
LineString MACADDR Map MultiLineString MultiPoint MultiPolygon Null Point Polygon String Struct Time Timestamp
UInt8 UInt16 UInt32 UInt64 UUID
"""

_CODE = "it is code, and a definition holds none. Write it with Ibis operations"
_SQL = "its SQL text belongs to one engine. Write it with Ibis operations"
_CLOCK = "it differs at every run. Use the event time, or a column of the spine"
_CHANCE = "it differs at every run. Make it a column of the source"

OPERATIONS: dict[str, type[ops.Node]] = {name: getattr(ops, name) for name in _OPERATIONS.split()}
OPERATIONS["Over"] = Over
TYPES: dict[str, type[dt.DataType]] = {name: getattr(dt, name) for name in _TYPES.split()}
UNITS = {unit.__name__: unit for unit in (DateUnit, IntervalUnit, TimeUnit, TimestampUnit)}
SHAPES = {"Scalar": ds.scalar, "Columnar": ds.columnar}

REFUSED: dict[str, str] = {
    "AggUDF": _CODE,
    "AliasedRelation": "its name is there for SQL text only. Leave .alias() out",
    "AnalyticVectorizedUDF": _CODE,
    "DateNow": _CLOCK,
    "ElementWiseVectorizedUDF": _CODE,
    "InMemoryTable": "its rows live in this process only. Write them to a file or a table and make that a source",
    "RandomScalar": _CHANCE,
    "RandomUUID": _CHANCE,
    "ReductionVectorizedUDF": _CODE,
    "RowID": "it is where one engine stores the row. Use the key columns",
    "SQLQueryResult": _SQL,
    "SQLStringView": _SQL,
    "Sample": "it picks other rows at every run. Filter on a column",
    "ScalarParameter": "its value is not in the definition. Write the value",
    "ScalarUDF": _CODE,
    "TimestampNow": _CLOCK,
}


def refusal(node: ops.Node) -> str:
    """Which operation it is, what stands in the way of storing it, and what to do about it."""
    bases = (base.__name__ for base in type(node).__mro__)  # each UDF is a class of its own
    kind = next((name for name in bases if name in REFUSED), type(node).__name__)
    name = node.name if isinstance(node, ops.PhysicalTable) else getattr(node, "__func_name__", "")
    called = f" {name!r}" if name else ""
    return f"{kind}{called} has no stable identity: {REFUSED.get(kind, 'fsnb does not know it')}."
