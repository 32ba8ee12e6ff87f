"""A recount of a topic as the contract says it, slow and plain: dictionaries, exact fractions, one rule a function."""
