"""OGC SensorThings 1.1 at /sta/v1.1: objects, series and readings in the words of the standard.

| SensorThings | here |
|---|---|
| Thing, Location, HistoricalLocation, FeatureOfInterest | a supervised object |
| Datastream | a series |
| Sensor | the source of a series |
| ObservedProperty | a property of the vocabulary |
| Observation | a reading, as it stands today |

Read all, create Observations; nothing else is offered, and `serverSettings.conformance` says so.
"""
