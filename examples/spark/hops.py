"""The hops of an export of hoptrace, as views that the queries of ../duckdb/queries use."""

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

QUERIES = Path(__file__).parent.parent / "duckdb" / "queries"


def session(cores: str = "local[2]") -> SparkSession:
    spark = (
        SparkSession.builder.appName("hoptrace")
        .master(cores)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        # `service` and `hour` are text, also if a service is called 2026.
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def create_views(hops: DataFrame) -> None:
    """The views `hops`, and `edges` with one row for each call of a hop."""
    hops.createOrReplaceTempView("hops")
    hops.sparkSession.sql(
        """
        create or replace temporary view edges as
        select hour, service, trace_id, hop_id as caller_id, call.hop_id, call.target,
               call.service as callee, call.outcome
        from (select hour, service, trace_id, hop_id, explode(calls) as call from hops)
        """
    )


def answers(spark: SparkSession) -> dict[str, list[dict]]:
    """The rows of each query, by its name."""
    return {
        file.stem: [row.asDict() for row in spark.sql(file.read_text("utf-8")).collect()]
        for file in sorted(QUERIES.glob("*.sql"))
    }
