"""The page measured: how soon it is painted, how soon Python runs, what an event costs it."""
