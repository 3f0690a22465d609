"""Machine translation for staff: kept apart from what people wrote, always labelled, and never an answer to a family by itself."""
