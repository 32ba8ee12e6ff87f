"""Recounts a topic by the rules of the contract, slowly and plainly: dictionaries, exact fractions, one rule per function."""
