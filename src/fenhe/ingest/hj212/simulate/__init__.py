"""A city of devices that does not exist: loggers over real TCP, with weather, habits and faults.

`values` what an instrument would read · `events` what happens to it · `city` who is there ·
`logger` one device and its connection · `run` all of them, in real or in quicker time.
"""
