//! What a person sees of a run: readers of its journal.
