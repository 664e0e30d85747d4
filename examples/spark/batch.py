"""Asks the three questions of a directory that `hoptrace export --parquet` wrote:

    python batch.py DIR [--json]
"""

import json
import sys

from hops import QUERIES, answers, create_views, session

directory = sys.argv[1]
spark = session()
create_views(spark.read.parquet(directory))
if "--json" in sys.argv:
    print(json.dumps(answers(spark)))
else:
    for file in sorted(QUERIES.glob("*.sql")):
        print(file.stem)
        spark.sql(file.read_text("utf-8")).show(truncate=False)
spark.stop()
