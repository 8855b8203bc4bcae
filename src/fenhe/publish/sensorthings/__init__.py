"""OGC SensorThings 1.1 (OGC 18-088): the language of its questions. Pure: text in, trees out, and
the meaning of a filter over plain values. What is asked of records and lake stands in `app.sta`."""
