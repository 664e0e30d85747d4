"""Asks the three questions again whenever `hoptrace export --parquet DIR --follow` has written files:

    python stream.py DIR CHECKPOINT [--once]

Structured Streaming takes each file once, also over restarts; CHECKPOINT says which. New hops are kept as a
table, since a call and the hop that it led to may be in different files.
"""

import json
import sys

from hops import answers, create_views, session
from pyspark.sql import DataFrame

directory, checkpoint = sys.argv[1:3]
table = f"{checkpoint}/hops"
spark = session()


def new_hops(batch: DataFrame, number: int) -> None:
    # A batch that is repeated after a crash replaces itself.
    batch.write.mode("overwrite").parquet(f"{table}/batch={number}")
    create_views(spark.read.parquet(table).drop("batch"))
    print(json.dumps({"batch": number, **answers(spark)}), flush=True)


query = (
    spark.readStream.schema(spark.read.parquet(directory).schema)
    .parquet(directory)
    .writeStream.foreachBatch(new_hops)
    .option("checkpointLocation", f"{checkpoint}/state")
)
query = query.trigger(availableNow=True) if "--once" in sys.argv else query.trigger(processingTime="10 seconds")
query.start().awaitTermination()
spark.stop()
