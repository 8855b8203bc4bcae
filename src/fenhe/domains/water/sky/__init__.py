"""The river's sky eye: a pulse is seen, its sources are proposed, its way downstream is forecast.

Pure: frames, reaches and moments in; events, candidates and forecasts out, each with its reasons
and its uncertainty. What is proposed here is where to look first, never a verdict.
"""
