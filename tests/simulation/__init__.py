"""Whole companies, played for weeks in seconds: the real handlers, store, ticker and delivery under a clock that jumps.

Hypothesis draws a small firm, its settings, when it all begins, and what people, administrators and fate do. The world
plays that from one due moment to the next, keeps a record of all that was said and noted, and the rules are checked on
the whole of it:

- `plans`, `firms`, `settings`: what is drawn;
- `world`, `process`, `power`, `phones`: the machinery that plays it;
- `office_acts`, `chat_acts`: what somebody does;
- `record`, `watcher`, `books`: what was seen on the way, and what the store holds at the end;
- `rules_of_*`: the rules, one function each;
- `story`: what happened, in lines that a person can follow, for a failure.

`SIMULATION_EXAMPLES` asks for more examples than the everyday run; `python -m pytest tests/simulation` is all it takes.
"""
